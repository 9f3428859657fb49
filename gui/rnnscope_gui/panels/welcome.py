"""What the window shows while nothing can be shown: what to open, and where to drop it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from rnnscope.errors import one_line
from rnnscope_gui.state import Document, Scene
from rnnscope_gui.widgets import card, label

INVITATION = "See every step a Keras recurrent network takes"
STEPS = (
    ("model", "Model", ".keras, .h5 or .json, of any Keras", "open-model"),
    ("input", "Input", ".npy, .npz, .h5 or .csv; the batch axis first", "open-input"),
    ("reference", "Keras values", "optional: what Keras computed, .npz or .h5", "open-reference"),
    ("mine", "Your own port’s numbers", "optional: what your NumPy gives, .npy, .npz, .h5 or .csv", "open-mine"),
)
WIDTH = 560


class WelcomePanel(QWidget):
    """Four things to open, in order, each ticked once it is there; and the examples."""

    def __init__(self, actions: dict[str, QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("welcome")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._titles: dict[str, QLabel] = {}
        self._hints: dict[str, QLabel] = {}
        sheet = card()
        sheet.setFixedWidth(WIDTH)
        column = QVBoxLayout(sheet)
        column.setContentsMargins(32, 28, 32, 28)
        column.setSpacing(14)
        column.addWidget(label(INVITATION, "title"))
        column.addWidget(label("Drop files anywhere in this window, or open them one by one.", "muted"))
        column.addSpacing(4)
        for kind, title, hint, action in STEPS:
            column.addLayout(self._step(kind, title, hint, actions[action]))
        column.addSpacing(10)
        column.addWidget(label("Or look at an example that Keras trained:", "muted"))
        examples = QHBoxLayout()
        for name, text in (
            ("example-household", "People at home · SimpleRNN"),
            ("example-sentences", "Sentences · LSTM"),
        ):
            examples.addWidget(_button(text, actions[name], primary=name == "example-household"))
        column.addLayout(examples)
        column.addWidget(_button("People at home, ported wrong · and why", actions["example-port"]))
        outer = QVBoxLayout(self)
        outer.addStretch(2)
        outer.addWidget(sheet, 0, Qt.AlignmentFlag.AlignHCenter)
        outer.addStretch(3)

    def show_scene(self, old: Scene | None, new: Scene) -> None:
        if old is not None and old.document is new.document:
            return
        for kind, title, _, _ in STEPS:
            there = _is_open(new.document, kind)
            self._titles[kind].setText(f"✓  {title}" if there else title)
        self._hints["input"].setText(_wanted(new.document))

    def _step(self, kind: str, title: str, hint: str, action: QAction) -> QHBoxLayout:
        self._titles[kind], self._hints[kind] = label(title, "cardTitle"), label(hint, "muted", wraps=True)
        texts = QVBoxLayout()
        texts.setSpacing(1)
        texts.addWidget(self._titles[kind])
        texts.addWidget(self._hints[kind])
        row = QHBoxLayout()
        row.addLayout(texts, 1)
        row.addWidget(_button("Open…", action))
        return row


def _wanted(document: Document) -> str:
    """Which input to open: once there is a model, of which shape."""
    hint = next(hint for kind, _, hint, _ in STEPS if kind == "input")
    if document.model is None:
        return hint
    names, shapes = document.model.input_names, document.model.input_shapes
    several = [f"{name} {shape}" for name, shape in zip(names, shapes, strict=True)]
    return one_line(f"of shape {', '.join(several) if len(several) > 1 else shapes[0]} – {hint.partition(';')[0]}")


def _is_open(document: Document, kind: str) -> bool:
    parts: dict[str, object] = {"model": document.model, "input": document.inputs, "reference": document.reference}
    parts["mine"] = document.numbers
    return parts[kind] is not None


def _button(text: str, action: QAction, *, primary: bool = False) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(action.toolTip())
    button.setObjectName("primary" if primary else "")
    button.clicked.connect(action.trigger)
    return button
