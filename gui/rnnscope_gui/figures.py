"""The output's figures, a row each: NumPy, Keras, a port's own, and under the latter two how far they are apart."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from rnnscope import Verdict
from rnnscope_gui import numbers, theme
from rnnscope_gui.output_reading import OutputReading
from rnnscope_gui.widgets import Still, label, mono

BIG, LESS_BIG, SMALL = 17, 14, 9.5
MOST_BIG = 8  # characters; longer figures, with an exponent, are written smaller


class Figures(QWidget):
    """Big digits for one element of the output, and the verdicts."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._verdicts = (Verdict.NOT_COMPARED, Verdict.NOT_COMPARED)
        self._points = BIG
        self._ours, self._theirs, self._mine = mono(points=BIG), mono(points=BIG), mono(points=BIG)
        self._difference, self._floor, self._apart = mono(points=SMALL), mono(points=SMALL), mono(points=SMALL)
        self._mark, self._mine_mark = label(), label()
        self._held_against = label("", "muted")
        self._keras: list[QWidget] = [label("Keras", "muted"), Still(self._theirs), label("difference", "muted")]
        self._keras += [Still(self._difference), self._mark, Still(self._floor)]
        self._port: list[QWidget] = [label("mine", "muted"), Still(self._mine), self._held_against, Still(self._apart)]
        self._port += [self._mine_mark, label()]
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(6)
        parts = [label("NumPy", "muted"), Still(self._ours), *self._keras, *self._port]
        for row, (left, right) in enumerate(zip(parts[::2], parts[1::2], strict=True)):
            grid.addWidget(left, row, 0, Qt.AlignmentFlag.AlignBottom)
            grid.addWidget(right, row, 1)
        grid.setColumnStretch(1, 1)
        self._restyle()

    def show_element(self, reading: OutputReading, chosen: int, rule: str) -> None:
        """The figures of one element, and the verdicts on the sample; `rule` judged them."""
        before, self._verdicts = (self._verdicts, self._points), (reading.verdict, reading.mine_verdict)
        self._ours.setText(numbers.answer(reading.ours[chosen].item()))
        for parts, values in ((self._keras, reading.theirs), (self._port, reading.mine)):
            for part in parts:
                part.setVisible(values is not None)
        if reading.theirs is not None:
            self._theirs.setText(numbers.answer(reading.theirs[chosen].item()))
            self._difference.setText(numbers.difference(reading.difference(chosen)))
            self._floor.setText("" if reading.floor is None else f"floor {reading.floor[chosen]:.1e}")
        if reading.mine is not None:
            self._mine.setText(numbers.answer(reading.mine[chosen].item()))
            self._held_against.setText("from NumPy" if reading.theirs is None else "from Keras")
            self._apart.setText(numbers.difference(reading.mine_difference(chosen)))
        for mark, verdict in zip((self._mark, self._mine_mark), self._verdicts, strict=True):
            mark.setText(f"{theme.MARKS[verdict]} {verdict}")
        for part in (self._mark, self._mine_mark, self._floor):
            part.setToolTip(f"Judged by: {rule}" if rule else "")
        sides = ((self._ours, reading.ours), (self._theirs, reading.theirs), (self._mine, reading.mine))
        longest = max(len(digits.text().strip()) for digits, values in sides if values is not None)
        self._points = BIG if longest <= MOST_BIG else LESS_BIG
        if before != (self._verdicts, self._points):  # a style costs more than a text, and the step moves often
            self._restyle()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_port"):
            self._restyle()

    def _restyle(self) -> None:
        chosen = theme.current()
        sides = ((self._mark, self._theirs), (self._mine_mark, self._mine))
        for (mark, digits), verdict in zip(sides, self._verdicts, strict=True):
            mark.setStyleSheet(f"color: {chosen.verdict(verdict)}; font-weight: 600;")
            big = chosen.bad if verdict is Verdict.DIFFERENT else chosen.text
            digits.setStyleSheet(self._big(big))
        self._ours.setStyleSheet(self._big(chosen.text))
        self._floor.setStyleSheet(f'color: {chosen.muted}; font-family: "{theme.MONO}"; font-size: 9pt;')

    def _big(self, colour: str) -> str:
        return f'color: {colour}; font-family: "{theme.MONO}"; font-size: {self._points}pt;'
