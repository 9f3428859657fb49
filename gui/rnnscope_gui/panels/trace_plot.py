"""The chosen unit over time, drawn and in numbers; the units themselves where there is no time."""

from __future__ import annotations

from dataclasses import replace
from typing import overload

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from rnnscope.display import levels
from rnnscope.types import Array
from rnnscope_gui import theme
from rnnscope_gui.axes import STEP
from rnnscope_gui.resolve import picture, same_picture
from rnnscope_gui.sample_picture import Picture
from rnnscope_gui.state import AppState, Scale, Scene, View
from rnnscope_gui.step_table import StepTable, StepValues
from rnnscope_gui.unit_plot import Curves, UnitPlot
from rnnscope_gui.widgets import ElidedLabel, card, label

NARROWEST_PLOT, NARROWEST_TABLE, TABLE_WIDTH, WIDE_TABLE = 202, 336, 370, 450
LEGEND_GAP, PLOT_MARGINS = 14, 22
LEGEND = ("― NumPy", "● Keras", "╌ mine", "⋯ mistaken")


class UnitPlotPanel(QWidget):
    """Left the plot, right the same values as digits."""

    def __init__(self, state: AppState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("workbench")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._state = state
        self._picture: Picture | None = None
        self._levels = (-1.0, 1.0)
        self._title, self._table_title = ElidedLabel("", "cardTitle"), ElidedLabel("", "cardTitle")
        self._legend = tuple(map(label, LEGEND))
        self._whole = QToolButton()
        self._whole.setObjectName("quiet")
        self._whole.setText("show all steps")
        self._whole.setStyleSheet("min-height: 0; padding: 0 6px; border: none;")
        self._whole.setFixedHeight(self._table_title.sizeHint().height())  # so that nothing moves when it appears
        self._whole.clicked.connect(self._show_all_steps)
        self._titles = ("", "")
        self._curves: Curves | None = None
        self._plot, self._table = UnitPlot(), StepTable()
        self._plot.setAccessibleName("The chosen unit over time")
        self._plot.picked.connect(self._pick)
        self._plot.zoomed.connect(self._zoom)
        self._table.chosen.connect(self._choose)
        self._lay_out()

    def show_scene(self, old: Scene | None, new: Scene) -> None:
        view = new.view
        same = old is not None and same_picture(old, new)
        if not same or old is None or old.view.scale != view.scale:
            self._picture = picture(new.document, view)
            self._levels = _shared_levels(self._picture, view.scale)
        made = self._picture
        if made is None:
            return
        if not same or old is None or old.view.scale != view.scale or (made.has_steps and old.view.unit != view.unit):
            self._show_values(made, view)
        self._plot.set_steps(view.steps if made.has_steps else None)
        self._whole.setVisible(made.has_steps and view.steps is not None)
        current = view.step if made.has_steps else view.unit
        self._plot.set_cursor(current, 0)
        self._table.set_current(current)

    def _show_values(self, made: Picture, view: View) -> None:
        unit = min(view.unit, made.rows - 1)
        curves = Curves(
            _values(made, made.ours, unit),
            *(_values(made, side, unit) for side in (made.theirs, made.mine, made.mistaken)),
        )
        self._curves = curves
        self._whole_table.setMaximumWidth(TABLE_WIDTH if curves.mine is None else WIDE_TABLE)
        name = capital(made.row_words(unit))
        course = "over time" if made.along == STEP else f"along the {made.along}s"
        self._titles = (f"{name} {course}", name) if made.has_steps else ("Units", "Units")
        self._fit_title()
        self._table_title.setText(f"{name}, {made.along} by {made.along}" if made.has_steps else "Unit by unit")
        if made.has_steps:
            self._plot.set_data(curves, made.mask, self._levels)
        else:
            self._plot.set_bars(curves, self._levels)
        self._table.set_values(made.along if made.has_steps else "unit", _table_values(made, unit, curves))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_title()

    def _fit_title(self) -> None:
        """The whole title beside the legend where there is room for it, else its beginning; at last the title alone."""
        there = [shown for shown, values in zip(self._legend, self._curves or (), strict=False) if values is not None]
        room = self._whole_plot.width() - PLOT_MARGINS - sum(one.sizeHint().width() + LEGEND_GAP for one in there)
        whole, short = self._titles
        advance = self._title.fontMetrics().horizontalAdvance
        self._title.setText(whole if advance(whole) <= room else short)
        for shown in self._legend:
            shown.setVisible(shown in there and advance(short) <= room)
        self._plot.setToolTip("" if advance(short) <= room else "   ".join(one.text() for one in there))

    def _pick(self, place: object) -> None:
        if isinstance(place, tuple):
            self._choose(place[0])

    def _choose(self, index: object) -> None:
        if isinstance(index, int) and self._picture is not None:
            view = self._state.view
            timed = self._picture.has_steps
            self._state.show(replace(view, step=index) if timed else replace(view, unit=index))

    def _zoom(self, steps: object) -> None:
        if self._picture is not None and self._picture.has_steps:
            self._state.show(replace(self._state.view, steps=steps if isinstance(steps, tuple) else None))

    def _show_all_steps(self) -> None:
        self._zoom(None)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_table"):
            self._restyle()

    def _restyle(self) -> None:
        chosen = theme.current()
        for shown, colour in zip(self._legend, (chosen.ours, chosen.theirs, chosen.mine, chosen.muted), strict=True):
            shown.setStyleSheet(f"color: {colour};")

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 5, 14, 12)
        row.setSpacing(10)
        plot = self._whole_plot = _titled(self._plot, self._title, *self._legend)
        plot.setMinimumWidth(NARROWEST_PLOT)
        row.addWidget(plot, 1)
        table = self._whole_table = _titled(self._table, self._table_title, self._whole)
        table.setMinimumWidth(NARROWEST_TABLE)
        table.setMaximumWidth(TABLE_WIDTH)
        row.addWidget(table, 1)
        self._restyle()


def _titled(content: QWidget, title: QLabel, *beside: QWidget) -> QFrame:
    top = QHBoxLayout()
    top.setSpacing(LEGEND_GAP)
    top.addWidget(title, 1)
    for part in beside:
        top.addWidget(part)
    made = card()
    column = QVBoxLayout(made)
    column.setContentsMargins(10, 8, 8, 6)
    column.setSpacing(4)
    column.addLayout(top)
    column.addWidget(content, 1)
    return made


def _shared_levels(made: Picture | None, scale: Scale) -> tuple[float, float]:
    if made is None:
        return -1.0, 1.0
    return levels(made.sides, scale)


def _table_values(made: Picture, unit: int, curves: Curves) -> StepValues:
    pair = made.pair(made.apart)
    between = None if pair is None else (_values(made, pair[0], unit), _values(made, pair[1], unit))
    if made.texts is None:
        return StepValues(curves.ours, curves.theirs, curves.mine, between, made.mask)
    ours, theirs = _values(made, made.texts, unit), _values(made, made.their_texts, unit)
    return StepValues(ours, theirs, None, None if theirs is None else (ours, theirs), made.mask)


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


@overload
def _values(made: Picture, matrix: Array, unit: int) -> Array: ...
@overload
def _values(made: Picture, matrix: Array | None, unit: int) -> Array | None: ...
def _values(made: Picture, matrix: Array | None, unit: int) -> Array | None:
    if matrix is None:
        return None
    return matrix[unit] if made.has_steps else matrix[:, 0]
