"""Where numbers come from outside plain recurrent layers: wrappers, starts, axes, and layers that only move them."""

from __future__ import annotations

import math
from dataclasses import fields

import numpy as np
import pytest

from rnnscope.compare import Location
from rnnscope.explain import explain
from rnnscope.explain.scene import place_in
from rnnscope.layers.activations import Activation
from rnnscope.layers.bidirectional import Bidirectional
from rnnscope.layers.core import Dense, Flatten, InputLayer, RepeatVector
from rnnscope.layers.cudnn import CuDNNRecurrent
from rnnscope.layers.dense_cells import LSTMCell
from rnnscope.layers.masking import Embedding, Masking
from rnnscope.layers.pooling import GlobalPooling1D
from rnnscope.layers.recurrent import Recurrent
from rnnscope.layers.spatial import Layout
from rnnscope.layers.time_distributed import TimeDistributed
from rnnscope.reference import Reference
from rnnscope.run import run
from rnnscope.types import Array
from rnnscope.unroll import Direction
from tests.conftest import GOLDEN
from tests.core.models import FEATURES, STEPS, UNITS, chain, masked_input, masked_rnn, simple_cell
from tests.core.test_golden import traced

ENTRY = ("entry", InputLayer((None, STEPS, FEATURES)))


def weight(*shape: int) -> Array:
    return np.random.default_rng(sum(shape)).normal(0, 0.5, shape).astype(np.float32)


def dense(activation: str = "tanh") -> Dense:
    return Dense(weight(FEATURES, 2), weight(2), Activation(activation))


def test_a_cudnn_layer_is_taken_apart_as_the_lstm_that_it_is() -> None:
    cell = LSTMCell(weight(FEATURES, 8), weight(2, 8), weight(8), Activation("tanh"), Activation("sigmoid"))
    plain = Recurrent(cell, Direction(), True, False, False)
    options = {field.name: getattr(plain, field.name) for field in fields(Recurrent)}
    trace = run(chain(ENTRY, ("rnn", CuDNNRecurrent(**options))), masked_input())
    found = explain(trace, Location("rnn", "state/c", 1, 2, 0))
    assert [part.name for part in found.parts] == ["f[2, 0]", "i[2, 0]", "g[2, 0]"]


def test_dense_over_time_weighs_the_features_of_its_step() -> None:
    trace = run(chain(ENTRY, ("dense", dense())), masked_input())
    found = explain(trace, Location("dense", "output/0", 3, 4, 1))
    assert (found.kind, found.function, found.remainder) == ("sum", "tanh", 0)
    assert [term.source for term in found.terms[:FEATURES]] == [
        Location("entry", "output/0", 3, 4, feature) for feature in range(FEATURES)
    ]


def test_time_distributed_dense_is_the_same_dense() -> None:
    x = masked_input()
    wrapped = run(chain(ENTRY, ("dense", TimeDistributed(dense(), "Dense"))), x)
    found = explain(wrapped, Location("dense", "output/0", 3, 4, 1))
    assert found.kind == "sum"
    assert {term.source.step for term in found.terms if term.source} == {4}
    assert math.fsum(term.value for term in found.terms) == found.total


def test_softmax_says_that_it_weighs_the_whole_row() -> None:
    trace = run(chain(ENTRY, ("dense", dense("softmax"))), masked_input())
    assert "all 2 of its row" in explain(trace, Location("dense", "output/0", 0, 0, 0)).note


def test_an_embedding_names_its_row() -> None:
    table = weight(9, 4)
    model = chain(("entry", InputLayer((None, 3), "int32")), ("embedding", Embedding(table, mask_zero=True)))
    trace = run(model, np.array([[4, 7, 0]]))
    found = explain(trace, Location("embedding", "output/0", 0, 1, 2))
    assert (found.value, found.note) == (table[7, 2], "Row 7 of the table, column 2.")
    assert found.origin == Location("entry", "output/0", 0, None, 1)
    assert "Index 0 is masked" in explain(trace, Location("embedding", "output/0", 0, 2, 2)).note


def test_masking_clears_masked_steps_and_hands_on_the_others() -> None:
    trace = run(masked_rnn(), masked_input())
    cleared = explain(trace, Location("masking", "output/0", 2, 5, 0))
    assert (cleared.kind, cleared.value) == ("constant", 0)
    assert "All features of this step are −99" in cleared.note
    assert explain(trace, Location("masking", "output/0", 2, 1, 0)).origin == Location("entry", "output/0", 2, 1, 0)


@pytest.mark.parametrize("layers", [(("flatten", Flatten()),), (("flatten", Flatten()), ("again", RepeatVector(3)))])
def test_a_number_that_was_only_moved_is_found_where_it_came_from(layers: tuple[tuple[str, Flatten], ...]) -> None:
    trace = run(chain(ENTRY, *layers), masked_input())
    name = layers[-1][0]
    step = 1 if name == "again" else None
    found = explain(trace, Location(name, "output/0", 3, step, 2 * FEATURES + 1))
    assert found.origin is not None
    while found.origin.layer != "entry":
        found = explain(trace, found.origin)
        assert found.origin is not None
    assert found.origin == Location("entry", "output/0", 3, 2, 1)


