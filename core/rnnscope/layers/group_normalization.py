"""Normalization by groups of channels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from rnnscope.context import Context
from rnnscope.errors import ShapeMismatch
from rnnscope.layers.base import Arguments, Operation, Result, Weights
from rnnscope.layers.config import Config
from rnnscope.layers.normalization import along, known_sizes, moments
from rnnscope.layers.registry import keras_layer
from rnnscope.types import Array, Mask, Shape


@keras_layer("GroupNormalization")
@dataclass(frozen=True, slots=True, eq=False)
class GroupNormalization(Operation):
    """γ·(x − mean)/√(variance + ε) + β, with mean and variance of a group of channels and all axes but the batch.

    Masked steps count like all others; but tf-keras from 2.13 on spreads the mask over the tensor by the last axes (and
    fails where it does not fit), and counts what it leaves. Wu & He (2018).
    """

    gamma: Array | None
    beta: Array | None
    groups: int
    axis: int
    epsilon: float

    takes_mask: ClassVar[bool] = True
    rounds_weights: ClassVar[bool] = False

    @property
    def keeps_integers(self) -> bool:
        return True

    @property
    def label(self) -> str:
        return f"({self.groups} groups)"

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        axis, epsilon = config.take_axis("axis", -1), config.take_float("epsilon", 1e-3)
        scale, center = config.take_bool("scale", True), config.take_bool("center", True)
        groups = config.take_int("groups", 32, minimum=-1)
        rank = len(shapes[0])
        if not -rank <= axis < rank or axis % rank == 0:
            raise ShapeMismatch("GroupNormalization axis", layer=config.layer, expected="a channel axis", found=axis)
        (channels,) = known_sizes(config, shapes[0], (axis % rank,))
        groups = channels if groups == -1 else groups
        if groups < 1 or channels % groups:
            raise ShapeMismatch(
                f"GroupNormalization of {groups} groups",
                layer=config.layer,
                expected="a divisor of the channels",
                found=channels,
            )
        return cls(
            gamma=weights.take("gamma", (channels,)) if scale else None,
            beta=weights.take("beta", (channels,)) if center else None,
            groups=groups,
            axis=axis % rank,
            epsilon=epsilon,
        )

    def output_shapes(self, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
        return shapes[:1]

    def call(self, arguments: Arguments, context: Context) -> Result:
        x = arguments.x
        mask = arguments.mask if (2, 13) <= context.semantics.version < (3, 0) else None
        if mask is not None and any(
            1 != have != want for have, want in zip(mask.shape[::-1], x.shape[::-1], strict=False)
        ):
            raise ShapeMismatch("a mask that GroupNormalization takes", expected=x.shape, found=mask.shape)
        output = self._normalized(x.astype(context.dtype, copy=False), mask, context)
        if x.dtype.kind != "f" and context.semantics.version >= (3, 7):
            # Keras casts the result back to the input's type on the way: what came in as integers leaves truncated.
            output = output.astype(x.dtype).astype(context.dtype)
        return Result((output,), (arguments.incoming,))

    def _normalized(self, x: Array, mask: Mask | None, context: Context) -> Array:
        size = x.shape[self.axis] // self.groups
        shape = (*x.shape[: self.axis], self.groups, size, *x.shape[self.axis + 1 :])
        grouped, axes = x.reshape(shape), tuple(axis for axis in range(1, x.ndim + 1) if axis != self.axis)
        if mask is None:
            mean, variance = moments(grouped, axes)
        else:
            mean, variance = _moments_of(grouped, np.broadcast_to(mask, x.shape).reshape(shape), axes)
        mean = context.near(mean)
        normal = ((grouped - mean) / np.sqrt(variance + np.asarray(self.epsilon, x.dtype))).reshape(x.shape)
        scaled = normal if self.gamma is None else normal * along(self.gamma, x.ndim, (self.axis,))
        return np.asarray(scaled if self.beta is None else scaled + along(self.beta, x.ndim, (self.axis,)))


def _moments_of(x: Array, valid: Mask, axes: tuple[int, ...]) -> tuple[Array, Array]:
    """Mean and variance of what is valid."""
    weights = valid.astype(x.dtype)
    total = weights.sum(axis=axes, keepdims=True)
    mean = (x * weights).sum(axis=axes, keepdims=True) / total
    return mean, (np.square(x - mean) * weights).sum(axis=axes, keepdims=True) / total
