"""What the masks did to the sample on show, and what the model's notes say."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from rnnscope.errors import one_line
from rnnscope_gui.output_reading import masking_words, output_reading
from rnnscope_gui.state import AppState, Scene
from rnnscope_gui.widgets import SIDE_MARGINS, label


class MaskingPanel(QWidget):
    """Two paragraphs of sentences."""

    def __init__(self, state: AppState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("side")
        self._masking, self._notes = label(wraps=True), label("", "muted", wraps=True)
        self._notes_heading = label("NOTES", "heading")
        column = QVBoxLayout(self)
        column.setContentsMargins(*SIDE_MARGINS)
        column.setSpacing(8)
        for part in (label("MASKING", "heading"), self._masking):
            column.addWidget(part)
        column.addSpacing(6)
        for part in (self._notes_heading, self._notes):
            column.addWidget(part)

    def show_scene(self, old: Scene | None, new: Scene) -> None:
        a, b = (old.view if old is not None else None), new.view
        same = old is not None and old.document is new.document
        if not same or a is None or (a.sample, a.output, a.step, a.element) != (b.sample, b.output, b.step, b.element):
            reading = output_reading(new.document, b)
            if reading is not None:
                words = masking_words(new.document, b, reading, reading.element(b.element))
                self._masking.setText(" ".join(words))
        if not same:
            self._show_notes(new)

    def _show_notes(self, scene: Scene) -> None:
        model, comparison = scene.document.model, scene.document.comparison
        notes = list(model.notes) if model is not None else []
        if comparison is not None and comparison.foreign:
            notes.insert(0, comparison.foreign)
        self._notes.setText("\n\n".join(one_line(note) for note in notes))
        self._notes.setVisible(bool(notes))
        self._notes_heading.setVisible(bool(notes))
