"""The real window: the wheel over its pictures, and the way back to all steps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QToolButton

from rnnscope import run
from rnnscope.layers.core import InputLayer
from rnnscope_gui.state import Document, View
from rnnscope_gui.unit_plot import UnitPlot
from rnnscope_gui.window import MainWindow
from tests.core.models import chain
from tests.gui.windows import (
    at,
    cell,
    click,
    heatmaps,
    part,
    scene_of,
    turn_wheel,
)

Key = Qt.Key


def long_document(document: Document, steps: int = 200) -> Document:
    """The example's model run on sequences as long as one likes."""
    assert document.model is not None
    x = np.random.default_rng(3).normal(size=(2, steps, 76)).astype(np.float32)
    model = chain(("entry", InputLayer((None, None, 76))), ("rnn", document.model["rnn"].operation))
    return Document(model=model, inputs=x, trace=run(model, x))


@pytest.mark.parametrize("kind", ["heatmap", "plot"])
def test_the_wheel_zooms_about_the_step_under_the_mouse_in_every_plot_at_once(
    window: MainWindow, household: Document, kind: str
) -> None:
    window.state.set(scene_of(long_document(household)))
    shown = heatmaps(window)[0] if kind == "heatmap" else part(window, UnitPlot)
    place = shown.mapFromScene(shown.box.mapViewToScene(shown.box.viewRect().center()))
    turn_wheel(shown.viewport(), place, 3)
    steps = window.state.view.steps
    assert steps is not None
    first, last = steps
    assert last - first == pytest.approx(200 / 1.25**3)
    assert (first + last) / 2 == pytest.approx(100, abs=1)
    for other in (*heatmaps(window)[:1], part(window, UnitPlot)):
        assert other.box.viewRange()[0] == pytest.approx([first, last])


def test_zooming_has_a_nearest_and_a_farthest(window: MainWindow, household: Document) -> None:
    window.state.set(scene_of(long_document(household)))
    shown = heatmaps(window)[0]
    place = cell(shown, 20, 5)
    turn_wheel(shown.viewport(), place, 60)
    assert window.state.view.steps is not None
    assert np.diff(window.state.view.steps) == pytest.approx(4)
    turn_wheel(shown.viewport(), place, -60)
    assert window.state.view.steps is None


def test_sideways_moves_along_and_stops_at_the_ends(window: MainWindow, household: Document) -> None:
    window.state.set(scene_of(long_document(household), View(steps=(50.0, 100.0))))
    shown = heatmaps(window)[0]
    place = shown.viewport().rect().center()
    turn_wheel(shown.viewport(), place, 0, sideways=1)
    assert window.state.view.steps == pytest.approx((45.0, 95.0))
    turn_wheel(shown.viewport(), place, 0, sideways=100)
    assert window.state.view.steps == pytest.approx((0.0, 50.0))
    turn_wheel(shown.viewport(), place, 0, sideways=-100)
    assert window.state.view.steps == pytest.approx((150.0, 200.0))


@pytest.mark.parametrize("how", ["key", "double click"])
def test_all_steps_come_back(window: MainWindow, how: str) -> None:
    shown = heatmaps(window)[0]
    turn_wheel(shown.viewport(), shown.viewport().rect().center(), 2)
    zoomed = window.state.view
    assert zoomed.steps is not None
    assert window.action("reset-zoom").isEnabled()
    if how == "key":
        QTest.keyClick(window, Key.Key_0)
    else:
        QTest.mouseDClick(shown.viewport(), Qt.MouseButton.LeftButton, pos=shown.viewport().rect().center())
    assert window.state.view == replace(zoomed, steps=None)
    assert not window.action("reset-zoom").isEnabled()


def test_a_zoomed_picture_offers_the_way_back(window: MainWindow) -> None:
    way_back = next(one for one in window.findChildren(QToolButton) if one.text() == "show all steps")
    assert not way_back.isVisible()
    window.state.show(replace(window.state.view, steps=(2.0, 6.0)))
    assert way_back.isVisible()
    QTest.mouseClick(way_back, Qt.MouseButton.LeftButton)
    assert window.state.view.steps is None
    assert not way_back.isVisible()


def test_a_click_while_zoomed_picks_what_is_seen(window: MainWindow, household: Document) -> None:
    window.state.set(scene_of(long_document(household), View(steps=(150.0, 170.0))))
    click(heatmaps(window)[0], 163, 30)
    assert at(window)[1:] == (163, 30)
