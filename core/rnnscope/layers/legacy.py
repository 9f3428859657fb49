"""Layers that Keras 1 had and no later version: Merge, TimeDistributedDense, Highway, MaxoutDense."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import Self

import numpy as np

from rnnscope.context import Context
from rnnscope.errors import ShapeMismatch, Unsupported
from rnnscope.layers.activations import Activation, take_activation
from rnnscope.layers.base import Arguments, Operation, Pointwise, Result, Weights
from rnnscope.layers.config import Config
from rnnscope.layers.core import Dense
from rnnscope.layers.dot import batch_dot, dot_shape, take_dot_axes
from rnnscope.layers.merging import ElementWise, concatenated_mask, joined_mask
from rnnscope.layers.nonlinearities import sigmoid
from rnnscope.layers.registry import keras_layer
from rnnscope.types import Array, Shape

ELEMENT_WISE = {"sum": np.add, "mul": np.multiply, "ave": np.add, "max": np.maximum}
EPSILON = 1e-7


@keras_layer("Merge")
@dataclass(frozen=True, slots=True, eq=False)
class Merge(Operation):
    """All merging of Keras 1 in one layer; what it does is its mode.

    concat: along `axes[0]`. dot: Σ x·y along one axis of each. cos: that over both lengths, with one more axis behind
    the batch axis. sum, mul, ave, max: element by element.
    """

    mode: str
    axes: tuple[int, int] = (-1, -1)

    @property
    def label(self) -> str:
        return f" {self.mode}"

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        mode = config.take("mode", "sum")
        config.ignore("layers", "node_indices", "tensor_indices", "arguments", "mode_type")
        config.ignore("output_shape", "output_shape_type", "output_mask_type")
        config.refuse("output_mask", advice="It is a function of the user's, which is not run")
        if mode in ("dot", "cos"):
            config.ignore("concat_axis")
            return cls(mode, take_dot_axes(config, "dot_axes", shapes))
        config.ignore("dot_axes")
        axis = config.take_axis("concat_axis", -1)
        if mode == "concat":
            return cls(mode, (_concat_axis(config, axis, shapes), 0))
        if isinstance(mode, str) and mode in ELEMENT_WISE:
            return cls(mode)
        raise Unsupported(
            "Merge with a function of the user's as its mode is not computed",
            layer=config.layer,
            advice="The code in the file is not run",
        )

    def output_shapes(self, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
        if self.mode in ELEMENT_WISE:
            return ElementWise("Add").output_shapes(shapes)
        if self.mode == "concat":
            axis = self.axes[0]
            sizes = [shape[axis] for shape in shapes]
            along = None if None in sizes else sum(size or 0 for size in sizes)
            return ((*shapes[0][:axis], along, *shapes[0][axis + 1 :]),)
        left = dot_shape(shapes, self.axes)
        return ((left[0], 1, *left[1:]) if self.mode == "cos" else left,)

    def call(self, arguments: Arguments, context: Context) -> Result:
        try:
            output = self._merged(arguments)
        except ValueError as error:
            raise ShapeMismatch(f"Merge: {error}", layer=arguments.layer) from None
        if self.mode == "concat":
            return Result((output,), (concatenated_mask(arguments, self.axes[0], context.semantics),))
        masks = arguments.masks if self.mode in ELEMENT_WISE else ()
        return Result((output,), (joined_mask(masks, context.semantics),))

    def _merged(self, arguments: Arguments) -> Array:
        tensors = arguments.tensors
        if self.mode in ELEMENT_WISE:
            merged = np.asarray(reduce(ELEMENT_WISE[self.mode], tensors))
            return np.asarray(merged / len(tensors)) if self.mode == "ave" else merged
        if self.mode == "concat":
            return np.concatenate(tensors, axis=self.axes[0])
        x, y = tensors
        product = batch_dot(x, y, self.axes, arguments.layer)
        return product if self.mode == "dot" else self._cosine(x, y, product)

    def _cosine(self, x: Array, y: Array, product: Array) -> Array:
        """Each with itself along both axes, as Keras 1 has it: a cosine only for tensors of two axes.

        For others the product may be negative, whose root Keras takes for that of zero.
        """
        squares = np.maximum(batch_dot(x, x, self.axes) * batch_dot(y, y, self.axes), 0)
        cosine = product / np.maximum(np.sqrt(squares), np.asarray(EPSILON, x.dtype))
        return np.asarray(cosine[:, np.newaxis])


def _concat_axis(config: Config, axis: int, shapes: tuple[Shape, ...]) -> int:
    rank = len(shapes[0])
    if not -rank <= axis < rank or len({len(shape) for shape in shapes}) > 1:
        raise ShapeMismatch(f"Merge along axis {axis}", layer=config.layer, expected="one rank", found=shapes)
    return axis % rank


@keras_layer("TimeDistributedDense")
@dataclass(frozen=True, slots=True, eq=False)
class TimeDistributedDense(Dense):
    """act(x·W + b) at every step."""


@keras_layer("Highway")
@dataclass(frozen=True, slots=True, eq=False)
class Highway(Pointwise):
    """t·act(x·W + b) + (1 − t)·x with t = sigmoid(x·W_carry + b_carry)."""

    kernel: Array  # (features, features)
    carry_kernel: Array  # (features, features)
    bias: Array | None  # (features,)
    carry_bias: Array | None  # (features,)
    activation: Activation

    @property
    def label(self) -> str:
        return self.activation.label

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        config.ignore("transform_bias", "input_dim", *INITIAL_VALUES)
        use_bias, activation = config.take_bool("use_bias", True), take_activation(config)
        size = _features(config, shapes[0])
        kernel = weights.take("W", (size, size))
        # Keras 1.2 stores both matrices first, earlier ones each bias behind its matrix.
        early = use_bias and weights.peek_shape() == (size,)
        bias = weights.take("b", (size,)) if early else None
        carry_kernel = weights.take("W_carry", (size, size))
        if use_bias and not early:
            bias = weights.take("b", (size,))
        return cls(kernel, carry_kernel, bias, weights.take("b_carry", (size,)) if use_bias else None, activation)

    def apply(self, x: Array) -> Array:
        transform = sigmoid(_affine(x, self.carry_kernel, self.carry_bias))
        activated = self.activation(_affine(x, self.kernel, self.bias))
        return np.asarray(transform * activated + (1 - transform) * x)


@keras_layer("MaxoutDense")
@dataclass(frozen=True, slots=True, eq=False)
class MaxoutDense(Pointwise):
    """The largest of several x·W + b, unit by unit."""

    kernel: Array  # (pieces, features, units)
    bias: Array | None  # (pieces, units)

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        config.ignore("input_dim", *INITIAL_VALUES)
        units = config.take_int("units")
        pieces = config.take_int("nb_feature" if config.has("nb_feature") else "filters", 4)
        use_bias, size = config.take_bool("use_bias", True), _features(config, shapes[0])
        kernel = weights.take("W", (pieces, size, units))
        return cls(kernel, weights.take("b", (pieces, units)) if use_bias else None)

    def output_shapes(self, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
        return ((shapes[0][0], int(self.kernel.shape[2])),)

    def apply(self, x: Array) -> Array:
        pieces = np.einsum("bi,piu->bpu", x, self.kernel)
        return np.asarray((pieces if self.bias is None else pieces + self.bias).max(axis=1))


INITIAL_VALUES = ("init", "kernel_initializer", "weights")


def _features(config: Config, shape: Shape) -> int:
    size = shape[1] if len(shape) == 2 else None
    if size is None:
        raise ShapeMismatch(f"{config.class_name} input", layer=config.layer, expected="(batch, features)", found=shape)
    return size


def _affine(x: Array, kernel: Array, bias: Array | None) -> Array:
    return np.asarray(x @ kernel if bias is None else x @ kernel + bias)
