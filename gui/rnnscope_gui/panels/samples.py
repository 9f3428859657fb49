"""All samples in a table: which differ, by how much, how many steps are masked, and what comes out."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from rnnscope.errors import one_line
from rnnscope_gui.sample_table import SampleTable
from rnnscope_gui.samples import Samples, listed, samples, sorted_by, to_sample
from rnnscope_gui.state import AppState, SampleColumn, Scene, View
from rnnscope_gui.widgets import card, label

NONE_DIFFERS = "No sample differs."
NONE_FOUND = "No sample has “{}” in its number, its verdict or its output in words."
FILTER_WIDTH = 210


class SamplesPanel(QWidget):
    """What is listed above, the list below."""

    def __init__(self, state: AppState, worst_first: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("workbench")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._state, self._worst = state, worst_first
        self._filter = QLineEdit()
        self._filter.setPlaceholderText("number, verdict or text")
        self._filter.setAccessibleName("List only the samples with this number, verdict or text")
        self._filter.setClearButtonEnabled(True)
        self._filter.setFixedWidth(FILTER_WIDTH)
        self._filter.textEdited.connect(self._filtered)
        self._filter.returnPressed.connect(self._go_to_first)
        self._differing = QPushButton("Only those that differ")
        self._differing.setCheckable(True)
        self._differing.clicked.connect(self._only_differing)
        self._first = QPushButton("Worst first")
        self._first.setToolTip(worst_first.toolTip())
        self._first.clicked.connect(worst_first.trigger)
        self._count, self._nothing = label("", "muted"), label("", "muted")
        self._table = SampleTable()
        self._table.chosen.connect(self._go)
        self._table.sorted_by.connect(self._sort)
        self._lay_out()

    def show_scene(self, old: Scene | None, new: Scene) -> None:
        found = samples(new.document, new.view)
        if found is None:
            return
        before = None if old is None else samples(old.document, old.view)
        if old is None or before is not found or _order(old.view) != _order(new.view):
            self._list(found, new.view)
        elif old.view.sample == new.view.sample:
            return
        self._table.set_current(new.view.sample)

    def _list(self, found: Samples, view: View) -> None:
        rows = listed(found, view)
        self._table.show_samples(found, rows, view)
        self._table.setVisible(bool(len(rows)))
        self._nothing.setVisible(not len(rows))
        typed = one_line(view.filtering.strip(), 40)
        self._nothing.setText(NONE_FOUND.format(typed) if typed else NONE_DIFFERS)
        words = f"{len(rows):,} of {found.count:,} samples" if len(rows) < found.count else f"{found.count:,} samples"
        self._count.setText("1 sample" if found.count == 1 else words)
        compared = found.keras is not None or found.mine is not None
        self._differing.setEnabled(compared or view.differing)
        self._differing.setChecked(view.differing)
        self._first.setEnabled(compared)
        if self._filter.text() != view.filtering:
            self._filter.setText(view.filtering)

    def _filtered(self, text: str) -> None:
        self._state.show(replace(self._state.view, filtering=text))

    def _only_differing(self, checked: bool) -> None:
        self._state.show(replace(self._state.view, differing=checked))

    def _sort(self, column: str) -> None:
        self._state.show(sorted_by(self._state.scene, cast(SampleColumn, column)))

    def _go(self, sample: int) -> None:
        self._state.show(to_sample(self._state.scene, sample))

    def _go_to_first(self) -> None:
        if self._table.isVisible():
            self._go(self._table.sample(0))
            self._table.setFocus()

    def _lay_out(self) -> None:
        outer = QVBoxLayout(self)
        outer.setContentsMargins(14, 5, 14, 12)
        frame = card()
        outer.addWidget(frame)
        column = QVBoxLayout(frame)
        column.setContentsMargins(10, 8, 10, 8)
        column.setSpacing(6)
        row = QHBoxLayout()
        row.setSpacing(8)
        for widget in (self._filter, self._differing, self._first):
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(self._count)
        column.addLayout(row)
        column.addWidget(self._table, 1)
        column.addWidget(self._nothing)
        column.addStretch(0)


def _order(view: View) -> tuple[SampleColumn, bool, bool, str]:
    return view.sorting, view.descending, view.differing, view.filtering
