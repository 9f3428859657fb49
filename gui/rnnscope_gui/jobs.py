"""Work off the GUI thread: the latest request wins, stale answers are dropped, cancelling reaches the engine's loop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from PySide6.QtCore import QObject, QRunnable, QThreadPool, Signal, Slot

from rnnscope.errors import Cancelled, RnnscopeError

# Progress more often than this only keeps the GUI thread busy.
REPORT_SECONDS = 0.05


@dataclass(slots=True)
class Ticket:
    """One request: its number, and whether anyone still waits for it. Shared by both threads; only ever set to True."""

    number: int
    cancelled: bool = False


class Reporter:
    """What a job is given to report progress and to ask whether to stop."""

    def __init__(self, ticket: Ticket, progressed: Callable[[int, int, int], None]) -> None:
        self._ticket, self._progressed = ticket, progressed
        self._last = 0.0

    def progress(self, done: int, total: int) -> None:
        now = monotonic()
        if now - self._last >= REPORT_SECONDS:
            self._last = now
            self._progressed(self._ticket.number, done, total)

    def cancelled(self) -> bool:
        return self._ticket.cancelled


Job = Callable[[Reporter], object]


class _Messenger(QObject):
    """Carries results from the pool's thread; its signals are queued to the thread that owns the receiver."""

    finished = Signal(object, object, object)  # number, result, error
    progressed = Signal(object, object, object)  # number, done, total


class _Task(QRunnable):
    def __init__(self, job: Job, ticket: Ticket, messenger: _Messenger) -> None:
        super().__init__()
        self._job, self._ticket, self._messenger = job, ticket, messenger

    def run(self) -> None:
        result: object = None
        failure: Exception | None = None
        try:
            result = self._job(Reporter(self._ticket, self._messenger.progressed.emit))
        except Exception as error:  # noqa: BLE001 - whatever went wrong belongs to the person, not to a lost thread
            failure = error
        self._messenger.finished.emit(self._ticket.number, result, failure)


class Jobs(QObject):
    """One job at a time matters: the latest. Earlier ones are told to stop, and what they still answer is dropped.

    done(result), failed(message), progressed(fraction), idle(): all arrive on the GUI thread.
    """

    done = Signal(object)
    failed = Signal(object)
    progressed = Signal(object)
    idle = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = QThreadPool(self)
        # A superseded job needs a moment to notice; the new one must not wait for it.
        self._pool.setMaxThreadCount(3)
        self._messenger = _Messenger(self)
        self._messenger.finished.connect(self._finish)
        self._messenger.progressed.connect(self._report)
        self._current: Ticket | None = None
        self._numbers = 0

    @property
    def running(self) -> bool:
        return self._current is not None

    def start(self, job: Job) -> None:
        """Run `job` in the background; an earlier one is cancelled and its answer dropped."""
        if self._current is not None:
            self._current.cancelled = True
        self._numbers += 1
        self._current = Ticket(self._numbers)
        self._pool.start(_Task(job, self._current, self._messenger))

    def cancel(self) -> None:
        """Stop the current job; nothing will come of it."""
        if self._current is not None:
            self._current.cancelled = True
            self._current = None
            self.idle.emit()

    def close(self) -> None:
        """Stop everything and wait until no thread of ours runs."""
        if self._current is not None:
            self._current.cancelled = True
            self._current = None
        self._pool.waitForDone()

    @Slot(object, object, object)
    def _finish(self, number: int, result: object, error: Exception | None) -> None:
        if self._current is None or number != self._current.number:
            return
        self._current = None
        if error is None:
            self.done.emit(result)
        elif not isinstance(error, Cancelled):
            self.failed.emit(str(error) if isinstance(error, RnnscopeError) else f"{type(error).__name__}: {error}")
        if self._current is None:
            self.idle.emit()

    @Slot(object, object, object)
    def _report(self, number: int, done: int, total: int) -> None:
        if self._current is not None and number == self._current.number:
            self.progressed.emit(done / max(total, 1))
