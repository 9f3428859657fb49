"""The files of a script, which appear together."""

from __future__ import annotations

import io
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from rnnscope.errors import BadInput
from rnnscope.types import Array
from rnnscope.writing import whole_file


def save_all(folder: Path, files: Mapping[str, bytes | dict[str, Array]], *, force: bool) -> None:
    """Write every file, each beside its place first; arrays by name become an `.npz`.

    BadInput when one is there already, unless `force`, and when they cannot be written.
    """
    there = [name for name in files if (folder / name).exists()]
    if there and not force:
        raise BadInput(
            f"{', '.join(there)} {'is' if len(there) == 1 else 'are'} there already",
            file=str(folder),
            advice="Choose another folder, or overwrite with --force (force=True)",
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"cannot make the folder: {error.strerror}", file=str(folder)) from None
    with ExitStack() as stack:
        # None takes its place before all are written.
        places = {name: stack.enter_context(whole_file(folder / name, "script")) for name in files}
        for name, content in files.items():
            places[name].write_bytes(content if isinstance(content, bytes) else _archive(content))


def _archive(arrays: Mapping[str, Array]) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()
