"""The masking laboratory's runs, off the GUI thread: for the sample on show, while the page is, and the latest wins."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal, Slot

from rnnscope.errors import Cancelled, RnnscopeError
from rnnscope.lab import Remark, laboratory, lint
from rnnscope_gui.jobs import Jobs, Reporter
from rnnscope_gui.laboratory import bench, current, is_wanted
from rnnscope_gui.state import AppState, Document, Experiment, Scene, View

SOON = 40  # milliseconds: while a mask is drawn or the samples run by, only what comes to rest is computed


class Experimenter(QObject):
    """Puts an experiment into the scene whenever the page lacks one. idle(): nothing is left to run."""

    idle = Signal()

    def __init__(self, state: AppState, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._jobs = Jobs(self)
        self._jobs.done.connect(self._take)
        self._jobs.failed.connect(self._fail)
        self._jobs.idle.connect(self.idle)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(SOON)
        self._soon.timeout.connect(self._start)
        self._about: Experiment | None = None
        state.changed.connect(self._follow)

    @property
    def running(self) -> bool:
        return self._soon.isActive() or self._jobs.running

    def close(self) -> None:
        """Stop, and wait until nothing runs."""
        self._state.changed.disconnect(self._follow)
        self._soon.stop()
        self._jobs.close()

    @Slot(object, object)
    def _follow(self, old: Scene, new: Scene) -> None:
        # No other scene from here: whoever hears of this one later would show it last.
        outdated = new.experiment is not None and new.experiment.trace is not new.document.trace
        if outdated or (_subject(old) != _subject(new) and is_wanted(new)):
            self._soon.start()

    @Slot()
    def _start(self) -> None:
        scene = self._state.scene
        if not is_wanted(scene):
            if scene.experiment is not None and scene.experiment.trace is not scene.document.trace:
                self._state.set(replace(scene, experiment=None))
            self.idle.emit()
            return
        document, view, before = scene.document, scene.view, scene.experiment
        assert document.trace is not None
        self._about = Experiment(document.trace, view.sample, view.mask)
        known = before.remarks if before is not None and before.trace is document.trace else None
        self._jobs.start(lambda reporter: experiment(document, view, known, reporter))

    @Slot(object)
    def _take(self, found: Experiment) -> None:
        scene = self._state.scene
        if found.trace is scene.document.trace:
            self._state.set(replace(scene, experiment=found))

    @Slot(object)
    def _fail(self, text: str) -> None:
        if self._about is not None:
            self._take(replace(self._about, problem=text))


def experiment(document: Document, view: View, known: tuple[Remark, ...] | None, reporter: Reporter) -> Experiment:
    """Run the laboratory on the view's sample and mask; remarks that are known are not sought again.

    What cannot be run is an experiment with a problem. Raises Cancelled when stopped.
    """
    made, trace = bench(document, view), document.trace
    assert document.model is not None
    assert document.inputs is not None
    assert trace is not None
    assert made is not None
    about = Experiment(trace, view.sample, view.mask, remarks=known if known is not None else lint(trace))
    mask = None if view.mask is None else np.asarray(made.mask)
    try:
        lab = laboratory(document.model, document.inputs, mask=mask, sample=view.sample, cancelled=reporter.cancelled)
    except Cancelled:
        raise
    except RnnscopeError as error:
        return replace(about, problem=str(error))
    return replace(about, lab=lab)


def _subject(scene: Scene) -> tuple[object, ...]:
    """What an experiment is about, as far as it can be told without looking into the model."""
    found = current(scene)
    return scene.view.page, id(scene.document.trace), scene.view.sample, scene.view.mask, found is None
