"""Whatever a person does, in whatever order: no exception, no Qt warning, and something sensible on screen."""

from __future__ import annotations

import os
import random
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractItemView, QApplication, QFileDialog, QInputDialog, QWidget
from pytestqt.qtbot import QtBot

from rnnscope_gui.commands import COMMANDS
from rnnscope_gui.resolve import picture, settled
from rnnscope_gui.rule_dialog import RuleDialog
from rnnscope_gui.state import Document
from rnnscope_gui.step_plot import StepPlot
from rnnscope_gui.window import MainWindow
from tests.conftest import Example
from tests.gui.windows import scene_of, settle, turn_wheel

GOLDEN = Path(__file__).resolve().parent.parent / "golden"
MODELS = ("lstm_last", "gru_backwards_state", "bidirectional_concat", "embedding_mask_zero", "several_outputs")
ASKS = {
    *("open-model", "open-input", "open-reference", "open-mine", "save-picture", "choose-sample", "rule", "quit"),
    *("write-script", "save-report", "shortcuts", "about", "palette"),
    *("open-session", "save-session", "export-data"),
}
KEYS = [key for each in COMMANDS if each.id not in ASKS for key in each.keys] + ["Esc", "Tab", "Space"]
SIZES = ((1280, 720), (1440, 900), (1024, 600), (2560, 1440))
EVENTS = int(os.environ.get("RNNSCOPE_RANDOM_EVENTS", "300"))  # more of them for a long night


class Person:
    """Does one thing after another, as the seed says."""

    def __init__(self, window: MainWindow, example: Example, folder: Path, seed: int) -> None:
        self.window, self.chance = window, random.Random(seed)
        bad = folder / "bad.keras"
        bad.write_bytes(b"PK\x03\x04 but no more")
        wide = folder / "wide.npy"
        np.save(wide, np.zeros((2, 3, 4), np.float32))
        port = example.model.with_name("household.port.npz")
        self.files = [[bad], [wide], [folder / "missing.npz"], list(example), [example.input], [*example, port]]
        self.files += [[port], [example.model.with_name("wrong_port.npy")]]
        for name in MODELS:
            self.files.append([GOLDEN / f"{name}{end}" for end in (".keras", ".input.npz", ".keras.npz")])

    def act(self) -> str:
        deeds = (self.click, self.drag, self.key, self.wheel, self.resize, self.open, self.choose)
        deed = self.chance.choices(deeds, weights=(6, 3, 10, 5, 1, 1, 3))[0]
        deed()
        return deed.__name__

    def plot(self) -> tuple[QWidget, QPoint]:
        """A plot and a place in it; the window itself while it shows none."""
        shown = [each.viewport() for each in self.window.findChildren(StepPlot) if each.isVisible()]
        if not shown and self.window.state.scene.busy is None:
            self.window.action("example-household").trigger()
        chosen: QWidget = self.chance.choice(shown or [self.window.centralWidget()])
        return chosen, QPoint(self.chance.randrange(chosen.width() + 1), self.chance.randrange(chosen.height() + 1))

    def click(self) -> None:
        plot, place = self.plot()
        QTest.mouseClick(plot, Qt.MouseButton.LeftButton, pos=place)
        if self.chance.random() < 0.2:
            QTest.mouseDClick(plot, Qt.MouseButton.LeftButton, pos=place)

    def drag(self) -> None:
        plot, place = self.plot()
        QTest.mousePress(plot, Qt.MouseButton.LeftButton, pos=place)
        for _ in range(3):
            QTest.mouseMove(plot, QPoint(self.chance.randrange(-50, 900), self.chance.randrange(-50, 600)))
        QTest.mouseRelease(plot, Qt.MouseButton.LeftButton, pos=place)

    def key(self) -> None:
        QTest.keySequence(QApplication.focusWidget() or self.window, QKeySequence(self.chance.choice(KEYS)))

    def wheel(self) -> None:
        plot, place = self.plot()
        turn_wheel(plot, place, self.chance.randrange(-5, 6), self.chance.choice((0, 0, -2, 2)))

    def resize(self) -> None:
        self.window.resize(*self.chance.choice(SIZES))

    def open(self) -> None:
        self.window.open([str(path) for path in self.chance.choice(self.files)])

    def choose(self) -> None:
        lists = [view for view in self.window.findChildren(QAbstractItemView) if view.isVisible()]
        if lists:
            view = self.chance.choice(lists)
            place = QPoint(self.chance.randrange(view.width() + 1), self.chance.randrange(view.height() + 1))
            QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)


@pytest.fixture
def no_dialogs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tab and Space reach the buttons that ask for a file; nobody is there to answer."""
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("", ""))
    monkeypatch.setattr(QInputDialog, "getInt", lambda *_: (3, True))
    monkeypatch.setattr(RuleDialog, "open", lambda self: None)


@pytest.mark.usefixtures("no_dialogs")
@pytest.mark.parametrize("seed", [1, 2])
def test_random_events_break_nothing(
    qtbot: QtBot, window: MainWindow, household: Document, example: Example, tmp_path: Path, seed: int
) -> None:
    person = Person(window, example, tmp_path, seed)
    for number in range(EVENTS):
        deed = person.act()
        if number % 10 == 0:
            QApplication.processEvents()
        scene = window.state.scene
        if scene.document.trace is not None:
            assert picture(scene.document, scene.view) is not None, deed
            assert settled(scene.document, scene.view) == scene.view, deed
    settle(qtbot.waitUntil, window)
    window.state.set(scene_of(household))
    window.grab()
