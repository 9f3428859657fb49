"""The main window: puts the panels in place and shows the session's scene in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings, Qt, Slot
from PySide6.QtGui import QAction, QCloseEvent, QDragEnterEvent, QDropEvent, QGuiApplication, QKeySequence
from PySide6.QtWidgets import QApplication, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from rnnscope.semantics import Semantics
from rnnscope_gui import theme
from rnnscope_gui.actions import Actions
from rnnscope_gui.controller import Controller
from rnnscope_gui.navigate import Move
from rnnscope_gui.panels.header import HeaderPanel
from rnnscope_gui.panels.messages import MessageBar
from rnnscope_gui.panels.readout import ReadoutBar
from rnnscope_gui.panels.welcome import WelcomePanel
from rnnscope_gui.playing import Player
from rnnscope_gui.reader import Kind
from rnnscope_gui.session import Session
from rnnscope_gui.state import AppState, Choice, Scene, View
from rnnscope_gui.workbench import Workbench

# Below this the heatmaps have no room; set outright, so that no panel holds the window wider while it is laid out.
SMALLEST = (1024, 600)


class MainWindow(QMainWindow):
    """Shows the session's scene; every change of it reaches every panel from here."""

    def __init__(self, session: Session, settings: QSettings) -> None:
        super().__init__()
        self.setObjectName("rnnscope")
        self.setAcceptDrops(True)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._session, self._settings = session, settings
        self._player = Player(session.state, self)
        self._restore_theme()
        # Widgets take their font when they are made, so the theme comes before them.
        self._dress()
        self._controller = Controller(session, settings, self)
        self._actions = Actions(self, self._controller)
        self._actions.fill_menus(self)
        self._dismiss = QAction("Dismiss the message", self)
        self._dismiss.setShortcut(QKeySequence("Esc"))
        self._dismiss.triggered.connect(session.dismiss)
        self.addAction(self._dismiss)
        self._build()
        geometry = settings.value("geometry")
        if isinstance(geometry, QByteArray):
            self.restoreGeometry(geometry)
        session.state.changed.connect(self._show)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._dress)
        self._show(None, session.state.scene)

    @property
    def state(self) -> AppState:
        return self._session.state

    @property
    def session(self) -> Session:
        return self._session

    def action(self, identifier: str) -> QAction:
        """The action of a command."""
        return self._actions.by_id[identifier]

    @property
    def controller(self) -> Controller:
        """What carries out the commands."""
        return self._controller

    def open(self, paths: Sequence[str], view: View | None = None, kinds: Sequence[Kind | None] = ()) -> None:
        """Open files together, each as its kind where that is known."""
        self._controller.open(paths, view, kinds)

    def go(self, move: Move) -> None:
        """Move to another view."""
        self._controller.go(move)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
        event.acceptProposedAction()
        self.open(paths)

    def closeEvent(self, event: QCloseEvent) -> None:
        self._settings.setValue("geometry", self.saveGeometry())
        self._settings.setValue("theme", self.state.view.theme)
        self.state.changed.disconnect(self._show)
        self._session.shut_down()
        super().closeEvent(event)

    def _build(self) -> None:
        actions = self._actions.by_id
        self._header = HeaderPanel(self.state, actions)
        self._messages = MessageBar(self.state, self._dismiss)
        self._welcome = WelcomePanel(actions)
        self._messages.chosen.connect(self._take)
        self._workbench = Workbench(self.state, actions)
        self._workbench.reading.chosen.connect(self._read_as)
        self._readout = ReadoutBar(actions)
        self._pages = QStackedWidget()
        self._pages.addWidget(self._welcome)
        self._pages.addWidget(self._workbench)
        centre = QWidget()
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for widget, stretch in ((self._header, 0), (self._messages, 0), (self._pages, 1), (self._readout, 0)):
            column.addWidget(widget, stretch)
        self.setCentralWidget(centre)
        # The keys move through the run from the start; no button should look chosen before anybody chose it.
        self._pages.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._pages.setFocus()
        self.setMinimumSize(*SMALLEST)
        self.resize(1440, 900)

    @Slot(object)
    def _read_as(self, semantics: object) -> None:
        self._controller.read_as(semantics if isinstance(semantics, Semantics) else None)

    @Slot(object)
    def _take(self, choice: object) -> None:
        if isinstance(choice, Choice):
            self._controller.take(choice)

    def _restore_theme(self) -> None:
        chosen = self._settings.value("theme", "system")
        if chosen in ("light", "dark"):
            self.state.show(replace(self.state.view, theme=chosen))

    @Slot(object, object)
    def _show(self, old: Scene | None, new: Scene) -> None:
        if old is not None and old.view.theme != new.view.theme:
            self._dress()
        self._actions.show_scene(new)
        self._pages.setCurrentWidget(self._welcome if new.document.trace is None else self._workbench)
        for panel in (self._header, self._messages, self._welcome, self._workbench, self._readout):
            panel.show_scene(old, new)
        self.setWindowTitle(self._title(new))

    @Slot()
    def _dress(self) -> None:
        """Put on the theme that is chosen, or the system's own."""
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        theme.apply_theme(application, self.state.view.theme)

    def _title(self, scene: Scene) -> str:
        name = Path(scene.document.model_path).name
        return f"{name} – rnnscope" if name else "rnnscope"
