"""The table of samples: what it lists, in which order, and how one goes to a sample from there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton

from rnnscope import Mine, Reference, compare
from rnnscope.report.record import Port
from rnnscope_gui.panels.samples import SamplesPanel
from rnnscope_gui.sample_table import SampleTable
from rnnscope_gui.samples import Samples, listed, samples, sorted_by
from rnnscope_gui.state import Document, Scene, View
from rnnscope_gui.window import MainWindow
from tests.gui.windows import part, scene_of

VIEW = View(layer="rnn", quantity="state/h", sample=25, page="samples")
OFF = {9: 0.01, 3: 0.002, 40: 5.0}  # sample → by how much its output is off


@pytest.fixture(scope="module")
def document(household: Document) -> Document:
    """The example, held against values of which three samples are off."""
    assert household.reference is not None
    assert household.trace is not None
    wrong = household.trace.outputs[0].copy()
    for sample, amount in OFF.items():
        wrong[sample] += amount
    reference = Reference({**household.reference.arrays, "output/0": wrong})
    comparison = compare(household.trace, reference, floor=household.floor)
    return replace(household, reference=reference, comparison=comparison)


@pytest.fixture
def shown(empty_window: MainWindow, document: Document) -> MainWindow:
    empty_window.state.set(scene_of(document, VIEW))
    return empty_window


def found_of(document: Document, view: View = VIEW) -> Samples:
    found = samples(document, view)
    assert found is not None
    return found


def order(document: Document, **fields: object) -> list[int]:
    view = replace(VIEW, **fields)  # type: ignore[arg-type]
    return [int(sample) for sample in listed(found_of(document, view), view)]


def table(window: MainWindow) -> SampleTable:
    return part(part(window, SamplesPanel), SampleTable)


def lines(window: MainWindow) -> list[int]:
    shown = table(window)
    return [shown.sample(row) for row in range(shown.model().rowCount())]


def test_a_line_says_what_became_of_a_sample(document: Document) -> None:
    found = found_of(document)
    assert document.trace is not None
    assert document.comparison is not None
    assert found.columns == ("number", "verdict", "difference", "masked", "output")
    assert found.text("verdict", 9) == "different"
    assert found.text("verdict", 25) in ("same", "rounding")
    assert found.text("output", 9).split()[-1] == f"{document.trace.outputs[0][9, 0]:.5f}"
    masks = document.trace["rnn"].mask
    assert masks is not None
    assert [found.text("masked", n) for n in range(50)] == [str(np.count_nonzero(~masks[n])) for n in range(50)]
    row = document.comparison.row("output/0")
    assert row is not None
    assert row.floor is not None
    assert float(found.text("difference", 3).replace(",", "")) == pytest.approx(
        abs(float(document.trace.outputs[0][3, 0] - document.reference.arrays["output/0"][3, 0]))  # type: ignore[union-attr]
        / float(row.floor.max()),
        rel=0.02,
    )


def test_every_column_sorts_both_ways(document: Document) -> None:
    every = order(document)
    assert every == sorted(every)
    assert order(document, descending=True) == every[::-1]
    assert order(document, sorting="difference", descending=True)[:3] == [40, 9, 3]
    assert set(order(document, sorting="verdict", descending=True)[:3]) == set(OFF)
    assert document.trace is not None
    outputs = document.trace.outputs[0][order(document, sorting="output"), 0]
    assert (np.diff(outputs) >= 0).all()
    masked = found_of(document).masked
    assert masked is not None
    assert (np.diff(masked[order(document, sorting="masked", descending=True)]) <= 0).all()


def test_nan_outputs_come_last_in_either_order(document: Document) -> None:
    found = found_of(document)
    assert found.output is not None
    output = found.output.copy()
    output[7] = np.nan
    for descending in (False, True):
        view = replace(VIEW, sorting="output", descending=descending)
        assert listed(replace(found, output=output), view)[-1] == 7


def test_the_list_is_cut_down_by_verdict_number_and_text(document: Document) -> None:
    assert order(document, differing=True) == sorted(OFF)
    assert order(document, filtering="different") == sorted(OFF)
    assert order(document, filtering=" 4 ", differing=True) == [40]
    assert order(document, filtering="4")[:3] == [4, 40, 41]
    assert order(document, filtering="07") == [7, *range(70, 80)][: len(order(document, filtering="07"))]
    assert order(document, filtering="9" * 5000) == []
    assert order(document, filtering="nothing like it") == []


def test_without_values_to_compare_there_is_still_a_table(household: Document) -> None:
    alone = replace(household, reference=None, comparison=None)
    assert found_of(alone).columns == ("number", "masked", "output")
    assert order(alone, differing=True) == []
    assert samples(Document(), VIEW) is None


def test_the_ports_verdict_stands_beside_keras(document: Document) -> None:
    assert document.trace is not None
    off = document.trace.outputs[0].copy()
    off[30] += 1
    mine = Mine({"output/0": off}, (), "mine.npy")
    port = Port(mine, compare(document.trace, mine.reference(), floor=document.floor))
    both = replace(document, mine=mine, port=port)
    found = found_of(both)
    assert found.columns[-2:] == ("mine", "mine difference")
    assert (found.text("mine", 30), found.text("verdict", 30)) == ("different", found.text("verdict", 25))
    assert order(both, sorting="mine difference", descending=True)[0] == 30
    assert order(both, differing=True) == sorted([*OFF, 30])


def test_a_second_click_on_a_heading_turns_the_order_round(document: Document) -> None:
    first = sorted_by(Scene(document, VIEW), "masked")
    assert (first.sorting, first.descending) == ("masked", True)
    assert not sorted_by(Scene(document, first), "masked").descending
    assert not sorted_by(Scene(document, first), "output").descending


def test_the_worst_come_first_by_one_key(shown: MainWindow) -> None:
    shown.state.show(replace(VIEW, page="unit", filtering="12", differing=True))
    QTest.keyClick(shown, Qt.Key.Key_T, Qt.KeyboardModifier.ShiftModifier)
    assert (shown.state.view.page, shown.state.view.sample) == ("samples", 40)
    assert lines(shown)[:3] == [40, 9, 3]
    assert len(lines(shown)) == found_of(shown.state.scene.document).count


def test_a_key_opens_the_page(shown: MainWindow) -> None:
    shown.state.show(replace(VIEW, page="unit"))
    QTest.keyClick(shown, Qt.Key.Key_T)
    assert table(shown).isVisible()


def test_a_click_goes_to_a_sample_and_lights_it(shown: MainWindow) -> None:
    shown_table = table(shown)
    model = shown_table.model()
    shown.state.show(replace(shown.state.view, sample=3))
    QTest.mouseClick(
        shown_table.viewport(), Qt.MouseButton.LeftButton, pos=shown_table.visualRect(model.index(2, 1)).center()
    )
    assert shown.state.view.sample == 2
    lit = [model.index(row, 0).data(Qt.ItemDataRole.BackgroundRole) is not None for row in range(6)]
    assert lit == [False, False, True, False, False, False]


def test_enter_goes_to_the_line_that_the_arrow_keys_stand_on(shown: MainWindow) -> None:
    table(shown).setFocus()
    before = shown.state.view
    for _ in range(2):
        QTest.keyClick(table(shown), Qt.Key.Key_Down)
    assert shown.state.view == before
    QTest.keyClick(table(shown), Qt.Key.Key_Return)
    assert shown.state.view == replace(before, sample=27)
    QTest.keyClick(table(shown), Qt.Key.Key_Right)
    assert shown.state.view.step == before.step + 1


def test_headings_sort(shown: MainWindow) -> None:
    header = table(shown).horizontalHeader()
    place = QPoint(header.sectionViewportPosition(2) + header.sectionSize(2) // 2, header.height() // 2)
    QTest.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert (shown.state.view.sorting, lines(shown)[0]) == ("difference", 40)
    headings = [table(shown).model().headerData(column, Qt.Orientation.Horizontal) for column in (2, 3)]
    assert headings == ["difference ÷ floor ↓", "masked of 10"]


def test_what_is_typed_cuts_the_list_and_an_empty_list_says_why(shown: MainWindow) -> None:
    panel = part(shown, SamplesPanel)
    field = part(panel, QLineEdit)
    QTest.keyClicks(field, "different")
    assert lines(shown) == sorted(OFF)
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert shown.state.view.sample == 3
    field.setFocus()
    QTest.keyClicks(field, "x")
    assert not table(shown).isVisible()
    said = [label.text() for label in panel.findChildren(QLabel) if label.isVisible()]
    assert any("differentx" in text for text in said)
    shown.state.show(replace(shown.state.view, filtering=""))
    assert field.text() == ""


def test_only_those_that_differ_by_a_button(shown: MainWindow) -> None:
    button = next(one for one in part(shown, SamplesPanel).findChildren(QPushButton) if one.isCheckable())
    button.click()
    assert lines(shown) == sorted(OFF)
    assert any("3 of" in label.text() for label in part(shown, SamplesPanel).findChildren(QLabel))


def test_ten_thousand_samples_are_sorted_and_cut_down(document: Document) -> None:
    found = found_of(document)
    assert found.keras is not None
    assert found.output is not None
    many = 10_000
    take = np.arange(many) % found.count
    keras = replace(
        found.keras,
        severity=found.keras.severity[take],
        largest=found.keras.largest[take],
        over=found.keras.over[take],
    )
    big = replace(found, count=many, keras=keras, output=found.output[take], masked=None)
    rows = listed(big, replace(VIEW, sorting="difference", descending=True, filtering="9"))
    assert 9 < len(rows) < many
