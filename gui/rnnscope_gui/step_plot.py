"""A plot over the step axis: what heatmaps and the unit's plot share, so that their steps line up to the pixel."""

from __future__ import annotations

from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QFrame, QWidget

from rnnscope.types import Mask
from rnnscope_gui import theme
from rnnscope_gui.plotting import BOTTOM_AXIS, LEFT_AXIS, RIGHT_MARGIN, STRIP, Hatching, IndexAxis, MaskStrip, Outline

FEWEST_STEPS = 4
LEAST = (80, 44)
ZOOM = 1.25
Range = tuple[float, float]


class StepPlot(pg.GraphicsView):  # type: ignore[misc]
    """Steps from left to right, the mask above them, masked steps hatched.

    Signals: picked((step, unit)), zoomed((first, last + 1) or None for all steps).
    It never zooms or moves its cursor by itself: whoever owns it answers with `set_steps` and `set_cursor`.
    """

    picked = Signal(object)
    zoomed = Signal(object)

    def __init__(self, parent: QWidget | None = None, *, left: pg.AxisItem | None = None, shows_unit: bool) -> None:
        super().__init__(parent, background=None)
        self.strip, self.step_axis = MaskStrip(), IndexAxis("bottom")
        self.left_axis = left or IndexAxis("left")
        self.box = pg.ViewBox(enableMouse=False, enableMenu=False, defaultPadding=0)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setMinimumSize(*LEAST)  # a view asks for more than several of them can have one above the other
        self.hatching = Hatching(shows_unit)
        self.column, self.row = Outline(), Outline()
        self.has_steps, self._shows_unit = True, shows_unit
        self.columns, self.rows, self.steps = 1, 1, None
        self._numbered = self._has_strip = True
        self._lay_out()

    columns: int
    rows: int
    steps: Range | None

    def set_mask(self, mask: Mask | None, *, has_steps: bool = True) -> None:
        """Show a mask above the plot and hatch what it masks; None for no mask."""
        self.strip.mask = mask
        self.hatching.set_mask(mask)
        self.has_steps = has_steps
        self.strip.setHeight(STRIP if mask is not None and self._has_strip else 4)
        self.number_steps(self._numbered)
        self.strip.update()

    def show_strip(self, shown: bool) -> None:
        """Whether the mask lies above the plot; hatched it is in any case."""
        self._has_strip = shown
        self.set_mask(self.strip.mask, has_steps=self.has_steps)

    def number_steps(self, numbered: bool) -> None:
        """Whether the steps are numbered below; without steps they never are."""
        self._numbered = numbered
        shown = numbered and self.has_steps
        self.step_axis.setStyle(showValues=shown)
        self.step_axis.setHeight(BOTTOM_AXIS if shown else 6)

    def set_extent(self, columns: int, rows: int, top: float, height: float) -> None:
        """How many steps and rows there are, and what the y axis spans."""
        self.columns, self.rows, self.step_axis.count = columns, rows, columns
        self.hatching.set_extent(QRectF(0, top, columns, height))

    def set_steps(self, steps: Range | None) -> None:
        """Show the steps [first, last + 1); None for all."""
        self.steps = steps
        first, last = self.visible_steps()
        self.box.setXRange(first, last, padding=0)

    def visible_steps(self) -> Range:
        return self.steps if self.steps is not None else (0.0, float(self.columns))

    def set_cursor(self, step: int, unit: int) -> None:
        """Outline a step and a unit; nothing else is drawn anew."""
        extent = self.hatching.extent
        self.column.set_place(QRectF(step, extent.top(), 1, extent.height()) if self.has_steps else None)
        if self._shows_unit:
            first, last = self.visible_steps()
            left, right = max(first, extent.left()), min(last, extent.right())
            self.row.set_place(QRectF(left, unit, right - left, 1))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._place(event) is not None:
            self.picked.emit(self._place(event, clamp=True))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self.picked.emit(self._place(event, clamp=True))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.zoomed.emit(None)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom about the step under the mouse; sideways, or with Shift, move along."""
        if self.columns <= FEWEST_STEPS:
            event.ignore()
            return
        first, last = self.visible_steps()
        turned = event.angleDelta()
        if turned.x() or event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            shift = -(turned.x() or turned.y()) / 120 * (last - first) / 10
            self._zoom_to(first + shift, last + shift)
        elif turned.y():
            factor = ZOOM ** (-turned.y() / 120)
            centre = self.box.mapSceneToView(self.mapToScene(event.position().toPoint())).x()
            centre = min(max(centre, first), last)
            width = min(max((last - first) * factor, float(FEWEST_STEPS)), float(self.columns))
            begin = centre - (centre - first) * width / (last - first)
            self._zoom_to(begin, begin + width)
        event.accept()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "box"):
            self.restyle()

    def restyle(self) -> None:
        """Take the colours of the theme in force."""
        for axis in (self.left_axis, self.step_axis):
            axis.setTextPen(QColor(theme.current().muted))
        for item in (self.strip, self.hatching, self.column, self.row):
            item.update()

    def _zoom_to(self, first: float, last: float) -> None:
        """Ask for a range, kept within the sequence; all of it is None."""
        width = last - first
        if width >= self.columns - 1e-6:  # all of it, but for rounding
            self.zoomed.emit(None)
            return
        first = min(max(first, 0.0), self.columns - width)
        self.zoomed.emit((first, first + width))

    def _place(self, event: QMouseEvent, *, clamp: bool = False) -> tuple[int, int] | None:
        """The step and row under the mouse; None outside, unless clamped."""
        point = self.box.mapSceneToView(self.mapToScene(event.position().toPoint()))
        first, last = self.visible_steps()
        x, y = point.x(), self.row_at(point.y())
        inside = max(first, 0) <= x < last and self.box.viewRect().contains(point) and y is not None
        if not clamp:
            return (int(x), y) if inside and y is not None else None
        step = min(max(int(x), int(first)), self.columns - 1, max(int(last - 1e-9), 0))
        return step, min(max(int(point.y()), 0), self.rows - 1) if self._shows_unit else -1

    def row_at(self, y: float) -> int | None:
        """The row at a height; -1 where height means something else, None where there is no row."""
        if not self._shows_unit:
            return -1
        return int(y) if 0 <= y < self.rows else None

    def _lay_out(self) -> None:
        """A grid of our own: pyqtgraph's PlotItem would bring a dozen menus, each a window, to every plot."""
        grid = pg.GraphicsLayout()
        grid.setContentsMargins(0, 0, RIGHT_MARGIN, 0)
        grid.setSpacing(0)
        for item, row, column in ((self.strip, 0, 1), (self.left_axis, 1, 0), (self.box, 1, 1), (self.step_axis, 2, 1)):
            grid.addItem(item, row, column)
        self.setCentralItem(grid)
        self.box.disableAutoRange()
        for item in (self.hatching, self.column, self.row):
            self.box.addItem(item, ignoreBounds=True)
        for axis in (self.strip, self.left_axis, self.step_axis):
            axis.linkToView(self.box)
            axis.setStyle(tickLength=0, tickFont=theme.mono_font(8), autoExpandTextSpace=False, tickTextOffset=5)
            axis.setStyle(hideOverlappingLabels=False)
            axis.setPen(pg.mkPen(None))
        self.left_axis.setWidth(LEFT_AXIS)
        self.step_axis.setHeight(BOTTOM_AXIS)
        self.strip.setHeight(STRIP)
        self.restyle()

    def sizeHint(self) -> Any:
        return self.minimumSizeHint()
