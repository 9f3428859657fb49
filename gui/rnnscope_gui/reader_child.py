"""The child process that reads files: ``python -m rnnscope_gui.reader_child``, started by `reader.Reader`."""

from __future__ import annotations

import contextlib
import os
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO

from rnnscope import Model, load_input, load_mine, load_model, load_reference
from rnnscope.errors import RnnscopeError, UnreadableFile
from rnnscope.plugin_files import run_plugin
from rnnscope.reading.recognise import part_of_model, stack_in
from rnnscope.reading.source import Source, read_source, sniff
from rnnscope_gui.read_as import ReadAs
from rnnscope_gui.reader import Kind, Opened, receive, send

MOST_MEMORY = 16 * 2**30
SHARE_OF_MEMORY = 0.75


def open_file(path: str, kind: Kind | None, read_as: ReadAs) -> Opened:
    """Read a file here, in this process, as `kind` or as whatever its bytes and keys say it is."""
    source = read_source(path)
    chosen = _kind(source, kind, read_as)
    loaders: dict[Kind, Callable[[], object]] = {
        "model": lambda: _model(source, read_as),
        "architecture": str,
        "weights": lambda: stack_in(source),
        "input": lambda: load_input(source),
        "reference": lambda: load_reference(source),
        "mine": lambda: load_mine(source),
    }
    return Opened(chosen, loaders[chosen](), source.sha256)


def _kind(source: Source, asked: Kind | None, read_as: ReadAs) -> Kind:
    """What to read the file as. Half a model is one, unless the other half is named or need not come."""
    if asked not in (None, "model"):
        return asked
    part = part_of_model(source) if asked == "model" else None
    found = part or asked or recognise(source)
    complete = read_as.weights is not None or (found == "weights" and read_as.infer)
    return "model" if complete and found in ("architecture", "weights") else found


def _model(source: Source, read_as: ReadAs) -> Model:
    for file in read_as.code:
        run_plugin(file)
    return load_model(
        source,
        read_as.weights,
        infer=read_as.infer,
        keras_version=read_as.keras_version,
        backend=read_as.backend,
        bypass_lambda=read_as.bypass_lambda,
    )


def recognise(source: Source) -> Kind:
    """What a dropped file is: models carry their configuration, stored Keras values their keys; the rest is input."""
    if part := part_of_model(source):
        return part
    if sniff(source.data) in ("zip", "hdf5"):
        with contextlib.suppress(RnnscopeError):
            load_reference(source)
            return "reference"
    return "input"


def serve(requests: IO[bytes], answers: IO[bytes]) -> None:
    """Answer requests until the other end closes."""
    while (payload := receive(requests)) is not None:
        path, kind, read_as = pickle.loads(payload)  # noqa: S301 - sent by our own parent
        result: object
        try:
            result = open_file(path, kind, read_as)
        except RnnscopeError as error:
            result = error
        except MemoryError:
            result = UnreadableFile("reading it needs more memory than is allowed", file=Path(path).name)
        except Exception as error:  # noqa: BLE001 - a bug of ours is told as one, and the next file is still read
            result = UnreadableFile(
                f"rnnscope itself failed on it ({type(error).__name__}: {error})", file=Path(path).name
            )
        send(answers, pickle.dumps(result, protocol=5))


def limit_memory() -> None:
    """Bound this process's memory, where the system can: a file must not take the whole machine's."""
    try:
        import resource
    except ImportError:
        return
    with contextlib.suppress(OSError, ValueError):
        there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        size = min(MOST_MEMORY, int(there * SHARE_OF_MEMORY))
        resource.setrlimit(resource.RLIMIT_AS, (size, size))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    # Whatever prints to standard output must not end up among the answers.
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    limit_memory()
    with contextlib.suppress(KeyboardInterrupt):
        serve(sys.stdin.buffer, replies)
