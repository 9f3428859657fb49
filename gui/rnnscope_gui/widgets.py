"""The small parts that panels are made of. Every label shows plain text: names come from files."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QComboBox, QFrame, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from rnnscope.errors import one_line
from rnnscope_gui import theme

SIDE_MARGINS = (14, 12, 14, 8)


def label(text: str = "", role: str = "", *, wraps: bool = False) -> QLabel:
    """A label in one of the style sheet's roles: heading, title, cardTitle, muted, link."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setObjectName(role)
    made.setWordWrap(wraps)
    return made


def mono(text: str = "", points: float = theme.POINTS, *, right: bool = True) -> QLabel:
    """A label of digits, which can be copied."""
    made = label(text)
    made.setStyleSheet(f'font-family: "{theme.MONO}"; font-size: {points}pt;')
    made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    if right:
        made.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return made


class Still(QWidget):
    """Holds a label whose text changes at every move, and has its surroundings laid out only when its size changes."""

    def __init__(self, held: QLabel) -> None:
        super().__init__()
        self._held = held
        held.setParent(self)
        self._size = held.sizeHint()
        self.setSizePolicy(held.sizePolicy())

    def sizeHint(self) -> QSize:
        return self._held.sizeHint()

    def minimumSizeHint(self) -> QSize:
        return self._held.minimumSizeHint()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._held.resize(self.size())

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest and self._size != self._held.sizeHint():
            self._size = self._held.sizeHint()
            self.updateGeometry()
        return super().event(event)


def card() -> QFrame:
    """A bordered surface."""
    made = QFrame()
    made.setObjectName("card")
    return made


def quiet_list(name: str) -> QComboBox:
    """A drop-down list that shows its frame only when it is used."""
    box = QComboBox()
    box.setObjectName("quiet")
    box.setAccessibleName(name)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
    return box


class ElidedLabel(QLabel):
    """One line of text that ends in … where it does not fit, and is whole in its tool tip.

    least: where fewer characters than these would be left, nothing is.
    """

    def __init__(self, text: str = "", role: str = "", parent: QWidget | None = None, *, least: int = 0) -> None:
        super().__init__(parent)
        self._least = least
        self.setObjectName(role)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setText(one_line(text))

    def minimumSizeHint(self) -> QSize:
        return QSize(20, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        shown = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        self.setToolTip("" if shown == self.text() else self.text())
        if shown != self.text() and len(shown) < self._least:
            return
        painter = QPainter(self)
        painter.setPen(self.palette().windowText().color())
        painter.drawText(self.rect(), self.alignment(), shown)


class Segments(QWidget):
    """A few short choices side by side, one of them taken; a drop-down list when they need more room. chosen(value)."""

    chosen = Signal(object)

    def __init__(self, name: str, parent: QWidget | None = None, *, letters: int = 26) -> None:
        """`letters`: how many there is room for side by side."""
        super().__init__(parent)
        self.setAccessibleName(name)
        self._letters = letters
        self._values: tuple[str, ...] = ()
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        self._group.idClicked.connect(self._clicked)
        self._list = QComboBox(self)
        self._list.setAccessibleName(name)
        self._list.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self._list.setMinimumContentsLength(6)
        self._list.setMinimumWidth(80)
        self._list.activated.connect(self._clicked)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(4)
        self._row.addWidget(self._list)

    def set_choices(self, values: Sequence[str], texts: Sequence[str], value: str) -> None:
        """Offer `values`, written as `texts`, with `value` taken."""
        if tuple(values) != self._values:
            self._values = tuple(values)
            self._rebuild(texts)
        if value in self._values:
            index = self._values.index(value)
            self._list.setCurrentIndex(index)
            if (button := self._group.button(index)) is not None:
                button.setChecked(True)

    def _rebuild(self, texts: Sequence[str]) -> None:
        for button in self._group.buttons():
            self._group.removeButton(button)
            self._row.removeWidget(button)
            button.hide()
            button.deleteLater()
        self._list.clear()
        self._list.addItems([one_line(text) for text in texts])
        few = sum(map(len, texts)) <= self._letters
        self._list.setVisible(not few)
        for index, text in enumerate(texts if few else ()):
            button = QToolButton()
            button.setText(one_line(text))
            button.setCheckable(True)
            self._group.addButton(button, index)
            self._row.addWidget(button)

    def _clicked(self, index: int) -> None:
        self.chosen.emit(self._values[index])
