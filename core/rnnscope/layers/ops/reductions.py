"""Reductions over axes, and running totals. An axis may be None (all), a number, or a list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from rnnscope.errors import Unsupported
from rnnscope.types import Array

Axis = int | Sequence[int] | None


def axes(axis: Axis) -> Any:
    """NumPy takes several axes as a tuple only."""
    if axis is None or isinstance(axis, tuple):
        return axis
    if isinstance(axis, list | np.ndarray):
        return tuple(int(one) for one in np.ravel(axis))
    return int(np.asarray(axis))


def _whole(x: Array) -> Array:
    """Small whole numbers are summed in 32 bits, as in Keras 3."""
    if x.dtype.kind in "bi" and x.dtype.itemsize < 4:
        return x.astype(np.int32)
    return x.astype(np.uint32) if x.dtype.kind == "u" and x.dtype.itemsize < 4 else x


def total(x: Array, axis: Axis = None, keepdims: bool | None = False) -> Array:
    x = _whole(x)
    return np.asarray(np.sum(x, axis=axes(axis), keepdims=bool(keepdims), dtype=x.dtype))


def product(
    x: Array, axis: Axis = None, keepdims: bool | None = False, dtype: np.dtype[np.generic] | None = None
) -> Array:
    x = _whole(x) if dtype is None else x.astype(dtype)
    return np.asarray(np.prod(x, axis=axes(axis), keepdims=bool(keepdims), dtype=x.dtype))


def mean(x: Array, axis: Axis = None, keepdims: bool | None = False) -> Array:
    """The sum over the count; NaN of nothing, without NumPy's warning."""
    sums = np.sum(x, axis=axes(axis), keepdims=bool(keepdims))
    counts = np.sum(np.broadcast_to(np.ones((), x.dtype), x.shape), axis=axes(axis), keepdims=bool(keepdims))
    return np.asarray(sums / counts)


def mean_of_its_type(x: Array, axis: Axis = None, keepdims: bool | None = False) -> Array:
    """TensorFlow's mean of whole numbers is whole: the sum divided, the rest cut off."""
    if x.dtype.kind == "f":
        return mean(x, axis, keepdims)
    sums = np.sum(x, axis=axes(axis), keepdims=bool(keepdims), dtype=np.int64)
    count = x.size // max(1, np.size(sums))
    return np.asarray(np.trunc(sums / count)).astype(x.dtype)


def largest(x: Array, axis: Axis = None, keepdims: bool | None = False, initial: float | None = None) -> Array:
    found = np.asarray(np.max(x, axis=axes(axis), keepdims=bool(keepdims)))
    return found if initial is None else np.maximum(found, np.asarray(initial).astype(x.dtype))


def smallest(x: Array, axis: Axis = None, keepdims: bool | None = False, initial: float | None = None) -> Array:
    found = np.asarray(np.min(x, axis=axes(axis), keepdims=bool(keepdims)))
    return found if initial is None else np.minimum(found, np.asarray(initial).astype(x.dtype))


def any_of(x: Array, axis: Axis = None, keepdims: bool | None = False) -> Array:
    return np.asarray(np.any(x, axis=axes(axis), keepdims=bool(keepdims)))


def all_of(x: Array, axis: Axis = None, keepdims: bool | None = False) -> Array:
    return np.asarray(np.all(x, axis=axes(axis), keepdims=bool(keepdims)))


def variance(x: Array, axis: Axis = None, keepdims: bool | None = False) -> Array:
    return mean(np.square(x - mean(x, axis, True)), axis, keepdims)


def deviation(x: Array, axis: Axis = None, keepdims: bool | None = False) -> Array:
    return np.sqrt(variance(x, axis, keepdims))


def moments(x: Array, axes: Axis = None, keepdims: bool = False, synchronized: bool = False) -> tuple[Array, Array]:
    """Mean and variance; `synchronized` is about several replicas, of which there is one here."""
    return mean(x, axes, keepdims), variance(x, axes, keepdims)


def count_nonzero(
    x: Array, axis: Axis = None, keepdims: bool | None = False, dtype: np.dtype[np.generic] | None = None
) -> Array:
    return np.asarray(np.count_nonzero(x, axis=axes(axis), keepdims=bool(keepdims))).astype(dtype or np.int32)


