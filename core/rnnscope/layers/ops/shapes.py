"""Shapes of results where they follow from the shapes of the arguments, unknown sizes (None) included.

Each function takes the arguments of the operation by name, `Dims` standing in place of arrays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import ceil, prod
from typing import Any

import numpy as np

from rnnscope.errors import ShapeMismatch, Unsupported
from rnnscope.types import Array, Shape

# What one operation may give, in numbers. Beyond lies a file that asks for memory, not for arithmetic.
MAX_RESULT = 2**28
MAX_PARTS = 10_000


class Dims(tuple[int | None, ...]):  # noqa: SLOT001 (a tuple has no room for slots)
    """The shape of a tensor, told from a list of numbers.

    trials: for a small tensor that is made of sizes (``tf.shape(x)[1]``), what is in it when every unknown size is 2,
        and when it is 3; the numbers that agree are known before the model runs.
    """

    trials: tuple[Array, Array] | None

    def __new__(cls, shape: Iterable[int | None] = (), trials: tuple[Array, Array] | None = None) -> Dims:
        made = super().__new__(cls, shape)
        made.trials = trials if trials is not None else getattr(shape, "trials", None)
        return made

    def numbers(self) -> Shape | None:
        """The numbers in the tensor, None for an unknown one; None when nothing is known of them."""
        if self.trials is None:
            return None
        twos, threes = (np.ravel(trial).tolist() for trial in self.trials)
        return tuple(int(a) if a == b else None for a, b in zip(twos, threes, strict=True))


def bounded(shape: Shape) -> Shape:
    """`shape`; Unsupported when its known sizes alone make it too large."""
    if len(shape) > 32 or prod(size or 1 for size in shape) > MAX_RESULT:
        raise Unsupported(f"a result of shape {shown(shape)} is too large", expected=f"at most {MAX_RESULT:,} numbers")
    if any(size is not None and size < 0 for size in shape):
        raise ShapeMismatch(f"a result of shape {shown(shape)} does not exist")
    return tuple(shape)


def shown(shape: Shape) -> str:
    return "×".join("?" if size is None else str(size) for size in shape[:33])


def dims_in(value: object) -> Iterable[Dims]:
    """Every `Dims` in nested lists and mappings."""
    if isinstance(value, Dims):
        yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from dims_in(item)
    elif isinstance(value, Mapping):
        yield from dims_in(list(value.values()))


def joined(shapes: Sequence[Shape]) -> Shape:
    """NumPy's broadcasting; an unknown size gives way to a known one above 1, as in Keras."""
    rank = max((len(shape) for shape in shapes), default=0)
    padded = [(1,) * (rank - len(shape)) + tuple(shape) for shape in shapes]
    return tuple(agreed({shape[axis] for shape in padded} - {1}, shapes) for axis in range(rank))


def agreed(found: set[int | None], shapes: Sequence[Shape]) -> int | None:
    known = found - {None}
    if len(known) > 1:
        raise ShapeMismatch(f"shapes {' and '.join(map(shown, shapes))} do not go together")
    return known.pop() if known else None if found else 1


def broadcast(**arguments: object) -> Shape:
    """All arguments broadcast together."""
    return joined(list(dims_in(arguments)))


def first(x: Dims, **arguments: object) -> Shape:
    """The shape of the argument `x`."""
    return x


def first_of_two(x1: Dims, **arguments: object) -> Shape:
    """The shape of the argument `x1`."""
    return x1


def sizes(value: object) -> Shape:
    """A shape that is given as an argument: numbers, tensors of one number, or one tensor of all of them."""
    if isinstance(value, Dims) and value:
        if (known := value.numbers()) is not None:
            return known
        if len(value) != 1 or value[0] is None:
            raise Unsupported("a shape whose rank is not known before it runs is not computed")
        return (None,) * value[0]
    items: Any = value if isinstance(value, list | tuple) and not isinstance(value, Dims) else [value]
    return tuple(_number(item) for item in items)


def _number(item: Any) -> int | None:
    if isinstance(item, Dims):
        return (item.numbers() or (None,))[0]
    return None if item is None else int(item)


