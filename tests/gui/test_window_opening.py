"""The real window: files opened, dropped and closed, and work under way that is stopped."""

from __future__ import annotations

import sys
import threading
import warnings
from collections.abc import Callable
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from rnnscope import Cancelled
from rnnscope_gui import app as app_module
from rnnscope_gui import opening
from rnnscope_gui.panels.maps import MapsPanel
from rnnscope_gui.panels.welcome import WelcomePanel
from rnnscope_gui.read_as import ReadAs
from rnnscope_gui.state import Busy
from rnnscope_gui.window import MainWindow
from tests.conftest import Example
from tests.gui.windows import (
    LONG,
    heatmaps,
    message,
    part,
    readout,
    settle,
    urls,
)

Key = Qt.Key
GOLDEN = Path(__file__).resolve().parent.parent / "golden"


def drop(window: MainWindow, paths: list[Path]) -> None:
    """Drag files over the window and let go."""
    data = QMimeData()
    data.setUrls(urls(paths))
    actions, buttons, keys = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    entering = drag_enter(data)
    QApplication.sendEvent(window, entering)
    if entering.isAccepted():
        QApplication.sendEvent(window, QDropEvent(QPointF(50, 50), actions, data, buttons, keys))


def drag_enter(data: QMimeData) -> QDragEnterEvent:
    """Something dragged over the window. Qt 6.12 deprecates the QPoint that older ones insist on."""
    actions, buttons, keys = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        entering = QDragEnterEvent(QPoint(50, 50), actions, data, buttons, keys)
    entering.setAccepted(False)
    return entering


def test_a_window_begins_with_a_welcome_and_no_message(empty_window: MainWindow) -> None:
    assert part(empty_window, WelcomePanel).isVisible()
    assert not part(empty_window, MapsPanel).isVisible()
    assert message(empty_window) == ""
    assert readout(empty_window) == ""
    assert empty_window.windowTitle() == "rnnscope"


@pytest.mark.parametrize("name", ["household", "sentences"])
def test_an_example_opens_by_its_command_and_agrees_with_keras(
    qtbot: QtBot, empty_window: MainWindow, name: str
) -> None:
    empty_window.action(f"example-{name}").trigger()
    assert empty_window.state.scene.busy is not None
    settle(qtbot.waitUntil, empty_window)
    scene = empty_window.state.scene
    assert scene.document.comparison is not None
    assert scene.document.comparison.matches
    assert scene.document.unmasked is not None
    assert message(empty_window) == ""
    assert part(empty_window, MapsPanel).isVisible()
    assert empty_window.windowTitle() == f"{name}.keras – rnnscope"
    assert len(heatmaps(empty_window)) == 3


