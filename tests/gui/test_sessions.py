"""What was open and shown comes back with its session file."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from rnnscope_gui.opening import ORDER
from rnnscope_gui.state import View
from rnnscope_gui.window import MainWindow
from tests.conftest import Example
from tests.gui.windows import message, settle

VIEW = View(layer="rnn", quantity="state/h", sample=25, step=5, unit=12, page="arithmetic", scale="robust")


@pytest.fixture
def copied(example: Example, tmp_path: Path) -> list[str]:
    return [str(shutil.copy(path, tmp_path)) for path in example]


@pytest.fixture
def session(
    empty_window: MainWindow, copied: list[str], qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A session saved from a window in which files were open, and which has closed them since."""
    path = tmp_path / "work.rnnscope"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *args: (str(path.with_suffix("")), ""))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *args: (str(path), ""))
    empty_window.open(copied, VIEW, ORDER[:3])
    settle(qtbot.waitUntil, empty_window)
    empty_window.state.show(replace(empty_window.state.view, page=VIEW.page, scale=VIEW.scale))
    empty_window.action("save-session").trigger()
    assert message(empty_window) == f"Written: {path}"
    empty_window.action("close-files").trigger()
    return path


def test_a_session_brings_back_files_and_view(empty_window: MainWindow, session: Path, qtbot: QtBot) -> None:
    empty_window.action("open-session").trigger()
    settle(qtbot.waitUntil, empty_window)
    assert empty_window.state.scene.document.comparison is not None
    assert empty_window.state.view == VIEW


def test_a_dropped_session_is_opened(empty_window: MainWindow, session: Path, qtbot: QtBot) -> None:
    empty_window.open([str(session)])
    settle(qtbot.waitUntil, empty_window)
    assert empty_window.state.view.sample == VIEW.sample


def test_a_file_that_is_gone_is_asked_for_and_the_rest_comes_back(
    empty_window: MainWindow, session: Path, copied: list[str], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path(copied[2]).unlink()
    asked: list[str] = []

    def ask(parent: object, title: str, folder: str) -> tuple[str, str]:
        asked.append(title)
        return "", ""

    monkeypatch.setattr(QFileDialog, "getOpenFileName", ask)
    empty_window.open([str(session)])
    settle(qtbot.waitUntil, empty_window)
    name = Path(copied[2]).name
    assert asked == [f"Where is {name} now?"]
    assert empty_window.state.scene.document.trace is not None
    assert empty_window.state.scene.document.reference is None
    assert f"{name} is not where it was" in message(empty_window)


def test_a_damaged_session_is_told_and_what_is_open_stays(window: MainWindow, tmp_path: Path) -> None:
    (tmp_path / "bad.rnnscope").write_text("{")
    window.open([str(tmp_path / "bad.rnnscope")])
    assert message(window).startswith("bad.rnnscope: ")
    assert window.state.scene.document.trace is not None


def test_a_place_that_cannot_be_written_is_told(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *args: (str(tmp_path / "none" / "x.rnnscope"), ""))
    window.action("save-session").trigger()
    assert "cannot write the session" in message(window)
