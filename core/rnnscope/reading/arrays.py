"""The arrays that files may hold: numbers and booleans, brought to this machine's own form."""

from __future__ import annotations

import numpy as np

from rnnscope.types import Array

NUMBERS = "biuf"
TEXTS = "US"  # of a fixed width


def native(array: Array) -> Array:
    """A writable copy in native byte order and C order; ValueError when its booleans are not all 0 or 1."""
    copy: Array = np.array(array, array.dtype.newbyteorder("="), order="C")
    # A byte such as 7 taken as a boolean is true here and unequal to True there.
    if copy.dtype.kind == "b" and copy.size and int(np.max(copy.view(np.uint8))) > 1:
        raise ValueError("a boolean is neither 0 nor 1")
    return copy


def bfloat16_to_float32(raw: Array) -> Array:
    """Two-byte opaque values (``|V2``), the upper halves of little-endian float32, widened without loss."""
    halves = np.ascontiguousarray(raw).view("<u2").reshape(raw.shape)
    return (halves.astype(np.uint32) << 16).view(np.float32)
