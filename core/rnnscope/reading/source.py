"""A file's bytes, read once, and what they are."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import BinaryIO, Literal

from rnnscope.errors import UnreadableFile, one_line

MAX_BYTES = 4 * 2**30
PIECE = 2**24
HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"

Kind = Literal["hdf5", "zip", "npy", "json", "text", "unknown"]


@dataclass(frozen=True, slots=True)
class Source:
    """A file as it was read: its name without folders, its bytes, their sha256, and the folder, "" when unknown."""

    name: str
    data: bytes
    sha256: str
    folder: str = field(default="", compare=False)


Readable = str | PathLike[str] | Source


def read_source(path: Readable, limit: int = MAX_BYTES) -> Source:
    """Read a regular file whole; UnreadableFile when it is missing, empty, too large or something else than a file.

    A `Source` is a file read already, and comes back as it is: a file is read once, whoever needs it.
    """
    if isinstance(path, Source):
        return path
    name = one_line(Path(path).name or str(path), 200) or "the file"
    try:
        data = _read_regular(path, name, limit)
    except (OSError, ValueError) as error:
        raise UnreadableFile(_reason(error), file=name) from None
    if not data:
        raise UnreadableFile("the file is empty", file=name)
    return Source(name, data, hashlib.sha256(data).hexdigest(), str(Path(path).absolute().parent))


def _read_regular(path: str | PathLike[str], name: str, limit: int) -> bytes:
    # A FIFO would block the open without O_NONBLOCK, which Windows does not have.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise UnreadableFile("not a regular file", file=name, found=_kind_of(status.st_mode))
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            # A file may grow while it is read, so what was read counts too.
            data = _all_of(file, limit) if status.st_size <= limit else b""
    finally:
        os.close(descriptor)
    if max(status.st_size, len(data)) > limit:
        raise UnreadableFile(
            "too large", file=name, expected=f"at most {limit:,} bytes", found=f"{max(status.st_size, len(data)):,}"
        )
    return data


def _all_of(file: BinaryIO, limit: int) -> bytes:
    """What is in `file`, a byte more than `limit` at most; Python sets aside at once whatever it is asked for."""
    pieces, size = [], 0
    while size <= limit and (piece := file.read(min(PIECE, limit + 1 - size))):
        pieces.append(piece)
        size += len(piece)
    return b"".join(pieces)


def sniff(data: bytes) -> Kind:
    """What the bytes are, whatever the file is called."""
    if data[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return "zip"
    if data[:6] == b"\x93NUMPY":
        return "npy"
    if _has_hdf5_signature(data):
        return "hdf5"
    beginning = data[:4096]
    if b"\0" in beginning:
        return "unknown"
    return "json" if beginning.removeprefix(BYTE_ORDER_MARK).lstrip()[:1] in (b"{", b"[") else "text"


def _has_hdf5_signature(data: bytes) -> bool:
    """Whether it stands at the beginning, or after a user block of 512, 1024, 2048 … bytes."""
    start = 0
    while start < len(data):
        if data.startswith(HDF5_SIGNATURE, start):
            return True
        start = start * 2 or 512
    return False


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is no such file"
    if isinstance(error, PermissionError):
        return "no permission to read it"
    return f"cannot be opened: {error.strerror if isinstance(error, OSError) and error.strerror else error}"


def _kind_of(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "a folder"
    return "a pipe" if stat.S_ISFIFO(mode) else "a device or socket"
