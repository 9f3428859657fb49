"""The number under the cursor is taken apart, and a click goes where a term comes from."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from rnnscope_gui.arithmetic import arithmetic
from rnnscope_gui.state import Document, View
from rnnscope_gui.term_table import TermTable
from rnnscope_gui.window import MainWindow

VIEW = View(layer="rnn", quantity="state/h", sample=25, step=5, unit=12, page="arithmetic")


def test_the_sums_are_the_recorded_number(household: Document) -> None:
    found = arithmetic(household, VIEW)
    assert found is not None
    sums = {line.what: line.value for line in found.sums}
    assert household.trace is not None
    recorded = float(household.trace["rnn"].states["h"][25, 5, 12])
    assert sums["h[5, 12]"] == sums["Keras"] == pytest.approx(recorded, abs=1e-6)
    parts = math.fsum(sums[name] for name in ("x·W", "h·U", "b", "rounding"))
    assert parts == pytest.approx(sums["total"], abs=1e-12)
    assert abs(found.terms[0].share) == 1.0


def test_a_masked_step_says_where_its_state_comes_from(household: Document) -> None:
    found = arithmetic(household, replace(VIEW, step=6))
    assert found is not None
    assert found.parts[-1].source is not None
    assert found.parts[-1].source.step == 5


def test_there_is_nothing_to_take_apart_before_a_run() -> None:
    assert arithmetic(Document(), VIEW) is None


def test_what_cannot_be_taken_apart_says_so(household: Document) -> None:
    found = arithmetic(household, replace(VIEW, unit=10**6))
    assert found is not None
    assert "no such unit" in found.note


def test_a_click_goes_where_the_term_comes_from(window: MainWindow, qtbot: QtBot) -> None:
    window.state.show(VIEW)
    terms = next(
        table for table in window.findChildren(TermTable) if table.accessibleName() == "The terms of this number"
    )
    qtbot.waitUntil(lambda: terms.isVisible() and terms.model().rowCount() > 0)
    place = terms.visualRect(terms.model().index(0, 0)).center()
    QTest.mouseClick(terms.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert (window.state.view.layer, window.state.view.unit) == ("masking", 44)


def test_keys_choose_the_page(window: MainWindow) -> None:
    pages = []
    for page in ("arithmetic", "unit"):
        window.action(f"page-{page}").trigger()
        pages.append(window.state.view.page)
    assert pages == ["arithmetic", "unit"]
