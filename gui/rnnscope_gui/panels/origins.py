"""Where a difference begins: of every layer that differs, what came in and what it added."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from rnnscope.culprit import Culprit
from rnnscope.errors import one_line
from rnnscope_gui import numbers
from rnnscope_gui.choice_line import ChoiceLine
from rnnscope_gui.navigate import to_place
from rnnscope_gui.state import AppState, Scene
from rnnscope_gui.widgets import SIDE_MARGINS, label

MOST = 6  # lines for one comparison; what only inherits tells little


class OriginsPanel(QWidget):
    """For Keras's values and for a port's: the layers that make the difference, each a line that leads there."""

    def __init__(self, state: AppState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("side")
        self._state = state
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(*SIDE_MARGINS)
        self._column.setSpacing(6)
        self._column.addWidget(label("WHERE DOES IT BEGIN?", "heading"))
        self._parts: list[QWidget] = []

    def show_scene(self, old: Scene | None, new: Scene) -> None:
        if old is not None and old.document is new.document:
            return
        for part in self._parts:
            self._column.removeWidget(part)
            part.hide()
            part.deleteLater()
        document = new.document
        told = (("Keras’s values", document.origins), ("Your port", document.mine_origins))
        self._parts = [part for whose, origins in told if origins for part in self._lines(whose, origins)]
        for part in self._parts:
            self._column.addWidget(part)
        self.setVisible(bool(self._parts))

    def _lines(self, whose: str, origins: tuple[Culprit, ...]) -> list[QWidget]:
        """A few words on whose numbers these are, the lines, and in full the first that adds something."""
        lines: list[QWidget] = [label(whose, "muted")]
        for origin in origins[:MOST]:
            line = ChoiceLine(*line_words(origin), (origin, whose == "Your port"), spoken=one_line(origin.words))
            line.setToolTip(one_line(origin.words))
            line.clicked.connect(self._choose)
            lines.append(line)
        if len(origins) > MOST:
            lines.append(label(f"and {numbers.count(len(origins) - MOST, 'layer')} more", "muted"))
        first = next((origin for origin in origins if not origin.inherits), origins[0])
        lines.append(label(one_line(first.words), "small", wraps=True))
        return lines

    def _choose(self) -> None:
        line = self.sender()
        if isinstance(line, ChoiceLine) and isinstance(line.value, tuple):
            origin, mine = line.value
            self._state.show(to_place(self._state.scene, origin.location, mine=mine))


def line_words(origin: Culprit) -> tuple[str, str]:
    """``rnn · made here`` over ``adds 0.013, nothing came in``."""
    came_in = "nothing came in" if origin.inherited <= origin.floor else f"{origin.inherited:.2g} came in"
    if origin.inherits:
        return f"{origin.layer} · inherited", f"{origin.inherited:.2g} came in, nothing added"
    if origin.among:
        return f"{origin.layer} · here or before", f"off by {origin.added:.2g}, in one of {', '.join(origin.among)}"
    return f"{origin.layer} · made here", f"adds {origin.added:.2g}, {came_in}"
