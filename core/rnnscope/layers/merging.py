"""Layers that merge several tensors, and what becomes of their masks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from typing import Self

import numpy as np

from rnnscope.context import Context
from rnnscope.errors import ShapeMismatch, Unsupported
from rnnscope.layers.base import Arguments, Operation, Result, Weights
from rnnscope.layers.config import Config
from rnnscope.layers.registry import keras_layer
from rnnscope.types import Array, Mask, Shape

# From this version on, merged masks are joined by OR and any unmasked input means no mask.
JOINED_BY_OR = (3, 4)

FUNCTIONS: dict[str, Callable[[Array, Array], Array]] = {
    "Add": np.add,
    "Subtract": np.subtract,
    "Multiply": np.multiply,
    "Maximum": np.maximum,
    "Minimum": np.minimum,
    "Average": np.add,
}


@keras_layer(*FUNCTIONS)
@dataclass(frozen=True, slots=True, eq=False)
class Merge(Operation):
    """Tensors of one rank, element by element."""

    name: str

    @property
    def keeps_integers(self) -> bool:
        return True

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        if len({len(shape) for shape in shapes}) > 1:
            raise Unsupported(f"{config.class_name} of tensors of different rank is not computed", layer=config.layer)
        return cls(config.class_name)

    def output_shapes(self, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
        return (tuple(_broadcast(sizes) for sizes in zip(*shapes, strict=True)),)

    def call(self, arguments: Arguments, context: Context) -> Result:
        try:
            merged = self._merged(arguments, context)
        except ValueError as error:
            raise ShapeMismatch(f"{self.name}: {error}", layer=arguments.layer) from None
        output = merged / len(arguments.tensors) if self.name == "Average" else merged
        return Result((output,), (_joined(arguments.masks, context),))

    def _merged(self, arguments: Arguments, context: Context) -> Array:
        """From Keras 3.4 on a masked step takes no part in a product, a maximum or a minimum; in sums it does."""
        function, masks = FUNCTIONS[self.name], arguments.masks
        heedful = self.name in ("Multiply", "Maximum", "Minimum") and context.semantics.version >= JOINED_BY_OR
        if not heedful or all(mask is None for mask in masks):
            return np.asarray(reduce(function, arguments.tensors))
        valid = [None if mask is None else _widened(mask, x) for x, mask in zip(arguments.tensors, masks, strict=True)]
        return (_product if self.name == "Multiply" else partial(_extreme, function))(arguments.tensors, valid)


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
        return (tuple(along if place == axis else size for place, size in enumerate(shapes[0])),)

    def call(self, arguments: Arguments, context: Context) -> Result:
        try:
            output = np.concatenate(arguments.tensors, axis=self.axis)
        except ValueError as error:
            raise ShapeMismatch(f"Concatenate: {error}", layer=arguments.layer) from None
        return Result((output,), (self._mask(arguments, context),))

    def _mask(self, arguments: Arguments, context: Context) -> Mask | None:
        """A step is valid when any feature (all of them before Keras 3.4) comes from a valid step."""
        if all(mask is None for mask in arguments.masks):
            return None
        spread = [
            np.ones(x.shape, bool) if mask is None else np.broadcast_to(_widened(mask, x), x.shape)
            for x, mask in zip(arguments.tensors, arguments.masks, strict=True)
        ]
        joined = np.concatenate(spread, axis=self.axis)
        return np.asarray(joined.any(axis=-1) if context.semantics.version >= JOINED_BY_OR else joined.all(axis=-1))


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


def _joined(masks: tuple[Mask | None, ...], context: Context) -> Mask | None:
    there = [mask for mask in masks if mask is not None]
    if context.semantics.version < JOINED_BY_OR:
        return reduce(np.logical_and, there) if there else None
    return reduce(np.logical_or, there) if there and len(there) == len(masks) else None


def _widened(mask: Mask, x: Array) -> Mask:
    return mask.reshape(*mask.shape, *[1] * (x.ndim - mask.ndim))


def _broadcast(sizes: tuple[int | None, ...]) -> int | None:
    known = {size for size in sizes if size not in (None, 1)}
    if len(known) > 1:
        raise ShapeMismatch("tensors to merge do not fit one another", found=" and ".join(map(str, known)))
    return known.pop() if known else (None if None in sizes else 1)
