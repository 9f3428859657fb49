"""Pooling over all steps; both layers end the mask, and only the average heeds it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from rnnscope.context import Context
from rnnscope.layers.base import Arguments, Operation, Result, Weights
from rnnscope.layers.config import Config
from rnnscope.layers.recurrent import sequence_features
from rnnscope.layers.registry import keras_layer
from rnnscope.types import Shape


@keras_layer("GlobalAveragePooling1D", "GlobalMaxPooling1D")
@dataclass(frozen=True, slots=True, eq=False)
class GlobalPooling1D(Operation):
    """(batch, steps, features) → (batch, features). The average is of valid steps; where none is valid it is NaN."""

    average: bool
    keepdims: bool

    takes_mask: ClassVar[bool] = True

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        sequence_features(config, shapes[0])
        config.refuse("data_format", "channels_last", advice="Use channels_last")
        return cls(config.class_name == "GlobalAveragePooling1D", config.take_bool("keepdims", False))

    def output_shapes(self, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
        batch, _, features = shapes[0]
        return ((batch, 1, features) if self.keepdims else (batch, features),)

    def call(self, arguments: Arguments, context: Context) -> Result:
        x, mask = arguments.x, arguments.mask if self.average else None
        if not self.average:
            output = np.max(x, axis=1, keepdims=True)
        elif mask is None:
            output = np.mean(x, axis=1, keepdims=True)
        else:
            valid = mask[:, :, np.newaxis]
            total = np.sum(np.where(valid, x, 0), axis=1, keepdims=True)
            output = total / np.sum(valid.astype(x.dtype), axis=1, keepdims=True)
        return Result((output if self.keepdims else output[:, 0],), (None,), mask=mask)
