"""What is taken away from the window: a script, a report, each written whole and told in a line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QFileDialog, QMessageBox
from pytestqt.qtbot import QtBot

from rnnscope_gui.state import Document, Rule, View
from rnnscope_gui.window import MainWindow
from rnnscope_gui.writing import command_of, report_of
from tests.gui.windows import message, settle


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The folder that the person chooses, whatever is asked for."""
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "report.html"), ""))
    return tmp_path


def test_the_model_is_written_as_a_script_with_the_open_input_as_its_sample(
    qtbot: QtBot, window: MainWindow, folder: Path, household: Document
) -> None:
    window.action("write-script").trigger()
    settle(qtbot.waitUntil, window)
    assert "def predict(" in (folder / "predict.py").read_text("utf-8")
    assert str(folder / "predict.py") in message(window)
    assert isinstance(household.inputs, np.ndarray)
    with np.load(folder / "sample.npz") as stored:
        np.testing.assert_array_equal(stored["input_0"], household.inputs[: len(stored["input_0"])])
    assert window.state.scene.document is household


@pytest.mark.parametrize("answer", ["Yes", "No"])
def test_a_script_that_is_there_is_replaced_only_when_that_is_wanted(
    qtbot: QtBot, window: MainWindow, folder: Path, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    (folder / "predict.py").write_text("mine")
    monkeypatch.setattr(QMessageBox, "question", lambda *_: QMessageBox.StandardButton[answer])
    window.action("write-script").trigger()
    settle(qtbot.waitUntil, window)
    assert ((folder / "predict.py").read_text("utf-8") == "mine") is (answer == "No")


def test_what_was_compared_is_written_as_a_page(qtbot: QtBot, window: MainWindow, folder: Path) -> None:
    window.action("save-report").trigger()
    settle(qtbot.waitUntil, window)
    page = (folder / "report.html").read_text("utf-8")
    assert "household.keras.npz" in page
    assert "rounding" in page
    assert message(window) == f"Written: {folder / 'report.html'}"


@pytest.mark.parametrize("name", ["write-script", "save-report"])
def test_a_place_that_cannot_be_written_is_one_message_and_what_is_open_stays(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    (tmp_path / "file").touch()
    nowhere = tmp_path / "file" / "below"
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(nowhere))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(nowhere / "r.html"), ""))
    document = window.state.scene.document
    window.action(name).trigger()
    settle(qtbot.waitUntil, window)
    assert str(nowhere) in message(window)
    assert window.state.scene.document is document


def test_the_report_says_what_is_on_screen(household: Document) -> None:
    report = report_of(household, View(layer="rnn", quantity="state/h", sample=7))
    assert [(file.role, file.name) for file in report.files] == [
        ("model", "household.keras"),
        ("input", "household.npy"),
        ("reference", "household.keras.npz"),
    ]
    assert all(len(file.sha256) == 64 for file in report.files)
    assert (report.look.layer, report.look.quantity, report.look.sample) == ("rnn", "state/h", 7)
    assert report.command == command_of(household, View(layer="rnn", quantity="state/h", sample=7))


def test_the_command_names_the_reading_and_the_rule(household: Document) -> None:
    read_as = replace(household.read_as, keras_version="2.2.4", backend="theano")
    words = command_of(replace(household, read_as=read_as, rule=Rule(1e-6, 0.0)), View())
    assert "--keras-version 2.2.4 --backend theano" in words
    assert "--atol 1e-06 --rtol 0.0" in words
