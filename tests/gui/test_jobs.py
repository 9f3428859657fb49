"""Work in the background: the latest wins, stale answers are dropped, everything arrives on the GUI thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from PySide6.QtCore import QObject, QThread, Slot
from pytestqt.qtbot import QtBot

from rnnscope import BadInput, Cancelled
from rnnscope_gui import jobs as jobs_module
from rnnscope_gui.jobs import Jobs, Reporter
from tests.gui.windows import LONG


class Listener(QObject):
    """Writes down what it hears, and on which thread."""

    def __init__(self, jobs: Jobs) -> None:
        super().__init__()
        self.heard: list[tuple[str, object]] = []
        self.threads: set[QThread] = set()
        jobs.done.connect(self.done)
        jobs.failed.connect(self.failed)
        jobs.progressed.connect(self.progressed)
        jobs.idle.connect(self.idle)

    def note(self, what: str, value: object = None) -> None:
        self.heard.append((what, value))
        self.threads.add(QThread.currentThread())

    @Slot(object)
    def done(self, value: object) -> None:
        self.note("done", value)

    @Slot(object)
    def failed(self, value: object) -> None:
        self.note("failed", value)

    @Slot(object)
    def progressed(self, value: object) -> None:
        self.note("progressed", value)

    @Slot()
    def idle(self) -> None:
        self.note("idle")


@dataclass
class Gate:
    """A job that starts, waits to be let through, and gives an answer."""

    answer: object = "answer"
    started: threading.Event = field(default_factory=threading.Event)
    open: threading.Event = field(default_factory=threading.Event)
    stopped: bool = False

    def __call__(self, reporter: Reporter) -> object:
        self.started.set()
        assert self.open.wait(LONG / 1000)
        self.stopped = reporter.cancelled()
        return self.answer


@pytest.fixture
def jobs(qtbot: QtBot) -> Iterator[Jobs]:
    made = Jobs()
    yield made
    made.close()


@pytest.fixture
def listener(jobs: Jobs) -> Listener:
    return Listener(jobs)


def wait_idle(qtbot: QtBot, jobs: Jobs) -> None:
    qtbot.waitUntil(lambda: not jobs.running, timeout=LONG)


def test_an_answer_arrives_on_the_gui_thread_and_then_all_is_idle(qtbot: QtBot, jobs: Jobs, listener: Listener) -> None:
    jobs.start(lambda reporter: 7)
    assert jobs.running
    wait_idle(qtbot, jobs)
    assert listener.heard == [("done", 7), ("idle", None)]
    assert listener.threads == {QThread.currentThread()}


def test_a_job_runs_on_another_thread(qtbot: QtBot, jobs: Jobs, listener: Listener) -> None:
    jobs.start(lambda reporter: threading.get_ident())
    wait_idle(qtbot, jobs)
    assert listener.heard[0] != ("done", threading.get_ident())


def test_the_latest_wins_and_the_earlier_answer_is_dropped(qtbot: QtBot, jobs: Jobs, listener: Listener) -> None:
    first, second = Gate("first"), Gate("second")
    jobs.start(first)
    assert first.started.wait(LONG / 1000)
    jobs.start(second)
    second.open.set()
    wait_idle(qtbot, jobs)
    first.open.set()
    jobs.close()
    qtbot.wait(20)
    assert first.stopped
    assert not second.stopped
    assert listener.heard == [("done", "second"), ("idle", None)]


def test_a_stale_failure_is_dropped_too(qtbot: QtBot, jobs: Jobs, listener: Listener) -> None:
    gate = threading.Event()

    def fails(reporter: Reporter) -> object:
        gate.wait(LONG / 1000)
        raise BadInput("too late")

    jobs.start(fails)
    jobs.start(lambda reporter: "fresh")
    wait_idle(qtbot, jobs)
    gate.set()
    jobs.close()
    qtbot.wait(20)
    assert listener.heard == [("done", "fresh"), ("idle", None)]


def test_cancelling_is_idle_at_once_and_nothing_comes_of_it(qtbot: QtBot, jobs: Jobs, listener: Listener) -> None:
    gate = Gate()
    jobs.start(gate)
    assert gate.started.wait(LONG / 1000)
    jobs.cancel()
    assert not jobs.running
    assert listener.heard == [("idle", None)]
    gate.open.set()
    jobs.close()
    qtbot.wait(20)
    assert gate.stopped
    assert listener.heard == [("idle", None)]


def test_cancelling_nothing_says_nothing(jobs: Jobs, listener: Listener) -> None:
    jobs.cancel()
    assert listener.heard == []


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (BadInput("no good", file="x.npy"), "x.npy: no good"),
        (ValueError("surprise"), "ValueError: surprise"),
        (MemoryError(), "MemoryError: "),
    ],
)
def test_whatever_goes_wrong_is_told(qtbot: QtBot, jobs: Jobs, listener: Listener, error: Exception, text: str) -> None:
    def fails(reporter: Reporter) -> object:
        raise error

    jobs.start(fails)
    wait_idle(qtbot, jobs)
    assert listener.heard == [("failed", text), ("idle", None)]


def test_a_job_that_stopped_on_request_is_no_failure(qtbot: QtBot, jobs: Jobs, listener: Listener) -> None:
    def stops(reporter: Reporter) -> object:
        raise Cancelled

    jobs.start(stops)
    wait_idle(qtbot, jobs)
    assert listener.heard == [("idle", None)]


def test_progress_is_a_fraction_and_is_told_sparingly(
    qtbot: QtBot, jobs: Jobs, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(100 + step * jobs_module.REPORT_SECONDS / 2.5 for step in range(1000))
    monkeypatch.setattr(jobs_module, "monotonic", lambda: next(clock))

    def reports(reporter: Reporter) -> object:
        for done in range(9):
            reporter.progress(done, 10)
        return None

    jobs.start(reports)
    wait_idle(qtbot, jobs)
    assert listener.heard[:-2] == [("progressed", 0.0), ("progressed", 0.3), ("progressed", 0.6)]


def test_progress_of_nothing_is_no_division_by_zero(qtbot: QtBot, jobs: Jobs, listener: Listener) -> None:
    jobs.start(lambda reporter: reporter.progress(0, 0))
    wait_idle(qtbot, jobs)
    assert listener.heard[0] == ("progressed", 0.0)


def test_a_job_started_from_the_answer_keeps_everything_busy(qtbot: QtBot, jobs: Jobs, listener: Listener) -> None:
    more = [lambda reporter: "second"]
    jobs.done.connect(lambda value: jobs.start(more.pop()) if more else None)
    jobs.start(lambda reporter: "first")
    wait_idle(qtbot, jobs)
    assert listener.heard == [("done", "first"), ("done", "second"), ("idle", None)]


def test_closing_waits_until_no_thread_runs(jobs: Jobs) -> None:
    ended = threading.Event()

    def works(reporter: Reporter) -> object:
        while not reporter.cancelled():
            threading.Event().wait(0.001)
        ended.set()
        return None

    jobs.start(works)
    jobs.close()
    assert ended.is_set()
    assert not jobs.running
