"""One way to run, on one line: what it is called, its state, its answer, and how far that moved."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QStackedWidget, QVBoxLayout, QWidget

from rnnscope.errors import one_line
from rnnscope.lab import Way
from rnnscope_gui.heatmap import Heatmap, Levels
from rnnscope_gui.laboratory import IN_SHORT, NO_STATE, Line
from rnnscope_gui.plotting import LEFT_AXIS
from rnnscope_gui.step_plot import Range
from rnnscope_gui.widgets import ElidedLabel, label, mono

NAME_WIDTH, OUTPUT_WIDTH, MOVED_WIDTH = 158, 84, 74
HEIGHT, SPACING = 36, 6
LONGEST_TIP, LONGEST_REASON = 600, 120  # letters; a reason has three lines
WAITING = "…"


class StateMap(Heatmap):
    """A heatmap small enough for a line; the wheel is left to the list that it stands in."""

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumSize(80, HEIGHT - 2)
        self.number_steps(False)
        self.show_strip(False)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class LabRow(QWidget):
    """picked((step, unit)): a click in the state."""

    picked = Signal(object)

    def __init__(self, way: Way) -> None:
        super().__init__()
        self.way = way
        self.heatmap = StateMap()
        self.heatmap.setAccessibleName(f"{way}: the state, units by steps")
        self.heatmap.picked.connect(self.picked)
        self._problem = label("", "small", wraps=True)
        self._problem.setContentsMargins(LEFT_AXIS, 0, 0, 0)
        self._output, self._moved = mono(points=9.5), mono(points=9.5)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.heatmap)
        self._stack.addWidget(self._problem)
        self.setMinimumHeight(HEIGHT)
        self._lay_out()

    def tell(self, line: Line) -> None:
        """The answer and how far it moved; or why there is none."""
        self.setToolTip(one_line(f"{line.text} {line.problem}", LONGEST_TIP))
        self._output.setText(line.output)
        self._moved.setText(line.moved)
        self._moved.setStyleSheet(self._output.styleSheet() + (" font-weight: 600;" if line.differs else ""))
        self._problem.setText(one_line(line.problem or NO_STATE, LONGEST_REASON))
        for part in (self._output, self._moved):  # a reason needs their room
            part.setVisible(not line.problem)
        self._stack.setCurrentWidget(self._problem if line.matrix is None else self.heatmap)

    def draw(self, line: Line, levels: Levels, colour_map: str) -> None:
        """The state in the scale that all lines share."""
        if line.matrix is not None:
            self.heatmap.set_data(line.matrix, line.mask, levels, colour_map)

    def wait(self) -> None:
        """The numbers are those of before: leave them out until the new ones are there."""
        self._output.setText(WAITING)
        self._moved.setText("")

    def set_place(self, step: int, unit: int, steps: Range | None) -> None:
        """Outline a step and a unit, in the visible range of steps."""
        self.heatmap.set_steps(steps)
        self.heatmap.set_cursor(step, unit)

    @property
    def texts(self) -> tuple[str, str, str]:
        """The answer, how far it moved, and the reason where there is no state."""
        return self._output.text(), self._moved.text(), "" if self.shows_state else self._problem.text()

    @property
    def shows_state(self) -> bool:
        return self._stack.currentWidget() is self.heatmap

    def _lay_out(self) -> None:
        names = QWidget()
        names.setFixedWidth(NAME_WIDTH)
        column = QVBoxLayout(names)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addStretch(1)
        column.addWidget(label(self.way.value, "cardTitle"))
        column.addWidget(ElidedLabel(IN_SHORT[self.way], "small"))
        column.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACING)
        row.addWidget(names)
        row.addWidget(self._stack, 1)
        for part, width in ((self._output, OUTPUT_WIDTH), (self._moved, MOVED_WIDTH)):
            part.setFixedWidth(width)
            row.addWidget(part)


def headings() -> tuple[QLabel, QLabel]:
    """What stands over the answers, in their columns."""
    made = (label("output", "small"), label("moved by", "small"))
    for part, width in zip(made, (OUTPUT_WIDTH, MOVED_WIDTH), strict=True):
        part.setFixedWidth(width)
        part.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return made
