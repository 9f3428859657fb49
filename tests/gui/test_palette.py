"""Every command is found by a few letters and run by Enter."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QListView

from rnnscope_gui.commands import COMMANDS
from rnnscope_gui.palette import Palette, matching
from rnnscope_gui.window import MainWindow
from tests.gui.windows import part


@pytest.fixture
def palette(window: MainWindow) -> Palette:
    window.action("palette").trigger()
    return part(window, Palette)


def shown(palette: Palette) -> list[str]:
    model = part(palette, QListView).model()
    return [str(model.index(row, 0).data()) for row in range(model.rowCount())]


def test_every_command_is_there_at_first(palette: Palette) -> None:
    assert len(shown(palette)) == len(COMMANDS)


def test_words_are_found_in_any_order_and_the_name_goes_before_the_tip() -> None:
    found = [command.id for command in matching(COMMANDS, "DIFF fir")]
    assert found == ["first-difference", "mine-first-difference"]
    assert matching(COMMANDS, "next")[0].text.startswith("Next")


def test_enter_runs_what_was_found(palette: Palette, window: MainWindow) -> None:
    line = part(palette, QLineEdit)
    QTest.keyClicks(line, "next step")
    before = window.state.view.step
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert window.state.view.step == before + 1
    assert not palette.isVisible()


def test_arrows_choose_from_the_line(palette: Palette, window: MainWindow) -> None:
    line = part(palette, QLineEdit)
    QTest.keyClicks(line, "step")
    names = shown(palette)
    QTest.keyClick(line, Qt.Key.Key_Down)
    assert part(palette, QListView).currentIndex().data() == names[1]


def test_what_cannot_be_done_now_is_not_run(palette: Palette, window: MainWindow) -> None:
    line = part(palette, QLineEdit)
    QTest.keyClicks(line, "stop the work")
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert palette.isVisible()


def test_words_that_no_command_has_say_so(palette: Palette) -> None:
    QTest.keyClicks(part(palette, QLineEdit), "zzz")
    assert shown(palette) == []
