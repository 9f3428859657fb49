"""The rule that judges, to be chosen: the measured noise floor, or tolerances of one's own."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QGridLayout, QLineEdit, QRadioButton, QVBoxLayout, QWidget

from rnnscope.floor import RULE
from rnnscope_gui.state import Rule
from rnnscope_gui.widgets import label, mono

ALLCLOSE = Rule(1e-8, 1e-5)  # what np.allclose takes when it is told nothing
MEASURED = (
    "The network is run again in float64, and four times more with every weight and state shaken by one rounding of "
    "its own type. What those runs drift apart is what rounding can do in this model, at this step."
)
WIDTH = 470


class RuleDialog(QDialog):
    """Two choices and two numbers; `take` gets the rule that is chosen."""

    def __init__(self, rule: Rule, take: Callable[[Rule], None], parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("What counts as different")
        self._take = take
        self._measured, self._fixed = QRadioButton("The measured noise floor"), QRadioButton("Tolerances of my own")
        self._atol, self._rtol = _number("atol"), _number("rtol")
        shown = rule if rule.fixed else ALLCLOSE
        self._atol.setText(f"{shown.atol or 0:g}")
        self._rtol.setText(f"{shown.rtol or 0:g}")
        for edit in (self._atol, self._rtol):
            edit.textEdited.connect(self._edited)
        (self._fixed if rule.fixed else self._measured).setChecked(True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self._ok = buttons.button(QDialogButtonBox.StandardButton.Ok)
        self._lay_out(buttons)

    @property
    def rule(self) -> Rule | None:
        """What is chosen; None while the numbers are none."""
        if self._measured.isChecked():
            return Rule()
        atol, rtol = _read(self._atol.text()), _read(self._rtol.text())
        return None if atol is None or rtol is None else Rule(atol, rtol)

    def accept(self) -> None:
        rule = self.rule
        if rule is not None:
            super().accept()
            self._take(rule)

    def _edited(self) -> None:
        """Who types a tolerance wants it."""
        self._fixed.setChecked(True)
        self._check()

    def _check(self) -> None:
        self._ok.setEnabled(self.rule is not None)

    def _lay_out(self, buttons: QDialogButtonBox) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(8)
        column.addWidget(self._measured)
        for words in (label(MEASURED, "muted", wraps=True), mono(RULE, 9.5, right=False)):
            words.setContentsMargins(24, 0, 0, 0)
            words.setFixedWidth(WIDTH)
            column.addWidget(words)
        column.addSpacing(8)
        column.addWidget(self._fixed)
        formula = mono("np.allclose: |a − b| ≤ atol + rtol·|keras|", 9.5, right=False)
        formula.setContentsMargins(24, 0, 0, 0)
        column.addWidget(formula)
        grid = QGridLayout()
        grid.setContentsMargins(24, 0, 0, 0)
        for row, (name, edit) in enumerate((("atol", self._atol), ("rtol", self._rtol))):
            grid.addWidget(mono(name, right=False), row, 0)
            grid.addWidget(edit, row, 1)
        grid.setColumnStretch(2, 1)
        column.addLayout(grid)
        column.addSpacing(8)
        column.addWidget(buttons)
        self._measured.toggled.connect(self._check)


def _number(name: str) -> QLineEdit:
    edit = QLineEdit()
    edit.setAccessibleName(name)
    edit.setFixedWidth(120)
    return edit


def _read(text: str) -> float | None:
    """A tolerance: a number from 0 on, with a point whatever the system writes."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if 0 <= number < float("inf") else None
