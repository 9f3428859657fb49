"""Units of a recurrent layer, seen over all samples and steps: which saturate, which are dead, which go together.

Pure NumPy on arrays (batch, steps, units); a mask (batch, steps) leaves out the steps that only hold a state.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from rnnscope.types import Array, Mask

UnitOrder = Literal["index", "cluster", "variance", "difference"]

NEAR = 0.01  # share of the range that counts as its end
STILL = 1e-6  # movement below which a unit is dead, against the largest magnitude of all
MOST_ROWS = 5_000  # what correlations and axes are taken from; more of them change nothing that is seen
QUANTILES = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class UnitStatistics:
    """What each unit did, (units,) each.

    mean, deviation, lowest, highest: over valid steps, finite numbers only; NaN where there are none. saturated: the
    share of numbers within 1 % of an end of the range, 0 where there is no range. dead: units that never move.
    """

    mean: Array
    deviation: Array
    lowest: Array
    highest: Array
    saturated: Array
    dead: Mask


def unit_statistics(
    states: Array, mask: Mask | None = None, bounds: tuple[float, float] | None = None
) -> UnitStatistics:
    """The statistics of `states` (batch, steps, units); bounds: the range of the activation, (−1, 1) for tanh."""
    rows = rows_of(states, mask)
    finite = np.isfinite(rows)
    used: Mask | bool = True if finite.all() else finite
    count = finite.sum(axis=0)
    with np.errstate(all="ignore"):
        mean = rows.sum(axis=0, dtype=np.float64, where=used) / count
        square = np.square(rows, dtype=np.float64).sum(axis=0, where=used) / count
        deviation = np.sqrt(np.maximum(square - mean**2, 0))
        lowest = np.where(count > 0, rows.min(axis=0, initial=np.inf, where=used), np.nan)
        highest = np.where(count > 0, rows.max(axis=0, initial=-np.inf, where=used), np.nan)
        largest = float(np.nanmax(np.maximum(np.abs(lowest), np.abs(highest)), initial=0.0))
        dead = np.asarray(highest - lowest <= STILL * largest) & (count > 1)
        share = np.zeros(rows.shape[1]) if bounds is None else _at_ends(rows, *bounds) / count
    deviation = np.where(dead, 0.0, deviation)
    return UnitStatistics(mean, deviation, lowest, highest, np.where(count > 0, share, 0.0), dead)


def _at_ends(rows: Array, low: float, high: float) -> Array:
    """How many finite numbers of each unit lie at an end of the range."""
    margin = NEAR * (high - low)
    at_end = (rows <= low + margin) | (rows >= high - margin)
    return np.asarray((at_end & np.isfinite(rows)).sum(axis=0))


def unit_order(states: Array, by: UnitOrder, mask: Mask | None = None, other: Array | None = None) -> Array:
    """The units of `states` (batch, steps, units) in an order, as indices (units,).

    ``index`` as they are; ``variance``: those that move most first; ``difference``: those that differ most from `other`
    first, by their largest difference; ``cluster``: units that go up and down together, or against one another, side
    by side, units that never move last.
    """
    units = states.shape[-1]
    if by == "index" or (by == "difference" and other is None):
        return np.arange(units)
    if by == "variance":
        return _descending(unit_statistics(states, mask).deviation)
    if by == "difference":
        assert other is not None
        with np.errstate(all="ignore"):
            apart = np.abs(rows_of(states, mask).astype(np.float64) - rows_of(other, mask))
        return _descending(np.where(np.isnan(apart), np.inf, apart).max(axis=0, initial=0.0))
    return _clustered(rows_of(states, mask))


def _descending(values: Array) -> Array:
    """Largest first; equal ones, and NaN at the end, in their own order."""
    return np.argsort(np.where(np.isnan(values), np.inf, -values), kind="stable")


def _clustered(rows: Array) -> Array:
    """Average linkage on 1 − |correlation|, each merged pair of clusters turned so that its nearest ends meet."""
    rows = _thinned(rows)
    centred = rows - rows.mean(axis=0, keepdims=True) if len(rows) else rows
    norm = np.sqrt((centred**2).sum(axis=0))
    moving = np.nonzero(norm > STILL * norm.max(initial=0.0))[0]
    still = np.setdiff1d(np.arange(rows.shape[1]), moving)
    if len(moving) < 3:
        return np.concatenate([moving, still])
    scaled = centred[:, moving] / norm[moving]
    far = 1 - np.abs(scaled.T @ scaled)
    order = _leaves(far)
    return np.concatenate([moving[order], still])


def _leaves(far: Array) -> Array:
    """The leaves of the tree of average linkage on the distances `far` (n, n), in order."""
    clusters: list[list[int]] = [[index] for index in range(len(far))]
    distance, sizes = far.copy(), np.ones(len(far))
    np.fill_diagonal(distance, np.inf)
    for _ in range(len(far) - 1):
        a, b = (int(place) for place in np.unravel_index(int(np.argmin(distance)), distance.shape))
        clusters[a] = _meeting(clusters[a], clusters[b], far)
        clusters[b] = []
        merged = (sizes[a] * distance[a] + sizes[b] * distance[b]) / (sizes[a] + sizes[b])
        distance[a], distance[:, a] = merged, merged
        distance[b], distance[:, b], distance[a, a] = np.inf, np.inf, np.inf
        sizes[a] += sizes[b]
    return np.array(max(clusters, key=len))


def _meeting(first: list[int], second: list[int], far: Array) -> list[int]:
    """Two runs of leaves as one, turned so that the nearest of their ends are neighbours."""
    ways = [(x, y) for x in (first, first[::-1]) for y in (second, second[::-1])]
    before, after = min(ways, key=lambda way: float(far[way[0][-1], way[1][0]]))
    return before + after


@dataclass(frozen=True, slots=True, eq=False)
class StatePath:
    """Every state as a point in the plane in which the states spread most.

    points: (batch, steps, 2). share: (2,), how much of the variance each axis shows. axes: (2, units), unit vectors;
    center: (units,).
    """

    points: Array
    share: Array
    axes: Array
    center: Array

    def project(self, states: Array) -> Array:
        """Other states (…, units) in the same plane: those of Keras, or of another run."""
        known = states if np.isfinite(states).all() else np.where(np.isfinite(states), states, 0)
        flat = known.reshape(-1, known.shape[-1]) @ self.axes.T.astype(known.dtype)
        return np.asarray(flat.reshape(*known.shape[:-1], 2) - self.center @ self.axes.T)


def state_path(states: Array, mask: Mask | None = None) -> StatePath:
    """The principal components of `states` (batch, steps, units): the eigenvectors of their covariance.

    The axes are fitted to valid steps; every step has a point. Each axis points where its largest weight is positive,
    so that a picture does not turn over between runs. Layers of one unit have 0 on the second axis.
    """
    rows = _thinned(rows_of(states, mask))
    units = states.shape[-1]
    center = rows.mean(axis=0) if len(rows) else np.zeros(units)
    axes, share = np.zeros((2, units)), np.zeros(2)
    if len(rows):
        centred = rows - center
        spread = centred.T @ centred
        sizes, found = np.linalg.eigh(spread)  # ascending
        kept = min(2, units)
        axes[:kept] = found[:, ::-1].T[:kept]
        total = float(np.trace(spread))
        share[:kept] = np.maximum(sizes[::-1][:kept], 0) / total if total else 0.0
    signs = np.sign(axes[np.arange(2), np.abs(axes).argmax(axis=1)])
    path = StatePath(np.zeros(0), share, axes * np.where(signs == 0, 1, signs)[:, np.newaxis], center)
    return StatePath(path.project(states), path.share, path.axes, path.center)


def step_distribution(states: Array, mask: Mask | None = None) -> Array:
    """Smallest, quartiles and largest of all units of all valid samples at each step, (5, steps); NaN where none is."""
    counted = np.isfinite(states) if mask is None else np.isfinite(states) & mask[..., np.newaxis]
    numbers = np.where(counted, states, np.nan).swapaxes(0, 1).reshape(states.shape[1], -1)
    numbers = np.sort(numbers, axis=1)  # NaN last
    count = counted.sum(axis=(0, 2))
    place = np.array(QUANTILES)[:, np.newaxis] * np.maximum(count - 1, 0)
    below, above = np.floor(place).astype(np.int64), np.ceil(place).astype(np.int64)
    steps = np.arange(len(numbers))
    low, high = (numbers[steps, at].astype(np.float64) for at in (below, above))
    return np.asarray(low + (high - low) * (place - below))


def rows_of(states: Array, mask: Mask | None = None) -> Array:
    """States (batch, steps, units) as rows (valid steps of all samples, units).

    Raises ValueError for another rank, or a mask of another shape.
    """
    if states.ndim != 3 or (mask is not None and mask.shape != states.shape[:2]):
        shape = None if mask is None else mask.shape
        raise ValueError(f"expected (batch, steps, units) and a mask (batch, steps), not {states.shape} and {shape}")
    return states.reshape(-1, states.shape[2]) if mask is None else states[mask]


def _thinned(rows: Array) -> Array:
    """Rows of float64 at even distances, when there are more than are needed; 0 for what is not finite."""
    few = rows[:: -(-len(rows) // MOST_ROWS)] if len(rows) > MOST_ROWS else rows
    return np.where(np.isfinite(few), few, 0).astype(np.float64)
