"""What came in and what was added: the layer, the step and the unit at which a difference is made."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import rnnscope
from rnnscope import Reference, Trace
from rnnscope.culprit import Culprit
from rnnscope.errors import Cancelled
from rnnscope.layers.activations import Activation
from rnnscope.layers.bidirectional import Bidirectional
from rnnscope.layers.core import Dense, InputLayer
from rnnscope.layers.dense_cells import GRUCell, LSTMCell
from rnnscope.layers.masking import Masking
from rnnscope.layers.recurrent import Recurrent
from rnnscope.model import Model
from rnnscope.origin import find_origins
from rnnscope.types import Array
from rnnscope.unroll import Direction
from tests.core.models import FEATURES, STEPS, UNITS, chain, masked_input

TANH, SIGMOID = Activation("tanh"), Activation("sigmoid")


def drawn(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).normal(0, 0.5, shape).astype(np.float32)


def lstm(features: int = FEATURES, seed: int = 1) -> LSTMCell:
    kernels = drawn(features, 4 * UNITS, seed=seed), drawn(UNITS, 4 * UNITS, seed=seed + 1), drawn(4 * UNITS)
    return LSTMCell(*kernels, TANH, SIGMOID)


def recurrent(cell: LSTMCell | GRUCell, *, backwards: bool = False) -> Recurrent:
    return Recurrent(cell, Direction(go_backwards=backwards), True, False, False)


def stacked() -> Model:
    """Input → Masking(−99) → LSTM → GRU in both directions → Dense."""
    gru = GRUCell(drawn(UNITS, 3 * UNITS, seed=5), drawn(UNITS, 3 * UNITS, seed=6), None, TANH, SIGMOID, True)
    dense = Dense(drawn(2 * UNITS, 2, seed=7), None, Activation("linear"))
    return chain(
        ("entry", InputLayer((None, STEPS, FEATURES))),
        ("masking", Masking(-99.0)),
        ("lstm", recurrent(lstm())),
        ("both", Bidirectional(recurrent(gru), recurrent(gru, backwards=True), "concat")),
        ("dense", dense),
    )


def changed(layer: str, way: str, place: tuple[int, int]) -> Trace:
    """The run of `stacked` with one weight of a kernel moved."""
    model = stacked()
    operation = model[layer].operation
    part = getattr(operation, way) if way else operation
    assert isinstance(part, Recurrent)
    assert isinstance(part.cell, LSTMCell | GRUCell)
    kernel = part.cell.kernel.copy()
    kernel[place] += 1e-3 * np.abs(kernel).max()
    moved = replace(part, cell=replace(part.cell, kernel=kernel))
    other = replace(operation, **{way: moved}) if isinstance(operation, Bidirectional) else moved  # type: ignore[arg-type]
    layers = tuple(replace(one, operation=other) if one.name == layer else one for one in model.layers)
    return rnnscope.run(replace(model, layers=layers), masked_input())


def origins(stored: dict[str, Array]) -> tuple[Culprit, ...]:
    return rnnscope.compare(rnnscope.run(stacked(), masked_input()), Reference(stored)).origins


def everything(trace: Trace) -> dict[str, Array]:
    return {key: trace.get(key).copy() for key in trace.quantities()}


def test_nothing_is_looked_for_where_nothing_differs() -> None:
    assert origins(everything(rnnscope.run(stacked(), masked_input()))) == ()


def test_the_gate_that_a_weight_belongs_to_is_named_and_what_reads_it_only_inherits() -> None:
    made, *rest = origins(everything(changed("lstm", "", (1, UNITS + 2))))
    assert (made.layer, made.quantity, made.step, made.unit) == ("lstm", "gate/f", 0, 2)
    assert made.certain
    assert made.inherited == 0
    assert made.added == pytest.approx(abs(made.ours - made.theirs))
    assert made.words.startswith("made here: lstm adds ")
    assert made.words.endswith("; nothing came in")
    assert [one.layer for one in rest] == ["both", "dense"]
    assert all(one.inherits and one.words.startswith("inherited: ") for one in rest)


def test_a_direction_that_reads_from_the_end_is_blamed_at_the_step_that_it_read_first() -> None:
    stored = everything(changed("both", "backward", (0, 2 * UNITS + 1)))
    comparison = rnnscope.compare(rnnscope.run(stacked(), masked_input()), Reference(stored))
    (made,) = comparison.culprits
    assert (made.layer, made.quantity, made.step, made.unit) == ("both", "gate/backward/hh", STEPS - 1, 1)
    assert comparison.first_difference is not None
    assert comparison.first_difference.quantity == "gate/backward/hh"
    assert comparison.first_difference.step == STEPS - 1


def test_where_gates_and_cell_states_are_not_stored_the_step_and_the_unit_are_still_told() -> None:
    stored = everything(changed("lstm", "", (1, UNITS + 2)))
    kept = {key: array for key, array in stored.items() if "/gate/" not in key and not key.endswith("/c")}
    made = origins(kept)[0]
    assert (made.layer, made.quantity, made.unit) == ("lstm", "state/h", 2)
    assert made.certain


def test_layers_between_which_nothing_is_stored_are_named_together() -> None:
    stored = everything(changed("lstm", "", (1, UNITS + 2)))
    (made,) = origins({"output/0": stored["output/0"]})
    assert made.layer == "dense"
    assert made.among == ("masking", "lstm", "both", "dense")
    assert not made.certain
    assert "cannot be told, the reference has no values of masking, lstm, both" in made.words


def test_states_that_agree_vouch_for_an_output_that_is_not_stored() -> None:
    stored = everything(changed("both", "forward", (0, 0)))
    (made, *_) = origins({key: array for key, array in stored.items() if not key.startswith("layer/lstm/output")})
    assert (made.layer, made.among) == ("both", ())


def test_another_mask_is_the_difference_itself() -> None:
    stored = everything(rnnscope.run(stacked(), masked_input()))
    stored["layer/lstm/mask"][3, 4] ^= True
    made = origins(stored)[0]
    assert (made.layer, made.quantity, made.sample, made.step) == ("lstm", "mask", 3, 4)


def test_a_state_that_stands_still_is_said_to_look_masked() -> None:
    stored = everything(rnnscope.run(stacked(), masked_input()))
    for name in ("h", "c"):
        stored[f"layer/lstm/state/{name}"][0, 3] = stored[f"layer/lstm/state/{name}"][0, 2]
    made = origins({key: array for key, array in stored.items() if key.startswith("layer/lstm/state")})[0]
    assert (made.sample, made.step) == (0, 3)
    assert made.hint == "the reference keeps its states here, as at a masked step"


def test_two_layers_that_add_are_both_culprits() -> None:
    stored = everything(rnnscope.run(stacked(), masked_input()))
    stored["layer/lstm/gate/o"][2, 1, 0] += 0.1
    stored["layer/dense/output/0"][1, 2, 1] += 0.1
    comparison = rnnscope.compare(rnnscope.run(stacked(), masked_input()), Reference(stored))
    assert [(one.layer, one.sample, one.step, one.unit) for one in comparison.culprits] == [
        ("lstm", 2, 1, 0),
        ("dense", 1, 2, 1),
    ]


def test_looking_can_be_cancelled_and_needs_the_model() -> None:
    trace = rnnscope.run(stacked(), masked_input())
    reference = Reference(everything(changed("lstm", "", (0, 0))))
    rows = rnnscope.compare(trace, reference).rows
    with pytest.raises(Cancelled):
        find_origins(trace, reference, rows, cancelled=lambda: True)
    loaded = Trace(None, trace.inputs, trace.outputs, trace.layers)
    assert rnnscope.compare(loaded, reference, atol=0.0).culprits == ()
