"""Files are read in a child process, so that a file that crashes the HDF5 library costs a message and nothing else.

The child reads requests from its standard input and answers on its standard output, each a length and a pickle. Both
ends are this program; no byte of a file is ever unpickled, and answers may hold our own records and arrays only.
"""

from __future__ import annotations

import contextlib
import pickle
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO, Literal, NamedTuple

from rnnscope.errors import Cancelled, RnnscopeError, UnreadableFile
from rnnscope_gui.read_as import ReadAs
from rnnscope_gui.records import read_record

# An architecture and weights are two halves of a model; the other half is still to come.
Kind = Literal["model", "architecture", "weights", "input", "reference", "mine"]

TIMEOUT_SECONDS = 120.0
POLL_SECONDS = 0.1
HEADER = struct.Struct("<Q")


class Opened(NamedTuple):
    """What a file turned out to be, with the sha256 of its bytes.

    The value of half a model is text: the plain recurrent stack that weights alone tell, or "".
    """

    kind: Kind
    value: object
    sha256: str


class Reader:
    """The child process, started when it is first needed and again after it has died."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def warm_up(self) -> None:
        """Start the child now, so that the first file does not wait for it."""
        with self._lock:
            self._running()

    def read(
        self, path: str, kind: Kind | None, cancelled: Callable[[], bool], read_as: ReadAs | None = None
    ) -> Opened:
        """Read one file as `kind`, or as whatever it is; a model as `read_as` says.

        Raises the RnnscopeError that reading raised, UnreadableFile when the child died or took too long, Cancelled.
        """
        with self._lock:
            if cancelled():  # while it waited for its turn; a child would be started for nothing
                raise Cancelled
            process = self._running()
            answer: list[bytes | None] = []
            thread = threading.Thread(
                target=_exchange, args=(process, (path, kind, read_as or ReadAs()), answer), daemon=True
            )
            thread.start()
            self._wait(thread, cancelled, path)
            result = _answered(answer[0] if answer else None)
            if result is None:
                raise UnreadableFile(self._epitaph(process), file=Path(path).name)
        if isinstance(result, RnnscopeError):
            raise result
        return result

    def _epitaph(self, process: subprocess.Popen[bytes]) -> str:
        """What became of a child that gave no answer; it is cleared away."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(1)
        crashed = process.returncode is not None and process.returncode < 0
        self._stop()
        if crashed:
            return "reading this file crashed the reader; it is damaged or made to do harm"
        return "the process that reads files stopped; try again"

    def close(self) -> None:
        """End the child."""
        self._stop()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._stop()
            # -P: a folder full of strangers' files is no place to import modules from.
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "rnnscope_gui.reader_child"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
        return self._process

    def _wait(self, thread: threading.Thread, cancelled: Callable[[], bool], path: str) -> None:
        waited = 0.0
        while thread.is_alive():
            thread.join(POLL_SECONDS)
            waited += POLL_SECONDS
            if cancelled():
                self._stop()
                raise Cancelled
            if waited > TIMEOUT_SECONDS:
                self._stop()
                raise UnreadableFile(f"reading took longer than {TIMEOUT_SECONDS:g} s", file=Path(path).name)

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()


def _exchange(process: subprocess.Popen[bytes], request: object, answer: list[bytes | None]) -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        send(process.stdin, pickle.dumps(request))
        answer.append(receive(process.stdout))
    except (OSError, ValueError):
        answer.append(None)


def _answered(payload: bytes | None) -> Opened | RnnscopeError | None:
    """What the child found; None when it died, or answered what it never should."""
    try:
        result = None if payload is None else read_record(payload)
    except (pickle.UnpicklingError, AttributeError, EOFError, ImportError, IndexError, TypeError, ValueError):
        return None
    return result if isinstance(result, Opened | RnnscopeError) else None


def send(stream: IO[bytes], payload: bytes) -> None:
    """Write one message: its length, then itself."""
    stream.write(HEADER.pack(len(payload)))
    stream.write(payload)
    stream.flush()


def receive(stream: IO[bytes]) -> bytes | None:
    """Read one message; None when the other end has closed."""
    head = stream.read(HEADER.size)
    if len(head) < HEADER.size:
        return None
    (size,) = HEADER.unpack(head)
    payload = stream.read(size)
    return payload if len(payload) == size else None
