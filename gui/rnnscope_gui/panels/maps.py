"""NumPy, Keras and their difference as heatmaps of one sample."""

from __future__ import annotations

from dataclasses import replace
from typing import cast, get_args

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from rnnscope import Verdict
from rnnscope.display import levels
from rnnscope.errors import one_line
from rnnscope.types import Array
from rnnscope_gui import numbers, theme
from rnnscope_gui.map_card import MapCard
from rnnscope_gui.plotting import COLOUR_MAPS
from rnnscope_gui.resolve import Picture, picture, settled, shown_quantities
from rnnscope_gui.state import AppState, Layout, Scale, Scene, View
from rnnscope_gui.widgets import ElidedLabel, Segments

SIDE_BY_SIDE_UP_TO = 60
HEADER_HEIGHT = 32
MOST_TEXTS = 100
ROOMY = 640
WORDS = {"auto": "auto layout", "robust": "robust scale", "symmetric": "symmetric scale"}
HOW_TO_STORE = (
    "To see both side by side, run the recorder where your Keras is and open what it writes:\n"
    "rnnscope recorder > record_keras.py\n"
    "python record_keras.py MODEL INPUT -o keras.npz"
)


class MapsPanel(QWidget):
    """What to show above, three cards below."""

    def __init__(self, state: AppState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("workbench")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._state = state
        self._picture: Picture | None = None
        self._stacked: bool | None = None
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
        self._cards = (MapCard("NumPy"), MapCard("Keras"), MapCard("Difference"))
        for shown in self._cards:
            shown.heatmap.picked.connect(self._pick)
            shown.heatmap.zoomed.connect(self._zoom)
        self._lay_out()

    def show_scene(self, old: Scene | None, new: Scene) -> None:
        view = new.view
        for box, text in ((self._scale, view.scale), (self._map, view.colour_map), (self._layout, view.layout)):
            box.setCurrentIndex(box.findData(text))
        if old is None or not _same_picture(old, new):
            self._picture = picture(new.document, view)
            self._show_header(new)
        made = self._picture
        if made is None:
            return
        if old is None or not _same_picture(old, new) or _colours(old.view) != _colours(view):
            self._arrange(made, view)
            self._show_picture(made, view)
        if old is None or old.document is not new.document:
            self._show_rule(new)
        if old is None or old.view.layout != view.layout:
            self._arrange(made, view)
        for shown in self._cards:
            shown.heatmap.set_steps(view.steps if made.has_steps else None)
            shown.heatmap.set_cursor(view.step, view.unit)

    def _show_header(self, scene: Scene) -> None:
        made, trace, view = self._picture, scene.document.trace, scene.view
        if made is None or trace is None:
            return
        names = shown_quantities(trace[view.layer])
        self._quantity.set_choices(names, [quantity_words(name, names) for name in names], made.quantity)
        self._quantity.setVisible(len(names) > 1)
        self._title.setText(one_line(f"{made.layer} · {quantity_words(made.quantity, names)}"))
        self._size.setText(made.size_words())

    def _show_picture(self, made: Picture, view: View) -> None:
        if made.texts is not None:
            self._show_texts(made, made.texts)
            return
        both = [made.ours] if made.theirs is None else [made.ours, made.theirs]
        shared = levels(both, view.scale)
        ours, theirs, difference = self._cards
        ours.explain("")
        _say_origin(ours, made.ours, "this engine")
        _say_origin(theirs, made.theirs, "stored values")
        _draw(ours, made, made.ours, shared, view.colour_map)
        _draw(theirs, made, made.theirs, shared, view.colour_map)
        _draw(difference, made, made.difference, difference_levels(made), _diverging(view.colour_map))
        theirs.explain(f"{made.reason}\n\n{HOW_TO_STORE}" if made.reason and self._lacks_values() else made.reason)
        difference.explain("Nothing to compare with." if made.reason else "")
        if made.difference is None:
            difference.say("")
        else:
            difference.say(verdict_words(made), made.verdict)

    def _show_texts(self, made: Picture, texts: Array) -> None:
        """Text has no colours: the sample's texts themselves stand where the heatmap would."""
        for shown in self._cards:
            _draw(shown, made, made.ours, (-1.0, 1.0), COLOUR_MAPS[0])
            shown.say("")
        ours, theirs, difference = self._cards
        ours.explain(text_words(texts))
        theirs.explain(made.reason if made.their_texts is None else text_words(made.their_texts))
        difference.explain("Texts are equal or different; there is nothing in between.")
        if made.their_texts is not None:
            difference.say(f"{theme.MARKS[made.verdict]} {made.verdict}", made.verdict)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow window the title goes before the layout, which the menu offers too."""
        super().resizeEvent(event)
        self._layout.setVisible(self.width() >= ROOMY)

    def _lacks_values(self) -> bool:
        return self._state.scene.document.reference is None

    def _show_rule(self, scene: Scene) -> None:
        """What judged, and its numbers, as the difference's tool tip."""
        made, comparison = self._picture, scene.document.comparison
        tip = "" if comparison is None or made is None else f"Judged by: {comparison.rule}"
        self._cards[2].setToolTip(tip)

    def _arrange(self, made: Picture, view: View) -> None:
        """Side by side while the steps fit, stacked when time is long, or as the view wishes."""
        long = made.has_steps and made.columns > SIDE_BY_SIDE_UP_TO
        stacked = long if view.layout == "auto" else view.layout == "stacked"
        if stacked == self._stacked:
            return
        self._stacked = stacked
        for index, shown in enumerate(self._cards):
            self._grid.removeWidget(shown)
            self._grid.addWidget(shown, index if stacked else 0, 0 if stacked else index)
            self._grid.setColumnStretch(index, int(not stacked or index == 0))
            self._grid.setRowStretch(index, int(stacked or index == 0))
            shown.set_stacked(stacked, is_last=index == len(self._cards) - 1)

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

    def _pick(self, place: object) -> None:
        if isinstance(place, tuple):
            self._state.show(replace(self._state.view, step=place[0], unit=place[1]))

    def _zoom(self, steps: object) -> None:
        self._state.show(replace(self._state.view, steps=steps if isinstance(steps, tuple) else None))

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self._title)
        head.addWidget(self._size, 1)
        head.addWidget(self._quantity)
        for box in (self._scale, self._map, self._layout):
            head.addWidget(box)
        self._grid = QGridLayout()
        self._grid.setSpacing(10)
        for index, shown in enumerate(self._cards):
            self._grid.addWidget(shown, 0, index)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 10, 14, 5)
        column.setSpacing(8)
        top = QWidget()
        top.setFixedHeight(HEADER_HEIGHT)
        head.setContentsMargins(0, 0, 0, 0)
        top.setLayout(head)
        column.addWidget(top)
        column.addLayout(self._grid, 1)


