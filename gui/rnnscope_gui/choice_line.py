"""A line to choose: a title over a few words, in one button."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QPushButton, QSizePolicy, QVBoxLayout

from rnnscope.errors import one_line
from rnnscope_gui.widgets import ElidedLabel


class ChoiceLine(QPushButton):
    """`value` is what choosing it means; it may be checked as the one that is taken."""

    def __init__(self, title: str, detail: str, value: object, *, spoken: str = "") -> None:
        super().__init__()
        self.setObjectName("choice")
        self.value = value
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(8, 4, 8, 4)
        self._column.setSpacing(1)
        for part in (ElidedLabel(one_line(title)), ElidedLabel(one_line(detail), "muted")):
            part.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            self._column.addWidget(part)
        self.setAccessibleName(one_line(spoken or f"{title}: {detail}"))
        self.setToolTip(one_line(f"{title}. {detail}"))

    def sizeHint(self) -> QSize:
        return QSize(120, self._column.sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()
