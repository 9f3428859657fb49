"""What a command may do with its streams: colours and bars on a terminal, nothing but text elsewhere."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from rnnscope.context import Progress

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress

PATIENCE = 0.4  # seconds that nobody minds waiting without a bar
REFRESH = 0.1  # seconds between two looks of a bar


def is_terminal(stream: TextIO) -> bool:
    """Whether `stream` is a terminal that can do more than print lines."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def line_width(most: int) -> int:
    """How long a line of a paragraph may be: `most`, or what fits on the terminal."""
    return min(most, shutil.get_terminal_size().columns) if is_terminal(sys.stdout) else most


def say(lines: Sequence[str]) -> None:
    """Print lines to standard output, in colours where it is a terminal."""
    if not is_terminal(sys.stdout):
        print("\n".join(lines))
        return
    from rnnscope.report.screen import show_lines

    show_lines(lines, sys.stdout)


@contextmanager
def progress(what: str) -> Iterator[Progress | None]:
    """Something to report ``(done, total)`` to: a bar on standard error where that is a terminal, else None.

    The bar appears when the work takes a while, and is gone when it ends, however it ends.
    """
    if not is_terminal(sys.stderr):
        yield None
        return
    bar = _Bar(what)
    try:
        yield bar
    finally:
        bar.close()


class _Bar:
    """A bar that costs nothing until it is wanted."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._next = time.monotonic() + PATIENCE
        self._shown: RichProgress | None = None

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + REFRESH
        if self._shown is None:
            self._shown = _opened()
            self._shown.add_task(self._what, total=total)
        self._shown.update(self._shown.task_ids[0], completed=done, total=total)

    def close(self) -> None:
        if self._shown is not None:
            self._shown.stop()


def _opened() -> RichProgress:
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as RichProgress

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    bar = RichProgress(*columns, console=Console(stderr=True), transient=True)
    bar.start()
    return bar
