from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from rnnscope.display import histogram
from rnnscope.explain.bounds import bounds_of
from rnnscope.types import Array
from rnnscope.units import rows_of, state_path, step_distribution, unit_order, unit_statistics
from tests.conftest import GOLDEN
from tests.core.models import masked_rnn
from tests.core.test_golden import FILES, file_id, traced

ANY = st.floats(allow_nan=True, allow_infinity=True, width=32)
STATES = arrays(np.float32, array_shapes(min_dims=3, max_dims=3, max_side=5), elements=ANY)


def waves() -> Array:
    """Six units over 3 samples and 40 steps: 0, 2 and 5 go together (5 against), 1 and 4 do, 3 never moves."""
    t = np.linspace(0, 9, 120).reshape(3, 40)
    one, two = np.sin(t), np.cos(3.1 * t + 1)
    noise = np.random.default_rng(0).normal(0, 0.01, (3, 40, 6))
    noise[..., 3] = 0
    return np.stack([one, two, 0.5 * one, 0 * t + 0.3, two, -one], axis=-1) + noise


def test_a_unit_at_the_end_of_its_range_is_saturated() -> None:
    states = np.zeros((2, 5, 3))
    states[..., 0] = np.linspace(-0.5, 0.5, 10).reshape(2, 5)
    states[0, :, 1] = 0.999
    states[..., 2] = 0.3
    found = unit_statistics(states, bounds=(-1.0, 1.0))
    assert found.saturated.tolist() == [0, 0.5, 0]
    assert found.dead.tolist() == [False, False, True]
    assert unit_statistics(states).saturated.tolist() == [0, 0, 0]


def test_masked_steps_do_not_count() -> None:
    states = np.array([[[0.1], [0.5], [0.9], [0.9]]])
    found = unit_statistics(states, np.array([[True, True, False, False]]))
    assert (found.lowest.item(), found.highest.item()) == (0.1, 0.5)
    assert found.mean.item() == pytest.approx(0.3)
    nothing = unit_statistics(states, np.zeros((1, 4), bool))
    assert np.isnan(nothing.mean).all()
    assert not nothing.dead.any()


@given(STATES)
@settings(max_examples=60)
def test_whatever_the_numbers_statistics_and_orders_are_made(states: Array) -> None:
    found = unit_statistics(states, bounds=(0.0, 1.0))
    assert ((found.saturated >= 0) & (found.saturated <= 1)).all()
    for by in ("index", "cluster", "variance", "difference"):
        order = unit_order(states, by, other=states / 2)
        assert sorted(order.tolist()) == list(range(states.shape[2]))
    path = state_path(np.clip(np.nan_to_num(states), -1e9, 1e9))
    assert path.points.shape == (*states.shape[:2], 2)
    assert np.isfinite(path.points).all()


def test_units_that_go_together_stand_side_by_side() -> None:
    order = unit_order(waves(), "cluster").tolist()
    assert order[-1] == 3
    places = {unit: place for place, unit in enumerate(order)}
    for group in ((0, 2, 5), (1, 4)):
        taken = sorted(places[unit] for unit in group)
        assert taken == list(range(taken[0], taken[0] + len(group)))


def test_orders_by_variance_and_by_difference() -> None:
    assert unit_order(waves(), "variance").tolist()[-1] == 3
    other = waves()
    other[1, 7, 4] += 5
    other[0, 3, 2] -= 2
    assert unit_order(waves(), "difference", other=other).tolist()[:2] == [4, 2]
    assert unit_order(waves(), "difference").tolist() == list(range(6))


def test_five_hundred_units_are_put_in_order_in_a_moment() -> None:
    states = np.random.default_rng(0).normal(size=(4, 60, 512)).astype(np.float32)
    assert sorted(unit_order(states, "cluster").tolist()) == list(range(512))


def test_the_path_shows_the_plane_of_largest_spread() -> None:
    random = np.random.default_rng(1)
    plane = np.linalg.qr(random.normal(size=(8, 2)))[0]
    coordinates = random.normal(size=(3, 50, 2)) * [5, 2]
    states = coordinates @ plane.T + 0.7
    path = state_path(states)
    assert path.share.sum() == pytest.approx(1)
    rebuilt = path.points @ path.axes + path.center
    np.testing.assert_allclose(rebuilt, states, atol=1e-9)
    np.testing.assert_allclose(path.project(states), path.points)
    np.testing.assert_array_equal(state_path(states * 1.0).axes, path.axes)
    assert all(axis[np.abs(axis).argmax()] > 0 for axis in path.axes)


def test_a_layer_of_one_unit_has_a_path_on_a_line() -> None:
    path = state_path(np.arange(6.0).reshape(1, 6, 1))
    assert path.points[..., 1].tolist() == [[0.0] * 6]
    assert path.share.tolist() == [1.0, 0.0]


def test_the_distribution_of_a_step_is_that_of_its_valid_samples() -> None:
    states = np.arange(12.0).reshape(3, 2, 2)
    mask = np.array([[True, False], [True, False], [False, False]])
    found = step_distribution(states, mask)
    assert found[:, 0].tolist() == [0, 0.75, 2.5, 4.25, 5]
    assert np.isnan(found[:, 1]).all()


def test_another_rank_is_refused() -> None:
    with pytest.raises(ValueError, match=r"expected \(batch, steps, units\)"):
        rows_of(np.zeros((2, 3)))


def test_a_histogram_counts_every_number_once() -> None:
    numbers = np.array([-2.0, -1.0, 0.0, 0.1, 1.0, 3.0, np.nan, np.inf], np.float32)
    found = histogram([numbers, numbers[:2]], (-1.0, 1.0), bins=4)
    assert found.counts.tolist() == [2, 0, 2, 1]
    assert (found.below, found.above, found.missing) == (2, 1, 2)
    assert found.edges.tolist() == [-1, -0.5, 0, 0.5, 1]
    with pytest.raises(ValueError, match="low < high"):
        histogram([numbers], (1.0, 1.0))


STARTS = ("initial_state", "given_states", "by_hand")  # which may lie outside
BOUNDED = [path for path in FILES if path.suffix == ".keras" and not any(name in path.stem for name in STARTS)]


@pytest.mark.parametrize("path", BOUNDED, ids=file_id)
def test_no_number_lies_outside_of_its_range(path: Path) -> None:
    trace = traced(path)
    assert trace.model is not None
    for call in trace.model.calls:
        for quantity in trace[call.key].quantities():
            bounds = bounds_of(trace.model[call.layer].operation, quantity)
            if bounds is not None:
                values = trace[call.key].quantity(quantity)
                assert np.nanmin(values, initial=0) >= bounds[0] - 1e-6, (call.key, quantity)
                assert np.nanmax(values, initial=0) <= bounds[1] + 1e-6, (call.key, quantity)


def test_ranges_are_those_of_the_activations() -> None:
    rnn = masked_rnn()["rnn"].operation
    assert (bounds_of(rnn, "state/h"), bounds_of(rnn, "output/0")) == ((-1.0, 1.0), (-1.0, 1.0))
    model = traced(GOLDEN / "lstm_sequences_and_state.keras").model
    assert model is not None
    lstm = next(layer.operation for layer in model.layers if layer.class_name == "LSTM")
    found = [bounds_of(lstm, name) for name in ("gate/i", "gate/g", "state/h", "state/c", "output/1", "mask")]
    assert found == [(0.0, 1.0), (-1.0, 1.0), (-1.0, 1.0), None, (-1.0, 1.0), None]
