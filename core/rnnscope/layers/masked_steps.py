"""What a masked step leaves behind, backend by backend: which value, and how the mask is laid over it."""

from __future__ import annotations

import numpy as np

from rnnscope.errors import Unsupported
from rnnscope.layers.cells import Cell
from rnnscope.layers.stacked_cells import StackedCells
from rnnscope.semantics import Semantics
from rnnscope.types import Array, Mask


def masked_output_index(cell: Cell, unrolled: bool, semantics: Semantics) -> int | None:
    """Which state stands in for the output at a masked step; None when the previous output does.

    Where it is a state, it is the first one: of all, or, in Keras 3, of a stack's last cell.
    """
    if unrolled or semantics.masked_output_repeats:
        return None
    if semantics.is_keras3 and isinstance(cell, StackedCells):
        return sum(len(inner.state_sizes) for inner in cell.cells[:-1])
    return 0


def put_where(valid: Mask, new: Array, old: Array, semantics: Semantics, unrolled: bool) -> Array:
    """`new` where the step is valid, else `old`; valid is (batch,), or (batch, rows, …) for masks of images.

    new: (batch, …). old: of the same shape, or a scalar. TensorFlow and its kin lay the mask's axes on the value's
    first ones. Rolled loops of Keras 3 on JAX and NumPy lay them on the last ones, as NumPy broadcasts, with a step
    being masked where all of the mask's last axis is False: for images that seldom fits, and JAX fails as we do.
    """
    from_the_right = semantics.masks_align_right and not unrolled
    masked = _aligned_right(valid) if from_the_right else _aligned_left(valid, new.ndim)
    if old.ndim and old.shape != new.shape:
        raise _unfit(valid, new, old)
    try:
        chosen = np.where(masked, old, new)
    except ValueError:
        raise _unfit(valid, new, old) from None
    if chosen.shape != new.shape:
        raise _unfit(valid, new, old)
    return chosen


def zeroed(valid: Mask, output: Array, semantics: Semantics, unrolled: bool) -> Array:
    """`output` (batch, …) with zeros where the step is masked."""
    return put_where(valid, output, np.zeros((), output.dtype), semantics, unrolled)


def _aligned_left(valid: Mask, rank: int) -> Mask:
    return ~valid.reshape(valid.shape + (1,) * (rank - valid.ndim))


def _aligned_right(valid: Mask) -> Mask:
    return np.asarray(~(valid[:, np.newaxis] if valid.ndim == 1 else valid.any(axis=-1, keepdims=True)))


def _unfit(valid: Mask, new: Array, old: Array) -> Unsupported:
    return Unsupported(
        "this mask does not fit the layer's steps on this backend",
        expected=f"something to lay over {new.shape[1:]}",
        found=f"a mask {valid.shape[1:]} for values {old.shape[1:]}",
    )
