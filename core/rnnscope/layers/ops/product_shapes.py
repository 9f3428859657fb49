"""Shapes of products and of linear algebra; see `rnnscope.layers.ops.shapes`."""

from __future__ import annotations

from typing import Any

from rnnscope.errors import ShapeMismatch
from rnnscope.layers.ops.shapes import Dims, agreed, at, joined, length, scaled, shown
from rnnscope.types import Shape


def matmul(x1: Dims, x2: Dims, transpose_a: bool = False, transpose_b: bool = False) -> Shape:
    a = Dims((*x1[:-2], x1[-1], x1[-2])) if transpose_a else x1
    b = Dims((*x2[:-2], x2[-1], x2[-2])) if transpose_b else x2
    joined([(a[-1],), (b[-2 if len(b) > 1 else 0],)])
    batch = joined([a[:-2], b[:-2]])
    return (*batch, *a[-2:-1], *(b[-1:] if len(b) > 1 else ()))


def dot(x1: Dims, x2: Dims) -> Shape:
    if not x1 or not x2:
        return joined([x1, x2])
    joined([(x1[-1],), (x2[-2 if len(x2) > 1 else 0],)])
    return (*x1[:-1], *x2[:-2], *(x2[-1:] if len(x2) > 1 else ()))


def tensordot(x1: Dims, x2: Dims, axes: Any = 2) -> Shape:
    left, right = contracted(axes, len(x1), len(x2))
    return (
        *(size for axis, size in enumerate(x1) if axis not in left),
        *(size for axis, size in enumerate(x2) if axis not in right),
    )


def contracted(axes: Any, rank1: int, rank2: int) -> tuple[list[int], list[int]]:
    """The axes that a tensordot sums over, counted from the front."""
    if isinstance(axes, int):
        if not 0 <= axes <= min(rank1, rank2):
            raise ShapeMismatch(f"there are no {axes} axes to sum over in tensors of {rank1} and {rank2}")
        return list(range(rank1 - axes, rank1)), list(range(axes))
    left, right = ([axis] if isinstance(axis, int) else list(axis) for axis in axes)
    return [at(axis, rank1) for axis in left], [at(axis, rank2) for axis in right]


def einsum(operands: list[Dims], subscripts: str) -> Shape:
    """Each letter's size by its place; ``...`` broadcasts."""
    inputs, arrow, output = subscripts.replace(" ", "").partition("->")
    terms = inputs.split(",")
    letters: dict[str, int | None] = {}
    ellipses: list[Shape] = []
    for term, shape in zip(terms, operands, strict=True):
        before, dots, after = term.partition("...")
        if len(before) + len(after) > len(shape) or (not dots and len(before) != len(shape)):
            raise ShapeMismatch(f"'{term}' does not fit the shape {shown(shape)}")
        tail = shape[len(shape) - len(after) :]
        ellipses.append(shape[len(before) : len(shape) - len(after)])
        for letter, size in (*zip(before, shape, strict=False), *zip(after, tail, strict=True)):
            letters[letter] = agreed({letters.get(letter, 1), size} - {1}, operands) if letter in letters else size
    rest = joined(ellipses)
    if not arrow:
        single = sorted(letter for letter in letters if inputs.count(letter) == 1)
        output = ("..." if rest else "") + "".join(single)
    front, dots, back = output.partition("...")
    return (*(letters[c] for c in front), *(rest if dots else ()), *(letters[c] for c in back))


def outer(x1: Dims, x2: Dims) -> Shape:
    return length(x1), length(x2)


def inner(x1: Dims, x2: Dims) -> Shape:
    if not x1 or not x2:
        return joined([x1, x2])
    joined([x1[-1:], x2[-1:]])
    return (*x1[:-1], *x2[:-1])


def vdot(x1: Dims, x2: Dims) -> Shape:
    return ()


def kron(x1: Dims, x2: Dims) -> Shape:
    return scaled(x1, x2)


def matrix(x: Dims, **options: object) -> Shape:
    """For what is defined on square matrices in the last two axes."""
    joined([(x[-2],), (x[-1],)])
    return x


def number_of_matrix(x: Dims) -> Shape:
    return matrix(x)[:-2]


def two_numbers_of_matrix(x: Dims) -> list[Shape]:
    return [number_of_matrix(x)] * 2


def solved(a: Dims, b: Dims, **options: object) -> Shape:
    matrix(a)
    return b
