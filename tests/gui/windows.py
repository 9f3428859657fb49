"""What tests of the window share: documents opened without a child process, and where to find and hit its parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QListView, QWidget

from rnnscope_gui.heatmap import Heatmap
from rnnscope_gui.judging import judged
from rnnscope_gui.map_card import MapCard
from rnnscope_gui.opening import Outcome, Request, open_files
from rnnscope_gui.panels.layers import LayersPanel
from rnnscope_gui.panels.messages import MessageBar
from rnnscope_gui.panels.readout import ReadoutBar
from rnnscope_gui.panels.trace_plot import UnitPlotPanel
from rnnscope_gui.read_as import ReadAs
from rnnscope_gui.reader import Kind, Opened
from rnnscope_gui.reader_child import open_file
from rnnscope_gui.resolve import settled
from rnnscope_gui.state import Document, Scene, View
from rnnscope_gui.step_plot import StepPlot
from rnnscope_gui.step_table import StepTable
from rnnscope_gui.window import MainWindow

Part = TypeVar("Part", bound=QWidget)
PORT_VIEW = View(sample=25, step=0, unit=12)
LONG = 20_000  # milliseconds; only a failing test waits that long


class Quiet:
    """Reports that nobody reads and nobody cancels."""

    def progress(self, done: int, total: int) -> None:
        return

    def cancelled(self) -> bool:
        return False


def read_here(path: str, kind: Kind | None, cancelled: object, read_as: ReadAs) -> Opened:
    """Read a file in this process."""
    return open_file(path, kind, read_as)


def opened(*paths: Path | str, kinds: Sequence[Kind | None] = (), document: Document | None = None) -> Outcome:
    """What opening files gives, judged; each file as its kind, or as whatever it is."""
    known = [*kinds, *[None] * (len(paths) - len(kinds))]
    requests = [Request(str(path), kind) for path, kind in zip(paths, known, strict=True)]
    outcome = open_files(document or Document(), requests, read_here, Quiet())
    return judged(outcome.document, outcome.fresh, Quiet()) if outcome.judge else outcome


def scene_of(document: Document, view: View | None = None) -> Scene:
    return Scene(document=document, view=settled(document, view or View()))


def part(window: QWidget, kind: type[Part], index: int = 0) -> Part:
    """A part of the window by its class."""
    return window.findChildren(kind)[index]


def heatmaps(window: QWidget) -> list[Heatmap]:
    """Those of the cards that are laid out, from left to right or from top to bottom."""
    cards = [card for card in window.findChildren(MapCard) if not card.isHidden()]
    return [card.heatmap for card in sorted(cards, key=lambda card: (card.y(), card.x()))]


def message(window: MainWindow) -> str:
    """What the message bar shows; empty when it is hidden."""
    bar = part(window, MessageBar)
    return bar.text if bar.isVisible() else ""


def readout(window: MainWindow) -> str:
    return " ".join(part(window, ReadoutBar).text.split())


def cell(shown: Heatmap, step: int, unit: int) -> QPoint:
    """The pixel in the middle of a step and unit."""
    place: QPoint = shown.mapFromScene(shown.box.mapViewToScene(QPointF(step + 0.5, unit + 0.5)))
    return place


def cursor(shown: StepPlot) -> tuple[int, int]:
    """The step and row that a plot outlines; row -1 where it outlines none."""
    column, row = shown.column.boundingRect().center(), shown.row.boundingRect().center()
    return int(column.x()), int(row.y()) if shown.row.boundingRect().isValid() else -1


def click(shown: Heatmap, step: int, unit: int) -> None:
    QTest.mouseClick(shown.viewport(), Qt.MouseButton.LeftButton, pos=cell(shown, step, unit))


def turn_wheel(shown: QWidget, at: QPoint, notches: int, sideways: int = 0) -> None:
    """Turn the wheel over a place, away from oneself for positive notches."""
    event = QWheelEvent(
        QPointF(at),
        QPointF(shown.mapToGlobal(at)),
        QPoint(),
        QPoint(120 * sideways, 120 * notches),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(shown, event)


def urls(paths: Sequence[Path]) -> list[QUrl]:
    return [QUrl.fromLocalFile(str(path)) for path in paths]


def settle(wait: Callable[..., None], window: MainWindow) -> None:
    """Wait until the window has nothing left to do. `wait` is qtbot.waitUntil."""
    wait(lambda: not window.session.working and window.state.scene.busy is None, timeout=LONG)


def at(window: MainWindow) -> tuple[int, int, int]:
    """The sample, step and unit under the cursor."""
    view = window.state.view
    return view.sample, view.step, view.unit


def step_table(window: MainWindow) -> StepTable:
    """The numbers of the chosen unit."""
    return part(part(window, UnitPlotPanel), StepTable)


def layer_list(window: MainWindow) -> QListView:
    """The list of layers."""
    return part(part(window, LayersPanel), QListView)


def titles(window: MainWindow) -> list[str]:
    """The titles of the cards that are laid out."""
    QApplication.processEvents()
    cards = [card for card in window.findChildren(MapCard) if not card.isHidden()]
    return [card.heatmap.accessibleName().partition(":")[0] for card in sorted(cards, key=lambda card: card.x())]


def texts(window: MainWindow, kind: type[QWidget]) -> str:
    """What a panel says."""
    QApplication.processEvents()
    labels = part(window, kind).findChildren(QLabel)
    return "\n".join(label.text() for label in labels if label.isVisible())
