"""Curves over the steps, or bars over the units: the plots under the heatmaps."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from rnnscope.types import Array, Mask
from rnnscope_gui import numbers, theme
from rnnscope_gui.plotting import BareAxis
from rnnscope_gui.step_plot import Range, StepPlot

MOST_DOTS = 120
MARGIN = 0.06


class ValueAxis(BareAxis):
    """A few plain numbers."""

    def __init__(self) -> None:
        super().__init__("left")
        self.enableAutoSIPrefix(False)

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        return [numbers.short(0.0 if abs(value) < spacing / 1e6 else value) for value in values]


class Curves(NamedTuple):
    """One value a step or unit: by NumPy, by Keras, by a port, and by a run with a mistake in it."""

    ours: Array
    theirs: Array | None = None
    mine: Array | None = None
    mistaken: Array | None = None


class UnitPlot(StepPlot):
    """One unit over time: ours as a line, Keras's as dots, a port's as dashes, a mistaken run's as a dotted line.

    Without time: all units as bars, the others' values as marks at them.

    A picked place is (step, -1) over time, and (unit, -1) over the units.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        self._line, self._dots = pg.PlotDataItem(), pg.PlotDataItem()
        self._dashes, self._dotted = pg.PlotDataItem(), pg.PlotDataItem()
        self._bars = pg.BarGraphItem(x=[], height=[], width=0.7)
        self._zero = pg.InfiniteLine(0, angle=0)
        self._zero.setZValue(-20)
        self._curves: Curves | None = None
        self._over_units = False
        self._drawn: tuple[object, ...] = ()
        super().__init__(parent, left=ValueAxis(), shows_unit=False)
        for item in (self._zero, self._bars, self._line, self._dotted, self._dashes, self._dots):
            self.box.addItem(item, ignoreBounds=True)
        self.box.sigResized.connect(self._redraw)

    def set_data(self, curves: Curves, mask: Mask | None, levels: tuple[float, float]) -> None:
        """One value a step, and the range of the y axis."""
        self._set(curves, levels, over_units=False)
        self.set_mask(mask)

    def set_bars(self, curves: Curves, levels: tuple[float, float]) -> None:
        """One value a unit."""
        self._set(curves, levels, over_units=True)
        self.set_mask(None)

    def set_steps(self, steps: Range | None) -> None:
        if steps != self.steps:
            super().set_steps(steps)
            self._redraw()

    def restyle(self) -> None:
        super().restyle()
        chosen = theme.current()
        # a wider line is many times slower to draw, which is felt while scrubbing a long sequence
        width = 1.6 if self.columns <= MOST_DOTS else 1
        self._line.setPen(pg.mkPen(chosen.ours, width=width))
        for item, colour, style in (
            (self._dashes, chosen.mine, Qt.PenStyle.DashLine),
            (self._dotted, chosen.muted, Qt.PenStyle.DotLine),
        ):
            item.setPen(None if self._over_units else pg.mkPen(colour, width=width, style=style))
            item.setSymbolPen(pg.mkPen(colour, width=1.4))
            item.setSymbolBrush(None)
        self._zero.setPen(pg.mkPen(chosen.border))
        self._dots.setPen(None)
        self._drawn = ()
        self._dots.setSymbolPen(None)
        self._bars.setOpts(brush=QColor(chosen.ours), pen=pg.mkPen(None))
        self._redraw()

    def _set(self, curves: Curves, levels: tuple[float, float], *, over_units: bool) -> None:
        self._curves, self._over_units, self._drawn = curves, over_units, ()
        low, high = levels
        space = (high / 2 - low / 2) * 2 * MARGIN
        self.set_extent(curves.ours.size, 1, low - space, high - low + 2 * space)
        self.box.setYRange(low - space, high + space, padding=0)
        self.box.setXRange(*self.visible_steps(), padding=0)
        self.restyle()

    def _redraw(self, *_: object) -> None:
        """Hand over the visible values, two for each pixel at most: the extremes, so that no spike is lost."""
        if self._curves is None:
            return
        first, last = self.visible_steps()
        begin, end = max(0, int(np.floor(first)) - 1), min(self.columns, int(np.ceil(last)) + 1)
        pixels = max(8, int(self.box.width()))
        wanted = (begin, end, min(pixels, end - begin))
        if wanted == self._drawn:
            return
        self._drawn = wanted
        line, dots, dashes, dotted = (
            ((), ()) if values is None else _extremes(values[begin:end], begin, pixels) for values in self._curves
        )
        crowded = end - begin > MOST_DOTS
        self._dots.setSymbolBrush(theme.faded(theme.current().theirs, 0.4 if crowded else 1.0))
        self._dots.setData(*dots, symbol="o", symbolSize=3 if crowded else 6, connect="finite")
        for item, data, symbol in ((self._dashes, dashes, "d"), (self._dotted, dotted, "x")):
            item.setData(*data, symbol=symbol if self._over_units else None, symbolSize=9, connect="finite")
        if self._over_units:
            self._line.setData([], [])
            self._bars.setOpts(x=line[0], height=np.nan_to_num(line[1], posinf=0.0, neginf=0.0), width=0.7)
        else:
            self._bars.setOpts(x=[], height=[])
            self._line.setData(*line, connect="finite")


def _extremes(values: Array, begin: int, pixels: int) -> tuple[Array, Array]:
    """Where and how high: the values themselves while they fit, else the lowest and highest of each pixel in turn."""
    if values.size <= 2 * pixels:
        return np.arange(values.size) + begin + 0.5, values.astype(np.float64)
    starts = np.arange(pixels) * values.size // pixels
    wide = values.astype(np.float64)
    ends = np.stack([np.minimum.reduceat(wide, starts), np.maximum.reduceat(wide, starts)], axis=1)
    places = np.repeat(starts + begin + 0.5, 2)
    return places, ends.ravel()
