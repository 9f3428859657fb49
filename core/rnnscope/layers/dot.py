"""Dot products of two tensors along one axis of each, sample by sample."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from rnnscope.context import Context
from rnnscope.errors import ShapeMismatch, Unsupported
from rnnscope.layers.base import Arguments, Operation, Result, Weights
from rnnscope.layers.config import Config
from rnnscope.layers.registry import keras_layer
from rnnscope.semantics import Semantics
from rnnscope.types import Array, Shape

Axes = tuple[int, int]


@keras_layer("Dot")
@dataclass(frozen=True, slots=True, eq=False)
class Dot(Operation):
    """Σ x·y along one axis of each; what is left of x comes first, then what is left of y. No mask passes on.

    normalize: both are divided by their length along that axis first.
    """

    axes: Axes
    normalize: bool

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        return cls(take_dot_axes(config, "axes", shapes), config.take_bool("normalize", False))

    def output_shapes(self, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
        return (dot_shape(shapes, self.axes),)

    def call(self, arguments: Arguments, context: Context) -> Result:
        pair = arguments.tensors
        if self.normalize:
            shortest = _shortest(context.semantics)
            pair = tuple(_normalized(x, axis, shortest) for x, axis in zip(pair, self.axes, strict=True))
        return Result((batch_dot(pair[0], pair[1], self.axes, arguments.layer),))


def take_dot_axes(config: Config, option: str, shapes: tuple[Shape, ...]) -> Axes:
    """Take the two axes to sum along, one number standing for both; checked against the shapes."""
    value = config.take(option)
    pair = value if isinstance(value, list) else [value, value]
    if len(pair) != 2 or not all(isinstance(axis, int) and not isinstance(axis, bool) for axis in pair):
        raise Unsupported(f"{config.class_name} with {option}={value!r} is not computed", layer=config.layer)
    if len(shapes) != 2:
        raise ShapeMismatch(config.class_name, layer=config.layer, expected="two tensors", found=len(shapes))
    if max(map(len, shapes)) > 3 and not config.semantics.dots_keep_middle_axes:
        raise Unsupported(
            f"{config.class_name} of tensors with more than three axes was another thing in each Keras before 2.3",
            layer=config.layer,
        )
    axes = tuple(axis + len(shape) if axis < 0 else axis for axis, shape in zip(pair, shapes, strict=True))
    if not all(0 < axis < len(shape) for axis, shape in zip(axes, shapes, strict=True)):
        raise ShapeMismatch(f"{config.class_name} axes", layer=config.layer, expected=shapes, found=value)
    return axes[0], axes[1]


def dot_shape(shapes: tuple[Shape, ...], axes: Axes) -> Shape:
    """What is left of both shapes, the batch axis once; at least two axes."""
    first, second = shapes
    left: Shape = (*first[: axes[0]], *first[axes[0] + 1 :], *second[1 : axes[1]], *second[axes[1] + 1 :])
    return left if len(left) > 1 else (*left, 1)


def batch_dot(x: Array, y: Array, axes: Axes, layer: str = "") -> Array:
    """Σ x·y along the axes, for each sample: (batch, what is left of x, what is left of y)."""
    if x.shape[axes[0]] != y.shape[axes[1]] or x.shape[0] != y.shape[0]:
        raise ShapeMismatch(f"Dot along the axes {axes}", layer=layer, expected=x.shape, found=y.shape)
    left, right = np.moveaxis(x, axes[0], -1), np.moveaxis(y, axes[1], 1)
    size = x.shape[axes[0]]
    product = left.reshape(x.shape[0], -1, size) @ right.reshape(y.shape[0], size, -1)
    shape = (*left.shape[:-1], *right.shape[2:])
    return product.reshape(shape if len(shape) > 1 else (*shape, 1))


def _shortest(semantics: Semantics) -> float:
    """The least length that is divided by: √10⁻¹² in TensorFlow's own function, which Keras 1 and 2 use there."""
    if semantics.is_keras3:
        return 1e-7
    return 1e-6 if semantics.backend == "tensorflow" else 1e-7**0.5


def _normalized(x: Array, axis: int, shortest: float) -> Array:
    length = np.sqrt(np.square(x).sum(axis=axis, keepdims=True))
    return np.asarray(x / np.maximum(length, np.asarray(shortest, x.dtype)))
