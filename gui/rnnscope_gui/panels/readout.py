"""The bottom line: the number under the cursor as NumPy and Keras have it, and the work under way."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QSizePolicy, QToolButton, QWidget

from rnnscope import Comparison
from rnnscope.cli import place
from rnnscope.errors import one_line
from rnnscope.texts import is_text
from rnnscope.types import Array
from rnnscope_gui import theme
from rnnscope_gui.resolve import Picture, picture
from rnnscope_gui.state import Scene, View
from rnnscope_gui.widgets import label, mono

NOTHING = "–"
VALUE, DIFFERENCE = "{:>13.6f}", "{:>9.1e}"
TEXT_WIDTH = 13


class ReadoutBar(QWidget):
    """Fields of fixed width, so that nothing moves when a value changes; a progress bar while work runs."""

    def __init__(self, cancel: QAction, first_difference: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("readout")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._text = mono(right=False)
        # The line is cut at the window's edge rather than holding the window open.
        self._text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._verdict = QToolButton()
        self._verdict.setObjectName("plain")
        self._verdict.clicked.connect(first_difference.trigger)
        self._work = label("", "muted")
        self._bar = QProgressBar()
        self._bar.setFixedWidth(140)
        self._bar.setTextVisible(False)
        self._stop = QToolButton()
        self._stop.setObjectName("plain")
        self._stop.setText("Stop")
        self._stop.clicked.connect(cancel.trigger)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 0, 14, 0)
        self.setFixedHeight(30)
        row.addWidget(self._text, 1)
        for widget in (self._verdict, self._work, self._bar, self._stop):
            row.addWidget(widget)

    @property
    def text(self) -> str:
        return self._text.text()

    def show_scene(self, old: Scene | None, new: Scene) -> None:
        busy = new.busy
        for widget in (self._work, self._bar, self._stop):
            widget.setVisible(busy is not None)
        if busy is not None:
            self._work.setText(one_line(busy.text, 60))
            self._bar.setRange(0, 0 if busy.fraction is None else 1000)
            self._bar.setValue(round((busy.fraction or 0) * 1000))
        self._verdict.setVisible(busy is None and new.document.comparison is not None)
        if new.document.comparison is not None:
            self._show_verdict(new.document.comparison)
        if old is None or old.document is not new.document or old.view != new.view:
            shown = picture(new.document, new.view)
            self._text.setText("" if shown is None else read_out(shown, new.view))

    def _show_verdict(self, comparison: Comparison) -> None:
        """The verdict on all samples; where something differs, a click goes to the first difference."""
        verdict, first = comparison.verdict, comparison.first_difference
        self._verdict.setText(f"{theme.MARKS[verdict]} all samples: {verdict}{' (F)' if first is not None else ''}")
        self._verdict.setEnabled(first is not None)
        self._verdict.setToolTip(f"First difference: {place(first)}" if first is not None else comparison.rule)
        self._verdict.setStyleSheet(f"color: {theme.current().verdict(verdict)};")


def read_out(shown: Picture, view: View) -> str:
    """The number at the cursor in words and digits, each field as wide as it can get."""
    step, unit = min(view.step, shown.columns - 1), min(view.unit, shown.rows - 1)
    ours = _value(shown.ours if shown.texts is None else shown.texts, unit, step)
    theirs = difference = NOTHING
    if shown.their_texts is not None:
        theirs = _value(shown.their_texts, unit, step)
    if shown.theirs is not None and shown.difference is not None:
        theirs = _value(shown.theirs, unit, step)
        apart = float(shown.difference[unit, step])
        difference = DIFFERENCE.format(apart) if apart else "0"
    at = [f"{one_line(shown.layer, 40)} {shown.symbol}", f"sample {view.sample:<4}"]
    if shown.has_steps:
        at.append(f"{shown.along} {step:<{len(str(shown.columns))}}")
    at.append(f"{shown.row_words(unit):<{len(shown.row_words(shown.rows - 1))}}")
    fields = [*at, f"NumPy {ours}", f"Keras {theirs:>13}", f"difference {difference:>9}"]
    if shown.mask is not None:
        fields.append("not masked" if shown.mask[step] else "masked")
    return "   ".join(fields)


def _value(matrix: Array, unit: int, step: int) -> str:
    """A number, or a text as far as it fits."""
    if is_text(matrix):
        return f"{one_line(str(matrix[unit, step]), TEXT_WIDTH):>{TEXT_WIDTH}}"
    return VALUE.format(float(matrix[unit, step]))
