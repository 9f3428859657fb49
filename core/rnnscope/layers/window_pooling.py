"""Pooling over windows: the largest element or the average, at fixed strides or for a fixed output."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, Final, Self

import numpy as np

from rnnscope.errors import Unsupported
from rnnscope.layers.base import Weights
from rnnscope.layers.config import Config
from rnnscope.layers.convolving import Sides, output_sizes, padded, padding_sides
from rnnscope.layers.registry import keras_layer
from rnnscope.layers.spatial import Spatial, take_layout, take_padding, take_sizes, unusable
from rnnscope.types import Array, Shape

# More than any image has; it keeps a damaged size from becoming an endless loop.
MOST_PLACES: Final = 2**20


@keras_layer(
    *("MaxPooling1D", "MaxPooling2D", "MaxPooling3D"),
    *("AveragePooling1D", "AveragePooling2D", "AveragePooling3D"),
)
@dataclass(frozen=True, slots=True, eq=False)
class WindowPooling(Spatial):
    """The largest element of each window, or the average of those that are not padding.

    centred: where strides longer than the window leave something over, half of that is passed over in front, rounded
        down, as TensorFlow does for volumes alone: its padding "same" becomes negative there.
    """

    average: bool
    window: tuple[int, ...]
    strides: tuple[int, ...]
    padding: str
    centred: bool

    @property
    def keeps_integers(self) -> bool:
        return not self.average

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        layout = take_layout(config, shapes[0])
        window = _bounded(config, "pool_size", take_sizes(config, "pool_size", layout.rank, 2))
        strides = config.take("strides", None)
        part = config.part({"strides": window if strides is None else strides}, config.class_name)
        padding = take_padding(config)
        if padding == "half" and layout.rank == 3 and 1 in window:
            raise Unsupported(
                "pooling volumes with padding 'same' over windows of size 1 is not computed on Theano",
                layer=config.layer,
                advice="Keras pads them by −1 there",
            )
        return cls(
            layout=layout,
            average=config.class_name.startswith("Average"),
            window=window,
            strides=take_sizes(part, "strides", layout.rank),
            padding=padding,
            centred=layout.rank == 3 and padding == "same" and config.semantics.backend == "tensorflow",
        )

    def sizes(self, sizes: Shape) -> Shape:
        return output_sizes(sizes, self.window, self.strides, self.padding)

    def transform(self, x: Array) -> Array:
        x = self._begun(x) if self.centred else x
        sides = self._sides(x.shape[1:-1])
        if self.average:
            total = _gathered(padded(x, sides), self.window, self.strides, np.add)
            counted = padded(np.ones((1, *x.shape[1:-1], 1), x.dtype), sides)
            return np.asarray(total / _gathered(counted, self.window, self.strides, np.add))
        return _gathered(padded(x, sides, _least(x.dtype)), self.window, self.strides, np.maximum)

    def _begun(self, x: Array) -> Array:
        """`x` without what is passed over in front."""
        left = [
            max(0, (size - 1) % stride + 1 - window)
            for size, window, stride in zip(x.shape[1:-1], self.window, self.strides, strict=True)
        ]
        return x[(slice(None), *[slice(over // 2, None) for over in left])]

    def _sides(self, sizes: Sequence[int]) -> Sides:
        if self.padding != "half":
            return padding_sides(self.padding, sizes, self.window, self.strides)
        return [_theano_sides(*axis) for axis in zip(sizes, self.window, self.strides, strict=True)]


def _bounded(config: Config, name: str, sizes: tuple[int, ...]) -> tuple[int, ...]:
    if prod(sizes) > MOST_PLACES:
        raise unusable(config, name, f"at most {MOST_PLACES} places", list(sizes))
    return sizes


def _theano_sides(size: int, window: int, stride: int) -> tuple[int, int]:
    """What Keras asks of Theano for padding "same": k − 2 places before, k − 1 for an even k, whatever the stride."""
    before = window - 2 if window > 2 and window % 2 else window - 1
    return before, max(0, (-(-size // stride) - 1) * stride + window - size - before)


def _gathered(x: Array, window: Sequence[int], strides: Sequence[int], join: np.ufunc) -> Array:
    """`join` over the elements of every window of x (batch, *spatial, channels), one place of the window at a time."""
    counts = [
        (size - extent) // stride + 1 for size, extent, stride in zip(x.shape[1:-1], window, strides, strict=True)
    ]
    gathered: Array | None = None
    for offset in np.ndindex(*window):
        places = tuple(
            slice(at, at + (count - 1) * stride + 1, stride)
            for at, count, stride in zip(offset, counts, strides, strict=True)
        )
        found = x[(slice(None), *places)]
        gathered = found.copy() if gathered is None else join(gathered, found, out=gathered)
    assert gathered is not None
    return gathered


def _least(dtype: np.dtype[Any]) -> float:
    """What loses against every number of this type."""
    if dtype.kind == "f":
        return -np.inf
    return int(np.iinfo(dtype).min) if dtype.kind in "iu" else 0


@keras_layer(
    *("AdaptiveMaxPooling1D", "AdaptiveMaxPooling2D", "AdaptiveMaxPooling3D"),
    *("AdaptiveAveragePooling1D", "AdaptiveAveragePooling2D", "AdaptiveAveragePooling3D"),
)
@dataclass(frozen=True, slots=True, eq=False)
class AdaptivePooling(Spatial):
    """Pooling to a fixed size, one axis after the other: window i of n → m reaches from ⌊i·n/m⌋ to ⌈(i + 1)·n/m⌉."""

    average: bool
    output_size: tuple[int, ...]

    @property
    def keeps_integers(self) -> bool:
        return not self.average

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        layout = take_layout(config, shapes[0])
        average = config.class_name.startswith("AdaptiveAverage")
        output_size = _bounded(config, "output_size", take_sizes(config, "output_size", layout.rank))
        return cls(layout=layout, average=average, output_size=output_size)

    def sizes(self, sizes: Shape) -> Shape:
        return self.output_size

    def transform(self, x: Array) -> Array:
        for axis, count in enumerate(self.output_size, start=1):
            size = x.shape[axis]
            windows = [
                x.take(range(place * size // count, -(-(place + 1) * size // count)), axis) for place in range(count)
            ]
            x = np.stack([w.mean(axis) if self.average else w.max(axis) for w in windows], axis)
        return x
