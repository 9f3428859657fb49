"""The one place that wraps pyqtgraph: its settings, integer axes, the mask strip, hatching, cursors and colours."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPen, QPixmap

from rnnscope.types import Array, Mask
from rnnscope_gui import theme

pg.setConfigOptions(imageAxisOrder="row-major", antialias=True)

LEFT_AXIS, BOTTOM_AXIS, STRIP, RIGHT_MARGIN = 38, 20, 18, 4
STRIP_HEIGHT = 11
GAP_FROM = 4.0  # pixels a step needs before the blocks of the strip stand apart
COLOUR_MAPS = ("CET-D1A", "CET-D9", "CET-D4", "CET-L17", "viridis")
DIVERGING = ("CET-D1A", "CET-D9")  # with a pale middle, which the dark theme turns into the card's own colour
SMALLEST_IN_FLOAT32 = 1e-30  # below it, 1 / half is no float32
COLOURS = 511  # odd, so that zero has the middle


@lru_cache(maxsize=16)
def colour_table(name: str, tokens: theme.Tokens) -> Array:
    """(COLOURS + 1, 4) uint8: the colours from low to high, and last the colour of NaN and inf."""
    table = np.empty((COLOURS + 1, 4), dtype=np.uint8)
    table[:-1] = pg.colormap.get(name).getLookupTable(nPts=COLOURS, alpha=True)
    if tokens.dark and name in DIVERGING:
        middle = np.array(_rgba(tokens.card)[:3])
        strength = np.abs(np.linspace(-1, 1, COLOURS))[:, None] ** 0.8
        # the map's own ends are nearly black: the brighter colours before them carry the magnitude here
        ends = np.repeat(table[[COLOURS // 5, COLOURS - COLOURS // 5], :3], (COLOURS + 1) // 2, axis=0)[:COLOURS]
        table[:-1, :3] = middle * (1 - strength) + ends * strength
    table[-1] = _rgba(tokens.odd)
    return table


def _rgba(colour: str) -> tuple[int, int, int, int]:
    made = QColor(colour)
    return made.red(), made.green(), made.blue(), made.alpha()


def coloured(matrix: Array, levels: tuple[float, float], table: Array) -> Array:
    """(rows, columns, 4) uint8 of a matrix; whatever is not finite takes the table's last colour."""
    # halves, because the distance of two large levels may not be finite
    low, half = levels[0] / 2, levels[1] / 2 - levels[0] / 2
    values = matrix.astype(np.float64 if matrix.dtype.kind != "f" or half < SMALLEST_IN_FLOAT32 else matrix.dtype)
    with np.errstate(invalid="ignore", over="ignore"):
        scaled = np.clip((values / 2 - low) * (COLOURS / half), 0, COLOURS - 1)
    finite = np.isfinite(values)
    scaled[~finite] = COLOURS
    return table.take(scaled.astype(np.int16), axis=0)


def runs(flags: Mask) -> list[tuple[int, int]]:
    """Where True stretches begin and end: ``[(first, last + 1), …]``."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], flags.astype(np.int8), [0]))))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def covered(flags: Mask, first: float, last: float, pixels: int) -> Mask:
    """(pixels,) bool: whether any True step of the range [first, last) touches a pixel."""
    edges = first + np.arange(pixels + 1) * ((last - first) / pixels)
    before = np.concatenate(([0], np.cumsum(flags)))
    begin = np.clip(np.floor(edges[:-1] + 1e-9), 0, flags.size).astype(np.intp)
    end = np.clip(np.ceil(edges[1:] - 1e-9), 0, flags.size).astype(np.intp)
    return np.asarray(before[end] > before[begin])


@lru_cache(maxsize=16)
def hatch_brush(tokens: theme.Tokens, opacity: float = 0.9) -> QBrush:
    """Diagonal lines on nothing, in the theme's hatch colour."""
    side, ratio = 6, 4
    tile = QPixmap(side * ratio, side * ratio)
    tile.setDevicePixelRatio(ratio)
    tile.fill(Qt.GlobalColor.transparent)
    painter = QPainter(tile)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(theme.faded(tokens.hatch, opacity), 1.1))
    for shift in (-side, 0, side):
        painter.drawLine(QPointF(shift - 1, side + 1), QPointF(shift + side + 1, -1))
    painter.end()
    return QBrush(tile)