def reshape(x: Dims, newshape: object) -> Shape:
    wanted = sizes(newshape)
    known = [size for size in wanted if size is not None and size != -1]
    numbers = length(x)
    if numbers is None or None in wanted or not prod(known):
        return tuple(None if size == -1 else size for size in wanted)
    return tuple(numbers // prod(known) if size == -1 else size for size in wanted)


def at(axis: Any, rank: int) -> int:
    """`axis` counted from the front; ShapeMismatch beyond `rank`."""
    if not isinstance(axis, int) or not -rank <= axis < rank:
        raise ShapeMismatch(f"there is no axis {axis} among {rank}")
    return axis % rank


def concatenate(xs: list[Dims], axis: int = -1) -> Shape:
    parts = [x for x in xs if x]
    rank = len(parts[0])
    if any(len(part) != rank for part in parts):
        raise ShapeMismatch(f"shapes {' and '.join(map(shown, parts))} do not go side by side")
    axis = at(axis, rank)
    others = [tuple(1 if place == axis else size for place, size in enumerate(part)) for part in parts]
    along = [part[axis] for part in parts]
    total = None if None in along else sum(size for size in along if size is not None)
    return tuple(total if place == axis else agreed({other[place] for other in others}, parts) for place in range(rank))


def stack(x: list[Dims], axis: int = 0) -> Shape:
    inner = joined(x)
    axis = at(axis, len(inner) + 1)
    return (*inner[:axis], len(x), *inner[axis:])


def scaled(x: Shape, repeats: Shape) -> Shape:
    """Sizes multiplied axis by axis, ones put before the shorter shape."""
    rank = max(len(x), len(repeats))
    pairs = zip((1,) * (rank - len(x)) + tuple(x), (1,) * (rank - len(repeats)) + tuple(repeats), strict=True)
    return tuple(None if a is None or b is None else a * b for a, b in pairs)


def tile(x: Dims, repeats: object) -> Shape:
    return scaled(x, sizes(repeats))


def repeat(x: Dims, repeats: object, axis: int | None = None) -> Shape:
    shape: Shape = x if axis is not None else (length(x),)
    axis = at(0 if axis is None else axis, len(shape))
    counts = sizes(repeats)
    total: int | None = None
    if None not in counts:
        known = [count or 0 for count in counts]
        size = shape[axis]
        total = sum(known) if len(known) > 1 else None if size is None else size * known[0]
    return (*shape[:axis], total, *shape[axis + 1 :])


def broadcast_to(x: Dims, shape: object) -> Shape:
    return joined([x, tuple(None if size == -1 else size for size in sizes(shape))])


def pad(x: Dims, pad_width: Any, mode: str = "constant", constant_values: object = 0) -> Shape:
    if isinstance(pad_width, Dims):
        return Dims((None,) * len(x))
    widths = pad_pairs(pad_width, len(x))
    sides = [[None if isinstance(side, Dims) else side for side in pair] for pair in widths]
    return tuple(
        None if size is None or before is None or after is None else size + before + after
        for size, (before, after) in zip(x, sides, strict=True)
    )


def pad_pairs(pad_width: Any, rank: int) -> list[list[Any]]:
    """Keras's three ways of writing it: one number, one pair for all axes, one pair for each."""
    if isinstance(pad_width, int):
        return [[pad_width, pad_width]] * rank
    if len(pad_width) == 2 and all(isinstance(side, int) for side in pad_width):
        return [list(pad_width)] * rank
    if len(pad_width) == 1 and rank > 1:
        return [list(pad_width[0])] * rank
    if len(pad_width) != rank or any(len(pair) != 2 for pair in pad_width):
        raise ShapeMismatch(f"padding {pad_width} does not fit {rank} axes")
    return [list(pair) for pair in pad_width]


def one_hot(x: Dims, num_classes: int, axis: int = -1, **options: object) -> Shape:
    axis = at(axis, len(x) + 1)
    return (*x[:axis], *sizes(num_classes), *x[axis:])


def multi_hot(inputs: Dims, num_classes: int, axis: int = -1, **options: object) -> Shape:
    codes = one_hot(inputs, num_classes, axis)
    place = 1 if len(inputs) > 1 else 0
    return (*codes[:place], *codes[place + 1 :])


def take(x: Dims, indices: object, axis: int | None = None, batch_dims: int = 0) -> Shape:
    found = indices if isinstance(indices, Dims) else ()
    if axis is None:
        return found
    axis = at(axis, len(x))
    return (*x[:axis], *found[batch_dims:], *x[axis + 1 :])


def filled(shape: object, **options: object) -> Shape:
    return sizes(shape)


def counted(start: Any, limit: Any = None, delta: Any = 1, dtype: object = None) -> Shape:
    first, end = (0, start) if limit is None else (start, limit)
    if any(isinstance(number, Dims) for number in (first, end, delta)):
        return (None,)
    return (max(0, ceil((end - first) / delta)) if delta else 0,)


def frames(x: Dims, sequence_length: int, sequence_stride: int) -> Shape:
    size = x[-1]
    count = None if size is None else max(0, (size - sequence_length) // sequence_stride + 1)
    return (*x[:-1], count, sequence_length)


def length(shape: Shape) -> int | None:
    """How many numbers there are in all."""
    known = [size for size in shape if size is not None]
    return prod(known) if len(known) == len(shape) else None


def unstack(x: Dims, num: int | None = None, axis: int = 0) -> list[Shape]:
    axis = at(axis, len(x))
    count = num if x[axis] is None else x[axis]
    if count is None or not 0 <= count <= MAX_PARTS:
        raise Unsupported(
            f"a tensor taken apart into {'an unknown number of' if count is None else count} parts is not computed"
        )
    return [(*x[:axis], *x[axis + 1 :])] * count


def meshgrid(x: list[Dims], indexing: str = "xy") -> list[Shape]:
    lengths = [length(part) for part in x]
    if indexing == "xy" and len(lengths) > 1:
        lengths[:2] = lengths[1::-1]
    return [tuple(lengths)] * len(x)


def on_diagonal(x: Dims) -> Shape:
    return (*x, x[-1])


def lengths_mask(lengths: Dims, maxlen: object = None, **options: object) -> Shape:
    return (*lengths, None if maxlen is None else sizes(maxlen)[0])
