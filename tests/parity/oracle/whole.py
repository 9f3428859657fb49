"""What Keras computes for a case: outputs, every layer, states, gates, masks used and masks passed on."""

from __future__ import annotations

from typing import Any

from tests.parity.data import make_inputs
from tests.parity.description import Json
from tests.recording.keras_api import IS_KERAS3, Arrays, is_model, keras, layers, to_numpy, tree
from tests.recording.record import graph_outputs, one_or_all
from tests.recording.states import quantities
from tests.recording.watching import Called, keyed, watch


def record_case(model: Any, inputs: Arrays, description: Json) -> tuple[Arrays, Json]:
    """Everything; and which layers were watched, whether any is stateful, and notes on what could not be recorded.

    ``second/output/0`` is what a stateful model gives when it is called again, with other inputs.
    """
    given, batch = one_or_all(inputs), description["batch"]
    forget(model)
    recorded = {f"output/{i}": value for i, value in enumerate(predicted(model, given, batch))}
    if is_stateful(model):
        more = predicted(model, one_or_all(make_inputs(description, 1)), batch)
        recorded |= {f"second/output/{i}": value for i, value in enumerate(more)}
        forget(model)
    recorded |= graph_outputs(model, given, batch, operations=not isinstance(model, keras.Sequential))
    forget(model)
    notes: list[str] = []
    seen = keyed(watch(model, given)) if eager_is_as_predicted(model) else ()
    calls = [(key, called) for key, called in seen if isinstance(called.layer, layers.Layer)]
    for key, called in calls:
        add(recorded, key, called, notes)
    forget(model)
    watched = [key for key, called in calls if not is_model(called.layer)]
    numbers = {key: value for key, value in recorded.items() if value.dtype.kind not in "OSU"}
    return numbers, {"watched": watched, "stateful": is_stateful(model), "notes": notes}


def eager_is_as_predicted(model: Any) -> bool:
    """TimeDistributed of tf-keras, around a model, treats masks otherwise where it knows how many samples there are."""
    inside = [layer.layer for layer in model._flatten_layers() if isinstance(layer, layers.TimeDistributed)]
    return IS_KERAS3 or not any(is_model(layer) for layer in inside)


def predicted(model: Any, given: Any, batch: int) -> list[Any]:
    return [to_numpy(value) for value in tree.flatten(model.predict(given, batch_size=batch, verbose=0))]


def add(recorded: Arrays, key: str, called: Called, notes: list[str]) -> None:
    for index, output in enumerate(called.outputs):
        recorded.setdefault(f"layer/{key}/output/{index}", output)
    if called.output_mask is not None:
        recorded[f"layer/{key}/output_mask"] = called.output_mask
    try:
        found = quantities(called)
    except Exception as error:  # noqa: BLE001  states that the recorder cannot get at leave the rest of the case as it is
        notes.append(f"{key}: states not recorded, {type(error).__name__}: {str(error)[:120]}")
        return
    recorded |= {f"layer/{key}/{name}": value for name, value in found.items()}


def recurrent_layers(model: Any) -> list[Any]:
    return [layer for layer in model._flatten_layers() if isinstance(layer, layers.RNN)]


def is_stateful(model: Any) -> bool:
    return any(layer.stateful for layer in recurrent_layers(model))


def forget(model: Any) -> None:
    """Stateful layers begin from zeros again."""
    for layer in recurrent_layers(model):
        if not layer.stateful:
            continue
        reset = getattr(layer, "reset_state", None) or layer.reset_states
        reset()
