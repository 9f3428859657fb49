"""Why a port differs: the mistakes that turn the model into its numbers, and the line of NumPy that is right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from rnnscope import Finding
from rnnscope_gui.choice_line import ChoiceLine
from rnnscope_gui.sides import chosen_finding
from rnnscope_gui.state import AppState, Scene
from rnnscope_gui.why_words import agrees, apart_words, can_ask, ids_words, line_words, standing
from rnnscope_gui.widgets import SIDE_MARGINS, ElidedLabel, label, mono


class WhyPanel(QWidget):
    """What is known of the difference; a button that asks; the ranked findings; the chosen one with its fix."""

    def __init__(self, state: AppState, actions: Mapping[str, QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("side")
        self._state = state
        self._standing, self._apart = label(wraps=True), label("", "muted", wraps=True)
        self._open = _button("Open your numbers…", actions["open-mine"])
        self._ask = _button("Why?", actions["why"], "primary")
        self._lines: list[ChoiceLine] = []
        self._explanation = _Explanation(actions)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(*SIDE_MARGINS)
        self._column.setSpacing(8)
        parts = (label("WHY DOES MY PORT DIFFER?", "heading"), self._standing, self._open, self._ask)
        for part in (*parts, self._apart, self._explanation):
            self._column.addWidget(part)

    def show_scene(self, old: Scene | None, new: Scene) -> None:
        document, view = new.document, new.view
        self._ask.setEnabled(new.busy is None)
        same = old is not None and old.document is document
        if not same:
            self._standing.setText(standing(document))
            roles = {True: "good" if agrees(document) else "", False: "muted"}
            self._standing.setObjectName(roles[document.mine is not None])
            self._standing.style().polish(self._standing)
            self._open.setVisible(document.mine is None)
            self._ask.setVisible(can_ask(document))
            self._apart.setText(apart_words(document.findings or ()))
            self._apart.setVisible(bool(self._apart.text()))
            self._show_lines(document.findings or ())
        if not same or old is None or (old.view.finding, old.view.mistaken) != (view.finding, view.mistaken):
            for line in self._lines:
                line.setChecked(line.value == view.finding)
            self._explanation.show_finding(chosen_finding(document, view), mistaken=view.mistaken)

    def _show_lines(self, findings: tuple[Finding, ...]) -> None:
        for line in self._lines:
            self._column.removeWidget(line)
            line.hide()
            line.deleteLater()
        self._lines = []
        for index, finding in enumerate(findings):
            line = ChoiceLine(*line_words(finding), index)
            line.setCheckable(True)
            line.clicked.connect(self._choose)
            self._lines.append(line)
            self._column.insertWidget(self._column.indexOf(self._apart), line)

    def _choose(self) -> None:
        line = self.sender()
        if isinstance(line, ChoiceLine) and isinstance(line.value, int):
            line.setChecked(True)
            self._state.show(replace(self._state.view, finding=line.value, mistaken=True))


class _Explanation(QFrame):
    """The chosen mistake: what it is, the line that is right, and its run as heatmaps."""

    def __init__(self, actions: Mapping[str, QAction]) -> None:
        super().__init__()
        self.setObjectName("card")
        self._title, self._words = label("", "cardTitle", wraps=True), label("", "muted", wraps=True)
        self._ids = ElidedLabel("", "small")
        self._fix = mono(points=9, right=False)
        self._fix.setWordWrap(True)
        self._fix.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        code = QFrame()
        code.setObjectName("code")
        inside = QVBoxLayout(code)
        inside.setContentsMargins(8, 6, 8, 6)
        inside.addWidget(self._fix)
        self._run = _button("Show its run", actions["mistaken-run"])
        self._run.setCheckable(True)
        buttons = QHBoxLayout()
        buttons.addWidget(_button("Copy", actions["copy-fix"]))
        buttons.addWidget(self._run)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 10, 10, 6)
        column.setSpacing(8)
        for part in (self._title, self._ids, self._words, code):
            column.addWidget(part)
        column.addLayout(buttons)

    def show_finding(self, finding: Finding | None, *, mistaken: bool) -> None:
        """The finding, if one is chosen; `mistaken`: its run stands among the heatmaps."""
        self.setVisible(finding is not None)
        if finding is None:
            return
        self._run.setChecked(mistaken)
        self._title.setText(finding.title)
        self._ids.setText(ids_words(finding))
        self._words.setText(finding.explanation)
        self._fix.setText(finding.fix)
        self._run.setVisible(finding.trace is not None)


def _button(text: str, action: QAction, role: str = "") -> QPushButton:
    button = QPushButton(text)
    button.setObjectName(role)
    button.setCursor(Qt.CursorShape.PointingHandCursor)
    button.setToolTip(action.toolTip())
    button.setAccessibleName(action.text())
    button.clicked.connect(action.trigger)
    return button
