"""Normalization by each sample's own statistics along some of its axes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from rnnscope.context import Context
from rnnscope.errors import ShapeMismatch
from rnnscope.layers.base import Arguments, Operation, Pointwise, Result, Weights
from rnnscope.layers.config import Config
from rnnscope.layers.normalization import along, known_sizes, moments, take_axes
from rnnscope.layers.registry import keras_layer
from rnnscope.types import Array, Shape


@keras_layer("LayerNormalization")
@dataclass(frozen=True, slots=True, eq=False)
class LayerNormalization(Operation):
    """γ·(x − mean)/√(variance + ε) + β, mean and variance being those of `axes` together. Ba et al. (2016).

    With `by_variance` alone, Keras's ``rms_scaling``, it is γ·x/√(variance + ε).
    """

    gamma: Array | None
    beta: Array | None
    axes: tuple[int, ...]
    epsilon: float
    by_variance: bool

    rounds_weights: ClassVar[bool] = False

    @property
    def keeps_integers(self) -> bool:
        return True

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        axes, epsilon = take_axes(config, shapes[0]), config.take_float("epsilon", 1e-3)
        scale, center = config.take_bool("scale", True), config.take_bool("center", True)
        by_variance = config.take_bool("rms_scaling", False)
        size = known_sizes(config, shapes[0], ordered_axes(config, axes))
        return cls(
            gamma=weights.take("gamma", size) if scale or by_variance else None,
            beta=weights.take("beta", size) if center and not by_variance else None,
            axes=ordered_axes(config, axes),
            epsilon=epsilon,
            by_variance=by_variance,
        )

    def output_shapes(self, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
        return shapes[:1]

    def call(self, arguments: Arguments, context: Context) -> Result:
        x = arguments.x
        output = self._normalized(x.astype(context.dtype, copy=False), context)
        if x.dtype.kind != "f" and context.semantics.version >= (3, 11):
            # Keras casts the result back to the input's type on the way: what came in as integers leaves truncated.
            output = output.astype(x.dtype).astype(context.dtype)
        return Result((output,), (arguments.incoming,))

    def _normalized(self, x: Array, context: Context) -> Array:
        mean, variance = moments(x, self.axes)
        mean = context.near(mean)
        deviation = np.sqrt(variance + np.asarray(self.epsilon, x.dtype))
        normal = (x if self.by_variance else x - mean) / deviation
        scaled = normal if self.gamma is None else normal * along(self.gamma, x.ndim, self.axes)
        return np.asarray(scaled if self.beta is None else scaled + along(self.beta, x.ndim, self.axes))


@keras_layer("RMSNormalization")
@dataclass(frozen=True, slots=True, eq=False)
class RMSNormalization(Operation):
    """γ·x/√(mean of x² + ε) along `axes`; the mask ends here. Zhang & Sennrich (2019)."""

    scale: Array
    axes: tuple[int, ...]
    epsilon: float

    @property
    def keeps_integers(self) -> bool:
        return True

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        axes, epsilon = ordered_axes(config, take_axes(config, shapes[0])), config.take_float("epsilon", 1e-6)
        sizes = known_sizes(config, shapes[0], axes)
        # Keras multiplies by the scale as it is, whatever the axes: it has to fit the last ones.
        if any(1 != size != axis for size, axis in zip(reversed(sizes), reversed(shapes[0]), strict=False)):
            raise ShapeMismatch(
                "RMSNormalization axis", layer=config.layer, expected="a scale that fits the last axes", found=sizes
            )
        return cls(weights.take("scale", sizes), axes, epsilon)

    def output_shapes(self, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
        return shapes[:1]

    def call(self, arguments: Arguments, context: Context) -> Result:
        x = arguments.x.astype(context.dtype, copy=False)
        mean_square = np.square(x).mean(axis=self.axes, keepdims=True)
        normal = x / np.sqrt(mean_square + np.asarray(self.epsilon, x.dtype))
        output = normal * self.scale
        # As in LayerNormalization; here the result stays of the input's type.
        return Result((output if arguments.x.dtype.kind == "f" else output.astype(arguments.x.dtype),))


@keras_layer("UnitNormalization")
@dataclass(frozen=True, slots=True, eq=False)
class UnitNormalization(Pointwise):
    """x over its Euclidean length along `axes`; a length below 10⁻¹² counts as that much."""

    axes: tuple[int, ...]

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        return cls(take_axes(config, shapes[0]))

    def apply(self, x: Array) -> Array:
        length = np.sqrt(np.square(x).sum(axis=self.axes, keepdims=True))
        return np.asarray(x * np.minimum(1 / length, np.asarray(1e12, x.dtype)))


def ordered_axes(config: Config, axes: tuple[int, ...]) -> tuple[int, ...]:
    """`axes` in the order of the weights' axes: ascending from Keras 3.14 on, before that as they were named."""
    return tuple(sorted(axes)) if config.semantics.version >= (3, 14) else axes
