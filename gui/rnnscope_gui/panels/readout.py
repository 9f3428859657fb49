"""The bottom line: the number under the cursor as NumPy and Keras have it, and the work under way."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QSizePolicy, QToolButton, QWidget

from rnnscope import Comparison
from rnnscope.cli import place
from rnnscope.errors import one_line
from rnnscope.texts import is_text
from rnnscope.types import Array
from rnnscope_gui import theme
from rnnscope_gui.resolve import picture
from rnnscope_gui.sample_picture import Picture
from rnnscope_gui.sides import NO_REFERENCE
from rnnscope_gui.state import Scene, View
from rnnscope_gui.widgets import Still, label, mono

NOTHING = "–"
VALUE, NARROW_VALUE, DIFFERENCE = "{:>13.6f}", "{:>10.6f}", "{:>9.1e}"
TEXT_WIDTH = 13


class ReadoutBar(QWidget):
    """Fields of fixed width, so that nothing moves when a value changes; a progress bar while work runs."""

    def __init__(self, actions: Mapping[str, QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("readout")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._text = mono(right=False)
        # The line is cut at the window's edge rather than holding the window open.
        self._text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._verdicts = (_verdict(actions["first-difference"]), _verdict(actions["mine-first-difference"]))
        self._work = label("", "muted")
        self._bar = QProgressBar()
        self._bar.setFixedWidth(140)
        self._bar.setTextVisible(False)
        self._stop = QToolButton()
        self._stop.setObjectName("plain")
        self._stop.setText("Stop")
        self._stop.clicked.connect(actions["cancel"].trigger)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 0, 14, 0)
        self.setFixedHeight(30)
        row.addWidget(Still(self._text), 1)
        for widget in (*self._verdicts, self._work, self._bar, self._stop):
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
        document = new.document
        both = document.comparison is not None and document.mine_comparison is not None
        for button, comparison, whose, key in (
            (self._verdicts[0], document.comparison, "Keras" if both else "all samples", "F"),
            (self._verdicts[1], document.mine_comparison, "mine", "Shift+F" if both else "F"),
        ):
            button.setVisible(busy is None and comparison is not None)
            if comparison is not None:
                _show_verdict(button, comparison, whose, key)
        if old is None or old.document is not new.document or old.view != new.view:
            shown = picture(new.document, new.view)
            self._text.setText("" if shown is None else read_out(shown, new.view))


def _verdict(first_difference: QAction) -> QToolButton:
    button = QToolButton()
    button.setObjectName("plain")
    button.clicked.connect(first_difference.trigger)
    return button


def _show_verdict(button: QToolButton, comparison: Comparison, whose: str, key: str) -> None:
    """The verdict on all samples; where something differs, a click goes to the first difference."""
    verdict, first = comparison.verdict, comparison.first_difference
    button.setText(f"{theme.MARKS[verdict]} {whose}: {verdict}{f' ({key})' if first is not None else ''}")
    button.setEnabled(first is not None)
    where = f"First difference: {place(first)}. " if first is not None else ""
    button.setToolTip(f"{where}Judged by: {comparison.rule}")
    style = f"color: {theme.current().verdict(verdict)};"
    if button.styleSheet() != style:  # Qt reads it anew each time, and this is asked at every move
        button.setStyleSheet(style)


def read_out(shown: Picture, view: View) -> str:
    """The number at the cursor in words and digits, each field as wide as it can get."""
    step, unit = min(view.step, shown.columns - 1), min(view.unit, shown.rows - 1)
    narrow = bool(shown.mine is not None or shown.mine_reason)
    gap, form = ("  ", NARROW_VALUE) if narrow else ("   ", VALUE)
    width = len(form.format(0.0))

    def value(matrix: Array | None) -> str:
        return f"{NOTHING:>{width}}" if matrix is None else _value(matrix, unit, step, form)

    at = [f"{one_line(shown.layer, 40)} {shown.symbol}", f"sample {view.sample:<4}"]
    if shown.has_steps:
        at.append(f"{shown.along} {step:<{len(str(shown.columns))}}")
    at.append(f"{shown.row_words(unit):<{len(shown.row_words(shown.rows - 1))}}")
    fields = [*at, f"NumPy {value(shown.ours if shown.texts is None else shown.texts)}"]
    if not (narrow and shown.reason == NO_REFERENCE):
        fields.append(f"Keras {value(shown.theirs if shown.texts is None else shown.their_texts)}")
    if narrow:
        fields.append(f"mine {value(shown.mine)}")
    fields.append(f"{'difference' if not narrow else shown.apart} {_difference(shown, unit, step):>9}")
    if shown.mask is not None:
        fields.append("not masked" if shown.mask[step] else "masked")
    return gap.join(fields)


def _difference(shown: Picture, unit: int, step: int) -> str:
    if shown.difference is None:
        return NOTHING
    apart = float(shown.difference[unit, step])
    return DIFFERENCE.format(apart) if apart else "0"


def _value(matrix: Array, unit: int, step: int, form: str) -> str:
    """A number, or a text as far as it fits."""
    if is_text(matrix):
        return f"{one_line(str(matrix[unit, step]), TEXT_WIDTH):>{TEXT_WIDTH}}"
    return form.format(float(matrix[unit, step]))
