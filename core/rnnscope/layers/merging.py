"""Layers that merge several tensors, and what becomes of their masks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from itertools import zip_longest
from typing import Self

import numpy as np

from rnnscope.context import Context
from rnnscope.errors import ShapeMismatch
from rnnscope.layers.base import Arguments, Operation, Result, Weights
from rnnscope.layers.config import Config
from rnnscope.layers.registry import keras_layer
from rnnscope.semantics import Semantics
from rnnscope.types import Array, Mask, Shape

FUNCTIONS: dict[str, Callable[[Array, Array], Array]] = {
    "Add": np.add,
    "Subtract": np.subtract,
    "Multiply": np.multiply,
    "Maximum": np.maximum,
    "Minimum": np.minimum,
    "Average": np.add,
}
HEEDFUL = ("Multiply", "Maximum", "Minimum")


@keras_layer(*FUNCTIONS)
@dataclass(frozen=True, slots=True, eq=False)
class ElementWise(Operation):
    """Tensors element by element; those of lower rank get axes of size 1 behind the batch axis."""

    name: str

    @property
    def keeps_integers(self) -> bool:
        return True

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        if config.class_name == "Subtract" and len(shapes) != 2:
            raise ShapeMismatch("Subtract", layer=config.layer, expected="two tensors", found=f"{len(shapes)}")
        return cls(config.class_name)

    def output_shapes(self, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
        batch = _broadcast(tuple(shape[0] for shape in shapes))
        backwards = zip_longest(*[shape[:0:-1] for shape in shapes], fillvalue=1)
        return ((batch, *[_broadcast(sizes) for sizes in backwards][::-1]),)

    def call(self, arguments: Arguments, context: Context) -> Result:
        try:
            merged = self._merged(arguments, context)
        except ValueError as error:
            raise ShapeMismatch(f"{self.name}: {error}", layer=arguments.layer) from None
        output = (merged / len(arguments.tensors)).astype(context.dtype) if self.name == "Average" else merged
        return Result((output,), (joined_mask(arguments.masks, context.semantics),))

    def _merged(self, arguments: Arguments, context: Context) -> Array:
        """From Keras 3.4 on a masked step takes no part in a product, a maximum or a minimum; in sums it does.

        A tensor that gets more axes loses its mask on the way there.
        """
        function, tensors = FUNCTIONS[self.name], _of_one_rank(arguments.tensors)
        if self.name not in HEEDFUL or not context.semantics.merged_masks_join_by_or:
            return np.asarray(reduce(function, tensors))
        masks = [
            mask if x.ndim == tensors[0].ndim else None
            for x, mask in zip(arguments.tensors, arguments.masks, strict=True)
        ]
        if all(mask is None for mask in masks):
            return np.asarray(reduce(function, tensors))
        valid = [None if mask is None else _widened(mask, x) for x, mask in zip(tensors, masks, strict=True)]
        return (_product if self.name == "Multiply" else partial(_extreme, function))(tensors, valid)


@keras_layer("Concatenate")
@dataclass(frozen=True, slots=True, eq=False)
class Concatenate(Operation):
    """Tensors one after another along one axis."""

    axis: int

    @property
    def keeps_integers(self) -> bool:
        return True

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        axis = config.take_axis("axis", -1)
        if not -len(shapes[0]) <= axis < len(shapes[0]) or len({len(shape) for shape in shapes}) > 1:
            raise ShapeMismatch(f"Concatenate along axis {axis}", layer=config.layer, expected="one rank", found=shapes)
        return cls(axis)

    def output_shapes(self, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
        sizes = [shape[self.axis] for shape in shapes]
        along = None if None in sizes else sum(size or 0 for size in sizes)
        axis = self.axis % len(shapes[0])
        others = zip(*shapes, strict=True)
        return (tuple(along if place == axis else _same(sizes) for place, sizes in enumerate(others)),)

    def call(self, arguments: Arguments, context: Context) -> Result:
        try:
            output = np.concatenate(arguments.tensors, axis=self.axis)
        except ValueError as error:
            raise ShapeMismatch(f"Concatenate: {error}", layer=arguments.layer) from None
        return Result((output,), (concatenated_mask(arguments, self.axis, context.semantics),))


def joined_mask(masks: Sequence[Mask | None], semantics: Semantics) -> Mask | None:
    """The mask of tensors merged element by element: OR, if all have one; AND before Keras 3, and none up to 3.3."""
    there = [mask for mask in masks if mask is not None and semantics.lists_carry_masks]
    if not semantics.merged_masks_join_by_or:
        return reduce(np.logical_and, there) if there else None
    return reduce(np.logical_or, there) if there and len(there) == len(masks) else None


def concatenated_mask(arguments: Arguments, axis: int, semantics: Semantics) -> Mask | None:
    """A step is valid when any feature (before Keras 3 all of them) comes from a valid step; none in Keras 3.0–3.3."""
    ranks = [mask.ndim for mask in arguments.masks if mask is not None and semantics.lists_carry_masks]
    if not ranks:
        return None
    spread = [
        np.ones(x.shape, bool) if mask is None else np.broadcast_to(_widened(mask, x), x.shape)
        for x, mask in zip(arguments.tensors, arguments.masks, strict=True)
    ]
    joined = np.concatenate(spread, axis=axis)
    features = tuple(range(min(max(ranks), joined.ndim - 1), joined.ndim))
    return np.asarray(joined.any(axis=features) if semantics.merged_masks_join_by_or else joined.all(axis=features))


def _of_one_rank(tensors: Sequence[Array]) -> list[Array]:
    rank = max(x.ndim for x in tensors)
    return [x.reshape(x.shape[0], *[1] * (rank - x.ndim), *x.shape[1:]) for x in tensors]


def _product(tensors: Sequence[Array], valid: Sequence[Mask | None]) -> Array:
    """Masked factors count as 1; where every factor is masked the product is 0."""
    factors = [x if mask is None else np.where(mask, x, 1) for x, mask in zip(tensors, valid, strict=True)]
    product = np.asarray(reduce(np.multiply, factors))
    there = [mask for mask in valid if mask is not None]
    return product if len(there) < len(valid) else np.where(reduce(np.logical_or, there), product, 0)


def _extreme(
    function: Callable[[Array, Array], Array], tensors: Sequence[Array], valid: Sequence[Mask | None]
) -> Array:
    """Pair by pair, a masked step takes the other tensor's value."""
    output, known = tensors[0], valid[0]
    for x, mask in zip(tensors[1:], valid[1:], strict=True):
        other = x if mask is None else np.where(mask, x, output)
        output = output if known is None else np.where(known, output, other)
        known = None if known is None or mask is None else known | mask
        output = function(output, other)
    return output


def _widened(mask: Mask, x: Array) -> Mask:
    return mask.reshape(*mask.shape, *[1] * (x.ndim - mask.ndim))


def _broadcast(sizes: tuple[int | None, ...]) -> int | None:
    known = {size for size in sizes if size not in (None, 1)}
    if len(known) > 1:
        raise ShapeMismatch("tensors to merge do not fit one another", found=" and ".join(map(str, known)))
    return known.pop() if known else (None if None in sizes else 1)


def _same(sizes: tuple[int | None, ...]) -> int | None:
    return next((size for size in sizes if size is not None), None)
