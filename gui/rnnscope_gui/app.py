"""Starting Qt: the application object, its settings, and what becomes of an error that nobody caught."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Sequence
from types import TracebackType

from PySide6.QtCore import QMessageLogContext, QSettings, QtMsgType, qInstallMessageHandler
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from rnnscope_gui.examples import asset
from rnnscope_gui.opening import requests
from rnnscope_gui.read_as import ReadAs
from rnnscope_gui.session import Session
from rnnscope_gui.state import Message
from rnnscope_gui.window import MainWindow

NAME = "rnnscope"
Hook = Callable[[type[BaseException], BaseException, TracebackType | None], None]


def quiet_offscreen() -> None:
    """Drop the one message that Qt's offscreen platform repeats for every window; all others are printed as ever."""

    def handle(kind: QtMsgType, context: QMessageLogContext, text: str | None) -> None:
        if text is not None and "propagateSizeHints" not in text:
            sys.stderr.write(f"{text}\n")

    qInstallMessageHandler(handle)


def application(arguments: Sequence[str] = ()) -> QApplication:
    """The one application object, named so that its settings lie where a person looks for them."""
    existing = QApplication.instance()
    app = existing if isinstance(existing, QApplication) else QApplication([NAME, *arguments])
    app.setApplicationName(NAME)
    app.setOrganizationName(NAME)
    app.setDesktopFileName(NAME)
    app.setWindowIcon(QIcon(str(asset("icons", "rnnscope.svg"))))
    return app


def main_window(session: Session) -> MainWindow:
    """The window on `session`, with an exception hook that shows what was not caught."""
    window = MainWindow(session, QSettings(NAME, NAME))
    sys.excepthook = _showing(session)
    return window


def open_window(paths: Sequence[str], *, read_as: ReadAs, weights: str | None = None, mine: str | None = None) -> int:
    """Show the window, with files if there are any; `weights` are the model's, `mine` a port's own numbers.

    Returns when it is closed.
    """
    session = Session(read_as=read_as)
    session.warm_up()
    app = application()
    window = main_window(session)
    window.show()
    files = requests(paths, weights, mine)
    if files:
        window.open([file.path for file in files], kinds=[file.kind for file in files])
    return app.exec()


def _showing(session: Session) -> Hook:
    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        traceback.print_exception(kind, error, trace)
        session.tell(
            Message(f"Something went wrong in rnnscope itself ({kind.__name__}: {error}). What is open stays.")
        )

    return hook
