"""The layers as Keras's summary lists them, each with its verdict."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QListView,
    QPushButton,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from rnnscope import Comparison, Model, Verdict
from rnnscope.errors import one_line
from rnnscope.graph import Layer
from rnnscope.summary import shape_text
from rnnscope_gui import numbers, theme
from rnnscope_gui.resolve import settled
from rnnscope_gui.sides import layer_verdict
from rnnscope_gui.state import AppState, Document, Scene
from rnnscope_gui.widgets import SIDE_MARGINS, label, mono

Index = QModelIndex | QPersistentModelIndex
ROW_HEIGHT, MARK_WIDTH, NEXT_MARK, INDENT = 46, 24, 16, 14
STEP_IN, DEEPEST = 14, 4  # how far a nested model's layers are set in, and how many models deep at most
ROOMY = 330  # pixels of height
LEGEND = ((Verdict.SAME, Verdict.ROUNDING), (Verdict.DIFFERENT, Verdict.NOT_COMPARED))
ROW_ROLE = Qt.ItemDataRole.UserRole


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list: a call of a layer; `depth` is how many models it stands in.

    verdicts: against Keras and against a port, as far as they are open; at least one.
    """

    key: str
    detail: str
    parameters: str
    verdicts: tuple[Verdict, ...]
    sides: tuple[str, ...]
    depth: int = 0

    @property
    def name(self) -> str:
        """The key without the models around it, which the list shows by setting the row in."""
        return self.key.rsplit("/", 1)[-1] if self.depth else self.key

    @property
    def spoken(self) -> str:
        """The row in one sentence, for who cannot see it."""
        told = [f"{side} {verdict}".strip() for side, verdict in zip(self.sides, self.verdicts, strict=True)]
        return f"{self.key}, {self.detail}, {self.parameters} parameters, {', '.join(told)}"


def shape_words(layer: Layer) -> str:
    """``(None, 64)``; ``2 × (None, 64)`` where a layer returns the same shape again and again."""
    shapes = layer.output_shapes
    if len(shapes) > 1 and len(set(shapes)) == 1:
        return f"{len(shapes)} × {shapes[0]}"
    return shape_text(shapes)


def layer_rows(document: Document, operations: bool) -> tuple[Row, ...]:
    """The rows in execution order; bare operations only when asked for. Parameters count at a layer's first call."""
    model, trace, seen = document.model, document.trace, set[str]()
    if model is None or trace is None:
        return ()
    rows, sides = [], compared_sides(document)
    for key, layer, depth in model.listing:
        # What a nested model holds counts there; a part of a wrapped model has been counted with the wrapper.
        parameters = layer.parameters if layer.name not in seen else 0
        seen.add(layer.name)
        if layer.is_layer or operations:
            verdicts = tuple(layer_verdict(document, comparison, key) for comparison in sides.values())
            detail = one_line(f"{layer.label} · {shape_words(layer)}")
            rows.append(Row(key, detail, f"{parameters:,}", verdicts, tuple(sides), depth))
    return tuple(rows)


def compared_sides(document: Document) -> dict[str, Comparison | None]:
    """Whose numbers the marks are about, from left to right: Keras's, a port's, or both."""
    if document.mine is None:
        return {"": document.comparison}
    if document.reference is None:
        return {"mine": document.mine_comparison}
    return {"Keras": document.comparison, "mine": document.mine_comparison}