def spread(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    return largest(x, axis, keepdims) - smallest(x, axis, keepdims)


def average(x: Array, weights: Array | None = None, axis: Axis = None) -> Array:
    if weights is None:
        return mean(x, axis)
    if axis is not None and weights.ndim == 1 < x.ndim:
        weights = np.expand_dims(weights, tuple(place for place in range(x.ndim) if place != axes(axis) % x.ndim))
        return np.asarray(np.sum(x * weights, axis=axes(axis)) / np.sum(weights))
    return np.asarray(np.sum(x * weights, axis=axes(axis)) / np.sum(weights, axis=axes(axis)))


def quantile(x: Array, q: Array, axis: Axis = None, method: str = "linear", keepdims: bool = False) -> Array:
    """The number at the place q·(n − 1) of the sorted ones; each q has a row of its own, before all other axes."""
    every = tuple(range(x.ndim)) if axis is None else tuple(place % x.ndim for place in np.atleast_1d(axes(axis)))
    rest = [place for place in range(x.ndim) if place not in every]
    ordered = np.sort(x.transpose(*rest, *every).reshape(*(x.shape[place] for place in rest), -1), axis=-1)
    places = q.astype(np.float64) * (ordered.shape[-1] - 1)
    below, above = np.floor(places).astype(int), np.ceil(places).astype(int)
    ways: dict[str, Callable[[], Array]] = {
        "lower": lambda: ordered[..., below],
        "higher": lambda: ordered[..., above],
        "nearest": lambda: ordered[..., np.round(places).astype(int)],
        "midpoint": lambda: (ordered[..., below] + ordered[..., above]) / 2,
        "linear": lambda: ordered[..., below] + (ordered[..., above] - ordered[..., below]) * (places - below),
    }
    if method not in ways:
        raise Unsupported(f"quantiles by the method '{method}' are not computed")
    found = np.moveaxis(ways[method](), tuple(range(len(rest), len(rest) + q.ndim)), tuple(range(q.ndim)))
    found = np.where(np.isnan(x).any(every), np.asarray(np.nan, x.dtype), found)
    return np.expand_dims(found, tuple(q.ndim + place for place in every)) if keepdims else np.asarray(found)


def percentile(x: Array, q: Array, axis: Axis = None, method: str = "linear", keepdims: bool = False) -> Array:
    return quantile(x, q.astype(np.float64) / 100, axis, method, keepdims)


def median(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    return quantile(x, np.asarray(0.5), axis, keepdims=keepdims)


def log_sum_exp(x: Array, axis: Axis = None, keepdims: bool | None = False) -> Array:
    top = np.max(x, axis=axes(axis), keepdims=True)
    top = np.where(np.isfinite(top), top, np.zeros((), x.dtype))
    found = np.log(np.sum(np.exp(x - top), axis=axes(axis), keepdims=True)) + top
    return np.asarray(found if keepdims else np.squeeze(found, axes(axis)))


def norm(x: Array, ord: Any = None, axis: Axis = None, keepdims: bool | None = False) -> Array:  # noqa: A002
    """A vector's norm over one axis, a matrix's over two; over all of them without an axis."""
    axis = tuple(range(x.ndim)) if axis is None else axes(axis)
    if isinstance(axis, tuple) and len(axis) == 1:
        axis = axis[0]
    if ord in ((None, 2, "euclidean") if isinstance(axis, int) else (None, "fro")):
        return np.asarray(np.sqrt(np.sum(np.square(x), axis=axis, keepdims=bool(keepdims))))
    return np.asarray(np.linalg.norm(x, ord, axis, bool(keepdims)))


def norm_of_all(x: Array, ord: Any = "euclidean", axis: Axis = None, keepdims: bool | None = False) -> Array:  # noqa: A002
    """TensorFlow's: without an axis the tensor is one long vector, and "euclidean" over two axes is Frobenius's."""
    if axis is None:
        found = norm(x.ravel(), ord, 0)
        return found.reshape((1,) * x.ndim) if keepdims else found
    several = isinstance(axis, list | tuple) and len(axis) > 1
    return norm(x, "fro" if several and ord == "euclidean" else ord, axis, keepdims)


def euclidean_norm(x: Array, axis: Axis = None, keepdims: bool | None = False) -> Array:
    return np.asarray(np.sqrt(np.sum(np.square(x), axis=axes(axis), keepdims=bool(keepdims))))


def index_of_largest(x: Array, axis: int | None = None, keepdims: bool = False) -> Array:
    return np.asarray(np.argmax(_signed_zeros(x), axis=axis, keepdims=keepdims)).astype(np.int32)


def index_of_smallest(x: Array, axis: int | None = None, keepdims: bool = False) -> Array:
    return np.asarray(np.argmin(_signed_zeros(x), axis=axis, keepdims=keepdims)).astype(np.int32)


def _signed_zeros(x: Array) -> Array:
    """Keras 3 counts −0 as less than 0."""
    return np.where((x == 0) & np.signbit(x), -np.finfo(x.dtype).tiny, x) if x.dtype.kind == "f" else x


def first_axis_largest(x: Array, axis: int | None = 0, dtype: np.dtype[np.generic] | None = None) -> Array:
    """TensorFlow's: without an axis, along the first."""
    return np.asarray(np.argmax(x, axis=0 if axis is None else axis)).astype(dtype or np.int64)


def first_axis_smallest(x: Array, axis: int | None = 0, dtype: np.dtype[np.generic] | None = None) -> Array:
    return np.asarray(np.argmin(x, axis=0 if axis is None else axis)).astype(dtype or np.int64)


def _running(function: Any, x: Array, axis: int | None, exclusive: bool, reverse: bool) -> Array:
    if axis is None:
        x, axis = x.ravel(), 0
    x = np.flip(x, axis) if reverse else x
    if exclusive:
        start = np.full_like(x.take([0], axis), function.identity)
        x = np.concatenate([start, x.take(range(x.shape[axis] - 1), axis)], axis)
    found = function.accumulate(x, axis, dtype=x.dtype)
    return np.flip(found, axis) if reverse else np.asarray(found)


def running_total(
    x: Array,
    axis: int | None = None,
    dtype: np.dtype[np.generic] | None = None,
    exclusive: bool = False,
    reverse: bool = False,
) -> Array:
    x = (x.astype(np.int32) if x.dtype == bool else x) if dtype is None else x.astype(dtype)
    return _running(np.add, x, axis, exclusive, reverse)


def running_product(
    x: Array,
    axis: int | None = None,
    dtype: np.dtype[np.generic] | None = None,
    exclusive: bool = False,
    reverse: bool = False,
) -> Array:
    x = (x.astype(np.int32) if x.dtype == bool else x) if dtype is None else x.astype(dtype)
    return _running(np.multiply, x, axis, exclusive, reverse)


def differences(x: Array, n: int = 1, axis: int = -1) -> Array:
    return np.diff(x, n, axis)


def trapezoid(x: Array, dx: float = 1.0, axis: int = -1) -> Array:
    """The integral by trapezoids of width `dx`."""
    x = np.moveaxis(x, axis, -1)
    return np.asarray((x[..., 1:] + x[..., :-1]).sum(-1) * np.asarray(dx / 2, x.dtype))


# With NaN left out.


def _without_nan(x: Array, instead: float) -> Array:
    return np.where(np.isnan(x), np.asarray(instead, x.dtype), x) if x.dtype.kind == "f" else x


def nan_total(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    return total(_without_nan(x, 0), axis, keepdims)


def nan_product(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    return product(_without_nan(x, 1), axis, keepdims)


def nan_mean(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    return np.asarray(nan_total(x, axis, keepdims) / (~np.isnan(x)).sum(axes(axis), keepdims=keepdims).astype(x.dtype))


def nan_variance(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    return nan_mean(np.square(x - nan_mean(x, axis, True)), axis, keepdims)


def nan_deviation(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    return np.sqrt(nan_variance(x, axis, keepdims))


def nan_largest(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    return _extreme(np.fmax, x, axis, keepdims)


def nan_smallest(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    return _extreme(np.fmin, x, axis, keepdims)


def _extreme(function: Any, x: Array, axis: Axis, keepdims: bool) -> Array:
    return np.asarray(function.reduce(x, axis=axes(axis), keepdims=keepdims))
