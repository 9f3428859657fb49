"""Reading the open model by the rules of another Keras, and the lens that shows what would move."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from rnnscope.lens import READINGS
from rnnscope.semantics import Semantics
from rnnscope_gui.panels.reading import ReadingPanel, words
from rnnscope_gui.window import MainWindow
from tests.conftest import GOLDEN
from tests.gui.windows import message, part, settle

QUIRK = "lstm_unrolled_zero_output"  # its zeros have no effect on JAX


def open_golden(qtbot: QtBot, window: MainWindow, name: str) -> None:
    files = [str(GOLDEN / f"{name}{suffix}") for suffix in (".keras", ".input.npz", ".keras.npz")]
    window.open(files, kinds=("model", "input", "reference"))
    settle(qtbot.waitUntil, window)
    assert message(window) == ""


def texts(panel: ReadingPanel) -> list[str]:
    return [each.text() for each in panel.findChildren(QLabel) if each.isVisible()]


def test_the_reading_in_force_is_always_in_sight(qtbot: QtBot, empty_window: MainWindow) -> None:
    open_golden(qtbot, empty_window, QUIRK)
    shown = texts(part(empty_window, ReadingPanel))
    assert words(Semantics("3.15.1", "tensorflow")) in shown


def test_the_lens_names_the_first_layer_that_moves_and_a_click_reads_the_file_so(
    qtbot: QtBot, empty_window: MainWindow
) -> None:
    open_golden(qtbot, empty_window, QUIRK)
    empty_window.action("version-lens").trigger()
    settle(qtbot.waitUntil, empty_window)
    lens = empty_window.state.scene.document.lens
    assert lens is not None
    assert [reading.semantics for reading in lens.readings] == [each for each in READINGS if each != lens.own]
    jax = next(reading for reading in lens.readings if reading.semantics.backend == "jax")
    assert [moved.layer for moved in jax.moved if moved.begins] == ["lstm"]
    assert jax.trace is None

    panel = part(empty_window, ReadingPanel)
    line = next(each for each in panel.findChildren(QPushButton) if "jax" in each.accessibleName())
    assert "from lstm on" in line.accessibleName()
    line.click()
    settle(qtbot.waitUntil, empty_window)
    document = empty_window.state.scene.document
    assert document.model is not None
    assert document.model.semantics == jax.semantics
    assert document.own == Semantics("3.15.1", "tensorflow")
    assert document.comparison is not None
    assert not document.comparison.matches
    assert any(text.startswith("chosen; the file says Keras 3.15.1") for text in texts(panel))
    assert empty_window.action("read-as-3.15.1-jax").isChecked()

    empty_window.action("read-as-file").trigger()
    settle(qtbot.waitUntil, empty_window)
    assert empty_window.state.scene.document.model is not None
    assert empty_window.state.scene.document.model.semantics == document.own
    assert empty_window.action("read-as-file").isChecked()


def test_a_model_whose_file_is_gone_stays_open_as_it_was(
    qtbot: QtBot, empty_window: MainWindow, tmp_path: Path
) -> None:
    model = tmp_path / "m.keras"
    model.write_bytes((GOLDEN / f"{QUIRK}.keras").read_bytes())
    empty_window.open([str(model), str(GOLDEN / f"{QUIRK}.input.npz")], kinds=("model", "input"))
    settle(qtbot.waitUntil, empty_window)
    model.unlink()
    empty_window.action("read-as-3.15.1-jax").trigger()
    settle(qtbot.waitUntil, empty_window)
    assert message(empty_window) == "m.keras: there is no such file"
    document = empty_window.state.scene.document
    assert document.model is not None
    assert document.model.semantics.backend == "tensorflow"
    empty_window.action("version-lens").trigger()
    settle(qtbot.waitUntil, empty_window)
    lens = empty_window.state.scene.document.lens
    assert lens is not None
    assert all("there is no such file" in reading.problem for reading in lens.readings)


def test_the_layers_of_a_nested_model_stand_below_it_and_can_be_chosen(qtbot: QtBot, empty_window: MainWindow) -> None:
    open_golden(qtbot, empty_window, "nested_functional")
    model = empty_window.state.scene.document.model
    assert model is not None
    listed = [(each.key, each.depth) for each in model.listing if each.layer.is_layer]
    assert listed[1:4] == [("inner", 0), ("inner/inside", 1), ("inner/masking", 1)]
    assert empty_window.state.view.layer == "inner/lstm"
    empty_window.action("previous-layer").trigger()
    assert empty_window.state.view.layer == "inner/masking"