def test_an_average_is_of_the_valid_steps_alone() -> None:
    average = GlobalPooling1D(Layout(1, channels_first=False), average=True, keepdims=False)
    trace = run(chain(ENTRY, ("masking", Masking(-99.0)), ("mean", average)), masked_input())
    found = explain(trace, Location("mean", "output/0", 2, None, 1))
    assert ([term.place for term in found.terms[:3]], found.function) == ([0, 1, 2], "÷ 3")
    nothing = explain(trace, Location("mean", "output/0", 4, None, 1))
    assert math.isnan(nothing.value)
    assert "0 ÷ 0 is NaN" in nothing.note


def test_a_given_initial_state_is_where_the_first_step_comes_from() -> None:
    trace = traced(GOLDEN / "encoder_decoder_lstm.keras")
    found = explain(trace, Location("decoder", "gate/i", 0, 0, 0))
    sources = {(term.source.layer, term.source.quantity) for term in found.terms if term.kind == "unit" and term.source}
    assert sources == {("encoder", "output/1")}


def test_a_carried_state_is_where_a_stateful_layer_goes_on() -> None:
    model = masked_rnn(stateful=True)
    first = run(model, masked_input())
    then = run(model, masked_input(), carry=first)
    found = explain(then, Location("rnn", "state/h", 0, 0, 1))
    units = [term for term in found.terms if term.kind == "unit"]
    assert [term.factors[0].value for term in units] == first["rnn"].final["h"][0].tolist()
    assert {term.source for term in units} == {None}
    assert units[2].factors[0].name == "h₀[2]"


def test_time_may_come_first() -> None:
    layer = Recurrent(simple_cell(), Direction(), True, False, False, time_major=True)
    x = np.random.default_rng(0).normal(size=(5, STEPS, FEATURES)).astype(np.float32)
    trace = run(chain(ENTRY, ("rnn", layer)), x)
    state = explain(trace, Location("rnn", "state/h", 2, 4, 1))
    assert state.terms[0].source == Location("entry", "output/0", 4, 2, 0)
    returned = explain(trace, Location("rnn", "output/0", 4, 2, 1))
    assert returned.origin == Location("rnn", "state/h", 2, 4, 1)


@pytest.mark.parametrize("mode", ["concat", "sum", "ave", "mul"])
def test_both_directions_lead_to_their_states(mode: str) -> None:
    ahead = Recurrent(simple_cell(), Direction(), True, False, False)
    back = Recurrent(simple_cell(0.4), Direction(go_backwards=True), True, False, False)
    trace = run(chain(ENTRY, ("both", Bidirectional(ahead, back, mode))), masked_input())
    unit = UNITS + 1 if mode == "concat" else 1
    found = explain(trace, Location("both", "output/0", 2, 1, unit))
    origins = [found.origin] if mode == "concat" else [part.origin for part in found.parts]
    expected = [Location("both", f"state/{side}/h", 2, 1, 1) for side in ("forward", "backward")]
    assert origins == (expected[1:] if mode == "concat" else expected)


def test_a_stacked_cell_reads_the_state_of_the_one_below() -> None:
    trace = traced(GOLDEN / "stacked_cells.keras")
    key, name = next((key, name) for key in trace.layers for name in trace[key].gates if name.startswith("1/"))
    mask = trace[key].mask
    sample, step = (0, 0) if mask is None else (int(place) for place in np.argwhere(mask)[0])
    found = explain(trace, Location(key, f"gate/{name}", sample, step, 0))
    features = [term for term in found.terms if term.kind == "feature"]
    assert {term.source.quantity for term in features if term.source} == {"state/0/h"}
    for term in features:
        assert term.source is not None
        below = trace[key].states["0/h"][sample, step, term.source.unit]
        assert term.factors[0].value == pytest.approx(float(below))


def test_the_output_at_a_masked_step_is_the_one_before_or_zero() -> None:
    trace = run(masked_rnn(), masked_input())
    held = explain(trace, Location("rnn", "output/0", 2, 5, 0))
    assert held.origin == Location("rnn", "state/h", 2, 2, 0)
    assert "repeats the output of step 2" in held.note
    before = explain(trace, Location("rnn", "output/0", 1, 0, 0))
    assert (before.kind, before.value) == ("constant", 0)


def test_a_recurrent_layer_at_every_outer_step_is_taken_apart_there() -> None:
    trace = traced(GOLDEN / "time_distributed_lstm.keras")
    key = next(key for key in trace.layers if trace[key].states)
    states = trace[key].states["h"]
    outer, inner, unit = states.shape[1] - 1, 1, 2
    flat = inner * states.shape[3] + unit
    stored = Reference({f"layer/{key}/gate/i": trace[key].gates["i"] + np.float32(1)})
    found = explain(trace, Location(key, "gate/i", 0, outer, flat), reference=stored)
    assert found.location == Location(key, "gate/i", 0, outer, flat)
    assert found.kind == "sum"
    assert found.keras == pytest.approx(found.value + 1)
    assert math.fsum(term.value for term in found.terms) == found.total
    for term in found.terms:
        for factor in term.factors:
            if factor.source is not None:
                array = trace[factor.source.layer].quantity(factor.source.quantity)
                assert float(array[place_in(array, factor.source)]) == factor.value
                assert (factor.source.sample, factor.source.step) == (0, outer)
    assert f"At outer step {outer}" in found.note