def draw_lane(painter: QPainter, where: QRectF, mask: Mask, first: float, last: float, tokens: theme.Tokens) -> None:
    """A mask as blocks: valid steps filled, masked ones hatched, a pixel that holds both half and half."""
    width = where.width() / (last - first)
    hatch, fill = hatch_brush(tokens), QColor(tokens.accent)
    painter.setPen(Qt.PenStyle.NoPen)
    if width >= GAP_FROM:
        for step in range(max(0, int(first)), min(mask.size, int(np.ceil(last)))):
            left = round(where.left() + (step - first) * width)
            right = round(where.left() + (step + 1 - first) * width)
            block = QRectF(left, where.top(), right - left - 1, where.height()) & where
            painter.fillRect(block, fill if mask[step] else hatch)
        return
    blocks = _blocks(_Held(mask), first, last, max(1, int(where.width())))
    for flags, height, brush in zip(blocks, (1.0, 1.0, 0.5), (hatch, fill, fill), strict=True):
        for begin, end in flags:
            painter.fillRect(QRectF(where.left() + begin, where.top(), end - begin, height * where.height()), brush)


class _Held:
    """A mask, as the key of a cache: by which array it is, as nobody changes one."""

    def __init__(self, mask: Mask) -> None:
        self.mask = mask

    def __hash__(self) -> int:
        return id(self.mask)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held) and self.mask is other.mask


@lru_cache(maxsize=32)
def _blocks(held: _Held, first: float, last: float, pixels: int) -> tuple[list[tuple[int, int]], ...]:
    """Where masked pixels begin and end, where valid ones do, and where those that hold both."""
    valid, masked = covered(held.mask, first, last, pixels), covered(~held.mask, first, last, pixels)
    return runs(masked), runs(valid & ~masked), runs(valid & masked)


class BareAxis(pg.AxisItem):  # type: ignore[misc]
    """An axis of numbers alone."""

    def generateDrawSpecs(self, painter: QPainter) -> Any:
        """Without ticks: those of no length would still leave dots."""
        specs = super().generateDrawSpecs(painter)
        return specs if specs is None else (specs[0], [], specs[2])


