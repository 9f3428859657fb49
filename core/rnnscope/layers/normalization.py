"""Normalization with statistics that training gathered, and what all normalizing layers share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from rnnscope.errors import ShapeMismatch, UnreadableFile
from rnnscope.layers.base import Pointwise, Weights
from rnnscope.layers.config import Config
from rnnscope.layers.registry import keras_layer
from rnnscope.types import Array, Shape

GATHERED, BY_SAMPLE, BY_BATCH = 0, 1, 2  # Keras 1's `mode`


@keras_layer("BatchNormalization")
@dataclass(frozen=True, slots=True, eq=False)
class BatchNormalization(Pointwise):
    """γ·(x − μ)/√(σ² + ε) + β with the moving mean μ and variance σ², along `axes`.

    Keras 1 has two modes more, whose μ and σ² are those of the batch at hand, or of each step's features; and up to
    1.0.5 a deviation that ε is added to once more, where later versions keep a variance under the same name.
    """

    gamma: Array | None
    beta: Array | None
    moving_mean: Array
    moving_variance: Array  # a deviation where `deviates`
    axes: tuple[int, ...]
    epsilon: float
    mode: int = GATHERED
    deviates: bool = False

    rounds_weights: ClassVar[bool] = False

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        axes, epsilon = take_axes(config, shapes[0]), config.take_float("epsilon", 1e-3)
        scale, center = config.take_bool("scale", True), config.take_bool("center", True)
        renorm, mode = config.take_bool("renorm", False), config.take_int("mode", GATHERED, minimum=GATHERED)
        if mode > BY_BATCH:
            raise UnreadableFile(f"BatchNormalization has no mode {mode}", layer=config.layer)
        config.ignore("momentum", "synchronized", "renorm_clipping", "renorm_momentum", "fused")
        config.refuse("virtual_batch_size", advice="Train without virtual batches")
        sizes = known_sizes(config, shapes[0], axes)
        # Along several axes the weights have an axis for each of the input's.
        full = tuple(size or 1 if place in axes else 1 for place, size in enumerate(shapes[0]))
        size = sizes if len(axes) == 1 else full
        normalization = cls(
            gamma=weights.take("gamma", size) if scale else None,
            beta=weights.take("beta", size) if center else None,
            moving_mean=weights.take("moving_mean", size, trainable=False),
            moving_variance=weights.take("moving_variance", size, trainable=False),
            axes=axes,
            epsilon=epsilon,
            mode=mode,
            deviates=config.semantics.release < (1, 0, 6),
        )
        if renorm:
            _pass_over_renorm(weights, size)
        return normalization

    def apply(self, x: Array) -> Array:
        if self.mode == BY_SAMPLE:
            mean, variance = moments(x, (x.ndim - 1,))
            normal = (x - mean) / (np.sqrt(variance + self._small(x)) + self._small(x))
            return self._moved(normal, x, self.gamma, self.beta)
        if self.mode == BY_BATCH:
            others = tuple(axis for axis in range(x.ndim) if axis not in self.axes)
            mean, variance = moments(x, others)
        else:
            mean, variance = (along(weight, x.ndim, self.axes) for weight in (self.moving_mean, self.moving_variance))
        if self.deviates:
            deviation = np.sqrt(variance + self._small(x)) if self.mode == BY_BATCH else variance
            return self._moved((x - mean) / (deviation + self._small(x)), x, self.gamma, self.beta)
        factor = 1 / np.sqrt(variance + self._small(x))
        factor = factor if self.gamma is None else factor * along(self.gamma, x.ndim, self.axes)
        shift = -mean * factor
        return np.asarray(x * factor + (shift if self.beta is None else shift + along(self.beta, x.ndim, self.axes)))

    def _small(self, x: Array) -> Array:
        return np.asarray(self.epsilon, x.dtype)

    def _moved(self, normal: Array, x: Array, gamma: Array | None, beta: Array | None) -> Array:
        axes = (x.ndim - 1,) if self.mode == BY_SAMPLE else self.axes
        scaled = normal if gamma is None else normal * along(gamma, x.ndim, axes)
        return np.asarray(scaled if beta is None else scaled + along(beta, x.ndim, axes))


def moments(x: Array, axes: tuple[int, ...]) -> tuple[Array, Array]:
    """Mean and variance along `axes`, which stay with size 1."""
    mean = x.mean(axis=axes, keepdims=True)
    return mean, np.square(x - mean).mean(axis=axes, keepdims=True)


def take_axes(config: Config, shape: Shape) -> tuple[int, ...]:
    """The option ``axis``, one axis or a list, in its order; counted from the front, whichever way it counts."""
    value = config.take("axis", -1)
    listed = value if isinstance(value, list) else [value]
    axes = [axis for axis in listed if isinstance(axis, int) and not isinstance(axis, bool)]
    placed = tuple(axis % len(shape) for axis in axes if -len(shape) <= axis < len(shape))
    if not axes or len(placed) < len(listed) or len(set(placed)) < len(placed):
        raise ShapeMismatch(
            f"{config.class_name} axis", layer=config.layer, expected=f"axes of {shape}", found=repr(value)
        )
    return placed


def known_sizes(config: Config, shape: Shape, axes: Sequence[int]) -> tuple[int, ...]:
    """The sizes of `axes`, in their order; ShapeMismatch when one is unknown."""
    sizes = [shape[axis] for axis in axes]
    known = tuple(size for size in sizes if size is not None)
    if len(known) < len(sizes):
        expected = f"a known axis {', '.join(map(str, axes))}"
        raise ShapeMismatch(f"{config.class_name} input", layer=config.layer, expected=expected, found=shape)
    return known


def along(weight: Array, rank: int, axes: Sequence[int]) -> Array:
    """A weight with one axis for each of `axes` (or for all), shaped to meet a tensor of `rank` axes.

    Keras reshapes: whatever order the axes are named in, the weight's numbers keep the order they have in memory.
    """
    if weight.ndim == rank:
        return weight
    sizes = dict(zip(axes, weight.shape, strict=True))
    return weight.reshape([sizes.get(axis, 1) for axis in range(rank)])


def _pass_over_renorm(weights: Weights, size: tuple[int, ...]) -> None:
    """What batch renormalization keeps for training: three statistics, or in TensorFlow 1 two, each with its weight."""
    weights.take("moving_stddev", size, trainable=False)
    scalars = weights.peek_shape() == ()
    for name, shape in (("renorm_mean", () if scalars else size), ("renorm_stddev", size)):
        weights.take(name, shape, trainable=False)
    if scalars:
        weights.take("renorm_stddev_weight", (), trainable=False)
