"""Arrays of text: one form for all of them, Unicode of a fixed width, with a limit on the room that they take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from rnnscope.types import Array

MAX_BYTES: Final = 2**30
CHARACTER: Final = 4  # bytes
LAST_CHARACTER: Final = 0x10FFFF
SURROGATES: Final = (0xD800, 0xDFFF)  # halves of characters, which stand for nothing alone


def is_text(array: Array) -> bool:
    """Whether an array holds text, in the form that `as_texts` gives."""
    return array.dtype.kind == "U"


def as_texts(array: Array) -> Array:
    """Text of any of NumPy's types (U, S, T, or objects that are all str or bytes) as U, in native byte order.

    Bytes are UTF-8, as TensorFlow has them. ValueError for what is no text, and for more of it than `MAX_BYTES`.
    """
    if array.dtype.kind == "U":
        return _checked(array)
    if array.dtype.kind == "S":
        _check_room(array.size, array.dtype.itemsize)
        return np.char.decode(array, "utf-8") if array.size else np.zeros(array.shape, "U1")
    return texts_of(array.ravel().tolist()).reshape(array.shape)


def texts_of(items: Sequence[Any]) -> Array:
    """A flat array of these texts, (items,); ValueError as `as_texts`."""
    texts = [item.decode("utf-8") if isinstance(item, bytes) else item for item in items]
    if not all(isinstance(text, str) for text in texts):
        other = next(item for item in texts if not isinstance(item, str))
        raise ValueError(f"{type(other).__name__} among the texts")
    _check_room(len(texts), max(map(len, texts), default=0))
    return _checked(np.array(texts, np.str_))


def _check_room(count: int, longest: int) -> None:
    """Every text takes as much room as the longest."""
    if count * longest * CHARACTER > MAX_BYTES:
        raise ValueError(f"{count:,} texts of up to {longest:,} characters are too much to hold")


def _checked(array: Array) -> Array:
    """A copy in native byte order and C order; NumPy itself looks at no character before it is asked for."""
    _check_room(array.size, array.dtype.itemsize // CHARACTER)
    copy: Array = np.array(array, array.dtype.newbyteorder("="), order="C")
    if copy.size and copy.dtype.itemsize:
        characters = copy.reshape(-1).view(np.uint32)
        if int(characters.max()) > LAST_CHARACTER:
            raise ValueError("a character that Unicode does not have")
        if ((characters >= SURROGATES[0]) & (characters <= SURROGATES[1])).any():
            raise ValueError("half a character")
    return copy
