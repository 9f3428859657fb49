"""The row on top: what is open, and which sample and step are shown."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QSlider, QSpinBox, QToolButton, QWidget

from rnnscope.errors import one_line
from rnnscope_gui.resolve import picture, settled
from rnnscope_gui.sample_picture import Picture
from rnnscope_gui.state import AppState, Document, Scene, View
from rnnscope_gui.widgets import label, mono

# How wide a file's name may be and whether its size stands beside it; the first that all four have room for.
ROOMS = ((150, True), (150, False), (110, False), (84, False), (60, False), (40, False))
PLAY, PAUSE = "▸", "⏸"
ROOMY, SLIDER, SHORT_SLIDER = 1160, 120, 80


class FileButton(QPushButton):
    """Opens one kind of file, and says which one is open."""

    def __init__(self, title: str, action: QAction) -> None:
        super().__init__()
        self.setObjectName("file")
        self._title, self._name, self._room = title, "", ROOMS[0]
        self._file, self._detail = label("", "muted"), label("", "muted")
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(10, 0, 10, 0)
        self._row.setSpacing(6)
        for part in (label(title), self._file, self._detail):
            part.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            self._row.addWidget(part)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.clicked.connect(action.trigger)
        self.show_file("", "", action.toolTip())

    def show_file(self, path: str, detail: str, tip: str) -> None:
        """Show the file's name and a few words about it; "open…" when there is none."""
        self._name = one_line(Path(path).name) if path else "open…"
        self._detail.setText(f"· {detail}" if detail else "")
        self.setAccessibleName(f"{self._title}: {self._name} {detail}".strip())
        self.setToolTip(one_line(f"{path} · {detail}" if detail else path) if path else tip)
        self.set_room(*self._room)

    def set_room(self, width: int, detailed: bool) -> None:
        """Shorten the name to `width`, and leave out the words beside it unless there is room for them."""
        self._room = (width, detailed)
        self._file.setText(self._file.fontMetrics().elidedText(self._name, Qt.TextElideMode.ElideMiddle, width))
        self._detail.setVisible(detailed and bool(self._detail.text()))
        self.setFixedWidth(self._row.sizeHint().width() + 4)


class HeaderPanel(QWidget):
    """File buttons on the left, sample and step on the right."""

    def __init__(self, state: AppState, actions: dict[str, QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("header")
        self._state = state
        self._had_steps = False
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._files = {
            kind: FileButton(title, actions[f"open-{kind}"])
            for kind, title in (
                ("model", "Model"),
                ("input", "Input"),
                ("reference", "Keras values"),
                ("mine", "My port"),
            )
        }
        self._tips = {kind: actions[f"open-{kind}"].toolTip() for kind in self._files}
        row = self._row = QHBoxLayout(self)
        row.setContentsMargins(14, 8, 14, 8)
        row.setSpacing(8)
        self._brand = label("rnnscope", "title")
        self._brand.setContentsMargins(0, 0, 6, 0)
        row.addWidget(self._brand)
        for button in self._files.values():
            row.addWidget(button)
        row.addStretch(1)
        self._samples = self._sample_controls(actions)
        self._steps = self._step_controls(actions)
        # Once a number is typed, the arrow keys are for steps and units again.
        self._sample.lineEdit().returnPressed.connect(self._step.setFocus)
        for widget in (self._samples, self._steps):
            row.addWidget(widget)

    def show_scene(self, old: Scene | None, new: Scene) -> None:
        if old is None or old.document is not new.document:
            self._show_files(new.document)
        shown = picture(new.document, new.view)
        self._samples.setVisible(shown is not None)
        self._steps.setVisible(shown is not None and shown.has_steps)
        if shown is not None and new.document.trace is not None:
            self._show_place(shown, new.view, new.document.trace.batch_size)
        if old is None or old.document is not new.document or self._steps.isVisible() != self._had_steps:
            self._had_steps = self._steps.isVisible()
            self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Shorten the files' names until everything stands side by side."""
        roomy = self.width() >= ROOMY
        self._brand.setVisible(roomy)
        self._step.setFixedWidth(SLIDER if roomy else SHORT_SLIDER)
        for room in ROOMS:
            for button in self._files.values():
                button.set_room(*room)
            if self._row.sizeHint().width() <= self.width():
                return

    def _show_place(self, shown: Picture, view: View, samples: int) -> None:
        last_sample, last_step = samples - 1, shown.columns - 1
        _set(self._sample, view.sample, last_sample)
        self._of_samples.setText(f"of 0–{last_sample}")
        _set(self._step, view.step, last_step)
        self._along.setText(shown.along)
        self._play.setText(PAUSE if view.playing else PLAY)
        width = len(str(last_step))
        self._of_steps.setText(f"{view.step:>{width}} of 0–{last_step}")

    def _show_files(self, document: Document) -> None:
        shapes = document.inputs
        size = " × ".join(map(str, shapes.shape)) if shapes is not None and not isinstance(shapes, dict) else ""
        for kind, path, detail in (
            ("model", document.model_path, ""),
            ("input", document.input_path, size),
            ("reference", document.reference_path, ""),
            ("mine", document.mine_path, ""),
        ):
            self._files[kind].show_file(path, detail, self._tips[kind])
        if document.mine is not None:
            self._files["mine"].setToolTip(one_line(f"{document.mine_path} · {'; '.join(document.mine.taken)}"))

    def _sample_controls(self, actions: dict[str, QAction]) -> QWidget:
        self._sample = QSpinBox()
        self._sample.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._sample.setAccessibleName("sample")
        self._sample.setKeyboardTracking(False)
        self._sample.setFixedWidth(58)
        self._sample.valueChanged.connect(self._choose_sample)
        self._of_samples = mono()
        controls = QWidget()
        row = _row(controls)
        row.addWidget(label("sample", "muted"))
        row.addWidget(_arrow("◂", actions["previous-sample"]))
        row.addWidget(self._sample)
        row.addWidget(self._of_samples)
        row.addWidget(_arrow("▸", actions["next-sample"]))
        return controls

    def _step_controls(self, actions: dict[str, QAction]) -> QWidget:
        self._step = QSlider(Qt.Orientation.Horizontal)
        self._step.setAccessibleName("step")
        self._step.setPageStep(1)
        self._step.valueChanged.connect(self._choose_step)
        self._of_steps = mono()
        controls = QWidget()
        row = _row(controls)
        row.addSpacing(10)
        self._along = label("step", "muted")
        row.addWidget(self._along)
        self._play = _arrow(PLAY, actions["play"])
        self._play.setFixedWidth(self._play.sizeHint().width())
        row.addWidget(self._play)
        row.addWidget(self._step)
        row.addWidget(self._of_steps)
        return controls

    def _choose_sample(self, sample: int) -> None:
        scene = self._state.scene
        self._state.show(settled(scene.document, replace(scene.view, sample=sample)))

    def _choose_step(self, step: int) -> None:
        self._state.show(replace(self._state.view, step=step))


def _set(control: QSpinBox | QSlider, value: int, last: int) -> None:
    """Move a control to `value` without its telling anybody."""
    control.blockSignals(True)
    control.setRange(0, last)
    control.setValue(value)
    control.blockSignals(False)


def _row(widget: QWidget) -> QHBoxLayout:
    row = QHBoxLayout(widget)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(6)
    return row


def _arrow(text: str, action: QAction) -> QToolButton:
    button = QToolButton()
    button.setObjectName("plain")
    button.setText(text)
    button.setAccessibleName(action.text())
    button.setToolTip(action.toolTip())
    button.setAutoRepeat(True)
    button.clicked.connect(action.trigger)
    return button
