"""What Keras computes for a case: outputs, every layer, states, gates, masks used and masks passed on."""

from __future__ import annotations

from typing import Any

from tests.parity.data import make_inputs
from tests.parity.description import Json
from tests.recording import IS_KERAS3, Arrays, keras, kit, layers, recorder, tree


def record_case(model: Any, inputs: Arrays, description: Json) -> tuple[Arrays, Json]:
    """Everything; and which layers were watched, whether any is stateful, and notes on what could not be recorded.

    ``second/output/0`` is what a stateful model gives when it is called again, with other inputs.
    """
    given, batch = recorder.one_or_all(kit, inputs), description["batch"]
    recorder.forget(kit, model)
    recorded = {f"output/{i}": value for i, value in enumerate(predicted(model, given, batch))}
    stateful = bool(recorder.stateful_layers(kit, model))
    if stateful:
        more = predicted(model, recorder.one_or_all(kit, make_inputs(description, 1)), batch)
        recorded |= {f"second/output/{i}": value for i, value in enumerate(more)}
        recorder.forget(kit, model)
    operations = not isinstance(model, keras.Sequential)
    recorded |= recorder.graph_outputs(kit, model, given, batch, operations=operations)
    recorder.forget(kit, model)
    notes: list[str] = []
    watched = recorder.keyed(recorder.watch(kit, model, given)) if eager_is_as_predicted(model) else ()
    calls = [(key, called) for key, called in watched if isinstance(called.layer, layers.Layer)]
    for key, called in calls:
        add(recorded, key, called, notes)
    recorder.forget(kit, model)
    keys = [key for key, called in calls if not kit.is_model(called.layer)]
    numbers = {key: value for key, value in recorded.items() if value.dtype.kind not in "OSU"}
    return numbers, {"watched": keys, "stateful": stateful, "notes": notes}


def eager_is_as_predicted(model: Any) -> bool:
    """TimeDistributed of tf-keras, around a model, treats masks otherwise where it knows how many samples there are."""
    inside = [layer.layer for layer in model._flatten_layers() if isinstance(layer, layers.TimeDistributed)]
    return IS_KERAS3 or not any(kit.is_model(layer) for layer in inside)


def predicted(model: Any, given: Any, batch: int) -> list[Any]:
    return [kit.to_numpy(value) for value in tree.flatten(model.predict(given, batch_size=batch, verbose=0))]


def add(recorded: Arrays, key: str, called: Any, notes: list[str]) -> None:
    for index, output in enumerate(called.outputs):
        recorded.setdefault(f"layer/{key}/output/{index}", output)
    if called.output_mask is not None:
        recorded[f"layer/{key}/output_mask"] = called.output_mask
    try:
        found = recorder.quantities(called)
    except Exception as error:  # noqa: BLE001  states that the recorder cannot get at leave the rest of the case as it is
        notes.append(f"{key}: states not recorded, {type(error).__name__}: {str(error)[:120]}")
        return
    recorded |= {f"layer/{key}/{name}": value for name, value in found.items()}
