"""Normalization at inference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from rnnscope.context import Context
from rnnscope.errors import ShapeMismatch
from rnnscope.layers.base import Arguments, Pointwise, Result, Weights
from rnnscope.layers.config import Config
from rnnscope.layers.registry import keras_layer
from rnnscope.types import Array, Shape


@keras_layer("BatchNormalization")
@dataclass(frozen=True, slots=True, eq=False)
class BatchNormalization(Pointwise):
    """γ·(x − μ)/√(σ² + ε) + β with the moving mean and variance, along one axis."""

    gamma: Array | None
    beta: Array | None
    moving_mean: Array
    moving_variance: Array
    axis: int
    epsilon: float

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        axis, epsilon = config.take_axis("axis", -1), config.take_float("epsilon", 1e-3)
        scale, center = config.take_bool("scale", True), config.take_bool("center", True)
        config.refuse("renorm", False, advice="Train without batch renormalization")
        config.ignore("momentum", "synchronized", "renorm_clipping", "renorm_momentum")
        size = _size(config, shapes[0], axis)
        return cls(
            gamma=weights.take("gamma", size) if scale else None,
            beta=weights.take("beta", size) if center else None,
            moving_mean=weights.take("moving_mean", size, trainable=False),
            moving_variance=weights.take("moving_variance", size, trainable=False),
            axis=axis,
            epsilon=epsilon,
        )

    def apply(self, x: Array) -> Array:
        def along(array: Array) -> Array:
            return array.reshape([-1 if place == self.axis % x.ndim else 1 for place in range(x.ndim)])

        factor = 1 / np.sqrt(self.moving_variance + np.asarray(self.epsilon, x.dtype))
        factor = factor if self.gamma is None else factor * self.gamma
        shift = -self.moving_mean * factor
        shift = shift if self.beta is None else shift + self.beta
        return x * along(factor) + along(shift)


@keras_layer("LayerNormalization")
@dataclass(frozen=True, slots=True, eq=False)
class LayerNormalization(Pointwise):
    """γ·(x − mean)/√(variance + ε) + β, mean and variance being those of the last axis."""

    gamma: Array | None
    beta: Array | None
    epsilon: float

    @property
    def keeps_integers(self) -> bool:
        return True

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        axis, epsilon = config.take_axis("axis", -1), config.take_float("epsilon", 1e-3)
        scale, center = config.take_bool("scale", True), config.take_bool("center", True)
        config.refuse("rms_scaling", False, advice="Use RMSNormalization")
        size = _size(config, shapes[0], axis)
        if axis not in (-1, len(shapes[0]) - 1):
            raise ShapeMismatch("LayerNormalization axis", layer=config.layer, expected="the last one", found=axis)
        return cls(
            gamma=weights.take("gamma", size) if scale else None,
            beta=weights.take("beta", size) if center else None,
            epsilon=epsilon,
        )

    def call(self, arguments: Arguments, context: Context) -> Result:
        x = arguments.x
        normal = self.apply(x.astype(context.dtype, copy=False))
        # Keras casts the result back to the input's type on the way: what came in as integers leaves truncated.
        output = normal if x.dtype.kind == "f" else normal.astype(x.dtype).astype(context.dtype)
        return Result((output,), (arguments.incoming,))

    def apply(self, x: Array) -> Array:
        mean = x.mean(axis=-1, keepdims=True)
        variance = np.square(x - mean).mean(axis=-1, keepdims=True)
        normal = (x - mean) / np.sqrt(variance + np.asarray(self.epsilon, x.dtype))
        scaled = normal if self.gamma is None else normal * self.gamma
        return np.asarray(scaled if self.beta is None else scaled + self.beta)


def _size(config: Config, shape: Shape, axis: int) -> tuple[int]:
    size = shape[axis] if -len(shape) <= axis < len(shape) else None
    if size is None:
        expected = f"a known axis {axis}"
        raise ShapeMismatch(f"{config.class_name} input", layer=config.layer, expected=expected, found=shape)
    return (size,)
