"""Files that appear whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rnnscope.errors import BadInput

if TYPE_CHECKING:
    from os import PathLike


@contextmanager
def whole_file(path: str | PathLike[str], what: str) -> Iterator[Path]:
    """An empty file to write into, which takes the place of `path` once the block has ended well.

    Otherwise `path` stays as it was; a link stays a link to what is replaced. BadInput, naming `what`, when it cannot
    be written, and for devices and pipes, whose place no file may take.
    """
    target = _file_at(path, what)
    # Made by its plain name, not by tempfile, whose files nobody else may read.
    temporary = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        temporary.touch()
        try:
            yield temporary
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
    except (OSError, RuntimeError, ValueError) as error:  # h5py's own word for a full disk is RuntimeError
        reason = getattr(error, "strerror", None) or error
        raise BadInput(f"cannot write the {what}: {reason}", file=str(path)) from None


def _file_at(path: str | PathLike[str], what: str) -> Path:
    """The place behind links, where there is nothing, or a file."""
    try:
        target = Path(path).resolve()
        odd = target.exists() and not target.is_file()
    except (OSError, RuntimeError, ValueError) as error:  # links in a circle, a null character
        raise BadInput(f"cannot write the {what}: {error}", file=str(path)) from None
    if odd:
        found = "a folder" if target.is_dir() else "a device or a pipe"
        raise BadInput(f"cannot write the {what}: this is no file", file=str(path), found=found)
    return target


def write_whole(path: str | PathLike[str], data: bytes, what: str) -> None:
    """Write `data` to `path`, whole or not at all; BadInput, naming `what`, when that cannot be done."""
    with whole_file(path, what) as temporary:
        temporary.write_bytes(data)


def write_new(path: str | PathLike[str], data: bytes, what: str, *, force: bool = False) -> None:
    """Write `data` to a file that is not there yet, or in place of one with `force`; BadInput as `write_whole`."""
    if not force and Path(path).exists():
        raise BadInput(
            f"there is a file already, where the {what} is to go", file=str(path), advice="Say --force to replace it"
        )
    write_whole(path, data, what)
