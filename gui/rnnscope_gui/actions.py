"""The table of commands as Qt actions, and the menus made of them."""

from __future__ import annotations

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMainWindow

from rnnscope_gui.commands import COMMANDS, MENUS, SEPARATED, Command, Window
from rnnscope_gui.state import Scene


class Actions:
    """One `QAction` for each command, by id, kept enabled and checked as the scene says."""

    def __init__(self, window: QMainWindow, target: Window) -> None:
        self._target, self._scene = target, Scene()
        self.by_id = {command.id: self._action(window, command) for command in COMMANDS}

    def fill_menus(self, window: QMainWindow) -> None:
        """Build the menu bar."""
        for name in MENUS:
            menu = window.menuBar().addMenu(f"&{name}")
            menu.setToolTipsVisible(True)
            for command in COMMANDS:
                if command.menu != name:
                    continue
                if command.id in SEPARATED:
                    menu.addSeparator()
                menu.addAction(self.by_id[command.id])

    def show_scene(self, scene: Scene) -> None:
        self._scene = scene
        for command in COMMANDS:
            action = self.by_id[command.id]
            action.setEnabled(command.enabled(scene))
            if command.checked is not None:
                action.setChecked(command.checked(scene))

    def _action(self, window: QMainWindow, command: Command) -> QAction:
        action = QAction(command.text, window)
        action.setObjectName(command.id)
        action.setShortcuts([QKeySequence(keys) for keys in command.keys])
        action.setCheckable(command.checked is not None)
        keys = f" ({', '.join(command.keys)})" if command.keys else ""
        action.setToolTip(f"{command.tip or command.text.removesuffix('…')}{keys}")
        action.triggered.connect(lambda checked=False: self._run(action, command))
        window.addAction(action)
        return action

    def _run(self, action: QAction, command: Command) -> None:
        command.run(self._target)
        if command.checked is not None:  # choosing again what is chosen must not uncheck it
            action.setChecked(command.checked(self._scene))