class IndexAxis(BareAxis):
    """An axis of integer indices from 0, each label at the middle of its cell, thinned out when crowded."""

    count = 0

    def tickValues(self, low: float, high: float, size: float) -> list[tuple[float, list[float]]]:
        low, high = min(low, high), max(low, high)
        first, last = int(np.floor(low)), int(np.ceil(high))
        room = 16.0 if self.orientation == "left" else 7.0 * len(str(max(last - 1, 1))) + 8
        every = _spacing((last - first) * room / max(size, 1.0))
        start = max(0, -(-first // every) * every)
        limit = min(last, self.count)
        return [(every, [index + 0.5 for index in range(start, limit, every) if low <= index + 0.5 <= high])]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        return [str(int(value)) for value in values]


def _spacing(least: float) -> int:
    """The first of 1, 2, 5, 10, 20, … that is not below `least`."""
    power = 1
    while 5 * power < least:
        power *= 10
    return next(factor * power for factor in (1, 2, 5) if factor * power >= least)


class MaskStrip(pg.AxisItem):  # type: ignore[misc]
    """The mask above a plot, lined up with it to the pixel: it is the plot's upper axis."""

    def __init__(self) -> None:
        super().__init__("top")
        self.mask: Mask | None = None

    def paint(self, painter: QPainter, option: Any, widget: Any) -> None:
        if self.mask is not None and self.height() > STRIP_HEIGHT:
            lane = QRectF(0, 2, self.width(), STRIP_HEIGHT)
            draw_lane(painter, lane, self.mask, self.range[0], self.range[1], theme.current())


class Hatching(pg.GraphicsObject):  # type: ignore[misc]
    """Masked steps, hatched in whole pixels; over an image the values also pale a little."""

    def __init__(self, over_image: bool) -> None:
        super().__init__()
        self.setZValue(50 if over_image else -10)
        self.mask: Mask | None = None
        self.extent = QRectF(0, 0, 1, 1)
        self._over_image = over_image
        self._drawn: tuple[float, ...] = ()
        self._runs: list[tuple[int, int]] = []

    def set_extent(self, extent: QRectF) -> None:
        self.prepareGeometryChange()
        self.extent = extent

    def set_mask(self, mask: Mask | None) -> None:
        self.mask, self._drawn = mask, ()
        self.update()

    def boundingRect(self) -> QRectF:
        return self.extent

    def paint(self, painter: QPainter, option: Any, widget: Any) -> None:
        if self.mask is None or self.mask.all():
            return
        tokens, transform = theme.current(), painter.transform()
        view = self.getViewBox().viewRect()
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        self._hatch(painter, transform.mapRect(view & self.extent), view, tokens)

    def _hatch(self, painter: QPainter, where: QRectF, view: QRectF, tokens: theme.Tokens) -> None:
        shown = view & self.extent
        pixels = max(1, round(where.width()))
        if self.mask is None or shown.width() <= 0:
            return
        brush, wash = hatch_brush(tokens, 0.95 if self._over_image else 0.5), theme.faded(tokens.card, 0.3)
        wanted = (shown.left(), shown.right(), pixels)
        if wanted != self._drawn:
            self._drawn, self._runs = wanted, runs(self._masked_pixels(shown.left(), shown.right(), pixels))
        for begin, end in self._runs:
            block = QRectF(where.left() + begin, where.top(), end - begin, where.height())
            if self._over_image:
                painter.fillRect(block, wash)
            painter.fillRect(block, brush)

    def _masked_pixels(self, first: float, last: float, pixels: int) -> Mask:
        """Whole steps while they are wide, so that no hatch runs into a neighbour; else every pixel touched."""
        assert self.mask is not None
        if pixels < 2 * (last - first):
            return covered(~self.mask, first, last, pixels)
        steps = np.clip((first + (np.arange(pixels) + 0.5) * (last - first) / pixels).astype(np.intp), 0, None)
        return np.asarray(~self.mask[np.minimum(steps, self.mask.size - 1)])


class Outline(pg.GraphicsObject):  # type: ignore[misc]
    """A box around a column or row, never thinner than can be seen, that leaves the values free.

    It claims no more room than it paints, so that moving it redraws little.
    """

    LEAST, MARGIN = 3.0, 3.0  # pixels

    def __init__(self) -> None:
        super().__init__()
        self.setZValue(100)
        self._place: QRectF | None = None

    def set_place(self, place: QRectF | None) -> None:
        """Around what, in the plot's own coordinates; None for nothing."""
        if place != self._place:
            self.prepareGeometryChange()
            self._place = place

    def boundingRect(self) -> QRectF:
        size = self.pixelSize()
        if self._place is None or size[0] is None:
            return QRectF()
        x, y = (abs(pixel) * (self.LEAST + self.MARGIN) for pixel in size)
        return self._place.adjusted(-x, -y, x, y)

    def viewTransformChanged(self) -> None:
        """A pixel is another width now."""
        self.prepareGeometryChange()
        super().viewTransformChanged()

    def paint(self, painter: QPainter, option: Any, widget: Any) -> None:
        if self._place is None:
            return
        tokens, transform = theme.current(), painter.transform()
        where, view = transform.mapRect(self._place), transform.mapRect(self.getViewBox().viewRect()).toRect()
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        grow_x, grow_y = max(0.0, self.LEAST - where.width()) / 2, max(0.0, self.LEAST - where.height()) / 2
        box = where.adjusted(-grow_x, -grow_y, grow_x, grow_y).toRect().adjusted(-1, -1, 0, 0)
        # at the edge of the plot the box keeps all four sides
        box &= view.adjusted(0, 0, -1, -1)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(theme.faded(tokens.card, 0.7), 1))
        painter.drawRect(box.adjusted(-1, -1, 1, 1))
        painter.setPen(QPen(QColor(tokens.cursor), 1))
        painter.drawRect(box)
