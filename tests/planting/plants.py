"""Which mistakes can be made in a model, and in how many ways; and a port that makes one.

What each id means is written down here anew, from what people do, and not taken from the catalogue.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rnnscope.types import Array
from tests.planting.models import RECURRENT, Entry, Ported
from tests.planting.port import HALVES, Port

Readings = tuple[int, ...]
ONE: Readings = (0,)
ENOUGH_FOR_DROPOUT = 24  # samples
KEPT = 32  # samples that a port may process at once

# Of each row a port makes at most one; those of none make no pairs.
ALIKE: tuple[tuple[str, ...], ...] = (
    ("initial-state-ones", "initial-state-dropped", "stateful-carry"),
    ("extra-step", "missing-last-step", "missing-first-step"),
    ("time-reversed", "time-major-mixup"),
    (
        "mask-ignored",
        "masked-inputs-zeroed",
        "masked-state-zeroed",
        "masked-feature-wise",
        "mask-zeros-output",
        "mask-output-not-zeroed",
        "last-valid-vs-last-step",
    ),
    ("bias-missing", "gru-one-bias-row", "gate-order-ifog", "gate-order-icfo", "gate-order-torch-gru"),
    ("recurrent-kernel-transposed", "kernel-missing-recurrence", "weights-of-another-layer"),
    ("gru-update-gate-swapped", "reset-after-flipped"),
    ("hard-sigmoid-keras2", "hard-sigmoid-keras3", "sigmoid-for-hard-sigmoid", "hard-sigmoid-for-sigmoid"),
    ("activation-missing", "relu-for-tanh", "output-tanh-missing", "cell-state-as-output"),
    ("dense-activation-missing",),
    ("backward-not-flipped", "backward-not-reversed", "backward-last-step", "directions-swapped", "merge-mode-wrong"),
    ("batch-norm-batch-statistics",),
    ("embedding-off-by-one",),
)
IN_ONE_LAYER = frozenset(
    [
        "initial-state-ones",
        "extra-step",
        "missing-last-step",
        "missing-first-step",
        "masked-state-zeroed",
        "mask-zeros-output",
        "bias-missing",
        "recurrent-kernel-transposed",
        "kernel-missing-recurrence",
        "gate-order-ifog",
        "gate-order-icfo",
        "gate-order-torch-gru",
        "gru-update-gate-swapped",
        "reset-after-flipped",
        "gru-one-bias-row",
        "activation-missing",
        "relu-for-tanh",
        "cell-state-as-output",
        "output-tanh-missing",
    ]
)


@dataclass(frozen=True)
class Plant:
    """Mistakes, the way they are made, and the layer they are made in; "" for all."""

    ids: tuple[str, ...]
    reading: int = 0
    only: str = ""
    seed: int = 0


def numbers(ported: Ported, plant: Plant) -> Array:
    """What a port that makes these mistakes gives."""
    layers, encoder = ported.layers, ported.encoder
    if "weights-of-another-layer" in plant.ids:
        layers, encoder = with_foreign_weights(ported, plant.reading)
    port = Port(
        layers,
        plant.ids,
        only=plant.only,
        seed=plant.seed,
        reading=plant.reading,
        encoder=encoder,
        mask_with_states=ported.version.startswith("2"),
    )
    with np.errstate(all="ignore"):
        return port.predict(ported.x, ported.source)


def right(ported: Ported) -> Array:
    return numbers(ported, Plant(()))


def recurrent(layers: Sequence[Entry]) -> Iterator[Entry]:
    """Every recurrent layer, the halves of Bidirectional ones too."""
    for layer in layers:
        yield from (layer[half] for half in HALVES if half in layer)
        if layer["kind"] in RECURRENT:
            yield layer


def possible(ported: Ported) -> dict[str, Readings]:
    """The mistakes that can be made in this model, with the ways of making each."""
    layers = [*ported.encoder, *ported.layers]
    loops = list(recurrent(layers))
    both = [layer for layer in layers if layer["kind"] == "Bidirectional"]
    batch = len(ported.x)
    found: dict[str, Readings] = {
        "initial-state-ones": (0, 1) if masks(ported) else ONE,
        "initial-state-random": (0, 1, 2, 3),
        "extra-step": ONE,
        "missing-last-step": (0, 2) if both or ported.encoder else (0, 1, 2),
        "missing-first-step": (0, 2) if both or ported.encoder else (0, 1, 2),
        "time-reversed": (0, 1, 2),
        "bias-missing": ONE,
        "recurrent-kernel-transposed": ONE,
        "kernel-missing-recurrence": (0, 1) if any(two_rows(loop) for loop in loops) else ONE,
        "activation-missing": ONE,
        "float16": ONE,
        "stateful-carry": (1, *((0,) if batch > 1 else ()), *((2,) if batch > KEPT else ())),
    }
    if ported.encoder:
        found["initial-state-ones"] += (2,)
        found["initial-state-dropped"] = ONE
    if batch > 1:
        found |= {"batch-order": ONE, "time-major-mixup": ONE if ported.encoder else (0, 1)}
    if any(loop["activation"] == "tanh" for loop in loops):
        found["relu-for-tanh"] = ONE
    found |= _of_cells(loops) | _of_masks(ported, both) | _of_halves(both) | _of_layers(ported, layers, loops)
    return found


def masks(ported: Ported) -> bool:
    return any(
        layer["kind"] == "Masking" or layer.get("mask_zero", False) for layer in (*ported.encoder, *ported.layers)
    )


def two_rows(loop: Entry) -> bool:
    return bool(loop["kind"] == "GRU" and loop["reset_after"])


def _of_cells(loops: Sequence[Entry]) -> dict[str, Readings]:
    found: dict[str, Readings] = {}
    gates = {loop["recurrent_activation"] for loop in loops if loop["kind"] != "SimpleRNN"}
    if any(loop["kind"] == "LSTM" for loop in loops):
        names = "gate-order-ifog gate-order-icfo cell-state-as-output output-tanh-missing"
        found |= dict.fromkeys(names.split(), ONE)
    if any(loop["kind"] == "GRU" for loop in loops):
        found |= dict.fromkeys(["gate-order-torch-gru", "gru-update-gate-swapped", "reset-after-flipped"], ONE)
    if any(two_rows(loop) for loop in loops):
        found["gru-one-bias-row"] = ONE
    if "hard_sigmoid_keras2" in gates:
        found |= {"hard-sigmoid-keras3": ONE, "sigmoid-for-hard-sigmoid": ONE}
    if "hard_sigmoid_keras3" in gates:
        found |= {"hard-sigmoid-keras2": ONE, "sigmoid-for-hard-sigmoid": ONE}
    if "sigmoid" in gates:
        found["hard-sigmoid-for-sigmoid"] = (0, 1)
    return found


def _of_masks(ported: Ported, both: Sequence[Entry]) -> dict[str, Readings]:
    if not masks(ported):
        return {}
    names = "mask-ignored masked-inputs-zeroed masked-state-zeroed mask-zeros-output"
    found = dict.fromkeys(names.split(), ONE)
    if any(layer["kind"] == "Masking" for layer in ported.layers):
        found["masked-feature-wise"] = ONE
    if any(not layer.get("return_sequences", True) for layer in ported.layers):
        found["last-valid-vs-last-step"] = (0, 1, 2, 3)
    if any(layer["return_sequences"] for layer in both):
        found["mask-output-not-zeroed"] = ONE
    return found


def _of_halves(both: Sequence[Entry]) -> dict[str, Readings]:
    if not both:
        return {}
    sequences = both[0]["return_sequences"]
    found: dict[str, Readings] = {"directions-swapped": (0, 1), "merge-mode-wrong": (0, 1)}
    if sequences:
        return {**found, "backward-not-flipped": ONE, "backward-not-reversed": (0, 1)}
    return {**found, "backward-last-step": ONE, "backward-not-reversed": ONE}


def _of_layers(ported: Ported, layers: Sequence[Entry], loops: Sequence[Entry]) -> dict[str, Readings]:
    found: dict[str, Readings] = {}
    kinds = {layer["kind"] for layer in layers}
    heads = [layer for layer in layers if layer["kind"] in ("Dense", "TimeDistributed")]
    if any(head["activation"] != "linear" for head in heads):
        found["dense-activation-missing"] = ONE
    if "Dropout" in kinds and len(ported.x) >= ENOUGH_FOR_DROPOUT:
        found["dropout-applied"] = ONE
    if "BatchNormalization" in kinds and len(ported.x) > 1:
        found["batch-norm-batch-statistics"] = ONE
    if "Embedding" in kinds:
        found["embedding-off-by-one"] = (0, 1, 2)
    if _mixable(ported):
        found["weights-of-another-layer"] = (0, 1, 2)
    return found


def _mixable(ported: Ported) -> list[tuple[Entry, Entry]]:
    """Two recurrent layers, or two halves, with weights of the same shapes."""
    loops = list(recurrent([*ported.encoder, *ported.layers]))
    return [
        (here, there)
        for here in loops
        for there in loops
        if here is not there
        and here["kind"] == there["kind"]
        and all(here[key].shape == there[key].shape for key in ARRAYS)
    ]


ARRAYS = ("kernel", "recurrent_kernel", "bias")


def with_foreign_weights(ported: Ported, reading: int) -> tuple[list[Entry], list[Entry]]:
    """The layers with one recurrent layer having weights of another: all, the kernel, or the recurrent kernel."""
    here, there = _mixable(ported)[0]
    taken = [ARRAYS, ARRAYS[:1], ARRAYS[1:2]][reading % 3]

    def changed(layer: Entry) -> Entry:
        if layer is here:
            return {**layer, **{key: there[key] for key in taken}}
        return {**layer, **{half: changed(layer[half]) for half in HALVES if half in layer}}

    return [changed(layer) for layer in ported.layers], [changed(layer) for layer in ported.encoder]


def draw_plant(ported: Ported, random: np.random.Generator, *, only: Sequence[str] = (), pair: bool = False) -> Any:
    """A mistake that can be made in this model, or two at once; None when there is none."""
    found = {name: ways for name, ways in possible(ported).items() if not only or name in only or pair}
    names = sorted(found)
    seed = int(random.integers(10**6))
    if pair:
        sets = [[name for name in row if name in found] for row in ALIKE]
        rows = [row for row in sets if row]
        if len(rows) < 2:
            return None
        chosen = random.choice(len(rows), 2, replace=False)
        return Plant(tuple(str(random.choice(rows[place])) for place in chosen), seed=seed)
    if not names:
        return None
    name = str(random.choice(names))
    plant = Plant((name,), int(random.choice(found[name])), seed=seed)
    places = [layer["name"] for layer in (*ported.encoder, *ported.layers) if layer.get("return_sequences") is not None]
    if name in IN_ONE_LAYER and len(places) > 1 and random.random() < 0.3:
        plant = replace(plant, only=str(random.choice(places)))
    return plant
