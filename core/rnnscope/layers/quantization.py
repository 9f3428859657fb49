"""Keras 3's quantized layers: Dense and Embedding with weights of 8 or 4 bits.

The arithmetic is that of ``keras.layers.Dense._int8_call`` and its kin: whole numbers multiplied exactly, then divided
by the scales. A scale is the number of steps to one; a grouped scale, the other way round, is the size of a step.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, NamedTuple, Self

import numpy as np

from rnnscope.context import Context, rounded, working_dtype
from rnnscope.errors import ShapeMismatch, UnreadableFile, Unsupported
from rnnscope.layers.activations import Activation, take_activation
from rnnscope.layers.base import Arguments, Operation, Result, Weights
from rnnscope.layers.config import Config
from rnnscope.layers.masking import take_indices, take_vocabulary
from rnnscope.layers.registry import keras_layer
from rnnscope.types import Array, Shape


@dataclass(frozen=True, slots=True)
class InputQuantizer:
    """x → round(x · scale) with scale = highest / (max |x| + epsilon), one scale for each row of features."""

    lowest: float = -127.0
    highest: float = 127.0
    epsilon: float = 1e-7

    def __call__(self, x: Array, layer_dtype: str) -> tuple[Array, Array]:
        """Whole numbers, and the scale that made them, both computed in the layer's own type."""
        x = x.astype(working_dtype(layer_dtype), copy=False)
        largest = rounded(np.abs(x).max(axis=-1, keepdims=True) + np.asarray(self.epsilon, x.dtype), layer_dtype)
        scale = rounded(np.asarray(self.highest, x.dtype) / largest, layer_dtype)
        return np.clip(np.round(rounded(x * scale, layer_dtype)), self.lowest, self.highest), scale


class Scheme(NamedTuple):
    """How a layer's weights are quantized: their bits, the size of a block of rows or None, and what its input becomes.

    `quantizer` is None where the input stays as it is; `said` is False in files that do not say.
    """

    bits: int
    block: int | None
    quantizer: InputQuantizer | None
    said: bool


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """Scale and zero point of each group of rows; `index` says which group a row belongs to."""

    scale: Array  # (groups, columns)
    zero: Array  # (groups, columns)
    index: Array  # (rows,)

    def spread(self, whole: Array) -> Array:
        """(rows, columns) of whole numbers → what they stand for."""
        return np.asarray((whole - self.zero[self.index]) * self.scale[self.index])


