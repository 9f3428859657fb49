"""What judges, with its numbers, in one line that stays in sight; a click changes it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from rnnscope.errors import one_line
from rnnscope_gui.map_words import floor_words
from rnnscope_gui.sample_picture import Picture
from rnnscope_gui.state import Document
from rnnscope_gui.widgets import ElidedLabel

HEIGHT = 22


class RuleLine(QWidget):
    """``Judged by |difference| ≤ 8·drift + …, here 1.2e-7 to 2.1e-6``, and a button."""

    def __init__(self, choose: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(HEIGHT)
        self._text = ElidedLabel("", "small")
        self._change = QPushButton("Rule…")
        self._change.setObjectName("quiet")
        self._change.setStyleSheet("min-height: 0; padding: 0 6px;")
        self._change.setCursor(Qt.CursorShape.PointingHandCursor)
        self._change.setToolTip(choose.toolTip())
        self._change.setAccessibleName("Choose the rule that judges differences")
        self._change.clicked.connect(choose.trigger)
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self._text, 1)
        row.addWidget(self._change)

    @property
    def text(self) -> str:
        return self._text.text()

    def show_picture(self, made: Picture, document: Document) -> None:
        """The rule of the comparison behind the difference that is shown."""
        self._text.setText(one_line(rule_words(made, document)))


def rule_words(made: Picture, document: Document) -> str:
    """What judged the difference that is shown, its figures here, and a warning where rounding alone moves much."""
    comparison = document.comparison if made.apart == "NumPy − Keras" else document.mine_comparison
    if comparison is None:
        judge = "the noise floor" if not document.rule.fixed else "atol and rtol"
        return f"Once there is something to compare with, {judge} will judge."
    figures = floor_words(made)
    parts = (f"Judged by {comparison.rule}", figures, made.caution)
    return " · ".join(part for part in parts if part)
