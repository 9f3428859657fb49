"""The masking laboratory: a mask to draw in, the sample on show run in every way with it, and what the lint says."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from rnnscope.compare import Location
from rnnscope.display import levels
from rnnscope.errors import one_line
from rnnscope.lab import PRESETS, Remark, Way, preset
from rnnscope_gui.examples import demonstration_of
from rnnscope_gui.lab_row import NAME_WIDTH, SPACING, LabRow, headings
from rnnscope_gui.laboratory import (
    BY_HAND,
    NOWHERE,
    Bench,
    Line,
    bench,
    current,
    edited,
    levels_of,
    lines,
    painted,
    remark_view,
    retold,
    state_shown,
)
from rnnscope_gui.mask_editor import MaskEditor
from rnnscope_gui.navigate import to_number
from rnnscope_gui.remark_list import RemarkList
from rnnscope_gui.state import AppState, Experiment, Scene, View
from rnnscope_gui.widgets import card, label, quiet_list

ROOMY, WIDE, NARROW = 860, 236, 180  # pixels: of the page, and of what stands at its right
LEAST = 680  # pixels of the page; below them the runs need all of it


class LaboratoryPanel(QWidget):
    """Left the mask over its runs, right where the mask goes in and the remarks."""

    def __init__(self, state: AppState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("workbench")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._state = state
        self._bench: Bench | None = None
        self._lines: tuple[Line, ...] = ()
        self._editor, self._remarks = MaskEditor(), RemarkList()
        self._presets, self._reset = quiet_list("Masks to begin with"), QPushButton("Reset")
        self._presets.addItems(list(PRESETS))
        self._presets.setPlaceholderText(BY_HAND)
        self._reset.setObjectName("quiet")
        self._reset.setToolTip("Keras’s own mask")
        self._rows = {way: LabRow(way) for way in Way}
        self._title, self._words = label("", "cardTitle", wraps=True), label("", "small", wraps=True)
        self._entry, self._problem = label("", "small", wraps=True), label("", "muted", wraps=True)
        self._editor.painted.connect(self._paint)
        self._presets.activated.connect(self._choose)
        self._reset.clicked.connect(self._forget)
        self._remarks.chosen.connect(self._go)
        for row in self._rows.values():
            row.picked.connect(self._pick)
        self._lay_out()

    def show_scene(self, old: Scene | None, new: Scene) -> None:
        if old is None or _subject(old) != _subject(new):
            self._show_bench(new)
        if self._bench is None:
            return
        found = current(new)
        if old is None or _drawn(old) != _drawn(new):
            self._show_runs(found, new.view)
        elif _told(old) != _told(new) and found is not None and found.lab is not None:
            self._lines = retold(self._lines, found.lab, new.view)
            self._tell()
        self._show_place(found, new.view)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._aside.setFixedWidth(WIDE if self.width() >= ROOMY else NARROW)
        self._aside.setVisible(self.width() >= LEAST)

    def _show_bench(self, scene: Scene) -> None:
        self._bench = made = bench(scene.document, scene.view)
        self._pages.setCurrentWidget(self._nowhere if made is None else self._content)
        if made is None:
            return
        self._entry.setText(one_line(made.entry.text))
        demonstration = demonstration_of(scene.document)
        self._title.setText(demonstration.title if demonstration is not None else "")
        self._words.setText(demonstration.words if demonstration is not None else "")
        for part in (self._title, self._words):
            part.setVisible(demonstration is not None)
        self._presets.setCurrentIndex(-1 if made.preset == BY_HAND else PRESETS.index(made.preset))
        self._reset.setEnabled(scene.view.mask is not None)

    def _show_runs(self, found: Experiment | None, view: View) -> None:
        lab = found.lab if found is not None else None
        self._problem.setText(one_line(found.problem, 400) if found is not None else "")
        self._problem.setVisible(bool(found is not None and found.problem))
        self._scroll.setVisible(found is None or not found.problem)
        if found is not None:
            self._remarks.show_remarks(found.remarks)
        if lab is None:
            for row in self._rows.values():
                row.wait()
            return
        self._lines = lines(lab, view)
        self._tell()
        shared = levels(levels_of(self._lines), view.scale)
        for line in self._lines:
            self._rows[line.way].draw(line, shared, view.colour_map)

    def _tell(self) -> None:
        for line in self._lines:
            self._rows[line.way].tell(line)

    def _show_place(self, found: Experiment | None, view: View) -> None:
        assert self._bench is not None
        mask = self._bench.mask
        steps = view.steps if view.steps is not None and view.steps[1] <= mask.size else None
        self._editor.set_mask(mask, steps, view.step)
        shown = state_shown(found.lab.keras, view) if found is not None and found.lab is not None else None
        unit = view.unit if shown is not None and shown[0] == view.layer else 0
        for row in self._rows.values():
            row.set_place(view.step, unit, steps if row.heatmap.columns == mask.size else None)

    @Slot(object)
    def _paint(self, stroke: object) -> None:
        if isinstance(stroke, tuple) and self._bench is not None:
            first, last, valid = stroke
            self._state.show(painted(self._state.view, self._bench, first, last, valid=valid))

    @Slot(int)
    def _choose(self, index: int) -> None:
        if self._bench is not None:
            mask = preset(PRESETS[index], self._bench.own)
            self._state.show(edited(self._state.view, self._bench, mask))

    @Slot()
    def _forget(self) -> None:
        self._state.show(replace(self._state.view, mask=None))

    @Slot(object)
    def _pick(self, place: object) -> None:
        scene, found = self._state.scene, current(self._state.scene)
        shown = state_shown(found.lab.keras, scene.view) if found is not None and found.lab is not None else None
        if isinstance(place, tuple) and shown is not None:
            there = Location(*shown, scene.view.sample, *place)
            self._state.show(to_number(scene, there))

    @Slot(object)
    def _go(self, remark: object) -> None:
        if isinstance(remark, Remark):
            self._state.show(remark_view(self._state.scene, remark))

    @Slot()
    def _line_up(self) -> None:
        """The mask is as wide as the states below it, whether or not a scroll bar stands beside them."""
        bar = self._scroll.verticalScrollBar()
        self._head.setContentsMargins(0, 0, bar.sizeHint().width() if bar.maximum() > 0 else 0, 0)

    def _lay_out(self) -> None:
        outer = QVBoxLayout(self)
        outer.setContentsMargins(14, 5, 14, 12)
        frame = card()
        outer.addWidget(frame)
        self._pages, self._nowhere, self._content = QStackedWidget(), label(NOWHERE, "muted", wraps=True), QWidget()
        self._nowhere.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._nowhere.setMargin(24)
        inside = QVBoxLayout(frame)
        inside.setContentsMargins(12, 6, 8, 6)
        inside.addWidget(self._pages)
        for page in (self._content, self._nowhere):
            self._pages.addWidget(page)
        sides = QHBoxLayout(self._content)
        sides.setContentsMargins(0, 0, 0, 0)
        sides.setSpacing(16)
        runs = QVBoxLayout()
        runs.setSpacing(2)
        self._head = self._make_head()
        runs.addLayout(self._head)
        runs.addWidget(self._problem)
        self._scroll = self._list()
        runs.addWidget(self._scroll, 1)
        runs.addStretch(0)
        sides.addLayout(runs, 1)
        self._aside = self._at_the_side()
        sides.addWidget(self._aside)

    def _make_head(self) -> QHBoxLayout:
        """What is above the lines, in their columns."""
        head = QHBoxLayout()
        head.setSpacing(SPACING)
        tools = QWidget()
        tools.setFixedWidth(NAME_WIDTH)
        row = QHBoxLayout(tools)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        row.addWidget(self._presets, 1)
        row.addWidget(self._reset)
        head.addWidget(tools)
        head.addWidget(self._editor, 1)
        for heading in headings():
            head.addWidget(heading)
        return head

    def _list(self) -> QScrollArea:
        every = QWidget()
        column = QVBoxLayout(every)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for row in self._rows.values():
            column.addWidget(row, 1)
        area = _scrolling(every)
        area.verticalScrollBar().rangeChanged.connect(self._line_up)
        return area

    def _at_the_side(self) -> QWidget:
        aside, texts = QWidget(), QWidget()
        column = QVBoxLayout(texts)
        column.setContentsMargins(0, 4, 4, 0)
        column.setSpacing(6)
        for part in (
            self._title,
            self._words,
            self._entry,
            label("IS THE MASK AS MEANT?", "heading", wraps=True),
            self._remarks,
        ):
            column.addWidget(part)
        column.addStretch(1)
        whole = QVBoxLayout(aside)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(_scrolling(texts))
        return aside


def _scrolling(widget: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(widget)
    widget.setAutoFillBackground(False)
    return area


def _subject(scene: Scene) -> tuple[object, ...]:
    """What of a scene the mask depends on."""
    return scene.document, scene.view.sample, scene.view.mask


def _drawn(scene: Scene) -> tuple[object, ...]:
    """What of a scene the states depend on."""
    view = scene.view
    where = (view.layer, view.quantity, view.sample)
    return scene.document.trace, scene.experiment, *where, view.scale, view.colour_map


def _told(scene: Scene) -> tuple[object, ...]:
    """What of a scene the answers depend on besides."""
    return scene.view.step, scene.view.output, scene.view.element
