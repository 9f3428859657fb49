"""The real window: clicks and drags in its pictures, lists and controls."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QSlider, QSpinBox

from rnnscope_gui.state import Document
from rnnscope_gui.unit_plot import UnitPlot
from rnnscope_gui.window import MainWindow
from tests.gui.windows import (
    at,
    cell,
    click,
    cursor,
    heatmaps,
    layer_list,
    part,
    readout,
    step_table,
)

Key = Qt.Key


@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_click_in_any_heatmap_picks_the_step_and_unit_everywhere(
    window: MainWindow, household: Document, which: int
) -> None:
    window.go(lambda scene: replace(scene.view, sample=25))
    shown = heatmaps(window)[which]
    click(shown, 7, 41)
    assert at(window) == (25, 7, 41)
    assert household.trace is not None
    assert household.reference is not None
    ours = household.trace.get("layer/rnn/state/h")[25, 7, 41]
    theirs = household.reference.arrays["layer/rnn/state/h"][25, 7, 41]
    text = readout(window)
    assert "rnn h sample 25 step 7 unit 41" in text
    assert f"NumPy {ours:.6f}" in text
    assert f"Keras {theirs:.6f}" in text
    for other in heatmaps(window):
        assert cursor(other) == (7, 41)
    assert cursor(part(window, UnitPlot)) == (7, -1)
    shown_table = step_table(window).model()
    assert [shown_table.index(7, column).data().strip() for column in (1, 2)] == [f"{ours:.6f}", f"{theirs:.6f}"]


def test_steps_line_up_to_the_pixel(window: MainWindow) -> None:
    side = [cell(shown, 3, 20) for shown in heatmaps(window)]
    assert len({place.y() for place in side}) == 1
    assert max(place.x() for place in side) - min(place.x() for place in side) <= 1
    window.action("layout-stacked").trigger()
    QApplication.processEvents()
    edges = set()
    for shown in (*heatmaps(window), part(window, UnitPlot)):
        x, y = shown.box.viewRect().left(), shown.box.viewRect().center().y()
        edges.add(shown.mapTo(window, shown.mapFromScene(shown.box.mapViewToScene(QPointF(x, y)))).x())
    assert len(edges) == 1


def test_corners_can_be_hit(window: MainWindow) -> None:
    shown = heatmaps(window)[0]
    for step, unit in ((0, 0), (9, 0), (0, 63), (9, 63)):
        click(shown, step, unit)
        assert at(window)[1:] == (step, unit)


def test_dragging_moves_the_cursor_along_and_stops_at_the_edge(window: MainWindow) -> None:
    shown = heatmaps(window)[0]
    port = shown.viewport()
    QTest.mousePress(port, Qt.MouseButton.LeftButton, pos=cell(shown, 2, 10))
    for step, unit in ((4, 12), (8, 30)):
        QTest.mouseMove(port, cell(shown, step, unit))
        assert at(window)[1:] == (step, unit)
    QTest.mouseMove(port, QPoint(port.width() + 300, -300))
    assert at(window)[1:] == (9, 0)
    QTest.mouseRelease(port, Qt.MouseButton.LeftButton, pos=QPoint(0, 0))
    assert at(window)[1:] == (9, 0)


def test_moving_without_a_button_changes_nothing(window: MainWindow) -> None:
    before = window.state.scene
    shown = heatmaps(window)[0]
    QTest.mouseMove(shown.viewport(), cell(shown, 4, 4))
    QTest.mouseMove(shown.viewport(), cell(shown, 8, 40))
    assert window.state.scene is before


def test_a_click_in_the_units_plot_picks_the_step_and_keeps_the_unit(window: MainWindow) -> None:
    click(heatmaps(window)[0], 1, 17)
    plot = part(window, UnitPlot)
    point = plot.mapFromScene(plot.box.mapViewToScene(QPointF(6.5, 0.0)))
    QTest.mouseClick(plot.viewport(), Qt.MouseButton.LeftButton, pos=point)
    assert at(window)[1:] == (6, 17)


def test_a_click_in_the_table_picks_the_step(window: MainWindow) -> None:
    table = step_table(window)
    place = table.visualRect(table.model().index(4, 1)).center()
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert at(window)[1] == 4


def test_a_click_in_the_layer_list_shows_the_layer(window: MainWindow) -> None:
    shown = layer_list(window)
    names = [shown.model().index(row, 0).data() for row in range(shown.model().rowCount())]
    place = shown.visualRect(shown.model().index(names.index("dense1"), 0)).center()
    QTest.mouseClick(shown.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert window.state.view.layer == "dense1"
    assert "dense1 y" in readout(window)


def test_the_sample_box_and_the_step_slider_move_the_cursor(window: MainWindow) -> None:
    sample, step = part(window, QSpinBox), part(window, QSlider)
    sample.setFocus()
    sample.selectAll()
    QTest.keyClicks(sample, "31")
    QTest.keyClick(sample, Key.Key_Return)
    step.setValue(8)
    assert at(window)[:2] == (31, 8)
    window.action("next-sample").trigger()
    window.action("first-step").trigger()
    assert (sample.value(), step.value()) == (32, 0)
