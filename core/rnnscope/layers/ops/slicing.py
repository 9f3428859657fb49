"""Parts of tensors by position: slices, gathered rows, one-hot codes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rnnscope.errors import ShapeMismatch, Unsupported
from rnnscope.layers.ops.shapes import Dims, at, sizes
from rnnscope.layers.ops.shaping import Sizes, numbers
from rnnscope.types import Array, Shape

Key = Sequence[Any]


def as_key(key: object) -> tuple[Any, ...]:
    """What stands in the brackets, as a tuple; ``Unsupported`` for masks and arrays of indices."""
    parts = tuple(key) if isinstance(key, list | tuple) and not isinstance(key, Dims) else (key,)
    return tuple(
        slice(*(_number(bound) for bound in (part.start, part.stop, part.step)))
        if isinstance(part, slice)
        else _number(part)
        for part in parts
    )


def _number(part: Any) -> Any:
    if part is None or part is Ellipsis or isinstance(part, int):
        return part
    if isinstance(part, Dims):
        if not part:
            return part
    elif isinstance(part, np.ndarray | np.generic) and part.ndim == 0 and part.dtype.kind in "iu":
        return int(part)
    raise Unsupported(
        "a tensor of indices or a mask in square brackets is not computed", advice="Take slices or whole numbers there"
    )


def get_item(x: Array, key: object) -> Array:
    return np.asarray(x[as_key(key)])


def get_item_shape(x: Dims, key: object) -> Shape:
    """Each part of the key takes an axis of `x`; an ellipsis takes as many as are left."""
    parts = as_key(key)
    taken = sum(part is not None and part is not Ellipsis for part in parts)
    if taken > len(x) or parts.count(Ellipsis) > 1:
        raise ShapeMismatch(f"there are {taken} indices for {len(x)} axes")
    left, done = list(x), list[int | None]()
    for part in parts if Ellipsis in parts else (*parts, Ellipsis):
        if part is None:
            done.append(1)
        elif part is Ellipsis:
            kept = len(x) - taken
            done, left = [*done, *left[:kept]], left[kept:]
        elif isinstance(part, slice):
            done.append(_slice_size(left.pop(0), part))
        elif (size := left.pop(0)) is not None and isinstance(part, int) and not -size <= part < size:
            raise ShapeMismatch(f"there is no index {part} among {size}")
    return tuple(done)


def _slice_size(size: int | None, part: slice) -> int | None:
    bounds = [bound if bound is None else sizes(bound)[0] for bound in (part.start, part.stop, part.step)]
    given = [bound for bound in (part.start, part.stop, part.step) if bound is not None]
    if size is None or len(given) > sum(bound is not None for bound in bounds):
        return None
    return len(range(*slice(*bounds).indices(size)))


def take(x: Array, indices: Any, axis: int | None = None, batch_dims: int = 0) -> Array:
    """Parts of `x` along one axis; the first `batch_dims` axes of both go together. Below zero counts from the end."""
    places = np.asarray(indices).astype(np.int64)
    if batch_dims:
        axis = batch_dims if axis is None else at(axis, x.ndim)
        taken = [take(one, here, axis - 1, batch_dims - 1) for one, here in zip(x, places, strict=True)]
        return np.stack(taken)
    return np.asarray(np.take(x, places, axis))


def gather(x: Array, indices: Any, axis: int | None = None, batch_dims: int = 0) -> Array:
    """TensorFlow's: without an axis, along the first that is not a batch axis."""
    return take(x, indices, batch_dims if axis is None else axis, batch_dims)


def gather_shape(x: Dims, indices: object, axis: int | None = None, batch_dims: int = 0) -> Shape:
    found = indices if isinstance(indices, Dims) else Dims()
    axis = at(batch_dims if axis is None else axis, len(x))
    return (*x[:axis], *found[batch_dims:], *x[axis + 1 :])


def gather_nd(x: Array, indices: Array, batch_dims: int = 0) -> Array:
    """The last axis of `indices` is a position in the leading axes of `x`."""
    places = np.asarray(indices).astype(np.int64)
    if batch_dims:
        return np.stack([gather_nd(one, here, batch_dims - 1) for one, here in zip(x, places, strict=True)])
    return np.asarray(x[tuple(np.moveaxis(places, -1, 0))])


def gather_nd_shape(x: Dims, indices: Dims, batch_dims: int = 0) -> Shape:
    depth = indices[-1]
    if depth is None:
        raise Unsupported("a gather at positions of unknown length is not computed")
    return (*indices[:-1], *x[batch_dims + depth :])


def take_along_axis(x: Array, indices: Array, axis: int | None = None) -> Array:
    places = indices.astype(np.int64)
    if axis is None:
        return np.take_along_axis(x.ravel(), places.ravel(), 0)
    axis = at(axis, x.ndim)
    rest = tuple(
        1 if place == axis else size
        for place, size in enumerate(
            np.broadcast_shapes(
                *(
                    tuple(1 if place == axis else size for place, size in enumerate(shape))
                    for shape in (x.shape, places.shape)
                )
            )
        )
    )
    spread = [np.broadcast_to(part, (*rest[:axis], part.shape[axis], *rest[axis + 1 :])) for part in (x, places)]
    return np.take_along_axis(spread[0], spread[1], axis)


