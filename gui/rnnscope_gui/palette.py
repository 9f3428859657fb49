"""The command palette: every command by a few letters of its name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QSize, Qt, Slot
from PySide6.QtGui import QAction, QKeyEvent, QPainter, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QDialog,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from rnnscope_gui.commands import COMMANDS, Command
from rnnscope_gui.widgets import label

WIDTH, ROWS, ROW_HEIGHT = 560, 12, 28
MOVES = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)
AnyIndex = QModelIndex | QPersistentModelIndex


def matching(commands: Sequence[Command], words: str) -> list[Command]:
    """The commands that have every one of `words` in their menu, name or tip; by name first."""
    wanted = words.casefold().split()
    found = [
        (_rank(command, wanted), place, command)
        for place, command in enumerate(commands)
        if all(word in f"{command.menu} {command.text} {command.tip}".casefold() for word in wanted)
    ]
    return [command for *_, command in sorted(found, key=lambda one: one[:2])]


def _rank(command: Command, wanted: Sequence[str]) -> int:
    """0: the name begins with what is wanted; 1: it has all words; 2: they stand in the menu or the tip."""
    name = command.text.casefold()
    if wanted and name.startswith(wanted[0]):
        return 0
    return 1 if all(word in name for word in wanted) else 2


class Palette(QDialog):
    """A line to type in over the commands that it leaves; Enter runs one. What cannot be done now is grey and last."""

    def __init__(self, actions: Mapping[str, QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Commands")
        self._actions = actions
        self._line, self._list = QLineEdit(), QListView()
        self._line.setPlaceholderText("What do you want to do?")
        self._line.setAccessibleName("Search commands")
        self._line.textChanged.connect(self._fill)
        self._line.installEventFilter(self)
        self._list.setAccessibleName("Commands")
        self._list.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self._list.setUniformItemSizes(True)
        self._list.setItemDelegate(_Rows(self._list))
        self._list.setFixedHeight(ROWS * ROW_HEIGHT)
        self._list.clicked.connect(self._run)
        self._nothing = label("No command has these words.", "muted")
        self._model = QStandardItemModel(self)
        self._list.setModel(self._model)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        for widget in (self._line, self._nothing, self._list):
            column.addWidget(widget)
        self.setFixedWidth(WIDTH)
        self._fill("")
        self._line.setFocus()

    @Slot(str)
    def _fill(self, words: str) -> None:
        self._model.clear()
        found = [command for command in matching(COMMANDS, words) if command.id in self._actions]
        for command in sorted(found, key=lambda command: not self._actions[command.id].isEnabled()):
            self._model.appendRow(self._item(command))
        self._nothing.setVisible(not found)
        self._list.setCurrentIndex(self._model.index(0, 0))

    def _item(self, command: Command) -> QStandardItem:
        item = QStandardItem(f"{command.menu}: {command.text}")
        item.setData(command.id, Qt.ItemDataRole.UserRole)
        item.setData("  ".join(command.keys), _Rows.KEYS)
        item.setToolTip(command.tip)
        item.setEnabled(self._actions[command.id].isEnabled())
        return item

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The line keeps the focus; the arrow keys move in the list and Enter runs."""
        if watched is self._line and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in MOVES:
                self._list.keyPressEvent(event)
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._run(self._list.currentIndex())
                return True
        return super().eventFilter(watched, event)

    @Slot(QModelIndex)
    def _run(self, index: QModelIndex) -> None:
        action = self._actions.get(str(index.data(Qt.ItemDataRole.UserRole)))
        if action is None or not action.isEnabled():
            return
        self.accept()
        action.trigger()


class _Rows(QStyledItemDelegate):
    """A command on the left, its keys on the right."""

    KEYS = int(Qt.ItemDataRole.UserRole) + 1

    def sizeHint(self, option: QStyleOptionViewItem, index: AnyIndex) -> QSize:
        return QSize(0, ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        super().paint(painter, option, index)
        painter.save()
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        role = option.palette.ColorRole.HighlightedText if chosen else option.palette.ColorRole.PlaceholderText
        painter.setPen(option.palette.color(role))
        place = option.rect.adjusted(0, 0, -10, 0)
        painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, str(index.data(self.KEYS)))
        painter.restore()
