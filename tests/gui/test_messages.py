"""Whatever is wrong with a file: one readable line in the bar, and what was open stays what it was."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractItemView, QLabel, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from rnnscope import run
from rnnscope.layers.core import InputLayer
from rnnscope_gui import reader as reader_module
from rnnscope_gui import reader_child
from rnnscope_gui.panels.messages import MessageBar
from rnnscope_gui.reader import Reader
from rnnscope_gui.state import Document, Message, View
from rnnscope_gui.window import MainWindow
from tests.conftest import Example
from tests.core.models import chain, masked_rnn, simple_cell
from tests.core.reading.crafted import with_dropout_as
from tests.gui.windows import heatmaps, message, opened, part, readout, scene_of, settle

GOLDEN = Path(__file__).resolve().parent.parent / "golden"
SENTENCES = Path(__file__).resolve().parents[2] / "assets" / "example" / "sentences.keras"

Make = Callable[[Path, Example], Path]


def missing(folder: Path, example: Example) -> Path:
    return folder / "missing.keras"


def empty(folder: Path, example: Example) -> Path:
    return written(folder / "empty.keras", b"")


def truncated_model(folder: Path, example: Example) -> Path:
    data = example.model.read_bytes()
    return written(folder / "half.keras", data[: len(data) // 2])


def truncated_hdf5(folder: Path, example: Example) -> Path:
    data = example.model.with_suffix(".h5").read_bytes()
    return written(folder / "half.h5", data[: len(data) // 2])


def truncated_input(folder: Path, example: Example) -> Path:
    return written(folder / "half.npy", example.input.read_bytes()[:1000])


def a_picture(folder: Path, example: Example) -> Path:
    return written(folder / "picture.npy", b"\x89PNG\r\n\x1a\n" + bytes(64))


def a_folder(folder: Path, example: Example) -> Path:
    made = folder / "folder.npy"
    made.mkdir()
    return made


def pickled(folder: Path, example: Example) -> Path:
    path = folder / "objects.npy"
    np.save(path, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    return path


def unsupported_layer(folder: Path, example: Example) -> Path:
    return with_dropout_as("Unheard", folder)


def no_batch_axis(folder: Path, example: Example) -> Path:
    return saved(folder / "one.npy", np.load(example.input)[0])


def swapped_axes(folder: Path, example: Example) -> Path:
    return saved(folder / "swapped.npy", np.load(example.input).transpose(0, 2, 1))


def text_array(folder: Path, example: Example) -> Path:
    return saved(folder / "words.npy", np.array([["a", "b"]]))


def no_samples(folder: Path, example: Example) -> Path:
    return saved(folder / "none.npy", np.load(example.input)[:0])


BAD: tuple[tuple[Make, str], ...] = (
    (missing, "no such file"),
    (empty, "empty"),
    (truncated_model, ""),
    (truncated_hdf5, ""),
    (truncated_input, ""),
    (a_picture, ""),
    (a_folder, ""),
    (pickled, ""),
    (unsupported_layer, "layers of class Unheard are not computed"),
    (no_batch_axis, "expected (None, 10, 76), found (10, 76). The batch axis is missing: use x[None]"),
    (swapped_axes, "expected (None, 10, 76), found (64, 76, 10). Time and features are swapped"),
    (text_array, ""),
    (no_samples, "no samples"),
)


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def saved(path: Path, array: np.ndarray) -> Path:
    np.save(path, array)
    return path


def heard(window: MainWindow) -> list[Message]:
    """Every message that comes from now on, in order."""
    messages: list[Message] = []

    def listen(old: object, new: object) -> None:
        scene = window.state.scene
        if scene.message is not None and (not messages or messages[-1] is not scene.message):
            messages.append(scene.message)

    window.state.changed.connect(listen)
    return messages


def test_every_bad_file_is_one_error_and_changes_nothing(
    qtbot: QtBot, window: MainWindow, example: Example, tmp_path: Path
) -> None:
    document, messages = window.state.scene.document, heard(window)
    window.state.show(replace(window.state.view, sample=25, step=5, unit=12, steps=(0.0, 8.0)))
    view, text = window.state.view, readout(window)
    for make, words in BAD:
        messages.clear()
        path = make(tmp_path, example)
        window.open([str(path)])
        settle(qtbot.waitUntil, window)
        assert [each.kind for each in messages] == ["error"], path.name
        assert message(window).startswith(f"{path.name}: "), message(window)
        assert words in message(window), message(window)
        assert "Error" not in message(window)
        assert "Traceback" not in message(window)
        assert window.state.scene.document is document
        assert window.state.view == view
        assert readout(window) == text
        QTest.keyClick(window, Qt.Key.Key_Escape)
        assert message(window) == ""


def test_a_bad_file_among_good_ones_opens_none_of_them(
    qtbot: QtBot, window: MainWindow, example: Example, tmp_path: Path
) -> None:
    document = window.state.scene.document
    window.open([str(SENTENCES), str(empty(tmp_path, example)), str(SENTENCES.with_suffix(".npy"))])
    settle(qtbot.waitUntil, window)
    assert window.state.scene.document is document
    assert message(window).startswith("empty.keras: ")


def test_a_good_file_after_a_bad_one_takes_the_message_away(
    qtbot: QtBot, window: MainWindow, example: Example, tmp_path: Path
) -> None:
    window.open([str(missing(tmp_path, example))])
    settle(qtbot.waitUntil, window)
    assert message(window)
    window.open([str(example.input)])
    settle(qtbot.waitUntil, window)
    assert message(window) == ""
    assert window.state.scene.document.comparison is not None


def test_token_ids_out_of_range_are_named(qtbot: QtBot, empty_window: MainWindow, tmp_path: Path) -> None:
    ids = np.load(SENTENCES.with_suffix(".npy")).copy()
    good = opened(SENTENCES, SENTENCES.with_suffix(".npy")).document
    empty_window.state.set(scene_of(good))
    ids[2, 0] = 10**6
    empty_window.open([str(saved(tmp_path / "ids.npy", ids))])
    settle(qtbot.waitUntil, empty_window)
    assert message(empty_window).startswith("ids.npy: ")
    assert "1000000" in message(empty_window).replace(",", "")
    assert empty_window.state.scene.document is good


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_what_is_not_a_number_is_shown_and_no_error(
    qtbot: QtBot, empty_window: MainWindow, example: Example, tmp_path: Path, number: float
) -> None:
    window = empty_window
    x = np.load(example.input).copy()
    x[0, 0, 0] = number
    window.open([str(example.model), str(saved(tmp_path / "odd.npy", x))])
    settle(qtbot.waitUntil, window)
    window.go(lambda scene: replace(scene.view, layer="main_input", quantity="output/0", sample=0, step=0, unit=0))
    assert f"NumPy {number}" in readout(window)
    window.grab()
    if np.isnan(number):
        window.go(lambda scene: replace(scene.view, layer="rnn", quantity="state/h", step=9))
        assert "NumPy nan" in readout(window)
        window.grab()
    assert message(window) == ""


def test_infinite_values_are_compared_without_a_word(
    qtbot: QtBot, window: MainWindow, example: Example, tmp_path: Path
) -> None:
    x = np.load(example.input).copy()
    x[0, 0, 0] = np.inf
    window.open([str(saved(tmp_path / "odd.npy", x))])
    settle(qtbot.waitUntil, window)
    assert window.state.scene.document.comparison is not None
    assert "another input" in message(window)


def stored(example: Example, folder: Path, name: str, change: Callable[[dict[str, np.ndarray]], None]) -> Path:
    with np.load(example.reference) as arrays:
        changed = dict(arrays)
    change(changed)
    np.savez(folder / name, **changed)
    return folder / name


def test_stored_values_of_another_batch_are_refused_by_name(
    qtbot: QtBot, window: MainWindow, example: Example, tmp_path: Path
) -> None:
    def halve(arrays: dict[str, np.ndarray]) -> None:
        for key in set(arrays) - {"meta"}:
            arrays[key] = arrays[key][:32]

    document, messages = window.state.scene.document, heard(window)
    window.open([str(stored(example, tmp_path, "half.npz", halve))])
    settle(qtbot.waitUntil, window)
    assert message(window).startswith("half.npz: the stored values belong to another input")
    assert [each.kind for each in messages] == ["error"]
    after = window.state.scene.document
    assert (after.trace, after.model) == (document.trace, document.model)
    assert after.reference is document.reference
    assert after.reference_path == document.reference_path
    assert after.comparison is not None


def test_stored_values_of_another_model_are_refused_by_name(qtbot: QtBot, window: MainWindow, example: Example) -> None:
    document, messages = window.state.scene.document, heard(window)
    window.open([str(GOLDEN / "lstm_last.keras.npz")])
    settle(qtbot.waitUntil, window)
    assert message(window).startswith("lstm_last.keras.npz: ")
    assert [each.kind for each in messages] == ["error"]
    after = window.state.scene.document
    assert after.trace is document.trace
    assert after.reference is document.reference
    assert after.comparison is not None


def test_stored_values_recorded_with_other_files_are_named(
    qtbot: QtBot, window: MainWindow, example: Example, tmp_path: Path
) -> None:
    x = np.load(example.input).copy()
    x[3] += 0.5
    window.open([str(saved(tmp_path / "other.npy", x))])
    settle(qtbot.waitUntil, window)
    assert window.state.scene.message is not None
    assert window.state.scene.message.kind == "error"
    assert message(window).startswith("household.keras.npz: ")
    assert "another input" in message(window)
    assert window.state.scene.document.comparison is not None


def test_a_file_that_kills_the_reader_is_one_message_and_the_next_opens(
    qtbot: QtBot, window: MainWindow, example: Example, monkeypatch: pytest.MonkeyPatch
) -> None:
    document, start = window.state.scene.document, subprocess.Popen

    def dying(command: object, **options: object) -> object:
        return start([sys.executable, "-c", "import os, sys; sys.stdin.buffer.read(8); os.abort()"], **options)  # type: ignore[call-overload]

    with monkeypatch.context() as patched:
        patched.setattr(subprocess, "Popen", dying)
        window.session.warm_up()
    window.open([str(example.input)])
    settle(qtbot.waitUntil, window)
    assert message(window).startswith("household.npy: reading this file crashed the reader")
    assert window.state.scene.document is document
    window.open([str(example.input)])
    settle(qtbot.waitUntil, window)
    assert message(window) == ""
    assert window.state.scene.document.comparison is not None


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("surprise")])
def test_a_surprise_while_reading_is_one_message(
    qtbot: QtBot, window: MainWindow, example: Example, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fails(*_: object) -> object:
        raise error

    document = window.state.scene.document
    monkeypatch.setattr(Reader, "read", fails)
    window.open([str(example.input)])
    settle(qtbot.waitUntil, window)
    assert type(error).__name__ in message(window)
    assert window.state.scene.document is document


def test_reading_that_takes_too_long_is_one_message(
    qtbot: QtBot, window: MainWindow, example: Example, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = subprocess.Popen
    with monkeypatch.context() as patched:
        patched.setattr(
            subprocess,
            "Popen",
            lambda command, **options: start([sys.executable, "-c", "import time; time.sleep(60)"], **options),
        )
        window.session.warm_up()
    monkeypatch.setattr(reader_module, "TIMEOUT_SECONDS", 0.2)
    window.open([str(example.input)])
    settle(qtbot.waitUntil, window)
    assert message(window) == "household.npy: reading took longer than 0.2 s"


def test_the_child_bounds_its_memory_before_it_reads_anything() -> None:
    text = Path(reader_child.__file__).read_text(encoding="utf-8")
    assert text.rindex("limit_memory()") < text.rindex("serve(")


# The bar itself


@pytest.mark.parametrize("way", ["escape", "button"])
def test_a_message_is_dismissed_by_its_button_and_by_escape(window: MainWindow, way: str) -> None:
    document = window.state.scene.document
    window.session.tell(Message("Something happened."))
    bar = part(window, MessageBar)
    assert bar.isVisible()
    assert bar.accessibleName() == "error: Something happened."
    if way == "escape":
        QTest.keyClick(window, Qt.Key.Key_Escape)
    else:
        QTest.mouseClick(part(bar, QToolButton), Qt.MouseButton.LeftButton)
    assert not bar.isVisible()
    assert window.state.scene.message is None
    assert window.state.scene.document is document


def test_errors_and_notes_are_told_apart_by_more_than_colour(window: MainWindow) -> None:
    marks = []
    for message_ in (Message("Text", "error"), Message("Text", "note")):
        window.session.tell(message_)
        marks.append(part(part(window, MessageBar), QLabel).text())
    assert len(set(marks)) == 2


def test_a_long_message_is_wrapped_and_widens_nothing(window: MainWindow) -> None:
    width = window.width()
    window.session.tell(Message("word " * 150))
    window.grab()
    assert window.width() == width
    assert part(window, MessageBar).height() < window.height() / 3


EVIL = "<img src=x>\u202egnp\x07\n<b>bold</b>"


def all_labels(widget: QWidget) -> list[QLabel]:
    return widget.findChildren(QLabel)


def test_names_from_files_are_plain_text_everywhere(qtbot: QtBot, empty_window: MainWindow, tmp_path: Path) -> None:
    recurrent = masked_rnn()["rnn"].operation
    model = chain(("entry", InputLayer((None, 6, 3))), (EVIL, recurrent))
    x = np.zeros((2, 6, 3), np.float32)
    document = Document(model=model, inputs=x, trace=run(model, x), model_path=f"models/{EVIL}.keras", input_path=EVIL)
    empty_window.state.set(scene_of(document, View(layer=EVIL)))
    empty_window.session.tell(Message(EVIL))
    assert message(empty_window) == "<img src=x> gnp <b>bold</b>"
    assert "<img src=x>" in readout(empty_window)
    for label in all_labels(empty_window):
        assert label.textFormat() is Qt.TextFormat.PlainText or "<" not in label.text(), label.text()
    for text in [label.text() for label in all_labels(empty_window)]:
        assert not {"\u202e", "\x07"} & set(text), repr(text)
    for view in empty_window.findChildren(QAbstractItemView):
        rows = view.model()
        for row in range(rows.rowCount()):
            assert not {"\u202e", "\x07", "\n"} & set(str(rows.index(row, 0).data()))
    empty_window.grab()
    assert len(heatmaps(empty_window)) == 3
    assert simple_cell().bias is not None


def test_a_file_name_is_plain_text_in_the_message(qtbot: QtBot, empty_window: MainWindow, tmp_path: Path) -> None:
    empty_window.open([str(tmp_path / "<b>\u202eno.npy")])
    settle(qtbot.waitUntil, empty_window)
    assert message(empty_window).startswith("<b> no.npy: ")
