"""Pictures of arrays that lose nothing: peak-preserving pooling, and levels that a lone inf cannot flatten."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

import numpy as np

from rnnscope.types import Array

LevelMode = Literal["symmetric", "robust", "full range"]

ROBUST_PERCENTILE = 99.0
GATHER_UP_TO = 16  # steps in a cell


def pool(array: Array, columns: int, rows: int | None = None) -> Array:
    """Shrink `array` (rows, columns) to at most (`rows`, `columns`) cells, keeping in each the largest magnitude.

    The value kept has its sign and is one of the cell's own: nothing is averaged, so a spike of one step stays at any
    size. A NaN in a cell outranks everything and ±inf every finite number, so that neither can hide; between equal
    magnitudes the positive wins. Cells differ in size by one at most. An array that is small enough already comes back
    as it is, never enlarged.

    Raises ValueError when `array` is not two-dimensional or fewer than one column or row is asked for.
    """
    if array.ndim != 2:
        raise ValueError(f"pool() takes two axes, not {array.ndim}")
    wanted = array.shape[0] if rows is None else rows
    if columns < 1 or wanted < min(1, array.shape[0]):
        raise ValueError("pool() needs room for one column and one row")
    return _pool_axis(_pool_axis(array, wanted, 0), columns, 1)


def cell_edges(length: int, cells: int) -> Array:
    """Where the cells of a pooled axis begin, and where the last ends: `cells` + 1 indices into an axis of `length`."""
    return np.arange(min(cells, length) + 1, dtype=np.int64) * length // max(1, min(cells, length))


def levels(arrays: Iterable[Array], mode: LevelMode = "symmetric") -> tuple[float, float]:
    """The ends of one colour scale for all `arrays`, from their finite values only; low < high always.

    symmetric: ±the largest magnitude. robust: ±the 99th percentile of the magnitudes, so that one outlier does not
    pale the rest. full range: from the smallest to the largest value.
    """
    given = [np.asarray(array) for array in arrays]
    if mode == "robust":
        magnitudes = np.concatenate([np.abs(_finite(array).astype(np.float64)) for array in given] or [np.zeros(0)])
        top = float(np.percentile(magnitudes, ROBUST_PERCENTILE)) if magnitudes.size else 0.0
        if top:
            return -top, top
    ends = [end for array in given for end in _range(array)]
    if not ends:
        return -1.0, 1.0
    if mode == "full range":
        return _apart(min(ends), max(ends))
    top = max(map(abs, ends))
    return (-top, top) if top else (-1.0, 1.0)


class Histogram(NamedTuple):
    """How often numbers fall between the ends of a colour scale.

    edges: (bins + 1,). counts: (bins,). below, above: how many lie outside; missing: how many are NaN or infinite.
    """

    edges: Array
    counts: Array
    below: int
    above: int
    missing: int


def histogram(arrays: Iterable[Array], limits: tuple[float, float], bins: int = 64) -> Histogram:
    """The histogram of all `arrays` between `limits`, for choosing them; an end belongs to the last bin on its side.

    Raises ValueError for fewer than one bin, or limits that are not low < high.
    """
    low, high = limits
    if bins < 1 or not low < high:
        raise ValueError("histogram() needs a bin, and limits low < high")
    edges = np.linspace(low, high, bins + 1)
    counts, below, above, missing = np.zeros(bins, np.int64), 0, 0, 0
    for array in arrays:
        finite = _finite(np.asarray(array))
        missing += array.size - finite.size
        below += int(np.count_nonzero(finite < low))
        above += int(np.count_nonzero(finite > high))
        counts += np.histogram(finite, bins, (low, high))[0]
    return Histogram(edges, counts, below, above, missing)


def _finite(array: Array) -> Array:
    return np.asarray(array[np.isfinite(array)])


def _range(array: Array) -> tuple[float, ...]:
    """The smallest and the largest finite value; nothing when there is none."""
    if not array.size:
        return ()
    low, high = float(array.min()), float(array.max())
    if np.isfinite(low) and np.isfinite(high):
        return low, high
    finite = _finite(array)
    return (float(finite.min()), float(finite.max())) if finite.size else ()


def _apart(low: float, high: float) -> tuple[float, float]:
    """Two levels that are never equal, also where half a unit is too small to tell two numbers apart."""
    if low < high:
        return low, high
    margin = max(0.5, abs(low) * 1e-3)
    largest = float(np.finfo(np.float64).max)
    return max(low - margin, -largest), min(high + margin, largest)


def _pool_axis(array: Array, cells: int, axis: int) -> Array:
    """One axis shrunk to `cells`: of the two extremes of each cell, the one that is larger. A NaN is in both."""
    if array.shape[axis] <= cells:
        return array
    edges = cell_edges(array.shape[axis], cells)
    if array.dtype.kind not in "fiu":
        array = array.astype(np.float64)
    high, low = _extreme(np.maximum, array, edges, axis), _extreme(np.minimum, array, edges, axis)
    if array.dtype.kind == "f":
        return np.asarray(np.where(high >= -low, high, low))
    # -low of the smallest integer is itself
    return np.asarray(np.where(high.astype(np.float64) >= -low.astype(np.float64), high, low))


def _extreme(choose: np.ufunc, array: Array, edges: Array, axis: int) -> Array:
    """The largest or smallest of each cell."""
    starts, ends = edges[:-1], edges[1:] - 1
    longest = int((ends - starts).max())
    if axis == 1 and longest > GATHER_UP_TO:
        return np.asarray(choose.reduceat(array, starts, axis=1))
    # several times faster than reduceat on short cells, and on rows: one step of every cell at a time
    kept = array.take(starts, axis=axis)
    for offset in range(1, longest + 1):
        choose(kept, array.take(np.minimum(starts + offset, ends), axis=axis), out=kept)
    return kept
