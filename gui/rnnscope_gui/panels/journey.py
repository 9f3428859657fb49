"""The mask's journey: which layer makes it, uses it, passes it on or drops it, for the sample on show."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from itertools import accumulate

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from rnnscope.errors import one_line
from rnnscope.masks import Stop, journey
from rnnscope.types import Mask
from rnnscope_gui import theme
from rnnscope_gui.plotting import GAP_FROM, draw_lane
from rnnscope_gui.state import AppState, Scene
from rnnscope_gui.widgets import SIDE_MARGINS, label

NAME_HEIGHT, LINE_HEIGHT, BELOW = 17, 15, 6
LANE_HEIGHT, LANE_SHARE, SPACE = 11, 0.36, 10
NARROWEST = 150
NO_MASK = "No layer makes a mask: every step counts."


class JourneyPanel(QWidget):
    """One lane a layer; a click on a step chooses it."""

    def __init__(self, state: AppState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("side")
        self._lanes, self._none = _Lanes(state), label(NO_MASK, "muted", wraps=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(*SIDE_MARGINS)
        column.setSpacing(6)
        column.addWidget(label("THE MASK’S JOURNEY", "heading"))
        column.addWidget(self._none)
        column.addWidget(self._lanes)
        column.addStretch(1)

    def show_scene(self, old: Scene | None, new: Scene) -> None:
        same = old is not None and old.document is new.document
        if old is None or not same or old.view.sample != new.view.sample:
            trace = new.document.trace
            stops = journey(trace, new.view.sample) if trace is not None else ()
            masked = any(stop.mask is not None for stop in stops)
            self._none.setVisible(not masked)
            self._lanes.setVisible(masked)
            self._lanes.set_stops(stops)
        if old is None or (old.view.step, old.view.layer) != (new.view.step, new.view.layer):
            self._lanes.set_place(new.view.step, new.view.layer)


class _Lanes(QWidget):
    def __init__(self, state: AppState) -> None:
        super().__init__()
        self._state = state
        self._stops: tuple[Stop, ...] = ()
        self._sentences: list[list[str]] = []
        self._tops = [0]
        self._steps = 0
        self._step, self._layer = 0, ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(NARROWEST)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def set_stops(self, stops: tuple[Stop, ...]) -> None:
        self._stops = stops
        self._sentences = [one_line(stop.text).split("; ") for stop in stops]
        heights = [NAME_HEIGHT + LINE_HEIGHT * len(lines) + BELOW for lines in self._sentences]
        self._tops = list(accumulate(heights, initial=0))
        self._steps = max((stop.mask.size for stop in stops if stop.mask is not None), default=0)
        spoken = "; ".join(f"{stop.layer}: {stop.text}" for stop in stops)
        self.setAccessibleName(one_line(f"The mask's journey. {spoken}"))
        self.updateGeometry()
        self.update()

    def set_place(self, step: int, layer: str) -> None:
        self._step, self._layer = step, layer
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(250, max(LINE_HEIGHT, self._tops[-1]))

    def minimumSizeHint(self) -> QSize:
        return QSize(NARROWEST, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, tokens = QPainter(self), theme.current()
        first, last = self._row_at(event.rect().top()), self._row_at(event.rect().bottom())
        for index, stop in enumerate(self._stops[max(first, 0) : last + 1], max(first, 0)):
            self._draw_words(painter, index, stop, tokens)
            if self._steps:
                self._draw_lane(painter, index, stop.mask, tokens)

    def _draw_words(self, painter: QPainter, index: int, stop: Stop, tokens: theme.Tokens) -> None:
        chosen = stop.layer == self._layer
        weight = QFont.Weight.DemiBold if chosen else QFont.Weight.Normal
        room = self._lane(index).left() - SPACE if self._steps else self.width()
        top = self._tops[index]
        small = theme.font(theme.POINTS - 1.5)
        lines = [
            (QRect(0, top, int(room), NAME_HEIGHT), theme.font(theme.POINTS - 0.5, weight), tokens.text, stop.layer)
        ]
        for number, sentence in enumerate(self._sentences[index]):
            below = QRect(0, top + NAME_HEIGHT + number * LINE_HEIGHT, self.width(), LINE_HEIGHT)
            lines.append((below, small, tokens.muted, sentence))
        for place, font, colour, text in lines:
            painter.setFont(font)
            painter.setPen(QColor(colour))
            shown = painter.fontMetrics().elidedText(one_line(text), Qt.TextElideMode.ElideRight, place.width())
            painter.drawText(place, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)

    def _draw_lane(self, painter: QPainter, index: int, mask: Mask | None, tokens: theme.Tokens) -> None:
        lane = self._lane(index)
        if mask is not None:
            draw_lane(painter, lane, mask, 0, max(mask.size, 1), tokens)
        else:
            _draw_empty(painter, lane, self._steps, tokens)
        if mask is not None and self._step < mask.size:
            width = lane.width() / mask.size
            box = QRectF(lane.left() + self._step * width, lane.top(), max(width, 3.0), lane.height())
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(tokens.cursor), 1))
            painter.drawRect(box.toRect().adjusted(-1, -2, -1, 1))

    def _lane(self, index: int) -> QRectF:
        width = float(int(self.width() * LANE_SHARE))
        return QRectF(self.width() - width - 2, self._tops[index] + 4, width, LANE_HEIGHT)

    def _row_at(self, y: float) -> int:
        return bisect_right(self._tops, y) - 1

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pick(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._pick(event.position())

    def _pick(self, point: QPointF) -> None:
        index = self._row_at(point.y())
        if not 0 <= index < len(self._stops):
            return
        lane, mask = self._lane(index), self._stops[index].mask
        view = self._state.view
        if mask is not None and lane.left() <= point.x() < lane.right():
            view = replace(view, step=int((point.x() - lane.left()) / lane.width() * mask.size))
        self._state.show(view)


def _draw_empty(painter: QPainter, lane: QRectF, steps: int, tokens: theme.Tokens) -> None:
    """Steps without a mask: faint, and apart where there is room."""
    width = lane.width() / steps
    if width < GAP_FROM:
        painter.fillRect(lane, QColor(tokens.sunken))
        return
    for step in range(steps):
        left, right = round(lane.left() + step * width), round(lane.left() + (step + 1) * width)
        painter.fillRect(QRectF(left, lane.top(), right - left - 1, lane.height()), QColor(tokens.sunken))
