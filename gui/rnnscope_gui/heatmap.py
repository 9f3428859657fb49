"""One matrix as a picture, units down and steps across, and the bar that explains its colours."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from rnnscope.display import pool
from rnnscope.types import Array, Mask
from rnnscope_gui import numbers, theme
from rnnscope_gui.plotting import LEFT_AXIS, RIGHT_MARGIN, colour_table, coloured
from rnnscope_gui.step_plot import Range, StepPlot

Levels = tuple[float, float]
TALLEST_ROW, WIDEST_COLUMN = 26.0, 110.0  # pixels, where there is no time


class Heatmap(StepPlot):
    """A matrix (rows, steps). `set_data` uploads its picture; `set_cursor` and `set_steps` do as little as they can."""

    def __init__(self, parent: QWidget | None = None) -> None:
        self._image = pg.ImageItem()
        self._matrix: Array | None = None
        self._levels: Levels = (-1.0, 1.0)
        self._map = ""
        self._uploaded: tuple[object, ...] = ()
        super().__init__(parent, shows_unit=True)
        self.box.invertY(True)
        self.box.addItem(self._image, ignoreBounds=True)
        self.box.sigResized.connect(self._resized)

    def set_data(
        self, matrix: Array, mask: Mask | None, levels: Levels, colour_map: str, *, has_steps: bool = True
    ) -> None:
        """Show another matrix; without steps it is one column."""
        self._matrix, self._levels, self._map, self._uploaded = matrix, levels, colour_map, ()
        rows, columns = matrix.shape
        self.left_axis.count = rows
        self.set_extent(columns, rows, 0.0, float(rows))
        self.set_mask(mask, has_steps=has_steps)
        self._fit()
        self._upload()

    def set_steps(self, steps: Range | None) -> None:
        if steps != self.steps:
            super().set_steps(steps)
            self._fit()
            self._upload()

    def restyle(self) -> None:
        super().restyle()
        self._uploaded = ()
        self._upload()

    def _resized(self, *_: Any) -> None:
        self._fit()
        self._upload()

    def _fit(self) -> None:
        """All rows and the visible steps; a lone column is no wider than a bar, its rows no taller than a line."""
        first, last = self.visible_steps()
        if not self.has_steps:
            first, last = 0.0, max(1.0, self.box.width() / WIDEST_COLUMN)
        self.box.setXRange(first, last, padding=0)
        least = 0.0 if self.has_steps else self.box.height() / TALLEST_ROW
        self.box.setYRange(0, max(float(self.rows), least), padding=0)

    def _upload(self) -> None:
        """Pool the visible steps to the pixels there are and hand them to the item, unless it has them already."""
        if self._matrix is None or not self._matrix.size:
            self._image.clear()
            return
        first, last = self.visible_steps()
        begin, end = max(0, int(np.floor(first))), min(self.columns, int(np.ceil(last)))
        if begin >= end:  # a hidden map keeps its values while the others zoom beyond them
            return
        ratio = self.devicePixelRatioF()
        across = max(1, int(self.box.width() * ratio * (end - begin) / max(last - first, 1e-9)))
        down = max(1, int(self.box.height() * ratio))
        wanted = (begin, end, min(across, end - begin), min(down, self.rows))
        if wanted == self._uploaded:
            return
        self._uploaded = wanted
        picture = pool(self._matrix[:, begin:end], across, down)
        table = colour_table(self._map, theme.current())
        self._image.setImage(coloured(picture, self._levels, table), autoLevels=False)
        self._image.setRect(QRectF(begin, 0, end - begin, self.rows))


class ColourBar(QWidget):
    """The colours from low to high, with the numbers at the ends and in the middle."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._levels: Levels | None = None
        self._map = ""
        self.setFixedHeight(26)
        self.setAccessibleName("Colour scale")

    def set_scale(self, levels: Levels | None, colour_map: str) -> None:
        """The scale to explain; None for none."""
        if (levels, colour_map) != (self._levels, self._map):
            self._levels, self._map = levels, colour_map
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(160, 26)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._levels is None:
            return
        tokens = theme.current()
        painter = QPainter(self)
        table = np.ascontiguousarray(colour_table(self._map, tokens)[:-1])
        image = QImage(table.data, table.shape[0], 1, table.nbytes, QImage.Format.Format_RGBA8888)
        bar = QRectF(LEFT_AXIS, 2, self.width() - LEFT_AXIS - RIGHT_MARGIN, 6)
        painter.drawImage(bar, image)
        painter.setFont(theme.mono_font(8))
        painter.setPen(QColor(tokens.muted))
        low, high = self._levels
        place = QRectF(bar.left(), 10, bar.width(), 16)
        for number, where in ((low, Qt.AlignmentFlag.AlignLeft), (high, Qt.AlignmentFlag.AlignRight)):
            painter.drawText(place, where, numbers.short(number))
        middle, width = numbers.short(low / 2 + high / 2), painter.fontMetrics().horizontalAdvance
        if width(numbers.short(low)) + width(f" {middle} ") + width(numbers.short(high)) <= place.width():
            painter.drawText(place, Qt.AlignmentFlag.AlignHCenter, middle)
        painter.drawLine(QPointF(bar.center().x(), 8), QPointF(bar.center().x(), 10))
