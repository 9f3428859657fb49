"""Which Keras's rules the file is read by, and what would move under other ones."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from rnnscope.errors import one_line
from rnnscope.lens import Reading
from rnnscope.semantics import Semantics
from rnnscope_gui import numbers
from rnnscope_gui.choice_line import ChoiceLine
from rnnscope_gui.state import AppState, Document, Scene
from rnnscope_gui.widgets import SIDE_MARGINS, label

MARKS = {True: "✓", False: "≠"}
EXPLAIN = "Would another Keras compute something else from this file?"


class ReadingPanel(QWidget):
    """The reading in force, and the version lens: a line for every other, to choose it. chosen(semantics or None)."""

    chosen = Signal(object)

    def __init__(self, state: AppState, look: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("side")
        self._state = state
        self._now, self._why = label(wraps=True), label("", "muted", wraps=True)
        self._back = _link("Read it as the file says")
        self._back.clicked.connect(self._as_the_file_says)
        self._look = QPushButton("Version lens")
        self._look.setToolTip(look.toolTip())
        self._look.clicked.connect(look.trigger)
        self._explain = label(EXPLAIN, "muted", wraps=True)
        self._lines: list[ChoiceLine] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(*SIDE_MARGINS)
        self._column.setSpacing(6)
        for part in (label("READ AS", "heading"), self._now, self._why, self._back, self._explain, self._look):
            self._column.addWidget(part)
        self._column.addStretch(1)

    def show_scene(self, old: Scene | None, new: Scene) -> None:
        self._look.setEnabled(new.busy is None)
        if old is not None and old.document is new.document:
            return
        document = new.document
        model = document.model
        if model is None:
            return
        self._now.setText(words(model.semantics))
        otherwise = document.own is not None and document.own != model.semantics
        self._why.setText(f"chosen; the file says {words(document.own)}" if otherwise and document.own else "")
        self._why.setVisible(otherwise)
        self._back.setVisible(otherwise)
        self._show_lens(document)

    def _show_lens(self, document: Document) -> None:
        for line in self._lines:
            self._column.removeWidget(line)
            line.hide()
            line.deleteLater()
        self._lines = []
        found = document.lens.readings if document.lens is not None else ()
        self._explain.setVisible(not found)
        self._look.setVisible(not found)
        for reading in found:
            line = _line(reading)
            line.clicked.connect(self._choose)
            self._lines.append(line)
            self._column.insertWidget(self._column.count() - 1, line)

    def _choose(self) -> None:
        line = self.sender()
        if isinstance(line, ChoiceLine):
            self.chosen.emit(line.value)

    def _as_the_file_says(self) -> None:
        self.chosen.emit(None)


def _line(reading: Reading) -> ChoiceLine:
    """One reading: a mark, its Keras, and what moves under it."""
    mark = "–" if reading.problem else MARKS[reading.same]
    who, detail = words(reading.semantics), moved_words(reading)
    line = ChoiceLine(f"{mark} {who}", detail, reading.semantics, spoken=f"Read as {who}: {detail}")
    line.setToolTip(one_line(f"Read it as {who}. {detail}"))
    line.setEnabled(not reading.problem)
    return line


def words(semantics: Semantics) -> str:
    """``Keras 2.2.4 · tensorflow``."""
    return f"Keras {semantics.keras_version} · {semantics.backend}"


def moved_words(reading: Reading) -> str:
    """What another reading does to the numbers, in a few words."""
    if reading.problem:
        return f"cannot be read so: {reading.problem}"
    if reading.same:
        return "nothing moves"
    first = next((moved.layer for moved in reading.moved if moved.begins), "")
    where = f" from {first} on" if first else ""
    if not reading.output:
        return f"moves{where}, the output stays"
    return f"output by {numbers.short(reading.output)}{where}"


def _link(text: str) -> QPushButton:
    button = QPushButton(text)
    button.setObjectName("quiet")
    button.setCursor(Qt.CursorShape.PointingHandCursor)
    return button
