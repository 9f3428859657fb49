"""The panels around one run, and where each has its place."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QScrollArea, QSplitter, QVBoxLayout, QWidget

from rnnscope_gui.lower import LowerPages
from rnnscope_gui.panels.arithmetic import ArithmeticPanel
from rnnscope_gui.panels.journey import JourneyPanel
from rnnscope_gui.panels.laboratory import LaboratoryPanel
from rnnscope_gui.panels.layers import LayersPanel
from rnnscope_gui.panels.maps import MapsPanel
from rnnscope_gui.panels.masking import MaskingPanel
from rnnscope_gui.panels.origins import OriginsPanel
from rnnscope_gui.panels.output import OutputPanel
from rnnscope_gui.panels.reading import ReadingPanel
from rnnscope_gui.panels.samples import SamplesPanel
from rnnscope_gui.panels.trace_plot import UnitPlotPanel
from rnnscope_gui.panels.why import WhyPanel
from rnnscope_gui.state import AppState, Page, Scene

LEFT, MIDDLE, RIGHT = 256, 924, 240
NARROWEST_RIGHT = 232  # where the output's digits and a scroll bar stand side by side
MAPS, LOWER = 546, 276


class Workbench(QWidget):
    """Left: layers, the mask's journey. Middle: heatmaps, pages below. Right: the output, why, the reading."""

    def __init__(self, state: AppState, actions: Mapping[str, QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layers, self._journey = LayersPanel(state), JourneyPanel(state)
        self._maps = MapsPanel(state, actions["rule"])
        pages: dict[Page, QWidget] = {
            "unit": UnitPlotPanel(state),
            "arithmetic": ArithmeticPanel(state),
            "laboratory": LaboratoryPanel(state),
            "samples": SamplesPanel(state, actions["worst-samples"]),
        }
        self._lower = LowerPages(state, pages)
        self._output, self._why = OutputPanel(state), WhyPanel(state, actions)
        self._origins = OriginsPanel(state)
        self._masking, self.reading = MaskingPanel(state), ReadingPanel(state, actions["version-lens"])
        left = _column(Qt.Orientation.Vertical, (self._layers, 440), (_scrolling(self._journey), 360))
        middle = _column(Qt.Orientation.Vertical, (self._maps, MAPS), (self._lower, LOWER))
        right = _scrolling(_stacked(self._output, self._why, self._origins, self._masking, self.reading))
        right.setMinimumWidth(NARROWEST_RIGHT)
        sides = _column(
            Qt.Orientation.Horizontal,
            (left, LEFT),
            (middle, MIDDLE),
            (right, RIGHT),
        )
        sides.setStretchFactor(0, 0)
        sides.setStretchFactor(1, 1)
        sides.setStretchFactor(2, 0)
        row = QVBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(sides)

    def show_scene(self, old: Scene | None, new: Scene) -> None:
        """Show the scene in every panel; a panel that comes back from the empty page starts afresh."""
        if new.document.trace is None:
            return
        before = old if old is not None and old.document.trace is not None else None
        right = (self._output, self._why, self._origins, self._masking, self.reading)
        for panel in (self._layers, self._journey, self._maps, self._lower, *right):
            panel.show_scene(before, new)


def _column(orientation: Qt.Orientation, *parts: tuple[QWidget, int]) -> QSplitter:
    splitter = QSplitter(orientation)
    splitter.setChildrenCollapsible(False)
    splitter.setHandleWidth(1)
    for widget, _ in parts:
        splitter.addWidget(widget)
    splitter.setSizes([size for _, size in parts])
    return splitter


def _stacked(*parts: QWidget) -> QWidget:
    """Panels under one another, the room that is left below them."""
    together = QWidget()
    together.setObjectName("side")
    column = QVBoxLayout(together)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    for part in parts:
        column.addWidget(part)
    column.addStretch(1)
    return together


def _scrolling(widget: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(widget)
    return area
