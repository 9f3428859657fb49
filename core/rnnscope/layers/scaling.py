"""Preprocessing by fixed numbers: Normalization and Rescaling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from rnnscope.context import Context
from rnnscope.errors import ShapeMismatch, UnreadableFile
from rnnscope.layers.base import Arguments, Operation, Result, Weights
from rnnscope.layers.config import Config
from rnnscope.layers.normalization import known_sizes, take_axes
from rnnscope.layers.registry import keras_layer
from rnnscope.types import Array, Shape

SMALLEST_DEVIATION = 1e-7


@keras_layer("Normalization")
@dataclass(frozen=True, slots=True, eq=False)
class Normalization(Operation):
    """(x − mean)/√variance along `axis`, or the way back; the deviation counts as 10⁻⁷ at least.

    Mean and variance come from the configuration, or from what the layer adapted to. The mask passes on in Keras 3.
    """

    mean: Array
    variance: Array
    invert: bool

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        shape, invert = shapes[0], config.take_bool("invert", False)
        axes = (
            () if config.peek("axis") in (None, []) and config.has("axis") else tuple(sorted(take_axes(config, shape)))
        )
        config.ignore("axis", "batch_size")
        sizes = known_sizes(config, shape, axes)
        spread = [sizes[axes.index(axis)] if axis in axes else 1 for axis in range(len(shape))]
        given = [take_numbers(config, name) for name in ("mean", "variance")]
        if given[0] is None or given[1] is None:
            mean, variance = (weights.take(name, sizes, trainable=False) for name in ("mean", "variance"))
            weights.take("count", (), trainable=False)
        else:
            mean, variance = (_spread(config, numbers, sizes) for numbers in given if numbers is not None)
        return cls(mean.reshape(spread), variance.reshape(spread), invert)

    def output_shapes(self, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
        return shapes[:1]

    def call(self, arguments: Arguments, context: Context) -> Result:
        x = arguments.x
        deviation = np.maximum(np.sqrt(self.variance), np.asarray(SMALLEST_DEVIATION, x.dtype))
        output = self.mean + x * deviation if self.invert else (x - self.mean) / deviation
        return Result((np.asarray(output),), (arguments.incoming if context.semantics.is_keras3 else None,))


@keras_layer("Rescaling")
@dataclass(frozen=True, slots=True, eq=False)
class Rescaling(Operation):
    """x·scale + offset; the mask passes on in Keras 3."""

    scale: Array
    offset: Array

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        scale, offset = take_numbers(config, "scale"), take_numbers(config, "offset")
        if scale is None:
            raise UnreadableFile("Rescaling has no scale", layer=config.layer)
        return cls(scale, np.zeros((), np.float32) if offset is None else offset)

    def output_shapes(self, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
        return shapes[:1]

    def call(self, arguments: Arguments, context: Context) -> Result:
        try:
            output = arguments.x * self.scale + self.offset
        except ValueError as error:
            raise ShapeMismatch(f"Rescaling: {error}", layer=arguments.layer) from None
        return Result((output,), (arguments.incoming if context.semantics.is_keras3 else None,))


def take_numbers(config: Config, name: str) -> Array | None:
    """A number or a nested list of numbers as an array; None where there is none."""
    value = config.take(name, None)
    if isinstance(value, dict):  # an array, as Keras 3 writes one
        inner = value.get("config")
        value = inner.get("value") if isinstance(inner, dict) else value
    if value is None:
        return None
    try:
        numbers = np.asarray(value)
    except ValueError:
        numbers = np.asarray(None)
    if numbers.dtype.kind not in "iuf":
        raise UnreadableFile(
            f"{config.class_name} option '{name}' is not usable", layer=config.layer, found=repr(value)[:80]
        )
    return numbers.astype(np.float32)


def _spread(config: Config, numbers: Array, sizes: tuple[int, ...]) -> Array:
    try:
        return np.array(np.broadcast_to(numbers, sizes))
    except ValueError:
        raise ShapeMismatch(
            "Normalization's mean or variance", layer=config.layer, expected=sizes, found=numbers.shape
        ) from None
