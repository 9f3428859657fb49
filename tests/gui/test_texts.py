"""Text has no heatmap: it is shown as what it is, and every panel that shows numbers beside it goes on working."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QLabel

import rnnscope
from rnnscope import Verdict
from rnnscope_gui import snapshot
from rnnscope_gui.map_card import MapCard
from rnnscope_gui.map_words import text_words
from rnnscope_gui.navigate import first_difference
from rnnscope_gui.output_reading import output_reading
from rnnscope_gui.panels.output import OutputPanel
from rnnscope_gui.panels.readout import ReadoutBar
from rnnscope_gui.resolve import picture, settled, shown_quantities
from rnnscope_gui.state import Document, View
from rnnscope_gui.step_table import StepTable
from rnnscope_gui.window import MainWindow
from tests.gui.windows import opened, part, scene_of

GOLDEN = Path(__file__).parents[1] / "golden" / "words_read_by_an_lstm"
MODEL, INPUT, REFERENCE = (Path(f"{GOLDEN}{end}") for end in (".keras", ".input.npz", ".keras.npz"))
WORD = 1  # which of the model's outputs is text


@pytest.fixture(scope="module")
def document() -> Document:
    return opened(MODEL, INPUT, REFERENCE).document


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Document:
    """The same beside values in which one text is another, and a layer's numbers are text."""
    with np.load(REFERENCE) as stored:
        arrays = dict(stored)
    for key in ("layer/word/output/0", f"output/{WORD}"):
        arrays[key] = arrays[key].astype("U20")
        arrays[key][2, 3] = "<b>another</b>"
    arrays["layer/closed/output/0"] = arrays["layer/closed/output/0"].astype(str)
    path = tmp_path_factory.mktemp("texts") / "other.npz"
    np.savez(path, **arrays)
    return opened(MODEL, INPUT, path).document


def labels(window: MainWindow, index: int) -> list[str]:
    return [label.text() for label in part(window, MapCard, index).findChildren(QLabel) if label.isVisible()]


def cells(window: MainWindow, column: int) -> list[str]:
    model = part(window, StepTable, 0).model()
    return [model.data(model.index(row, column)) for row in range(model.rowCount())]


def test_text_is_offered_only_where_there_is_nothing_else(document: Document) -> None:
    trace = document.trace
    assert trace is not None
    assert shown_quantities(trace["words"]) == ("output/0",)
    assert all("mask" not in shown_quantities(layer) for layer in trace.layers.values())
    mixed = rnnscope.LayerTrace((np.array([["a"]]), np.zeros((1, 2))))
    assert shown_quantities(mixed) == ("output/1",)


def test_a_layer_of_texts_is_shown_in_words(empty_window: MainWindow, document: Document) -> None:
    trace = document.trace
    assert trace is not None
    view = settled(document, View("word", sample=1))
    empty_window.state.set(scene_of(document, view))
    texts = trace["word"].output[1]
    assert text_words(texts[:, np.newaxis]) in labels(empty_window, 0)
    assert text_words(texts[:, np.newaxis]) in labels(empty_window, 1)
    assert any("same" in text for text in labels(empty_window, 4))
    assert texts[0] in part(empty_window, ReadoutBar).text


def test_every_layer_sample_and_output_can_be_gone_through(empty_window: MainWindow, document: Document) -> None:
    trace = document.trace
    assert trace is not None
    empty_window.state.set(scene_of(document))
    for layer in trace:
        for sample in (0, trace.batch_size - 1):
            for output in (0, WORD):
                empty_window.state.show(settled(document, View(layer, sample=sample, output=output, step=5, unit=5)))
                assert part(empty_window, ReadoutBar).text
    # Whatever came before, numbers have their heatmap.
    empty_window.state.show(settled(document, View("words")))
    assert not part(empty_window, MapCard).heatmap.isVisible()
    empty_window.state.show(settled(document, View("lstm", "state/h")))
    assert part(empty_window, MapCard).heatmap.isVisible()


def test_a_text_that_differs_is_found_and_named(empty_window: MainWindow, other: Document) -> None:
    scene = scene_of(other)
    empty_window.state.set(scene)
    there = first_difference(scene)
    assert (there.layer, there.sample) == ("word", 2)
    empty_window.state.show(there)
    assert any("different" in text for text in labels(empty_window, 4))
    assert any("“<b>another</b>”" in text for text in labels(empty_window, 1))
    shown = picture(other, there)
    assert shown is not None
    assert shown.verdict is Verdict.DIFFERENT
    reading = output_reading(other, replace(there, output=WORD))
    assert reading is not None
    assert [reading.difference(element) > 0 for element in range(6)] == [element == 3 for element in range(6)]


def test_an_output_of_texts_is_read_out(empty_window: MainWindow, other: Document) -> None:
    empty_window.state.set(scene_of(other, View(sample=2, output=WORD)))
    texts = [label.text() for label in part(empty_window, OutputPanel).findChildren(QLabel)]
    trace = other.trace
    assert trace is not None
    assert trace.outputs[WORD][2, 0] in texts


def test_numbers_are_not_held_against_texts(empty_window: MainWindow, other: Document) -> None:
    view = settled(other, View("closed"))
    shown = picture(other, view)
    assert shown is not None
    assert shown.reason == "The stored values are text."
    empty_window.state.set(scene_of(other, view))
    assert "The stored values are text." in labels(empty_window, 1)


def test_a_snapshot_of_texts_is_drawn(tmp_path: Path, private_settings: None) -> None:
    target = tmp_path / "window.png"
    words = [str(path) for path in (MODEL, INPUT, REFERENCE)]
    assert snapshot.main([*words, "--layer", "words", "-o", str(target)]) == 0
    assert target.exists()


def test_many_texts_are_cut_short() -> None:
    words = text_words(np.full((1, 130), "x" * 50))
    assert words.endswith("… and 30 texts more")
    assert words.count("“") == 100
