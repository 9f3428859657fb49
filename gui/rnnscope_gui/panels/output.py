"""The final output: ours, Keras's, the verdict, and what the mask did to it."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from rnnscope import Verdict
from rnnscope.errors import one_line
from rnnscope_gui import numbers, theme
from rnnscope_gui.output_reading import OutputReading, masking_words, output_reading
from rnnscope_gui.state import AppState, Scene
from rnnscope_gui.step_table import StepTable
from rnnscope_gui.widgets import SIDE_MARGINS, ElidedLabel, Segments, label, mono

BIG = 17
LIST_HEIGHT = 260
NO_VALUES = (
    "No Keras values are open, so there is nothing to hold this against. Where your Keras is, "
    "record_keras.py MODEL INPUT -o keras.npz stores all that it computes (rnnscope recorder > record_keras.py prints "
    "that script); open keras.npz, and every number gets its verdict."
)


class OutputPanel(QWidget):
    """Big digits for one element; a list where the output has several."""

    def __init__(self, state: AppState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("side")
        self._state = state
        self._element: int | None = None
        self._reading: OutputReading | None = None
        self._verdict = Verdict.NOT_COMPARED
        self._heading, self._which = ElidedLabel("OUTPUT", "heading"), label("", "muted")
        self._outputs = Segments("Output", letters=18)
        self._outputs.chosen.connect(self._choose_output)
        self._ours, self._theirs = mono(points=BIG), mono(points=BIG)
        self._difference, self._floor, self._mark = mono(points=9.5), mono(points=9.5), label()
        self._compared = [label("Keras", "muted"), self._theirs, label("difference", "muted")]
        self._compared += [self._difference, self._mark, self._floor]
        self._no_values = label(NO_VALUES, "muted", wraps=True)
        self._list = StepTable(brief=True)
        self._list.chosen.connect(self._choose_element)
        self._masking, self._notes = label(wraps=True), label("", "muted", wraps=True)
        self._notes_heading = label("NOTES", "heading")
        self._lay_out()

    def show_scene(self, old: Scene | None, new: Scene) -> None:
        a, b = (old.view if old is not None else None), new.view
        same = old is not None and old.document is new.document
        if not same or a is None or (a.sample, a.output, a.step) != (b.sample, b.output, b.step):
            timeless = self._reading is not None and self._reading.step is None
            if same and a is not None and timeless and (a.sample, a.output) == (b.sample, b.output):
                return
            if not same or a is None or a.output != b.output:
                self._element = None
            self._reading = output_reading(new.document, b)
            self._show_reading(new)
        if not same or a is None or a.output != b.output:
            self._show_document(new)

    def _show_reading(self, scene: Scene) -> None:
        reading = self._reading
        if reading is None:
            return
        self._heading.setText(one_line(f"OUTPUT · {reading.name.upper()}"))
        self._list.setVisible(reading.ours.size > 1)
        if reading.ours.size > 1:
            self._list.set_values("unit", reading.ours, reading.theirs, None)
            self._list.setMaximumHeight(min(LIST_HEIGHT, self._list.full_height()))
        self._show_element(scene, reading)

    def _show_element(self, scene: Scene, reading: OutputReading) -> None:
        chosen = reading.prominent if self._element is None else min(self._element, reading.ours.size - 1)
        self._list.set_current(chosen)
        place = reading.place_words(chosen)
        self._which.setText(place)
        self._which.setVisible(bool(place))
        self._ours.setText(numbers.answer(reading.ours[chosen].item()))
        for part in self._compared:
            part.setVisible(reading.theirs is not None)
        if reading.theirs is not None:
            self._theirs.setText(numbers.answer(reading.theirs[chosen].item()))
            self._difference.setText(numbers.difference(reading.difference(chosen)))
            self._floor.setText("" if reading.floor is None else f"floor {reading.floor[chosen]:.1e}")
        self._verdict = reading.verdict
        self._mark.setText(f"{theme.MARKS[reading.verdict]} {reading.verdict}")
        self._masking.setText(" ".join(masking_words(scene.document, scene.view, reading, chosen)))
        self._restyle()

    def _show_document(self, scene: Scene) -> None:
        model, comparison = scene.document.model, scene.document.comparison
        reference, stored = scene.document.reference, self._reading is not None and self._reading.theirs is not None
        self._no_values.setText(NO_VALUES if reference is None else "The stored values do not hold this output.")
        self._no_values.setVisible(not stored)
        self._floor.setToolTip("" if comparison is None else f"Judged by: {comparison.rule}")
        notes = list(model.notes) if model is not None else []
        if comparison is not None and comparison.foreign:
            notes.insert(0, comparison.foreign)
        self._notes.setText("\n\n".join(one_line(note) for note in notes))
        self._notes.setVisible(bool(notes))
        self._notes_heading.setVisible(bool(notes))
        names = model.output_names if model is not None else ()
        self._outputs.setVisible(len(names) > 1)
        indices = [str(index) for index in range(len(names))]
        # one layer may give several outputs, which then share its name
        texts = names if len(set(names)) == len(names) else [f"{i} · {name}" for i, name in enumerate(names)]
        self._outputs.set_choices(indices, texts, str(scene.view.output))

    def _choose_output(self, index: object) -> None:
        self._state.show(replace(self._state.view, output=int(str(index))))

    def _choose_element(self, element: object) -> None:
        if isinstance(element, int) and self._reading is not None:
            self._element = element
            self._show_element(self._state.scene, self._reading)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_notes_heading"):
            self._restyle()

    def _restyle(self) -> None:
        chosen = theme.current()
        colour = chosen.verdict(self._verdict)
        self._mark.setStyleSheet(f"color: {colour}; font-weight: 600;")
        self._floor.setStyleSheet(f'color: {chosen.muted}; font-family: "{theme.MONO}"; font-size: 9pt;')
        big = chosen.bad if self._verdict is Verdict.DIFFERENT else chosen.text
        self._theirs.setStyleSheet(f'color: {big}; font-family: "{theme.MONO}"; font-size: {BIG}pt;')

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(*SIDE_MARGINS)
        column.setSpacing(8)
        column.addWidget(self._heading)
        column.addWidget(self._outputs)
        column.addWidget(self._which)
        column.addLayout(self._figures())
        column.addWidget(self._no_values)
        column.addWidget(self._list)
        for heading, text in ((label("MASKING", "heading"), self._masking), (self._notes_heading, self._notes)):
            column.addSpacing(14)
            column.addWidget(heading)
            column.addWidget(text)
        column.addStretch(1)

    def _figures(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setVerticalSpacing(6)
        rows: list[tuple[QLabel, QLabel]] = [(label("NumPy", "muted"), self._ours)]
        keras, theirs, word, difference, mark, floor = self._compared
        rows += [(keras, theirs), (word, difference), (mark, floor)]
        for row, (left, right) in enumerate(rows):
            grid.addWidget(left, row, 0, Qt.AlignmentFlag.AlignBottom)
            grid.addWidget(right, row, 1)
        grid.setColumnStretch(1, 1)
        return grid
