"""Cropping and zero padding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from rnnscope.layers.base import Weights
from rnnscope.layers.config import Config
from rnnscope.layers.convolving import padded
from rnnscope.layers.registry import keras_layer
from rnnscope.layers.spatial import Spatial, is_sizes, take_layout, unusable
from rnnscope.types import Array, Shape

# Keras 1 may name the sides; one that is missing is 0.
NAMED_SIDES: Mapping[int, tuple[str, ...]] = {
    1: ("left_pad", "right_pad"),
    2: ("top_pad", "bottom_pad", "left_pad", "right_pad"),
}


@keras_layer("Cropping1D", "Cropping2D", "Cropping3D", "ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D")
@dataclass(frozen=True, slots=True, eq=False)
class Border(Spatial):
    """So many places cut off, or zeros put on, before and after each spatial axis."""

    crops: bool
    sides: tuple[tuple[int, int], ...]

    @property
    def keeps_integers(self) -> bool:
        return True

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        layout = take_layout(config, shapes[0])
        crops = config.class_name.startswith("Cropping")
        return cls(layout=layout, crops=crops, sides=_sides(config, "cropping" if crops else "padding", layout.rank))

    def sizes(self, sizes: Shape) -> Shape:
        sign = -1 if self.crops else 1
        return tuple(
            None if size is None else size + sign * sum(side) for size, side in zip(sizes, self.sides, strict=True)
        )

    def transform(self, x: Array) -> Array:
        if not self.crops:
            return padded(x, self.sides)
        kept = [slice(before, size - after) for size, (before, after) in zip(x.shape[1:-1], self.sides, strict=True)]
        return x[(slice(None), *kept)]


def _sides(config: Config, name: str, rank: int) -> tuple[tuple[int, int], ...]:
    """One number for all sides, one for each axis, or two for each: nested, or in a row as Keras 1 has them."""
    given = config.take(name, 0 if config.class_name == "Cropping2D" else 1)
    value = given
    if isinstance(value, dict) and set(value) <= set(NAMED_SIDES.get(rank, ())):
        value = [value.get(side, 0) for side in NAMED_SIDES[rank]]
    if isinstance(value, int):
        value = [value] * (2 * rank)
    elif isinstance(value, list) and is_sizes(value, rank) and rank > 1:
        value = [size for size in value for _ in range(2)]
    elif isinstance(value, list) and len(value) == rank and all(is_sizes(pair, 2) for pair in value):
        value = [size for pair in value for size in pair]
    if not is_sizes(value, 2 * rank):
        raise unusable(config, name, "whole numbers, two for each axis", given)
    assert isinstance(value, list)
    return tuple(zip(value[::2], value[1::2], strict=True))
