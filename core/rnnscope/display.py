"""Pictures of arrays that lose nothing: peak-preserving pooling, and levels that a lone inf cannot flatten."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import numpy as np

from rnnscope.types import Array

LevelMode = Literal["symmetric", "robust", "full range"]

ROBUST_PERCENTILE = 99.0


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
    return _pool_last(_pool_last(array, columns).T, wanted).T


def cell_edges(length: int, cells: int) -> Array:
    """Where the cells of a pooled axis begin, and where the last ends: `cells` + 1 indices into an axis of `length`."""
    return np.arange(min(cells, length) + 1, dtype=np.int64) * length // max(1, min(cells, length))


def levels(arrays: Iterable[Array], mode: LevelMode = "symmetric") -> tuple[float, float]:
    """The ends of one colour scale for all `arrays`, from their finite values only; low < high always.

    symmetric: ±the largest magnitude. robust: ±the 99th percentile of the magnitudes, so that one outlier does not
    pale the rest. full range: from the smallest to the largest value.
    """
    finite = [values[np.isfinite(values)] for values in (np.asarray(a, dtype=np.float64) for a in arrays)]
    values = np.concatenate([part.ravel() for part in finite]) if finite else np.zeros(0)
    if not values.size:
        return -1.0, 1.0
    if mode == "full range":
        return _apart(float(values.min()), float(values.max()))
    magnitudes = np.abs(values)
    top = float(np.percentile(magnitudes, ROBUST_PERCENTILE)) if mode == "robust" else float(magnitudes.max())
    top = top or float(magnitudes.max())
    return (-top, top) if top else (-1.0, 1.0)


def _apart(low: float, high: float) -> tuple[float, float]:
    """Two levels that are never equal, also where half a unit is too small to tell two numbers apart."""
    if low < high:
        return low, high
    margin = max(0.5, abs(low) * 1e-3)
    largest = float(np.finfo(np.float64).max)
    return max(low - margin, -largest), min(high + margin, largest)


def _pool_last(array: Array, cells: int) -> Array:
    """The last axis shrunk to `cells`: of the two extremes of each cell, the one that is larger. A NaN is in both."""
    length = array.shape[1]
    if length <= cells:
        return array
    starts = cell_edges(length, cells)[:-1]
    if array.dtype.kind not in "fiu":
        array = array.astype(np.float64)
    high, low = np.maximum.reduceat(array, starts, axis=1), np.minimum.reduceat(array, starts, axis=1)
    if array.dtype.kind == "f":
        return np.asarray(np.where(high >= -low, high, low))
    # -low of the smallest integer is itself
    return np.asarray(np.where(high.astype(np.float64) >= -low.astype(np.float64), high, low))
