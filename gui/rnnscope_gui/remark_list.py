"""What about the masks is probably not what was meant: a mark, a sentence, and a click that goes there."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from rnnscope.errors import one_line
from rnnscope.lab import Remark
from rnnscope_gui import theme
from rnnscope_gui.laboratory import MARKS
from rnnscope_gui.widgets import label

MOST_LETTERS = 400
NOTHING = "Nothing about the masks of this run looks unintended."


class RemarkList(QWidget):
    """chosen(Remark) on a click, or with Enter or Space."""

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lines: list[RemarkLine] = []
        self._shown: tuple[Remark, ...] | None = None
        self._none = label(NOTHING, "small", wraps=True)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(5)
        self._column.addWidget(self._none)
        self._column.addStretch(1)

    @property
    def lines(self) -> tuple[RemarkLine, ...]:
        return tuple(self._lines)

    def show_remarks(self, remarks: Sequence[Remark]) -> None:
        """Say these; the same ones stay as they are."""
        if tuple(remarks) == self._shown:
            return
        self._shown = tuple(remarks)
        for line in self._lines:
            self._column.removeWidget(line)
            line.hide()
            line.deleteLater()
        self._lines = [RemarkLine(remark) for remark in remarks]
        for index, line in enumerate(self._lines):
            line.chosen.connect(self.chosen)
            self._column.insertWidget(index + 1, line)
        self._none.setVisible(not remarks)


class RemarkLine(QWidget):
    """One remark."""

    chosen = Signal(object)

    def __init__(self, remark: Remark) -> None:
        super().__init__()
        self.remark = remark
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(one_line(f"{remark.severity}: {remark.text}", MOST_LETTERS))
        self.setToolTip(one_line(f"{remark.severity}: {remark.advice}", MOST_LETTERS))
        self._mark = label(MARKS[remark.severity], "cardTitle")
        self._mark.setFixedWidth(12)
        self._mark.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignHCenter)
        row = QHBoxLayout(self)
        row.setContentsMargins(2, 2, 2, 2)
        row.setSpacing(5)
        row.addWidget(self._mark)
        row.addWidget(label(one_line(remark.text, MOST_LETTERS), "small", wraps=True), 1)
        self._restyle()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.chosen.emit(self.remark)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.chosen.emit(self.remark)
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_mark"):
            self._restyle()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.hasFocus():
            painter = QPainter(self)
            painter.setPen(QColor(theme.current().accent))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def _restyle(self) -> None:
        tokens = theme.current()
        colour = {"problem": tokens.bad, "warning": tokens.mine, "note": tokens.muted}[self.remark.severity]
        self._mark.setStyleSheet(f"color: {colour};")
