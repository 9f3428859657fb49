"""The bar that tells what went wrong or what to know; it never stands in the way."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QWidget

from rnnscope.errors import one_line
from rnnscope_gui.state import AppState, Scene

MARKS = {"error": "!", "note": "i"}


class MessageBar(QWidget):
    """One message, dismissed by its button or by Escape; hidden when there is none.

    chosen(choice): the person wants what the message offers instead.
    """

    chosen = Signal(object)

    def __init__(self, state: AppState, dismiss: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self.setObjectName("message")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._mark = QLabel()
        self._mark.setObjectName("message-mark")
        self._mark.setFixedSize(20, 20)
        self._mark.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._text = QLabel()
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setWordWrap(True)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._choice = QPushButton()
        self._choice.setCursor(Qt.CursorShape.PointingHandCursor)
        self._choice.clicked.connect(self._choose)
        close = QToolButton()
        close.setObjectName("plain")
        close.setText("✕")
        close.setAccessibleName("Dismiss the message")
        close.setToolTip("Dismiss (Esc)")
        close.clicked.connect(dismiss.trigger)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 8, 10, 8)
        row.setSpacing(10)
        for widget in (self._mark, self._text, self._choice, close):
            row.addWidget(widget)
        self.setVisible(False)

    @property
    def text(self) -> str:
        return self._text.text()

    def show_scene(self, old: Scene | None, new: Scene) -> None:
        if old is not None and old.message is new.message:
            return
        message = new.message
        self.setVisible(message is not None)
        if message is None:
            return
        self.setProperty("kind", message.kind)
        self._mark.setText(MARKS[message.kind])
        self._text.setText(one_line(message.text))
        self._choice.setVisible(message.choice is not None)
        self._choice.setText(message.choice.text if message.choice is not None else "")
        self.setAccessibleName(f"{message.kind}: {one_line(message.text)}")
        for widget in (self, self._mark):
            widget.style().unpolish(widget)
            widget.style().polish(widget)

    def _choose(self) -> None:
        message = self._state.scene.message
        if message is not None and message.choice is not None:
            self.chosen.emit(message.choice)