@keras_layer("Dense", quantized=True)
@dataclass(frozen=True, slots=True, eq=False)
class QuantizedDense(Operation):
    """act(q(x)·W / (scale of W · scale of x) + b) over the last axis, W being whole numbers of 8 or 4 bits.

    quantizer: how x becomes whole numbers too; None where it stays as it is. groups: for W in blocks of rows, with zero
    points; then `scale` is None.
    """

    kernel: Array  # (features, units), int8
    bias: Array | None  # (units,)
    scale: Array | None  # (units,)
    groups: Groups | None
    activation: Activation
    quantizer: InputQuantizer | None

    @property
    def label(self) -> str:
        return self.activation.label

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        units, use_bias = config.take_int("units"), config.take_bool("use_bias", True)
        activation, scheme = take_activation(config), take_scheme(config)
        config.ignore("lora_rank", "lora_alpha")  # Keras merges them into the kernel when it saves
        features = shapes[0][-1]
        if features is None:
            raise ShapeMismatch("Dense input", layer=config.layer, expected="a known last axis", found=shapes[0])
        early = use_bias and weights.peek_shape() == (units,)  # a legacy file has what is trained first
        bias = weights.take("bias", (units,)) if early else None
        kernel, by_rows = _take_kernel(config, scheme, weights, (features, units))
        if use_bias and not early:
            bias = weights.take("bias", (units,))
        scale, groups = _take_scales(config, scheme, weights, (features, units))
        # Files that do not say come from before Keras 3.13 or from its defaults, which 3.14 changed with the packing.
        silent = InputQuantizer() if scheme.bits == 8 or by_rows else None
        return cls(kernel, bias, scale, groups, activation, scheme.quantizer if scheme.said else silent)

    def unscaled(self) -> Self:
        """The layer as TimeDistributed calls it, past Keras's quantized call: the bare whole numbers as its kernel."""
        units = int(self.kernel.shape[1])
        return replace(self, scale=np.ones(units, np.float32), groups=None, quantizer=None)

    def output_shapes(self, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
        return (self.activation.shape_of((*shapes[0][:-1], int(self.kernel.shape[1]))),)

    def call(self, arguments: Arguments, context: Context) -> Result:
        projected = self._projected(arguments.x, context)
        output = self.activation(projected if self.bias is None else projected + self.bias)
        return Result((output,), (arguments.incoming,))

    def _projected(self, x: Array, context: Context) -> Array:
        if self.groups is not None:
            return np.asarray(x @ self.groups.spread(self.kernel).astype(x.dtype))
        assert self.scale is not None
        if self.quantizer is None:
            return np.asarray((x @ self.kernel.astype(x.dtype)) / self.scale)
        whole, scale = self.quantizer(x, context.layer_dtype)
        # float64 holds every product and sum of such whole numbers exactly.
        product = whole.astype(np.float64) @ self.kernel.astype(np.float64)
        return np.asarray(product.astype(x.dtype) / (self.scale * scale.astype(x.dtype)))


@keras_layer("Embedding", quantized=True)
@dataclass(frozen=True, slots=True, eq=False)
class QuantizedEmbedding(Operation):
    """One row for each index, each row with a scale of its own, or with one for each group of features."""

    embeddings: Array  # (vocabulary, features), int8
    scale: Array  # (vocabulary,) or (vocabulary, groups)
    zero: Array | None  # (vocabulary, groups)
    index: Array | None  # (features,): the group of each feature
    mask_zero: bool

    narrows_input: ClassVar[bool] = False
    rounds_weights: ClassVar[bool] = False

    @property
    def keeps_integers(self) -> bool:
        return True

    @property
    def label(self) -> str:
        return "(mask_zero)" if self.mask_zero else ""

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        vocabulary, features, mask_zero = take_vocabulary(config)
        config.ignore("lora_rank", "lora_alpha")
        scheme = take_scheme(config)
        packed, block = scheme.bits == 4, scheme.block
        stored = _take_bytes(config, weights, "embeddings", (vocabulary, -(-features // 2) if packed else features))
        embeddings = _unpacked(stored, features) if packed else stored
        if block is None:
            scale = weights.take("embeddings_scale", (vocabulary,), trainable=False)
            return cls(embeddings, scale, None, None, mask_zero)
        grouped = (vocabulary, -(-features // block))
        scale = weights.take("embeddings_scale", grouped, trainable=False)
        zero = weights.take("embeddings_zero", grouped, trainable=False)
        index = _whole(config, weights.take("g_idx", (features,), trainable=False), grouped[1])
        return cls(embeddings, scale, zero, index, mask_zero)

    def unscaled(self) -> Self:
        """The layer as TimeDistributed calls it, past Keras's quantized call: the bare whole numbers as its rows."""
        return replace(self, scale=np.ones(len(self.embeddings), np.float32), zero=None, index=None)

    def output_shapes(self, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
        return ((*shapes[0], int(self.embeddings.shape[1])),)

    def call(self, arguments: Arguments, context: Context) -> Result:
        valid = context.decide(arguments.x != 0) if self.mask_zero and context.use_masks else None
        indices = take_indices(arguments, len(self.embeddings), context.semantics)
        rows, scale = self.embeddings[indices].astype(context.dtype), self.scale[indices]
        if self.zero is None or self.index is None:
            return Result((rows / scale[..., np.newaxis],), (valid,))
        zero = self.zero[indices].astype(context.dtype)
        return Result(((rows - zero[..., self.index]) * scale[..., self.index],), (valid,))


def take_scheme(config: Config) -> Scheme:
    """Take ``quantization_config``, which newer files have, and what the dtype policy says."""
    assert config.policy is not None
    mode, _, size = config.policy.quantization.partition("/")
    value = config.take("quantization_config", None)
    options = value.get("config") if isinstance(value, dict) else None
    block: object = int(size) if size.lstrip("-").isdecimal() else None
    if isinstance(options, dict):
        block = options.get("block_size", block)
    if block is not None and (isinstance(block, bool) or not isinstance(block, int)):
        raise UnreadableFile(f"block_size={block!r} is not usable", layer=config.layer, expected="a whole number")
    quantizer = _input_quantizer(config, options.get("activation_quantizer")) if isinstance(options, dict) else None
    return Scheme(4 if mode == "int4" else 8, block if block and block > 0 else None, quantizer, options is not None)


def _input_quantizer(config: Config, value: object) -> InputQuantizer | None:
    match value:
        case None:
            return None
        case {
            "class_name": "AbsMaxQuantizer",
            "config": {
                "value_range": [int() | float() as low, int() | float() as high],
                "epsilon": float(epsilon),
            },
        }:
            return InputQuantizer(float(low), float(high), epsilon)
    shown = value.get("class_name") if isinstance(value, dict) else value
    raise Unsupported(f"{config.class_name} with the quantizer {shown!r} is not computed", layer=config.layer)


def _take_kernel(config: Config, scheme: Scheme, weights: Weights, shape: tuple[int, int]) -> tuple[Array, bool]:
    """The kernel as (features, units) whole numbers, and whether it was packed along the rows, as before Keras 3.14."""
    features, units = shape
    if scheme.bits == 8:
        return _take_bytes(config, weights, "kernel", (features, units)), False
    by_rows, by_columns = (-(-features // 2), units), (features, -(-units // 2))
    rows = weights.peek_shape() == by_rows
    stored = _take_bytes(config, weights, "kernel", by_rows if rows else by_columns)
    return (_unpacked(stored.T, features).T if rows else _unpacked(stored, units)), rows


def _take_bytes(config: Config, weights: Weights, name: str, shape: tuple[int, int]) -> Array:
    stored = weights.take(name, shape, trainable=False)
    if stored.dtype != np.int8:
        raise UnreadableFile(f"'{name}' is not quantized", layer=config.layer, expected="int8", found=stored.dtype)
    return stored


def _unpacked(packed: Array, size: int) -> Array:
    """Two whole numbers from −8 to 7 out of each byte, the lower half first, along the last axis."""
    lower, upper = packed & 0x0F, (packed >> 4) & 0x0F
    pairs = np.stack([lower, upper], axis=-1).reshape(*packed.shape[:-1], -1)[..., :size].astype(np.int8)
    return np.where(pairs < 8, pairs, pairs - 16).astype(np.int8)


def _take_scales(
    config: Config, scheme: Scheme, weights: Weights, shape: tuple[int, int]
) -> tuple[Array | None, Groups | None]:
    features, units = shape
    if scheme.block is None:
        return weights.take("kernel_scale", (units,), trainable=False), None
    groups = -(-features // scheme.block)
    scale = weights.take("kernel_scale", (groups, units), trainable=False)
    zero = weights.take("kernel_zero", (groups, units), trainable=False)
    return None, Groups(scale, zero, _whole(config, weights.take("g_idx", (features,), trainable=False), groups))


def _whole(config: Config, index: Array, groups: int) -> Array:
    whole = index.astype(np.int64)
    if (whole < 0).any() or (whole >= groups).any():
        raise UnreadableFile(
            "the groups of quantized weights are not usable", layer=config.layer, expected=f"0 to {groups - 1}"
        )
    return whole
