from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import rnnscope
from rnnscope.context import Context
from rnnscope.errors import BadInput, Cancelled, ShapeMismatch
from rnnscope.layers.base import map_weights
from rnnscope.layers.core import InputLayer
from rnnscope.layers.recurrent import Recurrent
from rnnscope.layers.stacked_cells import StackedCells
from rnnscope.run import Inputs
from rnnscope.semantics import Semantics
from rnnscope.unroll import Direction, unroll
from tests.core.models import FEATURES, STEPS, UNITS, chain, masked_input, masked_rnn, simple_cell


def context(backend: str = "tensorflow") -> Context:
    return Context(Semantics(backend=backend))


def test_a_masked_step_freezes_the_state() -> None:
    trace = rnnscope.run(masked_rnn(), masked_input())
    h = trace["rnn"].states["h"]
    assert (h[1, :2] == 0).all()
    assert (h[2, 3:] == h[2, 2:3]).all()
    assert (h[3, 2:4] == h[3, 1]).all()
    assert (h[4] == 0).all()
    assert not (h[0, 1:] == h[0, :-1]).any()


def test_a_step_of_which_only_some_features_match_is_not_masked() -> None:
    trace = rnnscope.run(masked_rnn(), masked_input())
    assert trace["rnn"].mask is not None
    assert trace["rnn"].mask[5].all()


@given(mask=st.lists(st.booleans(), min_size=1, max_size=8), backwards=st.booleans())
def test_masked_steps_mean_the_same_as_steps_cut_out(mask: list[bool], backwards: bool) -> None:
    valid = np.array([mask])
    x = np.random.default_rng(4).normal(size=(1, len(mask), FEATURES)).astype(np.float32)
    cell, direction = simple_cell(), Direction(go_backwards=backwards)
    zeros = cell.initial_states(x)
    masked = unroll(cell, x, valid, zeros, direction, context())
    cut = unroll(cell, x[:, valid[0]], None, zeros, direction, context()) if any(mask) else None
    expected = zeros[0] if cut is None else cut.final[0]
    np.testing.assert_array_equal(masked.final[0], expected)


def test_states_are_indexed_by_the_inputs_time_and_outputs_by_processing_order() -> None:
    x = masked_input()[:1]
    cell = simple_cell()
    done = unroll(cell, x, None, cell.initial_states(x), Direction(go_backwards=True), context())
    np.testing.assert_array_equal(done.states["h"][:, ::-1], done.outputs)
    np.testing.assert_array_equal(done.states["h"][:, 0], done.final[0])


def test_before_the_first_valid_step_tensorflow_gives_zeros_and_jax_the_initial_state() -> None:
    x, mask = masked_input()[:1], np.array([[False, False, True, True, True, True]])
    cell, initial = simple_cell(), (np.full((1, UNITS), 0.3, np.float32),)
    for backend, expected in (("tensorflow", 0.0), ("jax", 0.3)):
        done = unroll(cell, x, mask, initial, Direction(), context(backend))
        np.testing.assert_array_equal(done.outputs[:, :2], np.full((1, 2, UNITS), expected, np.float32))
        np.testing.assert_array_equal(done.states["h"][:, :2], np.full((1, 2, UNITS), 0.3, np.float32))


def test_ignoring_masks_runs_every_step_on_the_raw_input() -> None:
    x = masked_input()
    trace = rnnscope.run(masked_rnn(), x, use_masks=False)
    assert trace["rnn"].mask is None
    np.testing.assert_array_equal(trace["masking"].output, x)
    assert not (trace["rnn"].states["h"][4] == 0).any()


def test_a_stateful_model_goes_on_where_the_earlier_run_ended() -> None:
    model, x = masked_rnn(stateful=True), masked_input()
    whole = rnnscope.run(masked_rnn(), np.concatenate([x, x], axis=0)[:6])
    first = rnnscope.run(model, x)
    second = rnnscope.run(model, x, carry=first)
    np.testing.assert_array_equal(first["rnn"].states["h"], whole["rnn"].states["h"])
    np.testing.assert_array_equal(second["rnn"].states["h"][4], np.tile(first["rnn"].states["h"][4, -1], (STEPS, 1)))
    np.testing.assert_array_equal(second["rnn"].states["h"][1, 0], first["rnn"].states["h"][1, -1])


def test_carry_needs_a_stateful_layer() -> None:
    model, x = masked_rnn(), masked_input()
    with pytest.raises(BadInput, match="no layer of this model is stateful"):
        rnnscope.run(model, x, carry=rnnscope.run(model, x))


