"""The final output: ours, Keras's, a port's own, and the verdicts."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QVBoxLayout, QWidget

from rnnscope.errors import one_line
from rnnscope_gui.figures import Figures
from rnnscope_gui.output_reading import OutputReading, output_reading
from rnnscope_gui.state import AppState, Scene
from rnnscope_gui.step_table import StepTable, StepValues
from rnnscope_gui.widgets import SIDE_MARGINS, ElidedLabel, Segments, label

LIST_HEIGHT = 260
NO_VALUES = (
    "No Keras values are open, so there is nothing to hold this against. Where your Keras is, "
    "record_keras.py MODEL INPUT -o keras.npz stores all that it computes (rnnscope recorder > record_keras.py prints "
    "that script); open keras.npz, and every number gets its verdict."
)
NOT_STORED = "The stored values do not hold this output."


class OutputPanel(QWidget):
    """Big digits for one element; a list where the output has several."""

    def __init__(self, state: AppState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("side")
        self._state = state
        self._reading: OutputReading | None = None
        self._heading, self._which = ElidedLabel("OUTPUT", "heading"), label("", "muted")
        self._outputs = Segments("Output", letters=18)
        self._outputs.chosen.connect(self._choose_output)
        self._figures = Figures()
        self._no_values, self._no_mine = label(NO_VALUES, "muted", wraps=True), label("", "muted", wraps=True)
        self._list = StepTable(brief=True)
        self._list.chosen.connect(self._choose_element)
        column = QVBoxLayout(self)
        column.setContentsMargins(*SIDE_MARGINS)
        column.setSpacing(8)
        for part in (self._heading, self._outputs, self._which, self._figures, self._no_mine, self._no_values):
            column.addWidget(part)
        column.addWidget(self._list)

    def show_scene(self, old: Scene | None, new: Scene) -> None:
        a, b = (old.view if old is not None else None), new.view
        same = old is not None and old.document is new.document
        if not same or a is None or (a.sample, a.output, a.step) != (b.sample, b.output, b.step):
            timeless = self._reading is not None and self._reading.step is None
            if not (same and a is not None and timeless and (a.sample, a.output) == (b.sample, b.output)):
                self._reading = output_reading(new.document, b)
                self._show_reading(new)
        if self._reading is not None and same and a is not None and a.element != b.element:
            self._show_element(new, self._reading)
        if not same or a is None or a.output != b.output:
            self._show_document(new)

    def _show_reading(self, scene: Scene) -> None:
        reading = self._reading
        if reading is None:
            return
        self._heading.setText(one_line(f"OUTPUT · {reading.name.upper()}"))
        self._list.setVisible(reading.ours.size > 1)
        if reading.ours.size > 1:
            self._list.set_values("unit", StepValues(reading.ours, reading.theirs, reading.mine))
            self._list.setMaximumHeight(min(LIST_HEIGHT, self._list.full_height()))
        self._show_element(scene, reading)

    def _show_element(self, scene: Scene, reading: OutputReading) -> None:
        chosen = reading.element(scene.view.element)
        self._list.set_current(chosen)
        place = reading.place_words(chosen)
        self._which.setText(place)
        self._which.setVisible(bool(place))
        document = scene.document
        comparison = document.comparison if document.comparison is not None else document.mine_comparison
        self._figures.show_element(reading, chosen, "" if comparison is None else comparison.rule)

    def _show_document(self, scene: Scene) -> None:
        model, document, reading = scene.document.model, scene.document, self._reading
        stored = reading is not None and reading.theirs is not None
        self._no_values.setText(NO_VALUES if document.reference is None else NOT_STORED)
        self._no_values.setVisible(not stored and document.mine is None)
        self._no_mine.setText("" if reading is None else reading.mine_reason)
        self._no_mine.setVisible(reading is not None and bool(reading.mine_reason))
        names = model.output_names if model is not None else ()
        self._outputs.setVisible(len(names) > 1)
        indices = [str(index) for index in range(len(names))]
        # one layer may give several outputs, which then share its name
        texts = names if len(set(names)) == len(names) else [f"{i} · {name}" for i, name in enumerate(names)]
        self._outputs.set_choices(indices, texts, str(scene.view.output))

    def _choose_output(self, index: object) -> None:
        self._state.show(replace(self._state.view, output=int(str(index)), element=None))

    def _choose_element(self, element: object) -> None:
        if isinstance(element, int):
            self._state.show(replace(self._state.view, element=element))
