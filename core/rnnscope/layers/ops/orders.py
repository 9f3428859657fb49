"""Orders and places in them. Equal numbers keep their order; an order is a discrete decision."""

from __future__ import annotations

import numpy as np

from rnnscope.layers.ops.arithmetic import Decide
from rnnscope.types import Array


def order(x: Array, axis: int | None = -1, direction: str = "ASCENDING") -> Array:
    """The indices that sort x."""
    keys = x.ravel() if axis is None else x
    keys = keys if direction == "ASCENDING" else -keys.astype(keys.dtype if keys.dtype.kind == "f" else np.int64)
    return np.argsort(keys, -1 if axis is None else axis, kind="stable").astype(np.int32)


def sort(x: Array, axis: int = -1, direction: str = "ASCENDING", *, decide: Decide) -> Array:
    return np.take_along_axis(x, decide(order(x, axis, direction)), axis)


def top_k(x: Array, k: int = 1, sorted: bool = True, *, decide: Decide) -> tuple[Array, Array]:  # noqa: A002
    """The k largest of the last axis, largest first whatever `sorted` says, and their indices."""
    if not 0 <= k <= x.shape[-1]:
        raise ValueError(f"there are no {k} largest of {x.shape[-1]}")
    indices = decide(order(x, -1, "DESCENDING")[..., :k])
    return np.take_along_axis(x, indices, -1), indices


def in_top_k(targets: Array, predictions: Array, k: int = 1) -> Array:
    """Whether a row's target is among its k largest; ties count in its favour."""
    chosen = np.take_along_axis(predictions, targets.astype(np.int64)[:, None], 1)
    return np.asarray((predictions > chosen).sum(1) < k)


def search_sorted(sorted_sequence: Array, values: Array, side: str = "left") -> Array:
    if side not in ("left", "right"):
        raise ValueError(f"there is no side '{side}'")
    return np.searchsorted(sorted_sequence, values, "right" if side == "right" else "left").astype(np.int32)


def digitize(x: Array, bins: Array) -> Array:
    return np.digitize(x, bins).astype(np.int32)
