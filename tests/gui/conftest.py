"""What every test of the window may rely on: settings of its own, and no widget left over from another test."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QSettings
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import Shiboken

from rnnscope_gui.judging import explained
from rnnscope_gui.session import Session
from rnnscope_gui.state import Document
from rnnscope_gui.window import MainWindow
from tests.conftest import Example
from tests.gui.windows import PORT_VIEW, Quiet, opened, scene_of


@pytest.fixture(autouse=True)
def private_settings(qapp: QApplication, tmp_path: Path) -> None:
    """Settings start empty and go to the test's own folder."""
    qapp.setOrganizationName("rnnscope")
    qapp.setApplicationName("rnnscope")
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    for form in (QSettings.Format.IniFormat, QSettings.Format.NativeFormat):
        QSettings.setPath(form, QSettings.Scope.UserScope, str(tmp_path / "settings"))


@pytest.fixture(autouse=True)
def no_widget_outlives_its_test(request: pytest.FixtureRequest, private_settings: None) -> Iterator[None]:
    """A widget still there after its test keeps listening, and answers in somebody else's."""
    before = {address(widget) for widget in QApplication.topLevelWidgets()}
    yield
    if widgets_left(before):
        request.node.funcargs.clear()  # the test keeps its arguments until later, and a window keeps its parts
        gc.collect()
    left = widgets_left(before)
    assert not left, f"widgets outlive the test: {', '.join(map(describe, left))}"


@pytest.fixture(scope="session")
def household(example: Example) -> Document:
    """The example, compared with Keras's values; nothing ever changes a document."""
    return opened(*example).document


@pytest.fixture(scope="session")
def ported(example: Example) -> Document:
    """The example with a port of it that starts from ones, compared."""
    return opened(*example, example.model.with_name("household.port.npz")).document


@pytest.fixture(scope="session")
def why(ported: Document) -> Document:
    """The same with its diagnosis."""
    return explained(ported, Quiet()).document


@pytest.fixture
def empty_window(qtbot: QtBot, no_widget_outlives_its_test: None) -> Iterator[MainWindow]:
    """A real window on screen with nothing open in it."""
    window = MainWindow(Session(), QSettings())
    with qtbot.waitExposed(window):
        window.show()
    window.activateWindow()
    yield window
    if Shiboken.isValid(window):
        window.close()


@pytest.fixture
def window(empty_window: MainWindow, household: Document) -> MainWindow:
    """A window in which the example is open."""
    empty_window.state.set(scene_of(household))
    return empty_window


@pytest.fixture
def desk(empty_window: MainWindow, ported: Document) -> MainWindow:
    """A window in which the port is open."""
    empty_window.state.set(scene_of(ported, PORT_VIEW))
    return empty_window


def widgets_left(before: set[int]) -> list[QWidget]:
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    return [widget for widget in QApplication.topLevelWidgets() if address(widget) not in before]


def address(widget: QWidget) -> int:
    return int(Shiboken.getCppPointer(widget)[0])


def describe(widget: QWidget) -> str:
    return f"{type(widget).__name__} {widget.objectName()!r}"
