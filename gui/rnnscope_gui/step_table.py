"""The numbers of one unit, a line for each step."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from rnnscope.texts import is_text
from rnnscope.types import Array, Mask
from rnnscope_gui import numbers, theme

Index = QModelIndex | QPersistentModelIndex
ROW_HEIGHT, NARROW, BRIEF_COLUMNS, CELL_MARGIN = 20, 52, 4, 3
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
MINE, DIFFERENCE, MASK = 3, 4, 5
QUIET = (0, DIFFERENCE, MASK)
ALL_FROM = 400  # pixels; below them the difference gives way to a port's numbers


class StepValues(NamedTuple):
    """One value a line: by NumPy, Keras and a port; the two whose difference is shown; and the mask."""

    ours: Array
    theirs: Array | None = None
    mine: Array | None = None
    between: tuple[Array, Array] | None = None
    mask: Mask | None = None


class StepTable(QTableView):
    """Step, NumPy, Keras, a port, difference and mask. chosen(step)."""

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None, *, brief: bool = False) -> None:
        """A brief table leaves out the difference and the mask, and has fewer digits."""
        super().__init__(parent)
        self._values = _Values(self, brief)
        self.setModel(self._values)
        self.setItemDelegate(_Cells(self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFont(theme.mono_font(theme.POINTS - 1.5))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setShowGrid(False)
        self.setAccessibleName("The numbers of this unit")
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        for narrow in (0,) if brief else (0, len(_Values.HEADINGS) - 1):
            self.horizontalHeader().setSectionResizeMode(narrow, QHeaderView.ResizeMode.Fixed)
            self.setColumnWidth(narrow, NARROW)
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().setFont(theme.font(theme.POINTS - 1.5))
        self.horizontalHeader().setMinimumSectionSize(30)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.clicked.connect(self._clicked)

    def set_values(self, name: str, values: StepValues) -> None:
        """One line a value; `name` heads the first column: step or unit."""
        self._values.replace(name, values)
        self._hide_columns()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._hide_columns()

    def _hide_columns(self) -> None:
        """Without what there is nothing of, and without the difference where there is no room for it."""
        shown = self._values.values
        both = shown is not None and shown.theirs is not None and shown.mine is not None
        crowded = both and self.width() < ALL_FROM
        hidden = (
            (2, shown is None or shown.theirs is None),
            (MINE, shown is None or shown.mine is None),
            (DIFFERENCE, shown is None or shown.between is None or crowded),
            (MASK, shown is None or shown.mask is None),
        )
        for column, away in hidden:
            if self.isColumnHidden(column) != away:
                self.setColumnHidden(column, away)

    def full_height(self) -> int:
        """What all lines need."""
        return self._values.rowCount() * ROW_HEIGHT + self.horizontalHeader().sizeHint().height() + 4

    def set_current(self, line: int) -> None:
        """Light up a line and keep it in sight."""
        before, self._values.current = self._values.current, line
        for row in {before, line}:
            self._values.touch(row)
        self.scrollTo(self._values.index(line, 0), QAbstractItemView.ScrollHint.EnsureVisible)

    def _clicked(self, index: QModelIndex) -> None:
        self.chosen.emit(index.row())


class _Values(QAbstractTableModel):
    HEADINGS = ("", "NumPy", "Keras", "mine", "difference", "mask")

    def __init__(self, parent: QWidget, brief: bool) -> None:
        super().__init__(parent)
        self.current = 0
        self._shown = BRIEF_COLUMNS if brief else len(self.HEADINGS)
        self._digits = 5 if brief else 6
        self._name = "step"
        self.values: StepValues | None = None

    def replace(self, name: str, values: StepValues) -> None:
        if self.values is not None and name == self._name and _alike(values, self.values):
            self.values = values
            self.dataChanged.emit(self.index(0, 0), self.index(self.rowCount() - 1, self.columnCount() - 1))
            return
        self.beginResetModel()
        self._name, self.values = name, values
        self.endResetModel()

    def touch(self, row: int) -> None:
        if row < self.rowCount():
            self.dataChanged.emit(self.index(row, 0), self.index(row, self.columnCount() - 1))

    def rowCount(self, parent: Index | None = None) -> int:
        nothing = self.values is None or (parent is not None and parent.isValid())
        return 0 if nothing or self.values is None else int(self.values.ours.size)

    def columnCount(self, parent: Index | None = None) -> int:
        return self._shown

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return RIGHT
        if role != Qt.ItemDataRole.DisplayRole or orientation != Qt.Orientation.Horizontal:
            return None
        return self._name if section == 0 else self.HEADINGS[section]

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        chosen = theme.current()
        if role == Qt.ItemDataRole.DisplayRole:
            return self.text(index.row(), index.column())
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return RIGHT
        if role == Qt.ItemDataRole.BackgroundRole and index.row() == self.current:
            return QColor(chosen.selection)
        if role == Qt.ItemDataRole.ForegroundRole:
            return QColor(chosen.muted if index.column() in QUIET else chosen.text)
        return None

    def text(self, row: int, column: int) -> str:
        values = self.values
        if column == 0 or values is None:
            return str(row)
        if column == MASK:
            return "masked" if values.mask is not None and not values.mask[row] else ""
        if column == DIFFERENCE:
            return "" if values.between is None else _difference(*values.between, row)
        side = values[column - 1]
        return "" if side is None else numbers.shown(side[row], self._digits)


class _Cells(QStyledItemDelegate):
    """Draws a cell as the model has it. Asking for each of its roles is slow, and felt while scrubbing."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        values, chosen = index.model(), theme.current()
        if not isinstance(values, _Values):
            return
        row, column, rect = index.row(), index.column(), option.rect
        if row == values.current:
            painter.fillRect(rect, QColor(chosen.selection))
        text, room = values.text(row, column), rect.width() - 2 * CELL_MARGIN
        if not text:
            return
        if len(text) * option.fontMetrics.averageCharWidth() > room:
            text = option.fontMetrics.elidedText(text, Qt.TextElideMode.ElideRight, room)
        painter.setFont(option.font)
        painter.setPen(QColor(chosen.muted if column in QUIET else chosen.text))
        painter.drawText(rect.adjusted(CELL_MARGIN, 0, -CELL_MARGIN, 0), RIGHT, text)


def _alike(first: StepValues, second: StepValues) -> bool:
    """Whether one takes the place of the other cell by cell."""
    return first.ours.size == second.ours.size > 0 and all(
        (one is None) == (other is None) for one, other in zip(first, second, strict=True)
    )


def _difference(first: Array, second: Array, row: int) -> str:
    if is_text(first):
        return "" if first[row] == second[row] else "differs"
    return numbers.difference(numbers.distance(float(first[row]), float(second[row])))