def quantity_words(quantity: str, among: tuple[str, ...] = ()) -> str:
    """``state h``, ``gate i``; an only output needs no number."""
    only = sum(name.startswith("output/") for name in among) == 1
    return "output" if only and quantity.startswith("output/") else quantity.replace("/", " ", 1)


def text_words(texts: Array) -> str:
    """The first texts of a sample, (rows, steps), in quotation marks, step by step."""
    flat = texts.T.reshape(-1)
    words = "  ".join(f"“{one_line(str(text), 40)}”" for text in flat[:MOST_TEXTS])
    return words if flat.size <= MOST_TEXTS else f"{words}  … and {numbers.count(flat.size - MOST_TEXTS, 'text')} more"


def difference_levels(made: Picture) -> tuple[float, float]:
    """The difference's own scale, on which rounding is pale: up to the floor or to thrice the largest."""
    if made.difference is None:
        return -1.0, 1.0
    low, high = levels([made.difference])
    room = high if made.floor is None else min(float(np.max(made.floor, initial=0.0)), 3 * high)
    return min(low, -room), max(high, room)


def verdict_words(made: Picture) -> str:
    """``≈ rounding · max 8.9e-8``."""
    if made.verdict is Verdict.NOT_COMPARED:
        return f"max {numbers.brief_difference(made.largest)}"
    words = f"{theme.MARKS[made.verdict]} {made.verdict}"
    return words if made.verdict is Verdict.SAME else f"{words} · max {numbers.brief_difference(made.largest)}"


def _draw(shown: MapCard, made: Picture, matrix: Array | None, scale: tuple[float, float], colour_map: str) -> None:
    if matrix is not None:
        shown.heatmap.set_data(matrix, made.mask, scale, colour_map, has_steps=made.has_steps)
        shown.bar.set_scale(scale, colour_map)


def _say_origin(shown: MapCard, matrix: Array | None, words: str) -> None:
    """Where the values come from; or, in the colour that they have here, how many are no numbers."""
    odd = 0 if matrix is None else int(matrix.size - np.count_nonzero(np.isfinite(matrix)))
    if odd:
        shown.say(f"■ {odd:,} NaN or inf", odd=True)
    else:
        shown.say(words if matrix is not None else "")


def _diverging(colour_map: str) -> str:
    """A difference has a zero in the middle, whatever map shows the values."""
    return colour_map if colour_map.startswith("CET-D") else COLOUR_MAPS[0]


def _same_picture(old: Scene, new: Scene) -> bool:
    a, b = old.view, new.view
    return old.document is new.document and (a.layer, a.quantity, a.sample) == (b.layer, b.quantity, b.sample)


def _colours(view: View) -> tuple[str, str]:
    return view.scale, view.colour_map


def _choice(name: str, values: tuple[str, ...]) -> QComboBox:
    box = QComboBox()
    box.setObjectName("quiet")
    for value in values:
        box.addItem(WORDS.get(value, value), value)
    box.setAccessibleName(name)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
    return box
