"""Pooling over all places; every layer here ends the mask, and only the average over steps heeds it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from rnnscope.context import Context
from rnnscope.layers.base import Arguments, Operation, Result, Weights
from rnnscope.layers.config import Config
from rnnscope.layers.registry import keras_layer
from rnnscope.layers.spatial import Layout, take_layout
from rnnscope.semantics import Semantics
from rnnscope.types import Array, Shape


@dataclass(frozen=True, slots=True, eq=False)
class GlobalPooling(Operation):
    """(batch, *spatial, channels) → (batch, channels), or the channels first in what comes in."""

    layout: Layout
    average: bool
    keepdims: bool

    @property
    def keeps_integers(self) -> bool:
        return True

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        layout = take_layout(config, shapes[0])
        average = config.class_name.startswith("GlobalAverage")
        return cls(layout, average, config.take_bool("keepdims", False))

    def output_shapes(self, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
        batch, channels = shapes[0][0], self.layout.channels(shapes[0])
        kept = self.layout.shape(shapes[0], (1,) * self.layout.rank, channels)
        return (kept if self.keepdims else (batch, channels),)

    @property
    def axes(self) -> tuple[int, ...]:
        first = 2 if self.layout.channels_first else 1
        return tuple(range(first, first + self.layout.rank))

    def call(self, arguments: Arguments, context: Context) -> Result:
        x = arguments.x
        if not self.average:
            return Result((self.shaped(np.max(x, axis=self.axes, keepdims=True)),), (None,))
        average = np.mean(x if x.dtype.kind == "f" else x.astype(context.dtype), axis=self.axes, keepdims=True)
        # Before Keras 3, the average of whole numbers is one too: what lies behind the point is cut off.
        whole = x.dtype.kind in "iu" and not context.semantics.is_keras3
        return Result((self.shaped(np.trunc(average).astype(x.dtype) if whole else average),), (None,))

    def shaped(self, pooled: Array) -> Array:
        return pooled if self.keepdims else pooled.squeeze(self.axes)


@keras_layer("GlobalAveragePooling2D", "GlobalMaxPooling2D", "GlobalAveragePooling3D", "GlobalMaxPooling3D")
@dataclass(frozen=True, slots=True, eq=False)
class GlobalPoolingND(GlobalPooling):
    """Over the rows and columns of images, or through volumes."""


@keras_layer("GlobalAveragePooling1D", "GlobalMaxPooling1D")
@dataclass(frozen=True, slots=True, eq=False)
class GlobalPooling1D(GlobalPooling):
    """Over the steps of a sequence. The average is of valid steps; where none is valid it is NaN."""

    takes_mask: ClassVar[bool] = True

    def call(self, arguments: Arguments, context: Context) -> Result:
        mask = arguments.mask if self.average and _average_heeds_mask(context.semantics) else None
        if mask is None:
            return GlobalPooling.call(self, arguments, context)
        x = arguments.x if arguments.x.dtype.kind == "f" else arguments.x.astype(context.dtype)
        valid = mask[:, np.newaxis] if self.layout.channels_first else mask[:, :, np.newaxis]
        total = np.sum(np.where(valid, x, 0), axis=self.axes, keepdims=True)
        count = np.sum(valid.astype(x.dtype), axis=self.axes, keepdims=True)
        return Result((self.shaped(total / count),), (None,), mask=mask)


def _average_heeds_mask(semantics: Semantics) -> bool:
    """Keras outside TensorFlow learnt it in 2.2.3; before, it refused to average a masked tensor."""
    return semantics.is_keras3 or semantics.is_tf_keras or semantics.release >= (2, 2, 3)
