"""Lines of arithmetic: what is added, its numbers, a bar and what it comes to; a click goes where it comes from."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QRectF, Qt, Signal
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

from rnnscope.errors import one_line
from rnnscope_gui import numbers, theme
from rnnscope_gui.arithmetic import Line

Index = QModelIndex | QPersistentModelIndex
WHAT, NUMBERS, BAR, VALUE, KERAS, MINE = range(6)
ROW_HEIGHT, BAR_WIDTH, VALUE_WIDTH, LEAST = 20, 96, 84, 24
ROOMY = 640  # pixels; below them what others have for a factor gives way to the numbers


class TermTable(QTableView):
    """Lines, with a column for whatever any of them has. chosen(Location) on a click, where one leads on."""

    chosen = Signal(object)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lines = _Lines(self)
        self.setModel(self._lines)
        self.setItemDelegateForColumn(BAR, _Bars(self))
        self.setAccessibleName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFont(theme.mono_font(theme.POINTS - 1.5))
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        header = self.horizontalHeader()
        header.setFont(theme.font(theme.POINTS - 1.5))
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setSectionResizeMode(NUMBERS, QHeaderView.ResizeMode.Stretch)
        for column, width in ((BAR, BAR_WIDTH), (VALUE, VALUE_WIDTH), (KERAS, VALUE_WIDTH), (MINE, VALUE_WIDTH)):
            self.setColumnWidth(column, width)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.setMinimumHeight(LEAST)
        self.clicked.connect(self._clicked)
        self.entered.connect(self._entered)

    def set_lines(self, lines: Sequence[Line]) -> None:
        self._lines.replace(lines)
        self.setColumnHidden(BAR, not any(line.share for line in lines))
        self._hide_columns()
        metrics = self.fontMetrics()
        widest = max((metrics.horizontalAdvance(one_line(line.what)) for line in lines), default=0)
        self.setColumnWidth(WHAT, min(widest + 18, 260))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._hide_columns()

    def _hide_columns(self) -> None:
        lines, roomy = self._lines.lines, self.width() >= ROOMY
        self.setColumnHidden(KERAS, not roomy or all(line.keras is None for line in lines))
        self.setColumnHidden(MINE, not roomy or all(line.mine is None for line in lines))

    def _clicked(self, index: QModelIndex) -> None:
        source = self._lines.line(index.row()).source
        if source is not None:
            self.chosen.emit(source)

    def _entered(self, index: QModelIndex) -> None:
        goes = self._lines.line(index.row()).source is not None
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor if goes else Qt.CursorShape.ArrowCursor)


class _Lines(QAbstractTableModel):
    HEADINGS = ("", "", "", "value", "Keras has", "mine has")

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.lines: tuple[Line, ...] = ()

    def replace(self, lines: Sequence[Line]) -> None:
        self.beginResetModel()
        self.lines = tuple(lines)
        self.endResetModel()

    def line(self, row: int) -> Line:
        return self.lines[row]

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.lines)

    def columnCount(self, parent: Index | None = None) -> int:
        return len(self.HEADINGS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return self.HEADINGS[section] if role == Qt.ItemDataRole.DisplayRole else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        line, column = self.lines[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(line, column)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignLeft if column in (WHAT, NUMBERS) else Qt.AlignmentFlag.AlignRight
            return side | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.ForegroundRole:
            chosen = theme.current()
            if column == WHAT:
                return QColor(chosen.accent if line.source is not None else chosen.text)
            return QColor(chosen.muted if column == NUMBERS else chosen.text)
        if role == Qt.ItemDataRole.ToolTipRole and line.source is not None:
            there = line.source
            step = "" if there.step is None else f", step {there.step}"
            return one_line(f"Go to {there.layer} {there.quantity}{step}, unit {there.unit}")
        if role == Qt.ItemDataRole.UserRole:
            return line.share
        return None

    @staticmethod
    def _text(line: Line, column: int) -> str:
        if column == WHAT:
            return one_line(line.what)
        if column == NUMBERS:
            return one_line(line.numbers)
        value = {VALUE: line.value, KERAS: line.keras, MINE: line.mine}.get(column)
        return "" if value is None else numbers.shown(value, 6)


class _Bars(QStyledItemDelegate):
    """A bar from the middle: to the right for what adds, to the left for what takes away."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        share = index.data(Qt.ItemDataRole.UserRole)
        if not isinstance(share, float):
            return
        chosen = theme.current()
        rect = QRectF(option.rect).adjusted(6, 5, -6, -5)
        middle = rect.center().x()
        painter.fillRect(QRectF(middle, rect.top() - 3, 1, rect.height() + 6), QColor(chosen.border))
        width = rect.width() / 2 * min(abs(share), 1.0)
        if share:
            colour = QColor(chosen.ours if share > 0 else chosen.bad)
            painter.fillRect(QRectF(middle if share > 0 else middle - width, rect.top(), width, rect.height()), colour)
