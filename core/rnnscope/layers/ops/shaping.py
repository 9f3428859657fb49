"""Operations that change a tensor's shape or put tensors together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rnnscope.errors import Unsupported
from rnnscope.layers.ops.reductions import Axis, axes
from rnnscope.layers.ops.shapes import pad_pairs
from rnnscope.types import Array

Sizes = Sequence[Any] | Array | int


def numbers(value: Sizes) -> tuple[int, ...]:
    """Sizes given as numbers, as tensors of one number each, or as one tensor of them."""
    return tuple(
        -1 if item is None else int(item) for item in (value if isinstance(value, list | tuple) else np.ravel(value))
    )


def reshape(x: Array, newshape: Sizes) -> Array:
    return np.reshape(x, numbers(newshape))


def ravel(x: Array) -> Array:
    return x.ravel()


def batch_flatten(x: Array) -> Array:
    return x.reshape(len(x), -1)


def transpose(x: Array, axes: Axis = None) -> Array:
    return np.transpose(x, None if axes is None else numbers(axes))


def expand_dims(x: Array, axis: Axis) -> Array:
    return np.expand_dims(x, axes(axis))


def squeeze(x: Array, axis: Axis = None) -> Array:
    return np.squeeze(x, None if axis is None or axis == [] else axes(axis))


def concatenate(xs: Sequence[Array], axis: int = -1) -> Array:
    return np.concatenate(xs, int(axis))


def append(x1: Array, x2: Array, axis: int | None = None) -> Array:
    return np.append(x1, x2, axis)


def stack(x: Sequence[Array], axis: int = 0) -> Array:
    return np.stack(x, axis)


def side_by_side(xs: Sequence[Array]) -> Array:
    return np.hstack(xs)


def one_below_the_other(xs: Sequence[Array]) -> Array:
    return np.vstack(xs)


def one_behind_the_other(xs: Sequence[Array]) -> Array:
    return np.dstack(xs)


def split(x: Array, indices_or_sections: Any, axis: int = 0) -> tuple[Array, ...]:
    """Equal parts, or parts that begin at these indices."""
    return tuple(np.split(x, indices_or_sections, axis))


def split_nearly(x: Array, indices_or_sections: Any, axis: int = 0) -> tuple[Array, ...]:
    """Parts that need not be equal; the first ones are the larger."""
    return tuple(np.array_split(x, indices_or_sections, axis))


def split_by_sizes(x: Array, sizes: Sizes, axis: int = 0) -> tuple[Array, ...]:
    """TensorFlow's: a number of equal parts, or the size of each; one size of −1 takes what is left."""
    if isinstance(sizes, int):
        return split(x, sizes, axis)
    wanted = list(numbers(sizes))
    if -1 in wanted:
        wanted[wanted.index(-1)] = x.shape[axis] - sum(wanted) - 1
    if min(wanted) < 0 or sum(wanted) != x.shape[axis]:
        raise ValueError(f"parts of {wanted} do not make {x.shape[axis]}")
    return tuple(np.split(x, np.cumsum(wanted)[:-1].tolist(), axis))


def unstack(x: Array, num: int | None = None, axis: int = 0) -> tuple[Array, ...]:
    return tuple(np.moveaxis(x, axis, 0))


def tile(x: Array, repeats: Sizes) -> Array:
    return np.tile(x, numbers(repeats))


def repeat(x: Array, repeats: Sizes, axis: int | None = None) -> Array:
    counts = numbers(repeats)
    return np.repeat(x, counts[0] if len(counts) == 1 else counts, axis)


def flip(x: Array, axis: Axis = None) -> Array:
    return np.flip(x, axes(axis))


def roll(x: Array, shift: Sizes, axis: Axis = None) -> Array:
    steps = numbers(shift)
    return np.roll(x, steps[0] if len(steps) == 1 else steps, axes(axis))


def rot90(x: Array, k: int = 1, axes: Sequence[int] = (0, 1)) -> Array:
    return np.rot90(x, k, (axes[0], axes[1]))


def swapaxes(x: Array, axis1: int, axis2: int) -> Array:
    return np.swapaxes(x, axis1, axis2)


def moveaxis(x: Array, source: Axis, destination: Axis) -> Array:
    return np.moveaxis(x, axes(source), axes(destination))


def broadcast_to(x: Array, shape: Sizes) -> Array:
    return np.broadcast_to(x, numbers(shape))


