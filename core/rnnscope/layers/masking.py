"""Layers that make masks: Masking and Embedding(mask_zero)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from rnnscope.context import Context, rounded, working_dtype
from rnnscope.errors import BadInput
from rnnscope.layers.base import Arguments, Operation, Result, Weights
from rnnscope.layers.config import Config
from rnnscope.layers.core import take_adapted
from rnnscope.layers.registry import keras_layer
from rnnscope.semantics import Semantics
from rnnscope.types import Array, Mask, Shape


@keras_layer("Masking")
@dataclass(frozen=True, slots=True, eq=False)
class Masking(Operation):
    """A step is valid when any of its features differs from `mask_value`; masked steps become zeros."""

    mask_value: float

    @property
    def keeps_integers(self) -> bool:
        return True

    @property
    def label(self) -> str:
        return f"({self.mask_value:g})".replace("-", "−")

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        return cls(_mask_value(config))

    def output_shapes(self, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
        return shapes[:1]

    def call(self, arguments: Arguments, context: Context) -> Result:
        x = arguments.x
        if not context.use_masks:
            return Result((x,))
        valid = context.decide(self.valid(x, context))
        # Keras 3 puts zeros there; before, it multiplied by zero, which keeps NaN and infinity.
        cleared = np.where(valid[..., np.newaxis], x, 0) if context.semantics.is_keras3 else x * valid[..., np.newaxis]
        return Result((cleared.astype(x.dtype, copy=False),), (valid,))

    def valid(self, x: Array, context: Context) -> Mask:
        """Which steps are valid."""
        return np.asarray((x != self._compared(context)).any(axis=-1))

    def _compared(self, context: Context) -> Array:
        """`mask_value` as the input is compared with it.

        Keras 3 on TensorFlow makes it a float32 first and compares in the wider type: 16-bit inputs then never equal
        −0.1. Elsewhere it becomes of the layer's own type.
        """
        if context.semantics.is_keras3 and context.semantics.backend == "tensorflow":
            return np.asarray(self.mask_value, np.float32).astype(context.dtype)
        own = np.asarray(self.mask_value, working_dtype(context.layer_dtype))
        return rounded(own, context.layer_dtype).astype(context.dtype)


@keras_layer("Embedding")
@dataclass(frozen=True, slots=True, eq=False)
class Embedding(Operation):
    """One row of `embeddings` for each index; with mask_zero, index 0 is masked."""

    embeddings: Array  # (vocabulary, features)
    mask_zero: bool

    narrows_input: ClassVar[bool] = False

    @property
    def keeps_integers(self) -> bool:
        return True

    @property
    def label(self) -> str:
        return "(mask_zero)" if self.mask_zero else ""

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        vocabulary, features, mask_zero = take_vocabulary(config)
        config.ignore("quantization_config")  # without a quantized dtype it has no effect
        return cls(take_adapted(config, weights, "embeddings", (vocabulary, features)), mask_zero)

    def output_shapes(self, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
        return ((*shapes[0], int(self.embeddings.shape[1])),)

    def call(self, arguments: Arguments, context: Context) -> Result:
        masks = self.mask_zero and context.use_masks
        valid = context.decide(self.valid(arguments.x)) if masks else None
        return Result((self.embeddings[take_indices(arguments, len(self.embeddings), context.semantics)],), (valid,))

    def valid(self, x: Array) -> Mask:
        """Which steps are valid, where index 0 is masked."""
        return np.asarray(x != 0)


def take_vocabulary(config: Config) -> tuple[int, int, bool]:
    """Take the size of an Embedding's table, and whether index 0 is masked."""
    config.ignore("input_length", "sparse", "dropout", "weights")
    return config.take_int("input_dim"), config.take_int("output_dim"), config.take_bool("mask_zero", False)


def take_indices(arguments: Arguments, vocabulary: int, semantics: Semantics) -> Array:
    """The rows that the input asks for, fractions cut off.

    Raises BadInput outside of the table. In Keras 3 and on Theano negative indices count from its end.
    """
    x = arguments.x
    if x.dtype.kind not in "biu":
        if not np.isfinite(x).all():
            raise BadInput("Embedding takes token ids", layer=arguments.layer, found="NaN or infinity in the input")
        x = np.trunc(x)
    outside = (x < (-vocabulary if semantics.negative_indices_wrap else 0)) | (x >= vocabulary)
    if outside.any():
        place = tuple(int(axis[0]) for axis in np.nonzero(outside))
        raise BadInput(
            f"token id {int(x[place])} at {place} is outside the vocabulary",
            layer=arguments.layer,
            expected=f"0 to {vocabulary - 1}",
            advice="Check the tokenizer, or whether this input belongs to this model",
        )
    return x.astype(np.int64)


def _mask_value(config: Config) -> float:
    """A number, or the tensor of one number that Keras 3 writes where it was given one."""
    value = config.take("mask_value", 0.0)
    inner = value.get("config") if isinstance(value, dict) else None
    plain = inner.get("value") if isinstance(inner, dict) else value
    return config.part({"mask_value": plain}, config.class_name).take_float("mask_value")