class LayersPanel(QWidget):
    """A list to choose the layer from, the total, and what the marks mean."""

    def __init__(self, state: AppState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("side")
        self._state = state
        self._model = _RowModel(self)
        self._list = _list_view(self._model)
        self._list.selectionModel().currentChanged.connect(self._chosen)
        self._toggle = QPushButton()
        self._toggle.setObjectName("quiet")
        self._toggle.setCursor(Qt.CursorShape.PointingHandCursor)
        self._toggle.clicked.connect(self._toggle_operations)
        self._total, self._sides = mono(), label("", "small")
        self._lay_out()

    def show_scene(self, old: Scene | None, new: Scene) -> None:
        same = old is not None and old.document is new.document
        if old is None or not same or old.view.operations != new.view.operations:
            self._model.set_rows(layer_rows(new.document, new.view.operations))
            self._list.setMaximumHeight(self._model.rowCount() * ROW_HEIGHT + 2)
            self._show_totals(new.document.model, new.view.operations)
            sides = tuple(compared_sides(new.document))
            self._sides.setText(f"Marks: {' · '.join(sides)}" if sides != ("",) else "")
            self._sides.setVisible(sides != ("",))
        elif old.view.layer == new.view.layer:
            return
        index = self._model.find(new.view.layer)
        self._list.selectionModel().blockSignals(True)
        self._list.setCurrentIndex(index)
        self._list.selectionModel().blockSignals(False)
        self._list.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where the list is short, its rows go before the explanation of their marks."""
        super().resizeEvent(event)
        self._legend.setVisible(self.height() >= ROOMY)

    def _show_totals(self, model: Model | None, operations: bool) -> None:
        hidden = sum(not listed.layer.is_layer for listed in model.listing) if model else 0
        self._toggle.setVisible(hidden > 0)
        words = numbers.count(hidden, "operation")
        self._toggle.setText(f"{words} shown · hide" if operations else f"{words} hidden · show")
        self._total.setText(f"{model.parameters:,}" if model else "")

    def _chosen(self, index: QModelIndex) -> None:
        row = index.data(ROW_ROLE)
        if isinstance(row, Row):
            self._state.show(settled(self._state.scene.document, replace(self._state.view, layer=row.key)))

    def _toggle_operations(self) -> None:
        self._state.show(replace(self._state.view, operations=not self._state.view.operations))

    def _lay_out(self) -> None:
        total = QHBoxLayout()
        total.addWidget(label("Total parameters", "muted"))
        total.addWidget(self._total)
        self._legend = label("\n".join("    ".join(f"{theme.MARKS[v]} {v}" for v in line) for line in LEGEND), "small")
        foot = QVBoxLayout()
        foot.setContentsMargins(SIDE_MARGINS[0], 2, SIDE_MARGINS[2], 0)
        foot.setSpacing(8)
        foot.addWidget(self._toggle, 0, Qt.AlignmentFlag.AlignLeft)
        foot.addLayout(total)
        foot.addWidget(self._legend)
        heading = QHBoxLayout()
        heading.setContentsMargins(SIDE_MARGINS[0], 0, SIDE_MARGINS[2], 0)
        heading.addWidget(label("LAYERS", "heading"))
        heading.addStretch(1)
        heading.addWidget(self._sides)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, SIDE_MARGINS[1], 0, SIDE_MARGINS[3])
        column.setSpacing(6)
        column.addLayout(heading)
        column.addWidget(self._list, 1)
        column.addLayout(foot)
        column.addStretch(0)


def _list_view(model: QAbstractListModel) -> QListView:
    view = QListView()
    view.setModel(model)
    view.setItemDelegate(_RowDelegate(view))
    view.setFrameShape(QFrame.Shape.NoFrame)
    view.setUniformItemSizes(True)
    view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    view.setAccessibleName("Layers")
    return view


class _RowModel(QAbstractListModel):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._rows: tuple[Row, ...] = ()

    def set_rows(self, rows: tuple[Row, ...]) -> None:
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def find(self, key: str) -> QModelIndex:
        return next((self.index(i) for i, row in enumerate(self._rows) if row.key == key), QModelIndex())

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return one_line(row.key)
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return one_line(row.spoken)
        return row if role == ROW_ROLE else None


class _RowDelegate(QStyledItemDelegate):
    """Mark, name over detail, parameters."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(120, ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        tokens, row = theme.current(), index.data(ROW_ROLE)
        rect, flags = option.rect, option.state
        selected = bool(flags & QStyle.StateFlag.State_Selected)
        painter.save()
        if selected:
            painter.fillRect(rect, QColor(tokens.selection))
        elif flags & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, theme.faded(tokens.selection, 0.5))
        if selected and flags & QStyle.StateFlag.State_HasFocus:
            painter.fillRect(QRect(rect.left(), rect.top(), 3, rect.height()), QColor(tokens.accent))
        painter.setPen(QColor(tokens.border))
        painter.drawLine(rect.left() + INDENT, rect.bottom(), rect.right() - INDENT, rect.bottom())
        _draw_row(painter, rect.adjusted(INDENT, 5, -INDENT, -5), row, selected, tokens)
        painter.restore()


def _draw_row(painter: QPainter, place: QRect, row: Row, selected: bool, tokens: theme.Tokens) -> None:
    half, left = place.height() // 2, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
    top = QRect(place.left(), place.top(), place.width(), half)
    bold = QFont.Weight.DemiBold if selected else QFont.Weight.Normal
    painter.setFont(theme.font(theme.POINTS + 1, QFont.Weight.Bold))
    for index, verdict in enumerate(row.verdicts):
        painter.setPen(QColor(tokens.verdict(verdict)))
        painter.drawText(top.adjusted(index * NEXT_MARK, 0, 0, 0), left, theme.MARKS[verdict])
    painter.setPen(QColor(tokens.text))
    painter.setFont(theme.mono_font(theme.POINTS - 0.5))
    painter.drawText(top, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, row.parameters)
    deeper = min(row.depth, DEEPEST) * STEP_IN + (len(row.verdicts) - 1) * NEXT_MARK
    name = top.adjusted(MARK_WIDTH + deeper, 0, -painter.fontMetrics().horizontalAdvance(row.parameters) - 10, 0)
    _draw_elided(painter, name, theme.font(theme.POINTS, bold), one_line(row.name))
    painter.setPen(QColor(tokens.muted))
    below = QRect(name.left(), place.top() + half, place.right() - name.left(), half)
    _draw_elided(painter, below, theme.font(theme.POINTS - 1.5), row.detail)


def _draw_elided(painter: QPainter, place: QRect, font: QFont, text: str) -> None:
    painter.setFont(font)
    shown = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, place.width())
    painter.drawText(place, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)
