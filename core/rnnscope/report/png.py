"""Arrays of numbers as PNG pictures, in NumPy and zlib.

The format is that of the PNG specification (W3C, third edition): a signature, then chunks with a checksum each.
"""

from __future__ import annotations

import struct
import zlib
from base64 import b64encode

import numpy as np

from rnnscope.types import Array

POSITIVE, NEGATIVE, ODD = (199, 40, 52), (37, 99, 235), (214, 37, 159)
OPAQUE = 255
RGBA = 6  # the colour type


def tinted(array: Array, top: float) -> Array:
    """Red where positive, blue where negative, and the more opaque the nearer to ±`top`; uint8, (…, 4).

    What is 0 lets the ground through, light or dark. NaN and ±inf have a colour of their own.
    """
    finite = np.isfinite(array)
    ratio = np.clip(np.where(finite, array, 0) / top, -1, 1)
    picture = np.empty((*array.shape, 4), np.uint8)
    picture[..., :3] = np.where((ratio > 0)[..., None], POSITIVE, NEGATIVE)
    picture[..., 3] = np.rint(np.abs(ratio) * OPAQUE)
    picture[~finite] = (*ODD, OPAQUE)
    return picture


def png(picture: Array) -> bytes:
    """A picture of uint8, (rows, columns, 4), as a PNG file."""
    rows, columns, _ = picture.shape
    header = struct.pack(">IIBBBBB", columns, rows, 8, RGBA, 0, 0, 0)
    unfiltered = np.zeros((rows, 1 + 4 * columns), np.uint8)  # each row begins with its filter, 0 being none
    unfiltered[:, 1:] = picture.reshape(rows, -1)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(unfiltered.tobytes())), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def data_uri(picture: Array) -> str:
    """The picture as an address that a page holds itself."""
    return f"data:image/png;base64,{b64encode(png(picture)).decode('ascii')}"


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
