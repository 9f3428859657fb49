"""Numbers taken apart: whatever the run recorded comes out again of its parts, to the bit."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from zlib import crc32

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import rnnscope
from rnnscope.compare import Location
from rnnscope.errors import BadInput
from rnnscope.explain import Explanation, explain
from rnnscope.explain.records import Factor, Term, balanced
from rnnscope.explain.scene import location_in, place_in
from rnnscope.layers.activations import Activation
from rnnscope.layers.core import InputLayer
from rnnscope.layers.dense_cells import GRUCell, LSTMCell
from rnnscope.layers.recurrent import Recurrent
from rnnscope.model import Model
from rnnscope.reference import Reference
from rnnscope.run import run
from rnnscope.trace import Trace
from rnnscope.types import Array
from rnnscope.unroll import Direction
from tests.conftest import GOLDEN, Example
from tests.core.models import FEATURES, STEPS, UNITS, chain, masked_input, masked_rnn
from tests.core.test_golden import FILES, file_id, traced

PLACES = 2  # of each quantity of each golden file


def places(trace: Trace, seed: int) -> Iterator[Location]:
    """A few places in everything that a run recorded."""
    random = np.random.default_rng(seed)
    for key in trace.layers:
        for quantity in trace[key].quantities():
            array = trace[key].quantity(quantity)
            for _ in range(PLACES if array.dtype.kind != "U" else 0):
                place = [int(random.integers(size)) for size in array.shape]
                yield location_in(array, key, quantity, place)


def recorded(trace: Trace, location: Location) -> float:
    array = trace[location.layer].quantity(location.quantity)
    return float(array[place_in(array, location)])


def recombined(explanation: Explanation) -> float:
    """The value out of its terms, by the activation in float64."""
    total = math.fsum(term.value for term in explanation.terms)
    assert total == explanation.total
    return total


def same(a: float, b: float) -> bool:
    return a == b or (math.isnan(a) and math.isnan(b))


@pytest.mark.parametrize("path", FILES, ids=file_id)
def test_every_number_comes_out_of_its_parts(path: Path) -> None:
    trace = traced(path)
    for location in places(trace, crc32(path.name.encode())):
        found = explain(trace, location)
        assert same(found.value, recorded(trace, location))
        for part in found.walk():
            check(trace, part)


def check(trace: Trace, part: Explanation) -> None:
    """The parts of one explanation, held against the run."""
    if part.location is not None:
        assert same(part.value, recorded(trace, part.location)), part.formula
    if part.kind == "sum" and math.isfinite(part.total):
        size = math.fsum(abs(term.value) for term in part.terms)
        assert recombined(part) == part.total
        assert abs(part.rounding) <= 4e-6 * size, part.formula
        if not part.function:
            assert abs(part.value - part.total) <= 1e-3 * abs(part.total)  # float16 rounds so far
    if part.kind == "frozen" and part.origin is not None:
        assert same(part.value, recorded(trace, part.origin)), part.note
    if part.kind == "whole":
        assert part.note


def test_nearly_nothing_of_a_plain_recurrent_network_is_left_whole(example: Example) -> None:
    trace = run(rnnscope.load_model(example.model), np.load(example.input))
    layers = {location for location in places(trace, 1) if trace.model and trace.model[location.layer].is_layer}
    kinds = {explain(trace, location).kind for location in layers if location.quantity != "mask"}
    assert kinds <= {"sum", "copy", "frozen", "constant"}


@cache
def household(example: Example) -> tuple[Trace, Reference]:
    trace = run(rnnscope.load_model(example.model), np.load(example.input))
    return trace, rnnscope.load_reference(example.reference)


def test_a_frozen_state_points_to_the_last_valid_step(example: Example) -> None:
    trace, _ = household(example)
    found = explain(trace, Location("rnn", "state/h", 25, 6, 12))
    assert found.kind == "frozen"
    assert found.origin == Location("rnn", "state/h", 25, 5, 12)
    assert "Frozen at step 6, value from step 5" in found.note
    assert found.parts[0].value == found.value


def test_a_state_that_is_frozen_from_the_start_is_the_initial_state(example: Example) -> None:
    trace, _ = household(example)
    found = explain(trace, Location("rnn", "state/h", 25, 1, 12))
    assert (found.kind, found.value, found.origin) == ("frozen", 0, None)
    assert "no valid step" in found.note


def test_each_contribution_says_where_it_comes_from(example: Example) -> None:
    trace, _ = household(example)
    found = explain(trace, Location("rnn", "state/h", 25, 5, 12))
    features = [term for term in found.terms if term.kind == "feature"]
    units = [term for term in found.terms if term.kind == "unit"]
    assert [term.source for term in features] == [Location("masking", "output/0", 25, 5, k) for k in range(76)]
    assert [term.source for term in units] == [Location("rnn", "state/h", 25, 4, k) for k in range(64)]
    for term in (*features, *units):
        assert term.source is not None
        assert term.factors[0].value == recorded(trace, term.source)


def test_what_keras_and_the_user_have_stands_beside_each_part(example: Example) -> None:
    trace, keras = household(example)
    mine = Reference({"layer/rnn/state/h": trace["rnn"].states["h"] + np.float32(1)})
    found = explain(trace, Location("rnn", "state/h", 25, 5, 12), reference=keras, mine=mine)
    unit = next(term.factors[0] for term in found.terms if term.kind == "unit" and term.place == 3)
    assert found.keras == keras.arrays["layer/rnn/state/h"][25, 5, 12]
    assert unit.keras == keras.arrays["layer/rnn/state/h"][25, 4, 3]
    assert unit.mine == pytest.approx(unit.value + 1)
    assert next(term.factors[0] for term in found.terms if term.kind == "feature").mine is None


def test_a_model_output_is_that_of_its_layer(example: Example) -> None:
    trace, _ = household(example)
    found = explain(trace, Location("", "output/0", 3, None, 0), mine=Reference({"output/0": np.ones((64, 1))}))
    assert found.location == Location("denseoutput", "output/0", 3, None, 0)
    assert (found.function, found.mine) == ("tanh", 1.0)


def test_the_largest_terms_and_the_others_together_add_up(example: Example) -> None:
    trace, _ = household(example)
    found = explain(trace, Location("rnn", "state/h", 25, 5, 12))
    largest = found.largest(4)
    assert len(largest) == 5
    assert [abs(term.value) for term in largest[:4]] == sorted((abs(term.value) for term in largest[:4]), reverse=True)
    assert all(abs(term.value) <= abs(largest[3].value) for term in found.terms if term not in largest)
    assert largest[4].text == "the other 137 together"
    assert math.fsum([*(term.value for term in largest), found.rounding]) == pytest.approx(found.total, abs=1e-12)


def test_a_formula_shows_the_numbers() -> None:
    trace = run(masked_rnn(), masked_input())
    found = explain(trace, Location("rnn", "state/h", 0, 2, 1))
    sums = found.subtotals()
    shown = " + ".join(f"{sums[kind]:.4g}".replace("-", "−") for kind in ("feature", "unit", "bias"))
    assert found.formula == f"h[2, 1] = tanh({shown}) = {found.value:.4g}".replace("= -", "= −")
    assert np.tanh(np.float32(found.total)) == np.float32(found.value)


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("kind", ["lstm", "gru", "gru before"])
def test_products_of_gates_lead_to_the_gates(kind: str, backwards: bool) -> None:
    trace = run(gated(kind, backwards), masked_input())
    name = "c" if kind == "lstm" else "h"
    for t, sample in ((0, 0), (3, 1), (5, 0)):
        found = explain(trace, Location("rnn", f"state/{name}", sample, t, 2))
        assert math.fsum(term.value for term in found.terms) == found.value
        for term in found.terms[:2]:
            for factor in term.factors:
                if factor.source is not None and not factor.name.startswith("1"):
                    assert factor.value == recorded(trace, factor.source)
        gates = {part.name.partition("[")[0] for part in found.parts}
        assert gates == ({"f", "i", "g"} if kind == "lstm" else {"z", "hh"})


def gated(kind: str, backwards: bool) -> Model:
    random = np.random.default_rng(5)

    def weight(*shape: int) -> Array:
        return random.normal(0, 0.5, shape).astype(np.float32)

    tanh, sigmoid = Activation("tanh"), Activation("sigmoid")
    after = kind == "gru"
    cell: LSTMCell | GRUCell
    if kind == "lstm":
        cell = LSTMCell(weight(FEATURES, 4 * UNITS), weight(UNITS, 4 * UNITS), weight(4 * UNITS), tanh, sigmoid)
    else:
        bias = weight(2, 3 * UNITS) if after else weight(3 * UNITS)
        cell = GRUCell(weight(FEATURES, 3 * UNITS), weight(UNITS, 3 * UNITS), bias, tanh, sigmoid, after)
    layer = Recurrent(cell, Direction(go_backwards=backwards), True, False, False)
    return chain(("entry", InputLayer((None, STEPS, FEATURES))), ("rnn", layer))


def test_a_backward_recurrence_comes_from_the_later_step() -> None:
    trace = run(gated("lstm", True), masked_input())
    found = explain(trace, Location("rnn", "gate/i", 0, 2, 1))
    units = [term for term in found.terms if term.kind == "unit"]
    assert {term.source.step for term in units if term.source} == {3}


@pytest.mark.parametrize(
    ("location", "message"),
    [
        (Location("rnn", "state/h", 99, 0, 0), "no such sample; expected 0 to 5, found 99"),
        (Location("rnn", "state/h", 0, None, 0), "no such step"),
        (Location("rnn", "state/c", 0, 0, 0), "no state/c is recorded; expected state/h"),
        (Location("lstm", "state/h", 0, 0, 0), "the run has no layer 'lstm'"),
        (Location("", "output/1", 0, None, 0), "the model has no output/1"),
    ],
)
def test_a_place_that_is_not_there_is_said(location: Location, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        explain(run(masked_rnn(), masked_input()), location)


def test_a_loaded_trace_says_that_it_has_no_model(tmp_path: Path) -> None:
    run(masked_rnn(), masked_input()).save(tmp_path / "trace.h5")
    with pytest.raises(BadInput, match="has no model"):
        explain(rnnscope.load_trace(tmp_path / "trace.h5"), Location("rnn", "state/h", 0, 0, 0))


NUMBERS = st.floats(-(2.0**90), 2.0**90, width=32)


@given(st.lists(NUMBERS, max_size=30), NUMBERS)
@settings(max_examples=300)
def test_terms_and_their_rounding_add_up_to_the_bit(values: list[float], total: float) -> None:
    terms = [Term("bias", None, (Factor("b", value),), value) for value in values]
    whole = balanced(terms, total)
    assert math.fsum(term.value for term in whole) == total
    assert len(whole) <= len(terms) + 8


@given(arrays(np.float32, (1, STEPS, FEATURES), elements=st.floats(-100, 100, width=32)), st.integers(0, STEPS - 1))
@settings(max_examples=50)
def test_whatever_the_input_the_activation_of_the_sum_is_the_state(x: Array, step: int) -> None:
    trace = run(masked_rnn(), x)
    found = explain(trace, Location("rnn", "state/h", 0, step, 0))
    if found.kind == "sum":
        assert recombined(found) == found.total
        assert np.tanh(np.float32(found.total)) == np.float32(found.value)
        assert found.remainder == 0


def test_bits_are_those_of_the_whole_batch() -> None:
    """One row multiplied by itself may differ in the last bit; the sums here are the run's own."""
    model = gated("gru", False)
    x = np.random.default_rng(0).normal(size=(200, STEPS, FEATURES)).astype(np.float32)
    trace = run(model, x)
    for sample, other in pairwise(range(0, 200, 40)):
        found = explain(trace, Location("rnn", "gate/z", sample, 3, other % UNITS))
        assert found.remainder == 0


def test_layers_say_by_name_what_is_not_taken_apart() -> None:
    trace = traced(GOLDEN / "conv_lstm.keras")
    key = next(key for key in trace.layers if trace[key].states)
    found = explain(trace, next(place for place in places(trace, 0) if place.layer == key))
    assert found.kind == "whole"
    assert "is not taken apart" in found.note
