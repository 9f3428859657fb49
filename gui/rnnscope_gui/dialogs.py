"""The pages behind Help: shortcuts and about, both made from what the program knows of itself."""

from __future__ import annotations

import platform
from collections.abc import Sequence

import numpy as np
import PySide6
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from rnnscope import __version__
from rnnscope_gui.commands import COMMANDS, MENUS
from rnnscope_gui.widgets import label, mono

ABOUT = (
    "See every step a Keras recurrent network takes, held against what Keras said.\n\n"
    "A NumPy engine, with no TensorFlow anywhere, runs the forward pass and records every state.\n"
)


def shortcuts(parent: QWidget) -> QDialog:
    """All commands that have keys, menu by menu, side by side so that they fit on a small screen."""
    dialog, column = _dialog(parent, "Keyboard shortcuts")
    sides = QHBoxLayout()
    sides.setSpacing(28)
    # the longest menu has a column of its own
    for menus in (MENUS[:1] + MENUS[2:3], MENUS[1:2], MENUS[3:]):
        sides.addLayout(_keys_of(menus))
    column.insertLayout(0, sides)
    return dialog


def _keys_of(menus: Sequence[str]) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(28)
    grid.setVerticalSpacing(8)
    for menu in menus:
        if grid.count():
            grid.setRowMinimumHeight(grid.rowCount(), 8)
        with_keys = [command for command in COMMANDS if command.menu == menu and command.keys]
        grid.addWidget(label(menu.upper(), "heading"), grid.rowCount(), 0)
        for command in with_keys:
            row = grid.rowCount()
            grid.addWidget(label(command.text.removesuffix("…")), row, 0)
            grid.addWidget(mono("  ".join(command.keys)), row, 1, Qt.AlignmentFlag.AlignRight)
    grid.setRowStretch(grid.rowCount(), 1)
    return grid


def about(parent: QWidget) -> QDialog:
    """What this is, and the versions of what it stands on."""
    import h5py  # the window itself never needs it: files are read in another process

    dialog, column = _dialog(parent, "About rnnscope")
    versions = f"Python {platform.python_version()} · NumPy {np.__version__} · h5py {h5py.__version__}"
    column.insertWidget(0, label(f"rnnscope {__version__}", "title"))
    column.insertWidget(1, label(ABOUT, ""))
    column.insertWidget(2, label(f"{versions} · Qt {PySide6.__version__}", "muted"))
    return dialog


def _dialog(parent: QWidget, title: str) -> tuple[QDialog, QVBoxLayout]:
    dialog = QDialog(parent)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setWindowTitle(title)
    column = QVBoxLayout(dialog)
    column.setContentsMargins(24, 20, 24, 16)
    column.setSpacing(10)
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
    buttons.rejected.connect(dialog.reject)
    column.addWidget(buttons)
    return dialog, column
