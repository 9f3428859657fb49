"""Layers that treat every step alike: Dense, Dropout and its kin, Identity, Flatten, and the input itself."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import ClassVar, Self

import numpy as np

from rnnscope.context import Context
from rnnscope.errors import BadInput, ShapeMismatch, Unsupported
from rnnscope.layers.activations import Activation, take_activation
from rnnscope.layers.base import Arguments, Operation, Pointwise, Result, Weights
from rnnscope.layers.config import FLOATS, TEXT, Config, take_dtype
from rnnscope.layers.registry import keras_layer
from rnnscope.texts import is_text
from rnnscope.types import Array, Shape


@keras_layer("InputLayer")
@dataclass(frozen=True, slots=True, eq=False)
class InputLayer(Operation):
    """Where an input enters the graph; what comes in is cast to `dtype`, as Keras does. One of strings takes text."""

    shape: Shape
    dtype: str = "float32"

    @property
    def keeps_integers(self) -> bool:
        return True

    @property
    def takes_text(self) -> bool:
        return self.dtype == TEXT

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        for option in ("sparse", "ragged", "optional"):
            config.refuse(option, False, advice="Give the model a plain, dense input")
        if config.peek("dtype") == TEXT:
            return cls(shapes[0], str(config.take("dtype")))
        return cls(shapes[0], take_dtype(config))

    def output_shapes(self, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
        return (self.shape,)

    def call(self, arguments: Arguments, context: Context) -> Result:
        # In a nested model it is called with what the outer model gives, and casts that as well.
        if is_text(arguments.x) != self.takes_text:
            wanted, given = ("text", "numbers") if self.takes_text else ("numbers", "text")
            raise BadInput(f"the input takes {wanted}, and is given {given}", layer=arguments.layer)
        if self.takes_text:
            return Result((arguments.x,), arguments.masks or (None,))
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
        config.ignore("quantization_config")  # without a quantized dtype it has no effect
        features = shapes[0][-1]
        if features is None:
            raise ShapeMismatch("Dense input", layer=config.layer, expected="a known last axis", found=shapes[0])
        # A legacy file has what is trained first: with LoRA, that is the bias.
        early = use_bias and weights.peek_shape() == (units,)
        bias = weights.take("bias", (units,)) if early else None
        kernel = take_adapted(config, weights, "kernel", (features, units))
        return cls(kernel, weights.take("bias", (units,)) if use_bias and not early else bias, activation)

    def output_shapes(self, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
        return (self.activation.shape_of((*shapes[0][:-1], int(self.kernel.shape[1]))),)

    def apply(self, x: Array) -> Array:
        projected = x @ self.kernel
        return self.activation(projected if self.bias is None else projected + self.bias)


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


@keras_layer(
    "Dropout",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "SpatialDropout3D",
    "GaussianDropout",
    "GaussianNoise",
    "AlphaDropout",
    "ActivityRegularization",
)
@dataclass(frozen=True, slots=True, eq=False)
class Dropout(Pointwise):
    """Nothing happens here at inference; the mask passes on.

    rate: the share that plain Dropout drops in training; 0 for its kin.
    """

    rate: float = 0.0

    @property
    def keeps_integers(self) -> bool:
        return True

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        plain = config.class_name == "Dropout" and type(config.peek("rate")) in (int, float)
        rate = config.take_float("rate") if plain else 0.0
        config.ignore("rate", "seed", "noise_shape", "stddev", "data_format", "l1", "l2")
        return cls(rate)

    def apply(self, x: Array) -> Array:
        return x


@keras_layer("Identity")
@dataclass(frozen=True, slots=True, eq=False)
class Identity(Operation):
    """What goes in comes out; in Keras 3 with its mask, in tf-keras without."""

    @property
    def keeps_integers(self) -> bool:
        return True

    @property
    def takes_text(self) -> bool:
        return True

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        return cls()

    def output_shapes(self, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
        return shapes

    def call(self, arguments: Arguments, context: Context) -> Result:
        masks = arguments.masks if context.semantics.identity_passes_mask else ()
        return Result(arguments.tensors, masks or (None,) * len(arguments.tensors))


@keras_layer("Flatten")
@dataclass(frozen=True, slots=True, eq=False)
class Flatten(Pointwise):
    """Everything after the batch in one axis, channels last whatever the layout; the mask ends here."""

    channels_first: bool = False

    passes_mask: ClassVar[bool] = False

    @property
    def keeps_integers(self) -> bool:
        return True

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        data_format = config.take("data_format", None)
        if data_format not in ("channels_last", "channels_first", None):
            raise Unsupported(f"Flatten with data_format={data_format!r} is not computed", layer=config.layer)
        return cls(data_format == "channels_first")

    def output_shapes(self, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
        sizes = shapes[0][1:]
        known = [size for size in sizes if size is not None]
        return ((shapes[0][0], prod(known) if len(known) == len(sizes) else None),)

    def apply(self, x: Array) -> Array:
        ordered = np.moveaxis(x, 1, -1) if self.channels_first and x.ndim > 1 else x
        return ordered.reshape(len(x), prod(x.shape[1:]))


def take_adapted(config: Config, weights: Weights, name: str, shape: tuple[int, ...]) -> Array:
    """Take a matrix, or a kernel of matrices, that LoRA may have adapted: W + (alpha / rank)·A·B.

    Keras merges the sum into W when it writes a `.keras` file; in a legacy file A and B stand before W.
    """
    alpha = config.take_number("lora_alpha", None)
    if not config.has("lora_rank"):
        return weights.take(name, shape)
    rank = config.take_int("lora_rank")
    stored = weights.peek_shape()
    if rank == shape[-1] and stored == shape:
        raise Unsupported(f"LoRA of rank {rank} for {shape} cannot be told from a merged one", layer=config.layer)
    if stored != (*shape[:-1], rank):
        return weights.take(name, shape)
    first = weights.take(f"lora_{name}_a", (*shape[:-1], rank))
    second = weights.take(f"lora_{name}_b", (rank, shape[-1]))
    scale = np.asarray((rank if alpha is None else alpha) / rank, np.float32)
    return np.asarray(weights.take(name, shape, trainable=False) + scale * (first @ second))
