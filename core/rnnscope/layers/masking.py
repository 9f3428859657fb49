"""Layers that make masks: Masking and Embedding(mask_zero)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from rnnscope.context import Context
from rnnscope.errors import BadInput
from rnnscope.layers.base import Arguments, Operation, Result, Weights
from rnnscope.layers.config import Config
from rnnscope.layers.registry import keras_layer
from rnnscope.types import Array, Shape


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
        return cls(config.take_float("mask_value", 0.0))

    def output_shapes(self, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
        return shapes[:1]

    def call(self, arguments: Arguments, context: Context) -> Result:
        x = arguments.x
        if not context.use_masks:
            return Result((x,))
        valid = context.decide((x != context.constant(self.mask_value)).any(axis=-1))
        return Result((np.where(valid[..., np.newaxis], x, 0),), (valid,))


@keras_layer("Embedding")
@dataclass(frozen=True, slots=True, eq=False)
class Embedding(Operation):
    """One row of `embeddings` for each index; with mask_zero, index 0 is masked."""

    embeddings: Array  # (vocabulary, features)
    mask_zero: bool

    @property
    def keeps_integers(self) -> bool:
        return True

    @property
    def label(self) -> str:
        return "(mask_zero)" if self.mask_zero else ""

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        vocabulary = config.take_int("input_dim")
        features = config.take_int("output_dim")
        mask_zero = config.take_bool("mask_zero", False)
        config.refuse("quantization_config", advice="Save the model before quantizing it")
        config.refuse("lora_rank", advice="Merge the LoRA weights before saving")
        config.ignore("lora_alpha", "input_length", "sparse")
        return cls(weights.take("embeddings", (vocabulary, features)), mask_zero)

    def output_shapes(self, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
        return ((*shapes[0], int(self.embeddings.shape[1])),)

    def call(self, arguments: Arguments, context: Context) -> Result:
        valid = context.decide(arguments.x != 0) if self.mask_zero and context.use_masks else None
        return Result((self.embeddings[self._indices(arguments)],), (valid,))

    def _indices(self, arguments: Arguments) -> Array:
        x = arguments.x
        if x.dtype.kind not in "biu":
            if not np.isfinite(x).all():
                raise BadInput("Embedding takes token ids", layer=arguments.layer, found="NaN or infinity in the input")
            x = np.trunc(x)
        # Index −1 wraps in Keras as it does in NumPy; anything beyond the table is an error here.
        vocabulary = self.embeddings.shape[0]
        outside = (x < -vocabulary) | (x >= vocabulary)
        if outside.any():
            place = tuple(int(axis[0]) for axis in np.nonzero(outside))
            raise BadInput(
                f"token id {int(x[place])} at {place} is outside the vocabulary",
                layer=arguments.layer,
                expected=f"0 to {vocabulary - 1}",
                advice="Check the tokenizer, or whether this input belongs to this model",
            )
        return x.astype(np.int64)
