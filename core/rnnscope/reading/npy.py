"""NumPy's own files, without pickle and without trusting their headers."""

from __future__ import annotations

import io
from math import prod

import numpy as np
from numpy.lib import format as npy_format

from rnnscope.errors import UnreadableFile
from rnnscope.reading.archive import read_members
from rnnscope.types import Array

MAX_RANK = 32
NUMBERS = "biuf"


def read_npy(data: bytes, file: str, *, text: bool = False) -> Array:
    """The array in a `.npy` file, in native byte order and C order.

    Its shape times its item size must be exactly what follows the header. Only numbers and booleans are read; with
    `text`, a text array too.
    """
    stream = io.BytesIO(data)
    try:
        version = npy_format.read_magic(stream)
        if version not in ((1, 0), (2, 0), (3, 0)):
            raise ValueError(f"format version {version}")
        read_header = npy_format.read_array_header_1_0 if version == (1, 0) else npy_format.read_array_header_2_0
        shape, fortran, dtype = read_header(stream)
    except (ValueError, SyntaxError, EOFError, TypeError, RecursionError, OverflowError, UnicodeError) as error:
        raise UnreadableFile(f"a damaged .npy header: {error}", file=file) from None
    if dtype.hasobject or dtype.kind not in (NUMBERS + "U" if text else NUMBERS):
        raise UnreadableFile(
            "an array of a type that is not read", file=file, expected="numbers or booleans", found=dtype
        )
    if len(shape) > MAX_RANK or any(size < 0 for size in shape):
        raise UnreadableFile("an unusable array shape", file=file, found=shape)
    left, needed = len(data) - stream.tell(), prod(shape) * dtype.itemsize
    if left != needed:
        raise UnreadableFile(
            f"the file is cut short or its header lies about shape {shape}",
            file=file,
            expected=f"{needed:,} bytes of data",
            found=f"{left:,}",
        )
    array = np.frombuffer(data, dtype, count=prod(shape), offset=stream.tell())
    array = array.reshape(shape, order="F" if fortran else "C")
    return np.array(array, dtype.newbyteorder("="), order="C")


def read_npz(data: bytes, file: str, *, text: str | None = None) -> dict[str, Array]:
    """Name → array of a `.npz` file; only the member named `text` may hold text."""
    members = read_members(data, file, lambda name: True)
    arrays = {}
    for member, content in members.items():
        if not member.endswith(".npy"):
            raise UnreadableFile(f"the member '{member[:200]}' is not an array", file=file, expected="a .npz file")
        name = member.removesuffix(".npy")
        arrays[name] = read_npy(content, f"{file}: {name}", text=name == text)
    if not arrays:
        raise UnreadableFile("the file holds no arrays", file=file)
    return arrays
