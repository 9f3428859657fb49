"""A card with one heatmap, its colours explained, or a calm word on why there is none."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from rnnscope import Verdict
from rnnscope_gui import theme
from rnnscope_gui.heatmap import ColourBar, Heatmap
from rnnscope_gui.widgets import ElidedLabel, label, quiet_list

TOP, LEAST = 20, (110, 68)
BAR_IN_TITLE, TITLE_WIDTH, CHOICE_WIDTH = 230, 78, 150  # stacked, so that the bars of the cards line up


class MapCard(QFrame):
    """Title, note, heatmap, colour bar. The heatmap's signals are the card's. chosen(value): of `set_choices`."""

    chosen = Signal(object)

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        # What a card would like to have must not make one larger than its neighbours.
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self.setMinimumSize(*LEAST)
        self.heatmap, self.bar = Heatmap(), ColourBar()
        self.heatmap.setAccessibleName(f"{title}: units by steps")
        self._note = ElidedLabel("", "muted")
        self._verdict: Verdict | None = None
        self._odd = False
        self._message = label("", "muted", wraps=True)
        self._message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._message.setMargin(24)
        self._choices = quiet_list(f"{title}: of which two")
        self._choices.setObjectName("title")
        self._choices.hide()
        self._choices.activated.connect(self._choose)
        self._lay_out(title)

    def say(self, note: str, verdict: Verdict | None = None, *, odd: bool = False) -> None:
        """The note beside the title, in the colour of a verdict where it is one, or in that of NaN and inf."""
        self._note.setText(note)
        self._verdict, self._odd = verdict, odd
        self._restyle()

    def set_choices(self, values: Sequence[str], value: str, title: str) -> None:
        """Offer several things to show instead of a title; with one or none there is the title."""
        self._title.setText(title)
        if [self._choices.itemText(index) for index in range(self._choices.count())] != list(values):
            self._choices.clear()
            self._choices.addItems(list(values))
        self._choices.setCurrentText(value)
        self._choices.setVisible(len(values) > 1)
        self._title.setVisible(len(values) <= 1)

    def explain(self, message: str) -> None:
        """Show a message instead of a heatmap; none brings the heatmap back."""
        self._message.setText(message)
        self._stack.setCurrentWidget(self._message if message else self._picture)
        self.bar.setVisible(not message)

    def set_stacked(self, stacked: bool, *, is_first: bool, is_last: bool, many: bool) -> None:
        """One above the other, the colours go beside the title, and only the last card numbers its steps.

        Of many cards, those side by side have their notes on a line of their own, and of those one above the other only
        the first has the mask's strip.
        """
        for part in (self.bar, self._note):
            self._column.removeWidget(part)
            self._top.removeWidget(part)
        self._title.setMinimumWidth((CHOICE_WIDTH if many else TITLE_WIDTH) if stacked else 0)
        self._choices.setMinimumWidth(CHOICE_WIDTH if stacked else 0)
        beside = stacked or not many
        side = Qt.AlignmentFlag.AlignRight if beside else Qt.AlignmentFlag.AlignLeft
        self._note.setAlignment(side | Qt.AlignmentFlag.AlignVCenter)
        if beside:
            self._top.addWidget(self._note, 1)
        else:
            self._column.insertWidget(1, self._note)
        if stacked:
            self._top.insertWidget(2, self.bar)
            self.bar.setFixedWidth(BAR_IN_TITLE)
        else:
            self.bar.setMinimumWidth(0)
            self.bar.setMaximumWidth(16_777_215)
            self._column.addWidget(self.bar)
        self._message.setMargin(4 if stacked else 24)
        self.heatmap.number_steps(is_last or not stacked)
        self.heatmap.show_strip(is_first or not stacked or not many)
        self._column.setContentsMargins(10, 4 if stacked else 8, 8, 4)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_column"):
            self._restyle()

    def _choose(self) -> None:
        self.chosen.emit(self._choices.currentText())

    def _restyle(self) -> None:
        chosen = theme.current()
        colour = chosen.muted if self._verdict is None else chosen.verdict(self._verdict)
        if self._odd:
            colour = chosen.odd
        weight = 600 if self._verdict is not None or self._odd else 400
        self._note.setStyleSheet(f"color: {colour}; font-weight: {weight};")

    def _lay_out(self, title: str) -> None:
        self._top = QHBoxLayout()
        self._top.setSpacing(6)
        self._title = label(title, "cardTitle")
        # One height with and without choices, so that the pictures of all cards begin on one line.
        for part in (self._title, self._choices):
            part.setFixedHeight(TOP)
        self._top.addWidget(self._title)
        self._top.addWidget(self._choices)
        self._top.addWidget(self._note, 1)
        self._picture = QWidget()
        inner = QVBoxLayout(self._picture)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.addWidget(self.heatmap)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._picture)
        self._stack.addWidget(self._message)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(10, 8, 8, 4)
        self._column.setSpacing(4)
        self._column.addLayout(self._top)
        self._column.addWidget(self._stack, 1)
        self._column.addWidget(self.bar)
