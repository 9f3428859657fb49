"""A mask to draw in: a click on a step masks it or makes it valid, a drag does so to every step it comes over."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from rnnscope.types import Mask
from rnnscope_gui import numbers, theme
from rnnscope_gui.plotting import LEFT_AXIS, RIGHT_MARGIN, draw_lane

HEIGHT, LANE_TOP, LANE_HEIGHT = 26, 5, 16
LEAST_WIDTH = 120
HOW_TO = "Click or drag over the steps to mask them, or to make them valid again"


class MaskEditor(QWidget):
    """Steps from left to right, lined up with heatmaps above or below. painted((first, last, valid)), both included."""

    painted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._mask: Mask = np.ones(1, bool)
        self._range = (0.0, 1.0)
        self._step = 0
        self._drawing: tuple[int, bool] | None = None  # the step that the mouse came over last, and what it makes
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setToolTip(HOW_TO)

    def set_mask(self, mask: Mask, steps: tuple[float, float] | None, step: int) -> None:
        """Show a mask in the range `steps`, all of it with None, and outline a step."""
        self._mask, self._step = mask, step
        self._range = steps if steps is not None else (0.0, float(max(mask.size, 1)))
        masked = int(np.count_nonzero(~mask))
        self.setAccessibleName(f"The mask: {masked:,} of {numbers.count(mask.size, 'step')} masked. {HOW_TO}.")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(260, HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(LEAST_WIDTH, HEIGHT)

    def step_at(self, x: float) -> int:
        """The step at a pixel, the nearest one outside."""
        lane, (first, last) = self._lane(), self._range
        step = first + (x - lane.left()) / max(lane.width(), 1.0) * (last - first)
        return int(min(max(step, first, 0), last - 1e-9, self._mask.size - 1))

    def x_of(self, step: int) -> int:
        """The pixel in the middle of a step."""
        lane, (first, last) = self._lane(), self._range
        return round(lane.left() + (step + 0.5 - first) * lane.width() / (last - first))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, tokens = QPainter(self), theme.current()
        lane, (first, last) = self._lane(), self._range
        draw_lane(painter, lane, self._mask, first, last, tokens)
        if first <= self._step < last:
            width = lane.width() / (last - first)
            box = QRectF(lane.left() + (self._step - first) * width, lane.top(), max(width, 3.0), lane.height())
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(tokens.cursor), 1))
            painter.drawRect(box.toRect().adjusted(-1, -2, -1, 1))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._mask.size:
            step = self.step_at(event.position().x())
            self._drawing = (step, not bool(self._mask[step]))
            self.painted.emit((step, step, self._drawing[1]))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._drawing is None or not event.buttons() & Qt.MouseButton.LeftButton:
            return
        before, valid = self._drawing
        step = self.step_at(event.position().x())
        if step != before:
            self._drawing = (step, valid)
            self.painted.emit((before, step, valid))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._drawing = None

    def _lane(self) -> QRectF:
        return QRectF(LEFT_AXIS, LANE_TOP, max(1, self.width() - LEFT_AXIS - RIGHT_MARGIN), LANE_HEIGHT)
