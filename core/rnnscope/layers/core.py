"""Layers that treat every step alike: Dense, Activation, Dropout and its kin, Flatten, and the input itself."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import ClassVar, Self

import numpy as np

from rnnscope.context import Context
from rnnscope.errors import ShapeMismatch, Unsupported
from rnnscope.layers.activations import LAYER_FORMS, Activation, take_activation, take_layer_form
from rnnscope.layers.base import Arguments, Operation, Pointwise, Result, Weights
from rnnscope.layers.config import FLOATS, Config, take_dtype
from rnnscope.layers.registry import keras_layer
from rnnscope.types import Array, Shape


@keras_layer("InputLayer")
@dataclass(frozen=True, slots=True, eq=False)
class InputLayer(Operation):
    """Where an input enters the graph; what comes in is cast to `dtype`, as Keras does."""

    shape: Shape
    dtype: str = "float32"

    @property
    def keeps_integers(self) -> bool:
        return True

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        for option in ("sparse", "ragged", "optional"):
            config.refuse(option, False, advice="Give the model a plain, dense input")
        return cls(shapes[0], take_dtype(config))

    def output_shapes(self, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
        return (self.shape,)

    def call(self, arguments: Arguments, context: Context) -> Result:
        # In a nested model it is called with what the outer model gives, and casts that as well.
        dtype = context.dtype if self.dtype in FLOATS else np.dtype(self.dtype)
        return Result((arguments.x.astype(dtype, copy=False),), arguments.masks or (None,))


@keras_layer("Dense")
@dataclass(frozen=True, slots=True, eq=False)
class Dense(Pointwise):
    """act(x·W + b) over the last axis, whatever the rank."""

    kernel: Array  # (features, units)
    bias: Array | None  # (units,)
    activation: Activation

    @property
    def label(self) -> str:
        return self.activation.label

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        units = config.take_int("units")
        use_bias = config.take_bool("use_bias", True)
        activation = take_activation(config)
        config.refuse("quantization_config", advice="Save the model before quantizing it")
        config.refuse("lora_rank", advice="Merge the LoRA weights before saving")
        config.ignore("lora_alpha")
        features = shapes[0][-1]
        if features is None:
            raise ShapeMismatch("Dense input", layer=config.layer, expected="a known last axis", found=shapes[0])
        kernel = weights.take("kernel", (features, units))
        return cls(kernel, weights.take("bias", (units,)) if use_bias else None, activation)

    def output_shapes(self, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
        return ((*shapes[0][:-1], int(self.kernel.shape[1])),)

    def apply(self, x: Array) -> Array:
        projected = x @ self.kernel
        return self.activation(projected if self.bias is None else projected + self.bias)


@keras_layer("Activation", *LAYER_FORMS)
@dataclass(frozen=True, slots=True, eq=False)
class ActivationLayer(Pointwise):
    """An activation as a layer of its own."""

    activation: Activation

    @property
    def label(self) -> str:
        return self.activation.label

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        return cls(take_layer_form(config) if config.class_name in LAYER_FORMS else take_activation(config))

    def output_shapes(self, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
        if self.activation.name != "glu":
            return shapes[:1]
        last = shapes[0][-1]
        return ((*shapes[0][:-1], None if last is None else last // 2),)

    def call(self, arguments: Arguments, context: Context) -> Result:
        if self.activation.options and self.activation.name == "softmax" and arguments.incoming is not None:
            raise Unsupported("a Softmax layer under a mask is not computed", layer=arguments.layer)
        return Pointwise.call(self, arguments, context)

    def apply(self, x: Array) -> Array:
        return self.activation(x)


@keras_layer("PReLU")
@dataclass(frozen=True, slots=True, eq=False)
class PReLU(Pointwise):
    """x where it is positive, else α·x, with a trained α for each place beyond the batch; shared axes have size 1."""

    alpha: Array

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        shared = config.take("shared_axes", None) or []
        if not isinstance(shared, list) or not all(isinstance(axis, int) for axis in shared):
            raise Unsupported(f"PReLU with shared_axes={shared!r} is not computed", layer=config.layer)
        sizes = [1 if axis in shared else size for axis, size in enumerate(shapes[0]) if axis > 0]
        known = tuple(size for size in sizes if size is not None)
        if len(known) < len(sizes):
            raise ShapeMismatch("PReLU input", layer=config.layer, expected="known sizes", found=shapes[0])
        return cls(weights.take("alpha", known))

    def apply(self, x: Array) -> Array:
        return np.where(x > 0, x, self.alpha * x)


@keras_layer("RepeatVector")
@dataclass(frozen=True, slots=True, eq=False)
class RepeatVector(Pointwise):
    """(batch, features) → (batch, n, features); the mask ends here."""

    n: int

    passes_mask: ClassVar[bool] = False

    @property
    def keeps_integers(self) -> bool:
        return True

    @property
    def label(self) -> str:
        return f"({self.n})"

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        if len(shapes[0]) != 2:
            raise ShapeMismatch("RepeatVector input", layer=config.layer, expected="(batch, features)", found=shapes[0])
        return cls(config.take_int("n"))

    def output_shapes(self, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
        return ((shapes[0][0], self.n, shapes[0][1]),)

    def apply(self, x: Array) -> Array:
        return np.repeat(x[:, np.newaxis], self.n, axis=1)


@keras_layer("Dropout", "SpatialDropout1D", "GaussianDropout", "GaussianNoise", "AlphaDropout")
@dataclass(frozen=True, slots=True, eq=False)
class Dropout(Pointwise):
    """Nothing happens here at inference; the mask passes on."""

    @property
    def keeps_integers(self) -> bool:
        return True

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        config.ignore("rate", "seed", "noise_shape", "stddev")
        return cls()

    def apply(self, x: Array) -> Array:
        return x


@keras_layer("Flatten")
@dataclass(frozen=True, slots=True, eq=False)
class Flatten(Pointwise):
    """Everything after the batch in one axis; the mask ends here."""

    passes_mask: ClassVar[bool] = False

    @property
    def keeps_integers(self) -> bool:
        return True

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        data_format = config.take("data_format", "channels_last")
        if data_format not in ("channels_last", None):
            raise Unsupported(
                f"Flatten with data_format={data_format!r} is not computed",
                layer=config.layer,
                advice="Use channels_last",
            )
        return cls()

    def output_shapes(self, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
        sizes = shapes[0][1:]
        known = [size for size in sizes if size is not None]
        return ((shapes[0][0], prod(known) if len(known) == len(sizes) else None),)

    def apply(self, x: Array) -> Array:
        return np.reshape(x, (x.shape[0], -1)) if x.size else np.zeros((x.shape[0], prod(x.shape[1:])), x.dtype)
