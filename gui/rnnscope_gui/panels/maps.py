"""NumPy, Keras, a port's own numbers and their difference as heatmaps of one sample."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from rnnscope.display import levels
from rnnscope.errors import one_line
from rnnscope.types import Array
from rnnscope_gui import theme
from rnnscope_gui.map_card import MapCard
from rnnscope_gui.map_header import MapHeader
from rnnscope_gui.map_words import (
    DIFFERENCE,
    HOW_TO_STORE,
    KERAS,
    MINE,
    MISTAKEN,
    NUMPY,
    TITLES,
    difference_levels,
    shown_titles,
    text_words,
    verdict_words,
)
from rnnscope_gui.plotting import COLOUR_MAPS
from rnnscope_gui.resolve import picture, same_picture
from rnnscope_gui.rule_line import RuleLine
from rnnscope_gui.sample_picture import Picture
from rnnscope_gui.state import Apart, AppState, Scene, View

SIDE_BY_SIDE_UP_TO = {3: 60, 4: 40}  # steps, by how many cards there are
STEP_NUMBERS = 14  # pixels that the numbers of the steps take from a picture
MANY = 4  # cards, which leave each less room
Scale = tuple[float, float]


class MapsPanel(QWidget):
    """What to show above, three or four cards below it, and the rule that judges."""

    def __init__(self, state: AppState, choose_rule: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("workbench")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._state = state
        self._picture: Picture | None = None
        self._arranged: tuple[bool, tuple[str, ...]] | None = None
        self._header, self._rule = MapHeader(state), RuleLine(choose_rule)
        self._cards = {title: MapCard(title) for title in TITLES}
        for shown in self._cards.values():
            shown.heatmap.picked.connect(self._pick)
            shown.heatmap.zoomed.connect(self._zoom)
        self._cards[DIFFERENCE].chosen.connect(self._choose_apart)
        self._lay_out()

    def show_scene(self, old: Scene | None, new: Scene) -> None:
        view, same = new.view, old is not None and same_picture(old, new)
        self._header.show_view(view)
        if not same:
            self._picture = picture(new.document, view)
        made = self._picture
        if made is None:
            return
        if not same:
            self._header.show_picture(made, new)
            self._rule.show_picture(made, new.document)
        if not same or old is None or old.view.layout != view.layout:
            self._arrange(made, new)
        if not same or old is None or _colours(old.view) != _colours(view):
            self._show_picture(made, view)
        for shown in self._shown():
            shown.heatmap.set_steps(view.steps if made.has_steps else None)
            shown.heatmap.set_cursor(view.step, view.unit)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._header.fit(self.width())
        self._share_height()

    def _share_height(self) -> None:
        """Stacked, all pictures are as high as one another: the last card has the numbers of the steps besides."""
        stacked, titles = self._arranged or (False, (NUMPY,))
        rows = len(titles) if stacked else 1
        each = max(1, (self.height() - (rows - 1) * STEP_NUMBERS) // rows)
        for row in range(MANY):
            self._grid.setRowStretch(row, each + STEP_NUMBERS * (row == rows - 1) if row < rows else 0)

    def _shown(self) -> list[MapCard]:
        titles = self._arranged[1] if self._arranged is not None else ()
        return [self._cards[title] for title in titles]

    def _show_picture(self, made: Picture, view: View) -> None:
        difference = self._cards[DIFFERENCE]
        told = bool(made.choices) and self._state.scene.document.mine is not None
        difference.set_choices(made.choices, made.apart, made.apart if told else DIFFERENCE)
        if made.texts is not None:
            self._show_texts(made, made.texts)
            return
        shared = levels(made.sides, view.scale)
        how_to = f"\n\n{HOW_TO_STORE}" if self._state.scene.document.reference is None else ""
        for title, values, origin, reason in (
            (NUMPY, made.ours, "this engine", ""),
            (KERAS, made.theirs, "stored values", made.reason + how_to),
            (MINE, made.mine, "your port", made.mine_reason),
            (MISTAKEN, made.mistaken, made.mistake, made.mistaken_reason),
        ):
            shown = self._cards[title]
            _draw(shown, made, values, shared, view.colour_map)
            _say_origin(shown, values, origin)
            shown.explain(reason if values is None else "")
        _draw(difference, made, made.difference, difference_levels(made), _diverging(view.colour_map))
        difference.explain("Nothing to compare with." if made.difference is None else "")
        difference.say("" if made.difference is None else verdict_words(made), made.verdict)

    def _show_texts(self, made: Picture, texts: Array) -> None:
        """Text has no colours: the sample's texts themselves stand where the heatmap would."""
        for shown in self._cards.values():
            _draw(shown, made, made.ours, (-1.0, 1.0), COLOUR_MAPS[0])
            shown.say("")
            shown.explain("Text: a port's numbers have none.")
        self._cards[NUMPY].explain(text_words(texts))
        self._cards[KERAS].explain(made.reason if made.their_texts is None else text_words(made.their_texts))
        self._cards[DIFFERENCE].explain("Texts are equal or different; there is nothing in between.")
        if made.their_texts is not None:
            self._cards[DIFFERENCE].say(f"{theme.MARKS[made.verdict]} {made.verdict}", made.verdict)

    def _arrange(self, made: Picture, scene: Scene) -> None:
        """Side by side while the steps fit, stacked when time is long, or as the view wishes."""
        titles, layout = shown_titles(made, scene.document), scene.view.layout
        long = made.has_steps and made.columns > SIDE_BY_SIDE_UP_TO[len(titles)]
        stacked = long if layout == "auto" else layout == "stacked"
        if (stacked, titles) == self._arranged:
            return
        self._arranged = (stacked, titles)
        many = len(titles) >= MANY
        self._grid.setSpacing(6 if stacked else 10)
        for title, shown in self._cards.items():
            self._grid.removeWidget(shown)
            shown.setVisible(title in titles)
        for index in range(MANY):
            there = index < len(titles)
            self._grid.setColumnStretch(index, int(index == 0 if stacked else there))
        self._share_height()
        for index, shown in enumerate(self._shown()):
            self._grid.addWidget(shown, index if stacked else 0, 0 if stacked else index)
            shown.set_stacked(stacked, is_first=index == 0, is_last=index == len(titles) - 1, many=many)

    def _choose_apart(self, apart: object) -> None:
        self._state.show(replace(self._state.view, apart=cast(Apart, apart)))

    def _pick(self, place: object) -> None:
        if isinstance(place, tuple):
            self._state.show(replace(self._state.view, step=place[0], unit=place[1]))

    def _zoom(self, steps: object) -> None:
        self._state.show(replace(self._state.view, steps=steps if isinstance(steps, tuple) else None))

    def _lay_out(self) -> None:
        self._grid = QGridLayout()
        self._grid.setSpacing(10)
        for index, shown in enumerate(self._cards.values()):
            self._grid.addWidget(shown, 0, index)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 10, 14, 5)
        column.setSpacing(8)
        column.addWidget(self._header)
        column.addLayout(self._grid, 1)
        column.setSpacing(6)
        column.addWidget(self._rule)


def _draw(shown: MapCard, made: Picture, matrix: Array | None, scale: Scale, colour_map: str) -> None:
    if matrix is not None:
        shown.heatmap.set_data(matrix, made.mask, scale, colour_map, has_steps=made.has_steps)
        shown.bar.set_scale(scale, colour_map)


def _say_origin(shown: MapCard, matrix: Array | None, words: str) -> None:
    """Where the values come from; or, in the colour that they have here, how many are no numbers."""
    odd = 0 if matrix is None else int(matrix.size - np.count_nonzero(np.isfinite(matrix)))
    if odd:
        shown.say(f"■ {odd:,} NaN or inf", odd=True)
    else:
        shown.say(one_line(words) if matrix is not None else "")


def _diverging(colour_map: str) -> str:
    """A difference has a zero in the middle, whatever map shows the values."""
    return colour_map if colour_map.startswith("CET-D") else COLOUR_MAPS[0]


def _colours(view: View) -> tuple[str, str]:
    return view.scale, view.colour_map