def cut(x: Array, start_indices: Sizes, shape: Sizes) -> Array:
    """`shape` numbers from `start_indices` on; a size of −1 takes all that follow."""
    starts, lengths = numbers(start_indices), numbers(shape)
    ends = [
        size if length == -1 else start + length for start, length, size in zip(starts, lengths, x.shape, strict=True)
    ]
    if any(start < 0 or end > size for start, end, size in zip(starts, ends, x.shape, strict=True)):
        raise ValueError(f"{lengths} from {starts} on reach beyond {x.shape}")
    return x[tuple(slice(start, end) for start, end in zip(starts, ends, strict=True))]


def cut_shape(x: Dims, start_indices: object, shape: object) -> Shape:
    starts = sizes(start_indices)
    return tuple(
        (None if size is None or start is None else size - start) if length == -1 else length
        for start, length, size in zip(starts, sizes(shape), x, strict=True)
    )


def put(x: Array, start_indices: Sizes, updates: Array) -> Array:
    """`x` with `updates` from `start_indices` on."""
    changed = x.copy()
    starts = numbers(start_indices)
    place = tuple(slice(start, start + size) for start, size in zip(starts, updates.shape, strict=True))
    changed[place] = updates
    return changed


def scatter_update(x: Array, indices: Array, updates: Array, reduction: str | None = None) -> Array:
    """`x` with `updates` at positions, the last axis of `indices`."""
    changed = x.copy()
    places = tuple(np.moveaxis(indices.astype(np.int64), -1, 0))
    ways = {"add": np.add, "max": np.maximum, "min": np.minimum, "mul": np.multiply}
    if reduction is None:
        changed[places] = updates
    elif reduction in ways:
        ways[reduction].at(changed, places, updates)
    else:
        raise Unsupported(f"a scatter with the reduction '{reduction}' is not computed")
    return changed


def strided_slice(
    x: Array,
    begin: Any,
    end: Any,
    strides: Any = None,
    begin_mask: int = 0,
    end_mask: int = 0,
    ellipsis_mask: int = 0,
    new_axis_mask: int = 0,
    shrink_axis_mask: int = 0,
) -> Array:
    """TensorFlow's: bit i of a mask says what the i-th entry is instead of a slice from `begin` to `end`."""
    steps = [1] * len(begin) if strides is None else strides
    key = strided_key(begin, end, steps, begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask)
    return get_item(x, key)


def strided_slice_shape(x: Dims, begin: Any, end: Any, strides: Any = None, **masks: int) -> Shape:
    if any(isinstance(part, Dims) for part in (begin, end, strides)):
        raise Unsupported("a slice whose number of bounds is not known before it runs is not computed")
    steps = [1] * len(begin) if strides is None else strides
    order = ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask")
    return get_item_shape(x, strided_key(begin, end, steps, *(masks.get(name, 0) for name in order)))


def strided_key(begin: Any, end: Any, strides: Any, *masks: int) -> list[object]:
    def entry(place: int) -> object:
        no_begin, no_end, ellipsis, new_axis, shrink = (bool(int(mask) >> place & 1) for mask in masks)
        if ellipsis:
            return Ellipsis
        if new_axis:
            return None
        if shrink:
            return begin[place]
        return slice(None if no_begin else begin[place], None if no_end else end[place], strides[place])

    return [entry(place) for place in range(len(begin))]


def one_hot(
    x: Array, num_classes: int, axis: int = -1, dtype: np.dtype[np.generic] | None = None, sparse: bool = False
) -> Array:
    """1 at the class, 0 elsewhere; a class that is not there has no 1."""
    if sparse:
        raise Unsupported("a sparse one-hot code is not computed")
    codes = np.asarray(x.astype(np.int64)[..., None] == np.arange(int(num_classes)))
    return np.moveaxis(codes, -1, axis).astype(dtype or np.float32)


def one_hot_between(
    x: Array,
    num_classes: int,
    on_value: object = None,
    off_value: object = None,
    axis: int | None = None,
    dtype: np.dtype[np.generic] | None = None,
) -> Array:
    """TensorFlow's, with two values of its own."""
    codes = one_hot(x, num_classes, -1 if axis is None else axis, np.dtype(bool))
    high, low = np.asarray(1 if on_value is None else on_value), np.asarray(0 if off_value is None else off_value)
    found = np.where(codes, high, low)
    return found.astype(dtype or (np.float32 if on_value is None and off_value is None else found.dtype))


def multi_hot(
    inputs: Array, num_classes: int, axis: int = -1, dtype: np.dtype[np.generic] | None = None, sparse: bool = False
) -> Array:
    """One-hot codes of a row's classes, put over one another."""
    return np.asarray(one_hot(inputs, num_classes, axis, dtype, sparse).max(1 if inputs.ndim > 1 else 0))


def sequence_mask(lengths: Array, maxlen: Any = None, dtype: np.dtype[np.generic] | None = None) -> Array:
    """True for the first so many steps."""
    longest = int(lengths.max(initial=0)) if maxlen is None else int(maxlen)
    return (np.arange(longest) < lengths[..., None]).astype(dtype or bool)


def reverse_sequence(x: Array, lengths: Array, seq_axis: int, batch_axis: int = 0) -> Array:
    """The first so many steps of each sample turned round, the others left where they are."""
    moved = np.moveaxis(x, (batch_axis, seq_axis), (0, 1))
    steps = np.arange(moved.shape[1])
    order = np.where(steps < lengths[:, None], lengths[:, None] - 1 - steps, steps)
    return np.moveaxis(moved[np.arange(len(moved))[:, None], order], (0, 1), (batch_axis, seq_axis))


def in_set(x1: Array, x2: Array, assume_unique: bool = False, invert: bool = False) -> Array:
    return np.isin(x1, x2, assume_unique=assume_unique, invert=invert)
