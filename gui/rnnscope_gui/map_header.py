"""The row above the heatmaps: what they show, and the choices of quantity, scale, colours and layout."""

from __future__ import annotations

from dataclasses import replace
from typing import cast, get_args

from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSizePolicy, QWidget

from rnnscope.errors import one_line
from rnnscope_gui.map_words import quantity_words
from rnnscope_gui.plotting import COLOUR_MAPS
from rnnscope_gui.resolve import settled, shown_quantities
from rnnscope_gui.sample_picture import Picture
from rnnscope_gui.state import AppState, Layout, Scale, Scene, View
from rnnscope_gui.widgets import ElidedLabel, Segments, quiet_list

HEIGHT, ROOMY = 32, 640
WORDS = {"auto": "auto layout", "robust": "robust scale", "symmetric": "symmetric scale"}


class MapHeader(QWidget):
    """A title that gives way, and the choices beside it."""

    def __init__(self, state: AppState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self.setFixedHeight(HEIGHT)
        self._title, self._size = ElidedLabel("", "title"), ElidedLabel("", "muted", least=8)
        # A long name gives way to the choices beside it, and never pushes the sides out of the window.
        self._title.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._quantity = Segments("Quantity")
        self._quantity.chosen.connect(self._choose_quantity)
        self._scale = _choice("Scale", get_args(Scale))
        self._scale.activated.connect(self._choose_scale)
        self._map = _choice("Colours", COLOUR_MAPS)
        self._map.activated.connect(self._choose_map)
        self._layout = _choice("Layout", get_args(Layout))
        self._layout.activated.connect(self._choose_layout)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self._title)
        row.addWidget(self._size, 1)
        for widget in (self._quantity, self._scale, self._map, self._layout):
            row.addWidget(widget)

    def show_view(self, view: View) -> None:
        """The choices that are taken."""
        for box, text in ((self._scale, view.scale), (self._map, view.colour_map), (self._layout, view.layout)):
            box.setCurrentIndex(box.findData(text))

    def show_picture(self, made: Picture, scene: Scene) -> None:
        """What the heatmaps show."""
        trace = scene.document.trace
        names = shown_quantities(trace[scene.view.layer]) if trace is not None else ()
        self._quantity.set_choices(names, [quantity_words(name, names) for name in names], made.quantity)
        self._quantity.setVisible(len(names) > 1)
        self._title.setText(one_line(f"{made.layer} · {quantity_words(made.quantity, names)}"))
        self._size.setText(made.size_words())

    def fit(self, width: int) -> None:
        """In a narrow window the title goes before the layout, which the menu offers too."""
        self._layout.setVisible(width >= ROOMY)

    def _choose(self, view: View) -> None:
        self._state.show(settled(self._state.scene.document, view))

    def _choose_quantity(self, quantity: object) -> None:
        self._choose(replace(self._state.view, quantity=str(quantity)))

    def _choose_scale(self) -> None:
        self._choose(replace(self._state.view, scale=cast(Scale, self._scale.currentData())))

    def _choose_map(self) -> None:
        self._choose(replace(self._state.view, colour_map=str(self._map.currentData())))

    def _choose_layout(self) -> None:
        self._choose(replace(self._state.view, layout=cast(Layout, self._layout.currentData())))


def _choice(name: str, values: tuple[str, ...]) -> QComboBox:
    box = quiet_list(name)
    for value in values:
        box.addItem(WORDS.get(value, value), value)
    return box