def pad(x: Array, pad_width: Any, mode: str = "constant", constant_values: object = None) -> Array:
    """Constant padding, or the tensor mirrored at its edge (reflect) or with its edge (symmetric)."""
    pairs = [[int(side) for side in pair] for pair in pad_pairs(_plain(pad_width), x.ndim)]
    kind = mode.lower()
    if kind == "constant":
        return np.pad(x, pairs, constant_values=np.asarray(constant_values or 0).astype(x.dtype))
    if kind not in ("reflect", "symmetric"):
        raise Unsupported(f"padding of the mode '{mode}' is not computed")
    if any(max(pair) > size - (kind == "reflect") for pair, size in zip(pairs, x.shape, strict=True)):
        raise ValueError(f"padding {pairs} mirrors more than there is in {x.shape}")
    return np.pad(x, pairs, "reflect" if kind == "reflect" else "symmetric")


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray) else value


def zeros_like(x: Array, dtype: np.dtype[np.generic] | None = None) -> Array:
    return np.zeros_like(x, dtype)


def ones_like(x: Array, dtype: np.dtype[np.generic] | None = None) -> Array:
    return np.ones_like(x, dtype)


def full_like(x: Array, fill_value: object, dtype: np.dtype[np.generic] | None = None) -> Array:
    return np.full_like(x, np.asarray(fill_value), dtype)


def filled(shape: Sizes, value: object, dtype: np.dtype[np.generic] | None = None) -> Array:
    number = np.asarray(value)
    if dtype is None and number.dtype == np.int64:
        dtype = np.dtype(np.int32)
    return np.full(numbers(shape), number, dtype)


def zeros(shape: Sizes, dtype: np.dtype[np.generic]) -> Array:
    return np.zeros(numbers(shape), dtype)


def ones(shape: Sizes, dtype: np.dtype[np.generic]) -> Array:
    return np.ones(numbers(shape), dtype)


def counted(start: Any, limit: Any = None, delta: Any = 1, dtype: np.dtype[np.generic] | None = None) -> Array:
    """Numbers from `start` to before `limit`; with one number, from 0 to before it."""
    first, end = (0, start) if limit is None else (start, limit)
    number = np.arange(np.asarray(first).item(), np.asarray(end).item(), np.asarray(delta).item())
    return number.astype(dtype or (np.int32 if number.dtype.kind == "i" else np.float32))


def meshgrid(x: Sequence[Array], indexing: str = "xy") -> tuple[Array, ...]:
    return tuple(np.meshgrid(*x, indexing="ij" if indexing == "ij" else "xy"))


def tril(x: Array, k: int = 0) -> Array:
    return np.tril(x, k)


def triu(x: Array, k: int = 0) -> Array:
    return np.triu(x, k)


def band_part(x: Array, num_lower: int, num_upper: int) -> Array:
    """So many diagonals below the main one and above it kept; a negative number keeps all."""
    x = x if num_lower < 0 else np.triu(x, -num_lower)
    return x if num_upper < 0 else np.tril(x, num_upper)


def diagonal(x: Array, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Array:
    return np.diagonal(x, offset, axis1, axis2)


def diagonal_of_last(x: Array) -> Array:
    return np.diagonal(x, 0, -2, -1)


def trace(x: Array, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Array:
    return np.asarray(np.trace(x, offset, axis1, axis2))


def trace_of_last(x: Array) -> Array:
    return np.asarray(np.trace(x, 0, -2, -1))


def on_diagonal(x: Array) -> Array:
    """Matrices with the last axis on their diagonals."""
    return np.asarray(x[..., None] * np.eye(x.shape[-1], dtype=x.dtype))


def matrix_transpose(x: Array) -> Array:
    return np.swapaxes(x, -1, -2)


def shape_of(x: Array, dtype: np.dtype[np.generic] | None = None) -> Array:
    return np.asarray(x.shape, dtype or np.int32)


def size_of(x: Array, dtype: np.dtype[np.generic] | None = None) -> Array:
    return np.asarray(x.size, dtype or np.int32)


def rank_of(x: Array) -> Array:
    return np.asarray(x.ndim, np.int32)


def frames(x: Array, sequence_length: int, sequence_stride: int) -> Array:
    """Pieces of the last axis, each beginning `sequence_stride` after the one before."""
    count = max(0, (x.shape[-1] - sequence_length) // sequence_stride + 1)
    starts = np.arange(count)[:, None] * sequence_stride
    return np.asarray(x[..., starts + np.arange(sequence_length)])
