"""What every test of the window may rely on: settings of its own, and no widget left over from another test."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QSettings
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import Shiboken


@pytest.fixture(autouse=True)
def private_settings(qapp: QApplication, tmp_path: Path) -> None:
    """Settings start empty and go to the test's own folder."""
    qapp.setOrganizationName("rnnscope")
    qapp.setApplicationName("rnnscope")
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    for form in (QSettings.Format.IniFormat, QSettings.Format.NativeFormat):
        QSettings.setPath(form, QSettings.Scope.UserScope, str(tmp_path / "settings"))


@pytest.fixture(autouse=True)
def no_widget_outlives_its_test(private_settings: None) -> Iterator[None]:
    """A widget still there after its test keeps listening, and answers in somebody else's."""
    before = {address(widget) for widget in QApplication.topLevelWidgets()}
    yield
    left = widgets_left(before)
    if left:
        gc.collect()
        left = widgets_left(before)
    assert not left, f"widgets outlive the test: {', '.join(map(describe, left))}"


def widgets_left(before: set[int]) -> list[QWidget]:
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    return [widget for widget in QApplication.topLevelWidgets() if address(widget) not in before]


def address(widget: QWidget) -> int:
    return int(Shiboken.getCppPointer(widget)[0])


def describe(widget: QWidget) -> str:
    return f"{type(widget).__name__} {widget.objectName()!r}"
