"""Normalization as bare operations; the activations are in `rnnscope.layers.nonlinearities`."""

from __future__ import annotations

import numpy as np

from rnnscope.layers.ops.reductions import Axis, axes, mean, norm, variance
from rnnscope.types import Array

EPSILON = 1e-7  # Keras's fuzz factor, where an operation is given none


def normalize(x: Array, axis: Axis = -1, order: int = 2, epsilon: float | None = None) -> Array:
    """x divided by its norm, which counts as `epsilon` at least."""
    least = EPSILON if epsilon is None else epsilon
    if order == 2:
        squares = np.sum(np.square(x), axis=axes(axis), keepdims=True)
        return np.asarray(x * np.minimum(1 / np.sqrt(squares), np.asarray(1 / least, x.dtype)))
    return np.asarray(x / np.maximum(norm(x, order, axis, True), np.asarray(least, x.dtype)))


def l2_normalize(x: Array, axis: Axis = None, epsilon: float = 1e-12) -> Array:
    """TensorFlow's: it is the sum of the squares that counts as `epsilon` at least."""
    squares = np.sum(np.square(x), axis=axes(axis), keepdims=True)
    return np.asarray(x / np.sqrt(np.maximum(squares, np.asarray(epsilon, x.dtype))))


def normalize_and_norm(x: Array, ord: object = "euclidean", axis: Axis = None) -> tuple[Array, Array]:  # noqa: A002
    """TensorFlow's ``linalg.normalize``: x divided by its norm, and the norm."""
    every = tuple(range(x.ndim)) if axis is None else axes(axis)
    length = (
        np.sqrt(np.sum(np.square(x), axis=every, keepdims=True)) if ord == "euclidean" else norm(x, ord, every, True)
    )
    return x / length, np.asarray(length)


def clip_by_norm(x: Array, clip_norm: object, axes_: Axis = None) -> Array:
    """x made shorter where its Euclidean norm is above `clip_norm`."""
    limit = np.asarray(clip_norm).astype(x.dtype)
    length = np.sqrt(np.sum(np.square(x), axis=axes(axes_), keepdims=True))
    return np.asarray(x * limit / np.maximum(length, limit))


def layer_norm(
    x: Array,
    gamma: Array | None = None,
    beta: Array | None = None,
    axis: Axis = -1,
    epsilon: float | None = None,
    rms_scaling: bool = False,
) -> Array:
    """Mean 0 and variance 1 over `axis`, then times gamma plus beta; `rms_scaling` leaves the mean where it is."""
    inverse = 1 / np.sqrt(variance(x, axis, True) + np.asarray(EPSILON if epsilon is None else epsilon, x.dtype))
    if rms_scaling:
        return np.asarray(x * inverse * (1 if gamma is None else _along(gamma, x, axis)))
    scaled = (x - mean(x, axis, True)) * inverse
    scaled = scaled if gamma is None else scaled * _along(gamma, x, axis)
    return np.asarray(scaled if beta is None else scaled + _along(beta, x, axis))


def _along(weight: Array, x: Array, axis: Axis) -> Array:
    """A weight of the normalized axes, with ones for the others."""
    places = sorted(place % x.ndim for place in np.atleast_1d(axes(axis)))
    return weight.reshape([size if place in places else 1 for place, size in enumerate(x.shape)])


def rms_norm(x: Array, scale: Array | None = None, axis: Axis = -1, epsilon: float | None = None) -> Array:
    """x over the root of its mean square."""
    mean_square = mean(np.square(x), axis, True)
    scaled = x / np.sqrt(mean_square + np.asarray(EPSILON if epsilon is None else epsilon, x.dtype))
    return np.asarray(scaled if scale is None else scaled * scale)


def batch_norm(
    x: Array,
    mean: Array,
    variance: Array,
    offset: Array | None = None,
    scale: Array | None = None,
    axis: int = -1,
    epsilon: float = 1e-3,
) -> Array:
    """(x − mean) / √(variance + epsilon) · scale + offset, each a vector along `axis`."""
    inverse = 1 / np.sqrt(_along(variance, x, axis) + np.asarray(epsilon, x.dtype))
    inverse = inverse if scale is None else inverse * _along(scale, x, axis)
    centred = (x - _along(mean, x, axis)) * inverse
    return np.asarray(centred if offset is None else centred + _along(offset, x, axis))


def bias_add(x: Array, bias: Array, data_format: str | None = None) -> Array:
    """`bias` along the channels."""
    first = data_format is not None and data_format.startswith("NC") and x.ndim > 2
    return x + (bias.reshape((-1,) + (1,) * (x.ndim - 2)) if first else bias)
