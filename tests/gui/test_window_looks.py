"""The real window: sizes, themes, settings, and what nobody caught."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QSettings
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication, QScrollArea, QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import Shiboken

from rnnscope_gui import app as app_module
from rnnscope_gui.panels.header import HeaderPanel
from rnnscope_gui.session import Session
from rnnscope_gui.window import MainWindow
from tests.gui.windows import (
    at,
    click,
    heatmaps,
    message,
    part,
)


@pytest.mark.parametrize("layout", ["side by side", "stacked"])
def test_every_part_has_its_room_at_any_size(window: MainWindow, layout: str) -> None:
    window.action(f"layout-{layout.replace(' ', '-')}").trigger()
    for size in ((1280, 720), (3840, 2160), (1440, 900)):
        window.resize(*size)
        QApplication.processEvents()
        assert (window.width(), window.height()) == size
        for shown in heatmaps(window):
            assert shown.isVisible()
            assert shown.box.width() > 100
            assert shown.box.height() > 30
            pixel = int(np.ceil(shown.rows / shown.box.height()))  # the rows under one pixel
            for step, unit in ((9, 63 - pixel), (0, pixel)):
                click(shown, step, unit)
                assert at(window)[1] == step
                assert abs(at(window)[2] - unit) <= pixel
        places = [shown.mapTo(window, QPoint()) for shown in heatmaps(window)]
        across, down = len({place.x() for place in places}), len({place.y() for place in places})
        assert (across, down) == ((3, 1) if layout == "side by side" else (1, 3))


@pytest.mark.parametrize("zoomed", [None, (2.0, 6.0)])
@pytest.mark.parametrize("size", [(1024, 600), (1280, 720)])
def test_nothing_pushes_the_sides_out_of_a_small_window(
    window: MainWindow, zoomed: tuple[float, float] | None, size: tuple[int, int]
) -> None:
    window.resize(*size)
    window.state.show(replace(window.state.view, steps=zoomed))
    QApplication.processEvents()
    for area in window.findChildren(QScrollArea):
        inside = area.widget()
        assert inside is not None
        assert inside.minimumSizeHint().width() <= area.viewport().width()


@pytest.mark.parametrize("width", [1024, 1100, 1280, 1440])
def test_files_with_long_names_leave_room_for_sample_and_step(window: MainWindow, width: int) -> None:
    document, name = window.state.scene.document, "a_name_that_is_far_too_long_for_any_button.keras"
    window.state.set(replace(window.state.scene, document=replace(document, model_path=name, input_path=name)))
    window.resize(width, 700)
    QApplication.processEvents()
    header = part(window, HeaderPanel)
    parts = [child for child in header.children() if isinstance(child, QWidget) and child.isVisible()]
    places = sorted((child.x(), child.x() + child.width()) for child in parts)
    assert all(right <= left for (_, right), (left, _) in pairwise(places))
    assert places[-1][1] <= header.width()
    assert all(child.width() >= child.minimumSizeHint().width() for child in parts)


def test_themes_change_while_files_are_open(window: MainWindow, qapp: QApplication) -> None:
    document, brightness = window.state.scene.document, []
    for theme in ("dark", "light", "dark", "system"):
        window.action(f"theme-{theme}").trigger()
        window.repaint()
        assert window.action(f"theme-{theme}").isChecked()
        brightness.append(qapp.palette().color(QPalette.ColorRole.Window).lightness())
    assert brightness[0] < 100 < brightness[1]
    assert brightness[2] == brightness[0]
    assert window.state.scene.document is document


def test_the_chosen_theme_and_size_are_remembered(empty_window: MainWindow) -> None:
    empty_window.action("theme-dark").trigger()
    empty_window.resize(1024, 680)
    empty_window.close()
    again = MainWindow(Session(), QSettings())
    try:
        assert again.state.view.theme == "dark"
        assert (again.width(), again.height()) == (1024, 680)
        again.action("theme-light").trigger()
    finally:
        again.close()


def test_settings_that_make_no_sense_are_ignored(qtbot: QtBot) -> None:
    settings = QSettings()
    settings.setValue("theme", "plaid")
    settings.setValue("geometry", "wide")
    window = MainWindow(Session(), settings)
    assert window.state.view.theme == "system"
    window.close()


def test_what_nobody_caught_becomes_a_message_and_nothing_is_lost(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    document = window.state.scene.document
    app_module._showing(window.session)(ZeroDivisionError, ZeroDivisionError("by <b>zero</b>"), None)
    assert "ZeroDivisionError: by <b>zero</b>" in message(window)
    assert "ZeroDivisionError" in capsys.readouterr().err
    assert window.state.scene.document is document


def test_windows_are_independent_of_one_another(window: MainWindow) -> None:
    other = MainWindow(Session(), QSettings())
    try:
        assert other.state.scene.document.model is None
        assert other.session is not window.session
    finally:
        other.close()
    assert Shiboken.isValid(window)
