"""Activations as layers of their own, those with trained parameters among them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from rnnscope.context import Context, rounded, working_dtype
from rnnscope.errors import ShapeMismatch, Unsupported
from rnnscope.layers import nonlinearities
from rnnscope.layers.activations import Activation, take_activation, take_axes, take_layer_form
from rnnscope.layers.base import Arguments, Operation, Pointwise, Result, Weights
from rnnscope.layers.config import Config
from rnnscope.layers.registry import keras_layer
from rnnscope.types import Array, Mask, Shape


@keras_layer("Activation", "ReLU", "LeakyReLU", "ELU", "ThresholdedReLU")
@dataclass(frozen=True, slots=True, eq=False)
class ActivationLayer(Pointwise):
    """An activation as a layer of its own."""

    activation: Activation

    @property
    def label(self) -> str:
        return self.activation.label

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        return cls(take_activation(config) if config.class_name == "Activation" else take_layer_form(config))

    def output_shapes(self, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
        return (self.activation.shape_of(shapes[0]),)

    def apply(self, x: Array) -> Array:
        return self.activation(x)


@keras_layer("Softmax")
@dataclass(frozen=True, slots=True, eq=False)
class Softmax(Operation):
    """exp(x) / Σ exp(x) along one axis or several; masked places count −10⁹ and, from Keras 3.10 on, become 0.

    A mask has to fit the trailing axes of the input, as in Keras: the mask of a sequence goes with its features only
    where both have one size.
    """

    axis: int | tuple[int, ...]

    takes_mask: ClassVar[bool] = True

    @property
    def label(self) -> str:
        return "" if self.axis == -1 else f"(axis {self.axis})".replace("-", "−")

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        config.ignore("robust_masking")  # it adds −10⁹ or puts it in place: the same numbers
        axis, rank = take_axes(config), len(shapes[0])
        for place in axis if isinstance(axis, tuple) else (axis,):
            if not -rank <= place < rank:
                raise ShapeMismatch("Softmax axis", layer=config.layer, expected=f"an axis of {shapes[0]}", found=place)
        return cls(axis)

    def output_shapes(self, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
        return shapes[:1]

    def call(self, arguments: Arguments, context: Context) -> Result:
        x, passed = arguments.x, arguments.incoming
        mask = arguments.mask if context.semantics.softmax_heeds_mask else None
        if mask is None:
            return Result((nonlinearities.softmax(x, self.axis),), (passed,))
        mask = _fitting(mask, x, arguments.layer)
        # Far from zero only the layer's own type has the right gaps: in float32, 10⁹ + 1 is 10⁹.
        far = rounded(x.astype(working_dtype(context.layer_dtype)) + _far_below(context), context.layer_dtype)
        output = nonlinearities.softmax(np.where(mask, x, far.astype(x.dtype)), self.axis)
        if context.semantics.softmax_zeroes_masked:
            output = np.where(mask, output, 0)
        return Result((output,), (passed,), mask=arguments.mask)


def _fitting(mask: Mask, x: Array, layer: str) -> Mask:
    try:
        return np.broadcast_to(mask, x.shape)
    except ValueError:
        raise ShapeMismatch(
            "the mask does not fit the Softmax layer's input", layer=layer, expected=x.shape, found=mask.shape
        ) from None


def _far_below(context: Context) -> float:
    """What masked places count: float16 cannot hold −10⁹; tf-keras takes half of its lowest number there."""
    if context.layer_dtype != "float16":
        return -1e9
    return -3e4 if context.semantics.is_keras3 else float(np.finfo(np.float16).min) / 2


@keras_layer("PReLU")
@dataclass(frozen=True, slots=True, eq=False)
class PReLU(Pointwise):
    """x where it is positive, else α·x, with a trained α for each place beyond the batch; shared axes have size 1."""

    alpha: Array

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        config.ignore("init")
        return cls(weights.take("alpha", _parameter_shape(config, weights, shapes[0])))

    def apply(self, x: Array) -> Array:
        return np.where(x > 0, x, self.alpha * x)


@keras_layer("ParametricSoftplus")
@dataclass(frozen=True, slots=True, eq=False)
class ParametricSoftplus(Pointwise):
    """α·ln(1 + exp(β·x)) with trained α and β (Keras 1)."""

    alpha: Array
    beta: Array

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        config.ignore("alpha_init", "beta_init")
        shape = _parameter_shape(config, weights, shapes[0])
        return cls(weights.take("alpha", shape), weights.take("beta", shape))

    def apply(self, x: Array) -> Array:
        return nonlinearities.softplus(self.beta * x) * self.alpha


@keras_layer("SReLU")
@dataclass(frozen=True, slots=True, eq=False)
class SReLU(Pointwise):
    """Slope 1 between two thresholds, trained slopes beyond them (Keras 1).

    The stored right threshold counts, as an absolute value, from the left one on. What a negative left slope lifts
    above zero Theano caps where the right threshold is; TensorFlow doesn't.
    """

    left_threshold: Array
    left_slope: Array
    right_threshold: Array
    right_slope: Array
    caps_left: bool

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        config.ignore("t_left_init", "a_left_init", "t_right_init", "a_right_init")
        shape = _parameter_shape(config, weights, shapes[0])
        left, left_slope, right, right_slope = (
            weights.take(name, shape) for name in ("t_left", "a_left", "t_right", "a_right")
        )
        return cls(left, left_slope, right, right_slope, caps_left=config.semantics.backend == "theano")

    def apply(self, x: Array) -> Array:
        left = self.left_threshold
        right = left + np.abs(self.right_threshold)
        below = -self.left_slope * np.maximum(left - x, 0)
        below = np.minimum(below, right - left) if self.caps_left else below
        center = left + np.clip(x - left, 0, right - left) + below
        return np.asarray(center + np.maximum(x - right, 0) * self.right_slope)


def _parameter_shape(config: Config, weights: Weights, shape: Shape) -> tuple[int, ...]:
    """The shape of a trained parameter: that of one sample, with size 1 along shared axes.

    Keras 1 doesn't write ``shared_axes``, so there the stored array decides between the sample's size and 1.
    """
    shared = config.take("shared_axes", None)
    axes = shared if isinstance(shared, list) else [shared]
    if not all(axis is None or (isinstance(axis, int) and not isinstance(axis, bool)) for axis in axes):
        raise Unsupported(f"{config.class_name} with shared_axes={shared!r} is not computed", layer=config.layer)
    sizes = [1 if axis in axes else size for axis, size in enumerate(shape) if axis > 0]
    stored = weights.peek_shape() if config.written_by.is_keras1 else None
    if stored is not None and len(stored) == len(sizes):
        sizes = [1 if there == 1 else size for there, size in zip(stored, sizes, strict=True)]
    known = tuple(size for size in sizes if size is not None)
    if len(known) < len(sizes):
        raise ShapeMismatch(f"{config.class_name} input", layer=config.layer, expected="known sizes", found=shape)
    return known