def test_progress_counts_up_to_the_total() -> None:
    seen: list[tuple[int, int]] = []
    rnnscope.run(masked_rnn(), masked_input(), progress=lambda done, total: seen.append((done, total)))
    assert seen == [(step + 1, STEPS) for step in range(STEPS)]


def test_cancelling_stops_in_the_middle_of_the_loop() -> None:
    asked: list[int] = []

    def cancelled() -> bool:
        asked.append(1)
        return len(asked) > 2

    with pytest.raises(Cancelled):
        rnnscope.run(masked_rnn(), masked_input(), cancelled=cancelled)
    assert len(asked) == 3


@pytest.mark.parametrize("form", ["array", "list", "mapping", "other name", "nested list"])
def test_an_input_may_come_in_every_form_that_keras_takes(form: str) -> None:
    x = masked_input()
    given = {"array": x, "list": [x], "mapping": {"entry": x}, "other name": {"x": x}, "nested list": x.tolist()}[form]
    expected = rnnscope.run(masked_rnn(), x).outputs[0]
    np.testing.assert_array_equal(rnnscope.run(masked_rnn(), given).outputs[0], expected)


@pytest.mark.parametrize(
    ("shape", "advice"),
    [
        ((STEPS, FEATURES), "batch axis is missing: use x[None]"),
        ((2, FEATURES, STEPS), "swapped: use x.transpose(0, 2, 1)"),
        ((2, STEPS - 1, FEATURES), "Pad the sequences from 5 to 6 steps"),
        ((2, STEPS + 1, FEATURES), "Cut the sequences from 7 to 6 steps"),
        ((1, 2, STEPS, FEATURES), "one axis too many: use x[0]"),
        ((2, STEPS, FEATURES + 1), "expected (None, 6, 3), found (2, 6, 4)"),
    ],
)
def test_a_wrong_shape_is_named_with_its_repair(shape: tuple[int, ...], advice: str) -> None:
    with pytest.raises(ShapeMismatch) as error:
        rnnscope.run(masked_rnn(), np.zeros(shape, np.float32))
    assert advice in str(error.value)
    assert "'entry'" in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("x", "problem"),
    [
        (np.zeros((0, STEPS, FEATURES)), "no samples"),
        (np.zeros((1, STEPS, FEATURES), complex), "not a number"),
        (np.full((1, STEPS, FEATURES), "a"), "not a number"),
        ([[1.0], [2.0, 3.0]], "not rectangular"),
        ({"entry": [[1.0], [2.0, 3.0]]}, "not rectangular"),
        (np.zeros((2, 0, FEATURES)), "the input is empty"),
    ],
)
def test_an_unusable_input_is_refused(x: Inputs, problem: str) -> None:
    with pytest.raises(BadInput, match=problem):
        rnnscope.run(masked_rnn(), x)


def test_nan_and_infinity_are_computed_not_hidden() -> None:
    x = masked_input()
    x[0, 1, 0] = np.nan
    trace = rnnscope.run(masked_rnn(), x)
    assert np.isfinite(trace["rnn"].states["h"][0, 0]).all()
    assert np.isnan(trace["rnn"].states["h"][0, 1:]).all()
    assert np.isfinite(trace["rnn"].states["h"][1:]).all()


@pytest.mark.parametrize("dtype", [np.int32, "nonsense", "bfloat16"])
def test_dtype_must_be_floating_point(dtype: str) -> None:
    with pytest.raises(BadInput, match="not a floating-point type"):
        rnnscope.run(masked_rnn(), masked_input(), dtype=dtype)


def test_every_weight_is_reached_those_of_stacked_cells_too() -> None:
    stacked = StackedCells((simple_cell(), simple_cell(features=UNITS)))
    silent = map_weights(Recurrent(stacked, Direction(), True, False, False), np.zeros_like)
    assert not any(cell.kernel.any() for cell in silent.cell.cells)  # type: ignore[attr-defined]


def test_carry_must_come_from_the_same_model() -> None:
    other = rnnscope.run(chain(("entry", InputLayer((None, STEPS, FEATURES)))), masked_input())
    with pytest.raises(BadInput, match="a trace of another model; expected a layer 'rnn'"):
        rnnscope.run(masked_rnn(stateful=True), masked_input(), carry=other)


def test_a_float64_run_differs_from_a_float32_one_by_rounding_only() -> None:
    single = rnnscope.run(masked_rnn(), masked_input()).outputs[0]
    double = rnnscope.run(masked_rnn(), masked_input(), dtype=np.float64).outputs[0]
    assert double.dtype == np.float64
    assert 0 < np.abs(single - double).max() < 1e-5
