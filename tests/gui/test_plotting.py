from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from rnnscope.types import Array, Mask
from rnnscope_gui import theme
from rnnscope_gui.heatmap import Heatmap
from rnnscope_gui.plotting import COLOUR_MAPS, COLOURS, colour_table, coloured, covered, draw_lane, runs

masks = arrays(np.bool_, st.integers(1, 60))
STEPS, UNITS = 10, 8


@given(masks)
def test_runs_are_the_stretches_of_true(mask: Mask) -> None:
    again = np.zeros_like(mask)
    for begin, end in runs(mask):
        assert mask[begin:end].all()
        again[begin:end] = True
    assert np.array_equal(again, mask)


@given(masks, st.integers(1, 30))
def test_every_step_reaches_a_pixel_and_no_pixel_is_made_up(mask: Mask, pixels: int) -> None:
    touched = covered(mask, 0, mask.size, pixels)
    assert touched.shape == (pixels,)
    assert touched.any() == mask.any()
    if mask.all():
        assert touched.all()


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("name", COLOUR_MAPS)
def test_what_is_not_finite_has_a_colour_of_its_own(name: str, dark: bool) -> None:
    table = colour_table(name, theme.tokens(dark))
    picture = coloured(np.array([[np.nan, np.inf, -np.inf, -1, 0, 1, 5]]), (-1, 1), table)[0]
    assert (picture[:3] == table[COLOURS]).all()
    assert (picture[3] == table[0]).all()
    assert (picture[4] == table[COLOURS // 2]).all()
    assert (picture[5] == picture[6]).all()
    assert not (table[:COLOURS] == table[COLOURS]).all(axis=1).any()


@pytest.mark.parametrize("high", [1e-300, 5e-39, 1e-20, 1.0, 1e38, 1.7e308])
def test_colours_hold_at_any_magnitude(high: float) -> None:
    table = colour_table("CET-D1A", theme.LIGHT)
    kind = np.float32 if 1e-38 < high < 3e38 else np.float64
    picture = coloured(np.array([[-high, 0, high]], kind), (-high, high), table)[0]
    assert (picture == table[[0, COLOURS // 2, COLOURS - 1]]).all()


@pytest.fixture
def heatmap(qtbot: QtBot) -> Heatmap:
    made = Heatmap()
    qtbot.addWidget(made)
    made.resize(400, 300)
    made.show()
    mask = np.array([False, False, True, True, False, True, True, True, False, True])
    made.set_data(values(), mask, (-1, 1), "CET-D1A")
    QApplication.processEvents()
    return made


def values() -> Array:
    return np.linspace(-1, 1, UNITS * STEPS, dtype=np.float32).reshape(UNITS, STEPS)


def place_of(heatmap: Heatmap, step: float, unit: float) -> QPoint:
    point: QPoint = heatmap.mapFromScene(heatmap.box.mapViewToScene(QPointF(step, unit)))
    return point


def test_a_press_chooses_the_cell_under_it(heatmap: Heatmap, qtbot: QtBot) -> None:
    with qtbot.waitSignal(heatmap.picked) as chosen:
        QTest.mouseClick(heatmap.viewport(), Qt.MouseButton.LeftButton, pos=place_of(heatmap, 7.5, 3.5))
    assert chosen.args == [(7, 3)]


def test_the_wheel_asks_for_fewer_steps_and_moves_nothing_itself(heatmap: Heatmap, qtbot: QtBot) -> None:
    with qtbot.waitSignal(heatmap.zoomed) as asked:
        turn(heatmap, 120)
    assert asked.args is not None
    first, last = asked.args[0]
    assert 0 <= first < 5 < last <= STEPS
    assert heatmap.visible_steps() == (0, STEPS)


def test_turned_back_all_steps_are_shown(heatmap: Heatmap, qtbot: QtBot) -> None:
    heatmap.set_steps((4.0, 9.0))
    with qtbot.waitSignal(heatmap.zoomed) as asked:
        turn(heatmap, -1200)
    assert asked.args == [None]


def turn(heatmap: Heatmap, angle: int) -> None:
    where = QPointF(place_of(heatmap, 5, 2))
    none, phase = Qt.MouseButton.NoButton, Qt.ScrollPhase.NoScrollPhase
    modifiers = Qt.KeyboardModifier.NoModifier
    heatmap.wheelEvent(QWheelEvent(where, where, QPoint(), QPoint(0, angle), none, modifiers, phase, False))


def test_a_lane_drawn_again_looks_the_same_and_another_mask_does_not() -> None:
    masks = [np.arange(4000) % 1000 < 300, np.arange(4000) % 1000 < 600]

    def drawn(mask: Mask) -> QImage:
        image = QImage(200, 10, QImage.Format.Format_ARGB32)
        image.fill(0)
        painter = QPainter(image)
        draw_lane(painter, QRectF(0, 0, 200, 10), mask, 0, 4000, theme.current())
        painter.end()
        return image

    first, second = (drawn(mask) for mask in masks)
    assert first != second
    assert drawn(masks[0]) == first
