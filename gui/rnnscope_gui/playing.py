"""Playing a run: the cursor walks from step to step by itself while the view says so."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, QTimer, Slot

from rnnscope_gui.navigate import played
from rnnscope_gui.state import AppState, Scene

FASTEST_TICK = 16  # milliseconds: one frame


class Player(QObject):
    """Moves the step cursor at the view's speed. It stops when the run that it plays is gone."""

    def __init__(self, state: AppState, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._tick)
        state.changed.connect(self._follow)

    @Slot()
    def _tick(self) -> None:
        self._state.show(played(self._state.scene))

    @Slot(object, object)
    def _follow(self, old: Scene, new: Scene) -> None:
        view = new.view
        if view.playing and old.document.trace is not new.document.trace:
            self._state.show(replace(view, playing=False))
        elif not view.playing:
            self._timer.stop()
        elif not self._timer.isActive() or old.view.speed != view.speed:
            self._timer.start(max(FASTEST_TICK, round(1000 / max(view.speed, 1e-3))))
