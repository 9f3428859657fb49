"""The number under the cursor taken apart: the largest terms as bars, what they come to, and the gates behind them."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from rnnscope.compare import Location
from rnnscope.errors import one_line
from rnnscope_gui.arithmetic import arithmetic
from rnnscope_gui.navigate import to_number
from rnnscope_gui.state import AppState, Scene
from rnnscope_gui.term_table import TermTable
from rnnscope_gui.widgets import ElidedLabel, card, label, mono

SOON = 30  # milliseconds: while the cursor runs, only the number where it rests is taken apart
NOTHING = "Choose a number in a heatmap."


class ArithmeticPanel(QWidget):
    """Left the terms, right the sums and the parts."""

    def __init__(self, state: AppState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("workbench")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._state = state
        self._law, self._formula = ElidedLabel("", "muted"), mono(right=False)
        self._note = label("", "muted", wraps=True)
        self._terms, self._sums = TermTable("The terms of this number"), TermTable("What the terms come to")
        self._parts = TermTable("What this number is made of")
        for table in (self._terms, self._sums, self._parts):
            table.chosen.connect(self._go)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(SOON)
        self._soon.timeout.connect(self._take_apart)
        self._lay_out()

    def show_scene(self, old: Scene | None, new: Scene) -> None:
        """Take the number apart when the cursor has come to rest."""
        if old is None:
            self._take_apart()
        elif old.document is not new.document or _place(old) != _place(new):
            self._soon.start()

    @Slot()
    def _take_apart(self) -> None:
        scene = self._state.scene
        found = arithmetic(scene.document, scene.view)
        self._formula.setText(one_line(found.formula) if found is not None else NOTHING)
        self._law.setText(found.law if found is not None else "")
        self._law.setVisible(bool(found is not None and found.law))
        self._note.setText(one_line(found.note) if found is not None else "")
        self._note.setVisible(bool(found is not None and found.note))
        for table, lines in (
            (self._terms, found.terms if found is not None else ()),
            (self._sums, found.sums if found is not None else ()),
            (self._parts, found.parts if found is not None else ()),
        ):
            table.set_lines(lines)
            table.setVisible(bool(lines))

    def _go(self, place: object) -> None:
        if isinstance(place, Location):
            self._state.show(to_number(self._state.scene, place))

    def _lay_out(self) -> None:
        outer = QVBoxLayout(self)
        outer.setContentsMargins(14, 5, 14, 12)
        frame = card()
        outer.addWidget(frame)
        column = QVBoxLayout(frame)
        column.setContentsMargins(12, 9, 10, 8)
        column.setSpacing(5)
        for widget in (self._formula, self._law, self._note):
            column.addWidget(widget)
            widget.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Maximum)
        sides = QHBoxLayout()
        sides.setSpacing(18)
        sides.addWidget(self._terms, 5)
        right = QVBoxLayout()
        right.setSpacing(8)
        right.addWidget(self._sums, 3)
        right.addWidget(self._parts, 2)
        sides.addLayout(right, 3)
        column.addLayout(sides, 1)
        column.addStretch(0)


def _place(scene: Scene) -> tuple[str, str, int, int, int]:
    view = scene.view
    return (view.layer, view.quantity, view.sample, view.step, view.unit)
