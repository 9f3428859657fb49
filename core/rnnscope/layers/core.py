"""Layers that treat every step alike: Dense, Activation, Dropout and its kin, Flatten, and the input itself."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import ClassVar, Self

import numpy as np

from rnnscope.context import Context
from rnnscope.errors import ShapeMismatch, Unsupported
from rnnscope.layers.activations import Activation, take_activation
from rnnscope.layers.base import Arguments, Operation, Pointwise, Result, Weights
from rnnscope.layers.config import Config, take_dtype
from rnnscope.layers.registry import keras_layer
from rnnscope.types import Array, Shape


@keras_layer("InputLayer")
@dataclass(frozen=True, slots=True, eq=False)
class InputLayer(Operation):
    """Where an input enters the graph; what comes in is cast to `dtype`, as Keras does."""

    shape: Shape
    dtype: str = "float32"

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        for option in ("sparse", "ragged", "optional"):
            config.refuse(option, False, advice="Give the model a plain, dense input")
        return cls(shapes[0], take_dtype(config))

    def output_shapes(self, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
        return (self.shape,)

    def call(self, arguments: Arguments, context: Context) -> Result:
        return Result(arguments.tensors)


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


@keras_layer("Activation")
@dataclass(frozen=True, slots=True, eq=False)
class ActivationLayer(Pointwise):
    """An activation as a layer of its own."""

    activation: Activation

    @property
    def label(self) -> str:
        return self.activation.label

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        return cls(take_activation(config))

    def output_shapes(self, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
        if self.activation.name != "glu":
            return shapes[:1]
        last = shapes[0][-1]
        return ((*shapes[0][:-1], None if last is None else last // 2),)

    def apply(self, x: Array) -> Array:
        return self.activation(x)


@keras_layer("Dropout", "SpatialDropout1D", "GaussianDropout", "GaussianNoise", "AlphaDropout")
@dataclass(frozen=True, slots=True, eq=False)
class Dropout(Pointwise):
    """Nothing happens here at inference; the mask passes on."""

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
