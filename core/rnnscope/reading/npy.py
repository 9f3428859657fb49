"""NumPy's own files, without pickle and without trusting their headers."""

from __future__ import annotations

import io
import warnings
from math import prod
from tokenize import TokenError
from typing import Any

import numpy as np
from numpy.lib import format as npy_format

from rnnscope.errors import BadInput, UnreadableFile
from rnnscope.reading.archive import read_members
from rnnscope.reading.arrays import NUMBERS, TEXTS, native
from rnnscope.texts import as_texts
from rnnscope.types import Array

MAX_RANK = 32
# What NumPy raises while it evaluates a damaged header.
HEADER_ERRORS = (
    ValueError,
    SyntaxError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    RecursionError,
    MemoryError,
    EOFError,
    TokenError,
)


def read_npy(data: bytes, file: str) -> Array:
    """The array in a `.npy` file, writable, in native byte order and C order.

    Its shape times its item size must be exactly what follows the header. Numbers, booleans and texts of a fixed width
    are read, the last as Unicode, whether they are stored as that or as UTF-8. UnreadableFile otherwise.
    """
    shape, fortran, dtype, start = _header(data, file)
    if dtype.kind not in NUMBERS + TEXTS or not dtype.itemsize:
        raise UnreadableFile(
            "an array of a type that is not read",
            file=file,
            expected="numbers, booleans or texts",
            found=dtype,
            advice="Store texts with x.astype(str)" if dtype.kind == "O" else None,
        )
    left, needed = len(data) - start, prod(shape) * dtype.itemsize
    if left != needed:
        raise UnreadableFile(
            f"the file is cut short or its header lies about shape {shape}",
            file=file,
            expected=f"{needed:,} bytes of data",
            found=f"{left:,}",
        )
    try:
        flat = np.frombuffer(data, dtype, count=prod(shape), offset=start)
        array = flat.reshape(shape, order="F" if fortran else "C")
        return as_texts(array) if dtype.kind in TEXTS else native(array)
    except ValueError as error:
        raise UnreadableFile(f"the array is not usable: {error}", file=file) from None


def read_npz(data: bytes, file: str) -> dict[str, Array]:
    """Name → array of a `.npz` file."""
    members = read_members(data, file, lambda name: True)
    if "config.json" in members:
        raise BadInput("this is a Keras model, not arrays", file=file)
    arrays = {}
    for member, content in members.items():
        if not member.endswith(".npy"):
            raise UnreadableFile(f"not a .npz file: its member '{member[:200]}' is not an array", file=file)
        name = member.removesuffix(".npy")
        arrays[name] = read_npy(content, f"{file}: {name}")
    if not arrays:
        raise UnreadableFile("the file holds no arrays", file=file)
    return arrays


def _header(data: bytes, file: str) -> tuple[tuple[int, ...], bool, np.dtype[Any], int]:
    """Shape, whether the order is Fortran's, type, and where the data begin."""
    stream = io.BytesIO(data)
    try:
        version = npy_format.read_magic(stream)
        if version not in ((1, 0), (2, 0), (3, 0)):
            raise ValueError(f"format version {version}")
        read_header = npy_format.read_array_header_1_0 if version == (1, 0) else npy_format.read_array_header_2_0
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python 2 wrote sizes such as 3L, which NumPy reads with a warning
            shape, fortran, dtype = read_header(stream)
        if len(shape) > MAX_RANK or not all(type(size) is int and size >= 0 for size in shape):
            raise ValueError(f"shape {shape}")
    except HEADER_ERRORS as error:
        raise UnreadableFile(f"a damaged .npy header: {error}", file=file) from None
    return shape, fortran, dtype, stream.tell()