def test_the_command_line_opens_files_as_their_kinds(
    qtbot: QtBot, example: Example, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bare .npy of Keras's output would be taken for an input, were its place not known."""
    wrong = str(example.model.with_name("wrong_port.npy"))
    seen: list[MainWindow] = []

    def run_until_idle(*_: object) -> int:
        (window,) = (each for each in QApplication.topLevelWidgets() if isinstance(each, MainWindow))
        settle(qtbot.waitUntil, window)
        seen.append(window)
        assert window.state.scene.document.reference_path == wrong
        assert window.state.scene.document.comparison is not None
        window.close()
        return 0

    monkeypatch.setattr(QApplication, "exec", run_until_idle)
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    assert app_module.open_window([str(example.model), str(example.input), wrong], read_as=ReadAs()) == 0
    assert len(seen) == 1


def test_files_dropped_together_open_in_any_order(qtbot: QtBot, empty_window: MainWindow, example: Example) -> None:
    for order in permutations(example):
        empty_window.action("close-files").trigger()
        drop(empty_window, list(order))
        settle(qtbot.waitUntil, empty_window)
        document = empty_window.state.scene.document
        assert document.comparison is not None
        assert document.comparison.matches
        assert (document.model_path, document.input_path) == (str(example.model), str(example.input))


def test_files_dropped_one_by_one_come_together(qtbot: QtBot, empty_window: MainWindow, example: Example) -> None:
    for path in (example.input, example.model, example.reference):
        drop(empty_window, [path])
        settle(qtbot.waitUntil, empty_window)
    assert empty_window.state.scene.document.comparison is not None


def test_only_files_can_be_dropped(empty_window: MainWindow) -> None:
    for data in (QMimeData(), QMimeData()):
        data.setText("https://example.org/model.keras")
        entering = drag_enter(data)
        QApplication.sendEvent(empty_window, entering)
        assert not entering.isAccepted()


def test_without_stored_values_everything_else_shows(qtbot: QtBot, empty_window: MainWindow, example: Example) -> None:
    empty_window.open([str(example.model), str(example.input)])
    settle(qtbot.waitUntil, empty_window)
    assert message(empty_window) == ""
    assert [shown.isVisible() for shown in heatmaps(empty_window)] == [True, False, False]
    assert "Keras –" in readout(empty_window)


def test_another_model_opened_later_starts_at_its_own_first_layer(qtbot: QtBot, window: MainWindow) -> None:
    window.go(lambda scene: replace(scene.view, sample=60, step=9, unit=63, steps=(0.0, 5.0)))
    window.open([str(GOLDEN / "gru_last.keras"), str(GOLDEN / "gru_last.input.npz")])
    settle(qtbot.waitUntil, window)
    scene = window.state.scene
    assert scene.document.trace is not None
    assert scene.view.layer in scene.document.trace.layers
    assert scene.view.sample < scene.document.trace.batch_size
    assert scene.view.steps is None


def test_the_latest_opening_wins(qtbot: QtBot, empty_window: MainWindow, example: Example) -> None:
    empty_window.open([str(example.model), str(example.input)])
    empty_window.open([str(example.model.with_name("sentences.keras"))])
    settle(qtbot.waitUntil, empty_window)
    document = empty_window.state.scene.document
    assert Path(document.model_path).name == "sentences.keras"
    assert document.input_path == ""
    assert message(empty_window) == ""


def test_a_bad_file_opened_while_another_opens_wins_too_and_harms_nothing(
    qtbot: QtBot, window: MainWindow, example: Example, tmp_path: Path
) -> None:
    before = window.state.scene.document
    window.open([str(example.model), str(example.input)])
    window.open([str(tmp_path / "missing.npy")])
    settle(qtbot.waitUntil, window)
    assert window.state.scene.document is before
    assert "missing.npy" in message(window)


def test_a_bad_file_opened_during_the_comparison_does_not_cost_the_comparison(
    qtbot: QtBot, empty_window: MainWindow, example: Example, tmp_path: Path
) -> None:
    empty_window.open([str(path) for path in example])
    qtbot.waitUntil(lambda: empty_window.state.scene.document.trace is not None, timeout=LONG)
    empty_window.open([str(tmp_path / "missing.npy")])
    settle(qtbot.waitUntil, empty_window)
    assert "missing.npy" in message(empty_window)
    assert empty_window.state.scene.document.comparison is not None


def hold(monkeypatch: pytest.MonkeyPatch) -> tuple[threading.Event, threading.Event]:
    """Make every run wait until it is cancelled; the events: it has begun, it has ended."""
    begun, ended = threading.Event(), threading.Event()

    def endless(model: object, inputs: object, *, cancelled: Callable[[], bool], **options: object) -> object:
        begun.set()
        while not cancelled():
            threading.Event().wait(0.002)
        ended.set()
        raise Cancelled

    monkeypatch.setattr(opening, "run", endless)
    return begun, ended


def test_stopping_an_opening_leaves_everything_as_it_was(
    qtbot: QtBot, window: MainWindow, example: Example, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, ended = hold(monkeypatch)
    before, view = window.state.scene.document, window.state.view
    window.open([str(example.model), str(example.input)])
    qtbot.waitUntil(begun.is_set, timeout=LONG)
    assert window.action("cancel").isEnabled()
    QTest.keyClick(window, Key.Key_Period, Qt.KeyboardModifier.ControlModifier)
    assert window.state.scene.busy is None
    assert ended.wait(LONG / 1000)
    qtbot.wait(20)
    assert (window.state.scene.document, window.state.view) == (before, view)
    assert message(window) == ""
    assert not window.action("cancel").isEnabled()


def test_closing_during_a_run_stops_it_and_leaves_no_thread(
    qtbot: QtBot, window: MainWindow, example: Example, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, ended = hold(monkeypatch)
    session = window.session
    window.open([str(example.model), str(example.input)])
    qtbot.waitUntil(begun.is_set, timeout=LONG)
    window.close()
    assert ended.is_set()
    assert not session.working
    assert session._reader._process is None
    qtbot.wait(20)


def test_closing_while_a_file_is_being_read_ends_the_reader(empty_window: MainWindow, example: Example) -> None:
    session = empty_window.session
    empty_window.open([str(path) for path in example])
    empty_window.close()
    assert not session.working
    assert session._reader._process is None


def test_work_under_way_is_told_with_how_far_it_is(window: MainWindow) -> None:
    for fraction in (None, 0.5):
        window.state.set(replace(window.state.scene, busy=Busy("Opening <b>x</b>", fraction)))
        assert window.action("cancel").isEnabled()
    window.state.set(replace(window.state.scene, busy=None))
    assert not window.action("cancel").isEnabled()


def test_closing_the_files_brings_the_welcome_back(window: MainWindow) -> None:
    window.action("close-files").trigger()
    assert part(window, WelcomePanel).isVisible()
    assert window.windowTitle() == "rnnscope"
    assert readout(window) == ""
