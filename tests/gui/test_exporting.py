"""Whatever stands in a heatmap can be taken away as numbers."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QComboBox, QFileDialog
from pytestqt.qtbot import QtBot

from rnnscope_gui.export_dialog import ExportDialog
from rnnscope_gui.exporting import Wanted, copied, exported, file_name, sides_of, taken
from rnnscope_gui.state import Document, View
from rnnscope_gui.window import MainWindow
from tests.gui.windows import Quiet, message, part, settle

VIEW = View(layer="rnn", quantity="state/h", sample=25, step=5, unit=12)


def test_every_side_and_their_difference_are_offered(household: Document) -> None:
    assert sides_of(household, VIEW) == ("NumPy", "Keras", "NumPy − Keras")
    assert sides_of(replace(household, reference=None), VIEW) == ("NumPy",)
    assert sides_of(Document(), VIEW) == ()


def test_the_difference_of_one_sample_is_written_as_steps_by_units(household: Document, tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    told = exported(Wanted("NumPy − Keras", False, str(path)), VIEW)(household, Quiet())
    assert told.kind == "note"
    with path.open(encoding="utf-8", newline="") as stream:
        header, *body = list(csv.reader(stream))
    assert header[:2] == ["step", "unit 0"]
    assert household.trace is not None
    assert household.reference is not None
    ours = household.trace["rnn"].states["h"][25].astype(np.float64)
    theirs = household.reference.arrays["layer/rnn/state/h"][25]
    np.testing.assert_array_equal(np.array([row[1:] for row in body], float), ours - theirs)


def test_all_samples_keep_their_axis(household: Document) -> None:
    array, axes = taken(household, VIEW, "NumPy", all_samples=True)
    assert array.shape == (64, 10, 64)
    assert axes == ("sample", "step", "unit")


def test_the_clipboard_gets_a_table(household: Document) -> None:
    text, words = copied(household, VIEW, "NumPy")
    assert text.startswith("step\tunit 0\t")
    assert "sample 25" in words


def test_a_file_s_name_says_what_is_in_it() -> None:
    assert file_name(replace(VIEW, layer="a/b\n*"), "NumPy − Keras") == "a-b-state-h-NumPy-minus-Keras.csv"


def test_the_dialog_writes_what_is_chosen(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "h.npy"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *args: (str(path), ""))
    window.state.show(VIEW)
    window.action("export-data").trigger()
    dialog = part(window, ExportDialog)
    dialog.findChildren(QComboBox)[1].setCurrentIndex(1)
    dialog.accept()
    settle(qtbot.waitUntil, window)
    assert np.load(path).shape == (64, 10, 64)
    assert message(window).startswith("Written: ")


def test_the_last_heatmap_goes_to_the_clipboard(window: MainWindow) -> None:
    window.state.show(VIEW)
    window.action("copy-data").trigger()
    assert QGuiApplication.clipboard().text().startswith("step\tunit 0\t")
    assert message(window).startswith("On the clipboard: NumPy − Keras, rnn state/h")


def test_a_folder_that_cannot_be_written_is_told(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *args: (str(tmp_path / "none" / "h.csv"), ""))
    window.action("export-data").trigger()
    part(window, ExportDialog).accept()
    settle(qtbot.waitUntil, window)
    assert "cannot write the data" in message(window)
