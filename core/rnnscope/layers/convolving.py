"""Convolution and its transpose on channels-last arrays of one to three spatial axes; nothing here knows a layer.

As everywhere in deep learning a "convolution" slides the kernel as it is stored (a cross-correlation); Theano's turns
it round first, which is what `flipped` is for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from rnnscope.errors import Unsupported
from rnnscope.types import Array, Shape

Sides = Sequence[tuple[int, int]]
# How many numbers of unfolded windows are in memory at a time; larger work is cut along the batch, then along an axis.
MOST_UNFOLDED: Final = 2**23
# Numbers in a padded array, and its size beside what is padded, beyond which a damaged file is all that asks for it.
MOST_PADDED: Final = 2**28
MOST_GROWTH: Final = 2**6


def convolve(
    x: Array,
    kernel: Array,
    strides: Sequence[int] | None = None,
    padding: str | Sides = "valid",
    dilation: Sequence[int] | None = None,
    groups: int = 1,
) -> Array:
    """Slide `kernel` over `x`.

    x: (batch, *spatial, channels). kernel: (*window, channels / groups, filters). strides, dilation: one for each
    spatial axis, 1 by default. padding: one of those that `padding_sides` knows, or the zeros before and after each
    spatial axis. Returns (batch, *output, filters).
    """
    rank = kernel.ndim - 2
    window, filters = kernel.shape[:rank], kernel.shape[-1]
    strides, dilation = strides or (1,) * rank, dilation or (1,) * rank
    sides = padding_sides(padding, x.shape[1:-1], window, strides, dilation)
    windows = unfolded(padded(x, sides), window, strides, dilation)
    matrices = np.moveaxis(kernel.reshape(-1, groups, filters // groups), 1, 0)
    output = np.empty((*windows.shape[: rank + 1], filters), np.result_type(x, kernel))
    for part in _parts(windows.shape, rank):
        output[part] = _project(windows[part], matrices, rank)
    return output


def _project(windows: Array, matrices: Array, rank: int) -> Array:
    """windows (batch, *output, *window, channels) by matrices (groups, window · channels, filters), both per group."""
    places, (groups, rows, columns) = windows.shape[: rank + 1], matrices.shape
    if groups == 1:
        return np.asarray((windows.reshape(-1, rows) @ matrices[0]).reshape(*places, columns))
    grouped = windows.reshape(prod(places), prod(windows.shape[rank + 1 : -1]), groups, -1)
    rowwise = np.moveaxis(grouped, 2, 0).reshape(groups, prod(places), rows)
    return np.moveaxis(rowwise @ matrices, 0, 1).reshape(*places, groups * columns)


def _parts(shape: tuple[int, ...], rank: int) -> Iterator[tuple[slice, ...]]:
    """Slices over the batch and the first spatial axis that bound what is unfolded at a time."""
    batch, first = shape[:2]
    row = prod(shape[2:])
    samples = max(1, MOST_UNFOLDED // max(1, first * row))
    rows = first if samples > 1 else min(first, max(1, MOST_UNFOLDED // max(1, row)))
    for sample in range(0, batch, samples):
        for place in range(0, first, max(1, rows)):
            yield slice(sample, sample + samples), slice(place, place + rows)


def transposed_convolve(
    x: Array,
    kernel: Array,
    strides: Sequence[int],
    cut: Sequence[int],
    sizes: Sequence[int],
    dilation: Sequence[int],
) -> Array:
    """What `convolve` does to a gradient: every element of `x` spreads the kernel over the output.

    x: (batch, *spatial, channels). kernel: (*window, filters, channels). cut: how many places are left out before each
    spatial axis of the whole result; sizes: how many of it are kept, zeros beyond it. Returns (batch, *sizes, filters).
    """
    rank = kernel.ndim - 2
    window, spatial, filters = kernel.shape[:rank], x.shape[1:-1], kernel.shape[-2]
    whole = [
        max((size - 1) * stride + reach(kernel_size, rate), before + kept)
        for size, stride, kernel_size, rate, before, kept in zip(
            spatial, strides, window, dilation, cut, sizes, strict=True
        )
    ]
    output = np.zeros((len(x), *whole, filters), np.result_type(x, kernel))
    for offset in np.ndindex(*window):
        places = tuple(
            slice(at * rate, at * rate + (size - 1) * stride + 1, stride)
            for at, rate, size, stride in zip(offset, dilation, spatial, strides, strict=True)
        )
        output[(slice(None), *places)] += x @ kernel[offset].T
    kept = tuple(slice(before, before + size) for before, size in zip(cut, sizes, strict=True))
    return output[(slice(None), *kept)]


def unfolded(x: Array, window: Sequence[int], strides: Sequence[int], dilation: Sequence[int]) -> Array:
    """A view (batch, *output, *window, channels) of x (batch, *spatial, channels): every window, nothing copied."""
    rank = len(window)
    reaches = [reach(size, rate) for size, rate in zip(window, dilation, strict=True)]
    sizes = [max(0, size - extent + 1) for size, extent in zip(x.shape[1:-1], reaches, strict=True)]
    if 0 in sizes:
        output = [-(-size // stride) for size, stride in zip(sizes, strides, strict=True)]
        return np.empty((len(x), *output, *window, x.shape[-1]), x.dtype)
    windows = np.moveaxis(sliding_window_view(x, reaches, axis=tuple(range(1, rank + 1))), rank + 1, -1)
    steps = [slice(None), *(slice(None, None, step) for step in (*strides, *dilation))]
    return windows[tuple(steps)]


def reach(size: int, rate: int) -> int:
    """How far a window of `size` extends when its elements stand `rate` apart."""
    return (size - 1) * rate + 1


def padding_sides(
    padding: str | Sides,
    sizes: Sequence[int],
    window: Sequence[int],
    strides: Sequence[int],
    dilation: Sequence[int] | None = None,
) -> list[tuple[int, int]]:
    """Zeros before and after each spatial axis.

    "same" as TensorFlow has it: as many as make ceil(size / stride) windows, the odd one after. "half": Theano's way to
    as many windows, half a window before, whatever the stride. "causal": all before. "full": every window that touches.
    """
    if not isinstance(padding, str):
        return list(padding)
    sides = []
    for size, extent, stride, rate in zip(sizes, window, strides, dilation or (1,) * len(window), strict=True):
        more = reach(extent, rate) - 1
        missing = max((-(-size // stride) - 1) * stride + more + 1 - size, 0)
        sides.append(
            {
                "valid": (0, 0),
                "same": (missing // 2, missing - missing // 2),
                "half": ((more + 1) // 2, more // 2),
                "causal": (more, 0),
                "full": (more, more),
            }[padding]
        )
    return sides


def output_sizes(
    sizes: Shape,
    window: Sequence[int],
    strides: Sequence[int],
    padding: str,
    dilation: Sequence[int] | None = None,
) -> Shape:
    """How many windows there are along each spatial axis; None where the size is not known, 0 where none fits."""
    found: list[int | None] = []
    for size, extent, stride, rate in zip(sizes, window, strides, dilation or (1,) * len(window), strict=True):
        if size is None:
            found.append(None)
        else:
            ((before, after),) = padding_sides(padding, (size,), (extent,), (stride,), (rate,))
            found.append(max(0, (size + before + after - reach(extent, rate)) // stride + 1))
    return tuple(found)


def padded(x: Array, sides: Sides, value: float = 0) -> Array:
    """`x` (batch, *spatial, channels) with `value` around it; Unsupported when next to nothing of it would be `x`."""
    size = x.size * prod((size + sum(side)) / max(1, size) for size, side in zip(x.shape[1:-1], sides, strict=True))
    if size > MOST_PADDED and size > MOST_GROWTH * x.size:
        raise Unsupported("padding beyond all proportion is not computed", expected=x.shape, found=list(sides))
    return np.pad(x, ((0, 0), *sides, (0, 0)), constant_values=value) if any(map(any, sides)) else x


def flipped(kernel: Array) -> Array:
    """A kernel (*window, channels, filters) turned round along every spatial axis, as Theano applies it."""
    return np.flip(kernel, tuple(range(kernel.ndim - 2)))
