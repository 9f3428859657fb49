"""Upsampling by whole factors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from rnnscope.errors import Unsupported
from rnnscope.layers.base import Weights
from rnnscope.layers.config import Config
from rnnscope.layers.interpolation import KERNELS, centred, enlarged, from_the_corner, tabled_cubic
from rnnscope.layers.registry import keras_layer
from rnnscope.layers.spatial import Spatial, is_theano, take_choice, take_layout, take_sizes
from rnnscope.types import Array, Shape

# With a whole factor, the nearest place and the average over an area are the place itself, repeated.
REPEATING = ("nearest", "area")


@keras_layer("UpSampling1D", "UpSampling2D", "UpSampling3D")
@dataclass(frozen=True, slots=True, eq=False)
class UpSampling(Spatial):
    """Each place repeated along every spatial axis, or new places interpolated between the old ones."""

    factors: tuple[int, ...]
    interpolation: str
    rounds: bool  # whether what comes in whole leaves whole, as in Keras 3

    @property
    def keeps_integers(self) -> bool:
        return self.rounds or self.interpolation in REPEATING

    @property
    def label(self) -> str:
        return "" if self.interpolation == "nearest" else f" {self.interpolation}"

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        layout = take_layout(config, shapes[0])
        interpolation = take_choice(config, "interpolation", (*REPEATING, *KERNELS), "nearest")
        return cls(
            layout=layout,
            factors=take_sizes(config, "size", layout.rank, 2),
            interpolation=_variant(config, interpolation),
            rounds=config.semantics.is_keras3,
        )

    def sizes(self, sizes: Shape) -> Shape:
        return tuple(None if size is None else size * factor for size, factor in zip(sizes, self.factors, strict=True))

    def transform(self, x: Array) -> Array:
        y = x if x.dtype.kind == "f" or self.interpolation in REPEATING else x.astype(np.float32)
        for axis, factor in enumerate(self.factors, start=1):
            y = np.repeat(y, factor, axis) if self.interpolation in REPEATING else self._between(y, axis, factor)
        return y if y.dtype == x.dtype else np.rint(y).astype(x.dtype)

    def _between(self, x: Array, axis: int, factor: int) -> Array:
        size = x.shape[axis]
        if self.interpolation == "from the corner":
            return enlarged(x, axis, from_the_corner(size, factor))
        if self.interpolation == "tabled cubic":
            return enlarged(x, axis, tabled_cubic(size, factor))
        return enlarged(x, axis, centred(size, factor, self.interpolation))


def _variant(config: Config, interpolation: str) -> str:
    """What the file's Keras makes of an interpolation on its backend."""
    semantics = config.semantics
    if interpolation in REPEATING:
        return interpolation
    if is_theano(config):
        raise Unsupported(
            f"{config.class_name} with interpolation={interpolation!r} is not computed on Theano", layer=config.layer
        )
    if interpolation == "bilinear" and (semantics.is_multi_backend_2 or semantics.is_tensorflow1):
        return "from the corner"
    return "tabled cubic" if interpolation == "bicubic" and semantics.backend == "tensorflow" else interpolation
