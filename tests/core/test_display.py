from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from rnnscope.display import cell_edges, levels, pool
from rnnscope.types import Array

matrices = arrays(np.float32, array_shapes(min_dims=2, max_dims=2, max_side=40), elements=st.floats(width=32))
finite = arrays(np.float64, st.integers(0, 30), elements=st.floats(-1e300, 1e300))


def test_one_step_among_a_hundred_thousand_stays() -> None:
    states = np.zeros((3, 100_000), np.float32)
    states[1, 54_321] = -0.9
    pooled = pool(states, 400)
    assert pooled.shape == (3, 400)
    assert np.count_nonzero(pooled) == 1
    assert pooled.min() == np.float32(-0.9)


def test_a_nan_and_an_infinity_stay_visible() -> None:
    states = np.array([[1.0, np.nan, 2.0, -np.inf, 5.0, 5.0]])
    assert np.array_equal(pool(states, 3), [[np.nan, -np.inf, 5.0]], equal_nan=True)


def test_what_fits_comes_back_as_it_is() -> None:
    states = np.arange(6.0).reshape(2, 3)
    assert pool(states, 3) is not None
    assert np.array_equal(pool(states, 10, 10), states)


def test_the_smallest_integer_is_the_largest_magnitude() -> None:
    assert pool(np.array([[127, -128]], np.int8), 1)[0, 0] == -128


def test_booleans_are_pooled_as_numbers() -> None:
    assert pool(np.array([[False, True]]), 1)[0, 0] == 1


@pytest.mark.parametrize(("shape", "columns"), [((3,), 2), ((2, 2), 0)])
def test_nonsense_is_refused(shape: tuple[int, ...], columns: int) -> None:
    with pytest.raises(ValueError, match="pool"):
        pool(np.zeros(shape), columns)


@given(matrices, st.integers(1, 50), st.integers(1, 50))
def test_every_cell_holds_its_own_largest_magnitude(array: Array, columns: int, rows: int) -> None:
    pooled = pool(array, columns, rows)
    across, down = cell_edges(array.shape[1], columns), cell_edges(array.shape[0], rows)
    assert pooled.shape == (len(down) - 1, len(across) - 1)
    for row, column in np.ndindex(pooled.shape):
        cell = array[down[row] : down[row + 1], across[column] : across[column + 1]]
        kept = pooled[row, column]
        if np.isnan(cell).any():
            assert np.isnan(kept)
        else:
            assert kept in cell
            assert abs(kept) == np.abs(cell).max()


@given(st.integers(1, 200), st.integers(1, 200))
def test_cells_cover_an_axis_evenly(length: int, cells: int) -> None:
    sizes = np.diff(cell_edges(length, cells))
    assert sizes.sum() == length
    assert sizes.min() >= 1
    assert sizes.max() - sizes.min() <= 1


@given(finite, st.sampled_from(["symmetric", "robust", "full range"]))
def test_levels_are_finite_and_apart(array: Array, mode: str) -> None:
    low, high = levels([array, np.array([np.nan, np.inf, -np.inf])], mode)  # type: ignore[arg-type]
    assert np.isfinite([low, high]).all()
    assert low < high
    if mode == "symmetric":
        assert low == -high
        assert (np.abs(array) <= high).all()


def test_the_full_range_is_that_of_all_arrays() -> None:
    assert levels([np.array([1.0]), np.array([3.0, np.inf])], "full range") == (1.0, 3.0)


def test_one_outlier_does_not_pale_a_robust_scale() -> None:
    array = np.append(np.ones(10_000), 1e6)
    assert levels([array], "robust") == (-1.0, 1.0)


def test_a_robust_scale_of_a_lone_spike_is_not_empty() -> None:
    assert levels([np.append(np.zeros(10_000), 0.5)], "robust") == (-0.5, 0.5)


def test_a_constant_has_a_range() -> None:
    low, high = levels([np.full(3, 7.0)], "full range")
    assert low < 7.0 < high
