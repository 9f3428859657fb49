"""A file's bytes, read once, and what they are."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Literal

from rnnscope.errors import UnreadableFile, one_line

MAX_BYTES = 4 * 2**30
HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"

Kind = Literal["hdf5", "zip", "npy", "json", "text", "unknown"]


@dataclass(frozen=True, slots=True)
class Source:
    """A file as it was read: its name without folders, its bytes, and their sha256."""

    name: str
    data: bytes
    sha256: str


Readable = str | PathLike[str] | Source


def read_source(path: Readable, limit: int = MAX_BYTES) -> Source:
    """Read a regular file whole; UnreadableFile when it is missing, empty, too large or something else than a file.

    A `Source` is a file read already, and comes back as it is: a file is read once, whoever needs it.
    """
    if isinstance(path, Source):
        return path
    name = one_line(Path(path).name, 200) or "the file"
    try:
        # A FIFO would block the open without O_NONBLOCK, which Windows does not have.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except (OSError, ValueError) as error:
        raise UnreadableFile(_reason(error), file=name) from None
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise UnreadableFile("not a regular file", file=name, found=_kind_of(status.st_mode))
        if status.st_size > limit:
            raise UnreadableFile(
                "too large", file=name, expected=f"at most {limit:,} bytes", found=f"{status.st_size:,}"
            )
        data = file.read(limit + 1)
    if not data:
        raise UnreadableFile("the file is empty", file=name)
    if len(data) > limit:
        raise UnreadableFile("too large", file=name, expected=f"at most {limit:,} bytes")
    return Source(name, data, hashlib.sha256(data).hexdigest())


def sniff(data: bytes) -> Kind:
    """What the bytes are, whatever the file is called."""
    if data[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return "zip"
    if data[:6] == b"\x93NUMPY":
        return "npy"
    # HDF5 allows a user block of 512, 1024, 2048 … bytes before its signature.
    if any(data[start : start + 8] == HDF5_SIGNATURE for start in (0, 512, 1024, 2048)):
        return "hdf5"
    if b"\0" in data[:4096]:
        return "unknown"
    return "json" if data.lstrip()[:1] in (b"{", b"[") else "text"


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
