"""The table of samples: a line each, the one on show lit; columns sort, a click or Enter goes there."""

from __future__ import annotations

from PySide6.QtCore import QAbstractTableModel, QEvent, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from rnnscope import Verdict
from rnnscope.types import Array
from rnnscope_gui import theme
from rnnscope_gui.samples import Samples
from rnnscope_gui.state import SampleColumn, View

Index = QModelIndex | QPersistentModelIndex
ROW_HEIGHT, NUMBER_WIDTH, BAR = 22, 84, 3
OWN_KEYS = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter)
ENTER = OWN_KEYS[2:]
INDENT = "  "  # before words, which would else touch the number on their left
WORDS: tuple[SampleColumn, ...] = ("verdict", "mine")


class SampleTable(QTableView):
    """chosen(sample) on a click or Enter; sorted_by(column) on a click on a heading."""

    chosen = Signal(int)
    sorted_by = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lines = _Lines(self)
        self.setModel(self._lines)
        self.setItemDelegate(_Cells(self))
        self.setAccessibleName("Samples")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFont(theme.mono_font(theme.POINTS - 1))
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        header = self.horizontalHeader()
        header.setFont(theme.font(theme.POINTS - 1.5))
        header.setHighlightSections(False)
        header.setSectionsClickable(True)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        header.sectionClicked.connect(self._sort)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.clicked.connect(self._go)

    def show_samples(self, found: Samples, rows: Array, view: View) -> None:
        """One line for each of `rows`, which are samples in their order."""
        self._lines.replace(found, rows, view)
        header = self.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Fixed)
        self.setColumnWidth(0, NUMBER_WIDTH)

    def set_current(self, sample: int) -> None:
        """Light up the line of a sample and keep it in sight, where it is listed."""
        before, self._lines.current = self._lines.current, sample
        for one in {before, sample}:
            self._lines.touch(one)
        row = self._lines.row_of(sample)
        self.setCurrentIndex(self._lines.index(row, 0) if row >= 0 else QModelIndex())
        if row >= 0:
            self.scrollTo(self._lines.index(row, 0), QAbstractItemView.ScrollHint.EnsureVisible)

    def sample(self, row: int) -> int:
        """The sample of a line."""
        return int(self._lines.rows[row])

    def event(self, event: QEvent) -> bool:
        # Up and Down move the units elsewhere; in a table they move through its lines.
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
            if plain and event.key() in OWN_KEYS:
                event.accept()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in ENTER and self.currentIndex().isValid():
            self._go(self.currentIndex())
            return
        super().keyPressEvent(event)
        self.viewport().update()

    def _go(self, index: QModelIndex) -> None:
        self.chosen.emit(self.sample(index.row()))

    def _sort(self, section: int) -> None:
        self.sorted_by.emit(self._lines.columns[section])


class _Lines(QAbstractTableModel):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._found: Samples | None = None
        self.columns: tuple[SampleColumn, ...] = ()
        self.rows: Array | tuple[int, ...] = ()
        self._places: dict[int, int] = {}
        self._sorting, self._arrow = "number", ""
        self.current = -1

    def replace(self, found: Samples, rows: Array, view: View) -> None:
        self.beginResetModel()
        self._found, self.rows, self.columns = found, rows, found.columns
        self._sorting, self._arrow = view.sorting, " ↓" if view.descending else " ↑"
        self._places = {int(sample): row for row, sample in enumerate(rows)}
        self.endResetModel()

    def row_of(self, sample: int) -> int:
        """Which line a sample has; -1 for none."""
        return self._places.get(sample, -1)

    def touch(self, sample: int) -> None:
        if (row := self.row_of(sample)) >= 0:
            self.dataChanged.emit(self.index(row, 0), self.index(row, self.columnCount() - 1))

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index | None = None) -> int:
        return len(self.columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if self._found is None or orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _side(self.columns[section])
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        column = self.columns[section]
        arrow = self._arrow if column == self._sorting else ""
        return f"{2 * INDENT if column in WORDS else ''}{self._found.heading(column)}{arrow}"

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if self._found is None:
            return None
        sample, column = int(self.rows[index.row()]), self.columns[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            said = self._found.text(column, sample)
            return f"{INDENT}{theme.MARKS[Verdict(said)]} {said}" if column in WORDS else said
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _side(column)
        if role == Qt.ItemDataRole.BackgroundRole and sample == self.current:
            return QColor(theme.current().selection)
        if role == Qt.ItemDataRole.ForegroundRole:
            chosen = theme.current()
            verdict = Verdict(self._found.text(column, sample)) if column in WORDS else None
            return QColor(chosen.text if verdict is None else chosen.verdict(verdict))
        return (self._found.tip(column, sample) or None) if role == Qt.ItemDataRole.ToolTipRole else None


class _Cells(QStyledItemDelegate):
    """Cells without a frame of their own; the line that the keys stand on has a bar at its left."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        super().paint(painter, option, index)
        table, rect = self.parent(), option.rect
        focused = isinstance(table, SampleTable) and table.hasFocus() and index.row() == table.currentIndex().row()
        if focused and index.column() == 0:
            painter.fillRect(rect.left(), rect.top(), BAR, rect.height(), QColor(theme.current().accent))

    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:
        super().initStyleOption(option, index)
        option.state &= ~option.state.__class__.State_HasFocus


def _side(column: SampleColumn) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignLeft if column in WORDS else Qt.AlignmentFlag.AlignRight
    return side | Qt.AlignmentFlag.AlignVCenter
