"""Reshape and Permute: the same numbers in another shape; the mask ends here in every version of Keras."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import ClassVar, Self

from rnnscope.context import Context
from rnnscope.errors import ShapeMismatch
from rnnscope.layers.base import Arguments, Operation, Pointwise, Result, Weights
from rnnscope.layers.config import MAX_SIZE, Config
from rnnscope.layers.registry import keras_layer
from rnnscope.layers.spatial import unusable
from rnnscope.types import Array, Shape

MAX_RANK = 32  # NumPy's own limit is 64; a batch axis comes on top


@keras_layer("Reshape")
@dataclass(frozen=True, slots=True, eq=False)
class Reshape(Operation):
    """Everything beyond the batch in another shape; one size may be −1 or None, whatever is left over."""

    target: tuple[int, ...]

    @property
    def keeps_integers(self) -> bool:
        return True

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        value = config.take("target_shape")
        sizes = [-1 if size is None else size for size in value] if isinstance(value, list) else None
        usable = sizes is not None and len(sizes) <= MAX_RANK and sizes.count(-1) <= 1
        if not usable or not all(isinstance(size, int) and -1 <= size <= MAX_SIZE for size in sizes or ()):
            raise unusable(config, "target_shape", "sizes, at most one of them −1", value)
        return cls(tuple(sizes or ()))

    def output_shapes(self, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
        known = [size for size in shapes[0][1:] if size is not None]
        if len(known) < len(shapes[0]) - 1:
            return ((shapes[0][0], *(None if size == -1 else size for size in self.target)),)
        return ((shapes[0][0], *self._sizes(tuple(known))),)

    def call(self, arguments: Arguments, context: Context) -> Result:
        x = arguments.x
        return Result((x.reshape(len(x), *self._sizes(x.shape[1:])),), (None,))

    def _sizes(self, given: tuple[int, ...]) -> tuple[int, ...]:
        fixed = prod(size for size in self.target if size != -1)
        left = prod(given) // fixed if fixed else 0
        sizes = tuple(left if size == -1 else size for size in self.target)
        if prod(sizes) != prod(given):
            raise ShapeMismatch("the input cannot be reshaped", expected=self.target, found=given)
        return sizes


@keras_layer("Permute")
@dataclass(frozen=True, slots=True, eq=False)
class Permute(Pointwise):
    """The axes beyond the batch in another order; `axes` includes the batch's own."""

    axes: tuple[int, ...]

    passes_mask: ClassVar[bool] = False

    @property
    def keeps_integers(self) -> bool:
        return True

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        dims = config.take("dims")
        if not isinstance(dims, list) or sorted(map(str, dims)) != sorted(map(str, range(1, len(shapes[0])))):
            raise unusable(config, "dims", f"each of 1 to {len(shapes[0]) - 1}", dims)
        return cls((0, *dims))

    def output_shapes(self, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
        return (tuple(shapes[0][axis] for axis in self.axes),)

    def apply(self, x: Array) -> Array:
        return x.transpose(self.axes)
