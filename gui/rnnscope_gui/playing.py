"""Playing a run: the cursor walks from step to step by itself."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Slot

from rnnscope_gui.navigate import last_step, to_step
from rnnscope_gui.state import AppState, Scene

SPEEDS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)  # steps per second
USUAL = 4.0
FASTEST_TICK = 16  # milliseconds: one frame


class Player(QObject):
    """Moves the step cursor at a steady speed, from the first step again at the end when it loops.

    It stops when the run it plays is gone, and when another run takes its place.
    """

    def __init__(self, state: AppState, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._tick)
        self.speed, self.loops = USUAL, True
        state.changed.connect(self._follow)

    @property
    def playing(self) -> bool:
        return self._timer.isActive()

    def toggle(self) -> None:
        """Start, from the first step when the cursor stands on the last; or stop."""
        if self.playing:
            self._timer.stop()
            return
        scene = self._state.scene
        if scene.document.trace is None:
            return
        if _at_end(scene):
            self._state.show(to_step(scene, 0))
        self._timer.start(self._interval)

    def stop(self) -> None:
        self._timer.stop()

    def set_speed(self, speed: float) -> None:
        """Steps per second; a speed above one step a frame skips none, it is just not reached."""
        self.speed = speed
        if self.playing:
            self._timer.start(self._interval)

    def change_speed(self, by: int) -> None:
        """To a faster (1) or slower (−1) one of `SPEEDS`."""
        nearest = min(range(len(SPEEDS)), key=lambda index: abs(SPEEDS[index] - self.speed))
        self.set_speed(SPEEDS[min(max(nearest + by, 0), len(SPEEDS) - 1)])

    @property
    def _interval(self) -> int:
        return max(FASTEST_TICK, round(1000 / self.speed))

    @Slot()
    def _tick(self) -> None:
        scene = self._state.scene
        if not _at_end(scene):
            self._state.show(to_step(scene, scene.view.step + 1))
        elif self.loops:
            self._state.show(to_step(scene, 0))
        else:
            self._timer.stop()

    @Slot(object, object)
    def _follow(self, old: Scene, new: Scene) -> None:
        if old.document.trace is not new.document.trace:
            self._timer.stop()


def _at_end(scene: Scene) -> bool:
    return scene.view == last_step(scene)
