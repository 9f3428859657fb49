"""Measures one frame of scrubbing: the step cursor moves, and three heatmaps and the traces follow.

    make bench

512 units × 2,000 steps, beside a bare pyqtgraph window that shows as many pictures and moves a line over each, in the
same process. Painting is counted, by Qt's own raster engine. Nothing is asserted.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pyqtgraph
from PySide6.QtCore import QSettings

import rnnscope
from rnnscope.layers.core import InputLayer
from rnnscope.layers.masking import Masking
from rnnscope.layers.recurrent import Recurrent
from rnnscope.unroll import Direction
from rnnscope_gui.app import application
from rnnscope_gui.resolve import settled
from rnnscope_gui.session import Session
from rnnscope_gui.state import Document, Scene, View
from rnnscope_gui.window import MainWindow
from tests.core.models import chain, simple_cell

STEPS, UNITS, FEATURES = 2000, 512, 4
FRAMES = 120


def main() -> None:
    app = application()
    document = big_document()
    window = MainWindow(Session(), QSettings(os.devnull, QSettings.Format.IniFormat))
    window.resize(1440, 900)
    window.show()
    window.state.set(Scene(document, settled(document, View(layer="rnn", quantity="state/h", unit=7))))
    app.processEvents()

    def ours(frame: int) -> None:
        window.state.show(replace(window.state.view, step=100 + 7 * frame))
        app.processEvents()

    bare, lines = bare_window(document)

    def theirs(frame: int) -> None:
        for line in lines:
            line.setValue(100 + 7 * frame)
        app.processEvents()

    for name, move in (("a frame of scrubbing", ours), ("a bare pyqtgraph window", theirs)):
        middle, worst = timed(move)
        print(f"{name:<34} {middle:6.1f} ms; the slowest of twenty {worst:.1f} ms")
    bare.close()
    window.close()


def big_document() -> Document:
    """A run of 512 units over 2,000 steps, some of them masked, and stored values with a small difference."""
    random = np.random.default_rng(0)
    x = random.normal(size=(2, STEPS, FEATURES)).astype(np.float32)
    x[:, 500:700] = -99
    recurrent = Recurrent(simple_cell(0.05, UNITS, FEATURES), Direction(), True, False, False)
    entry = InputLayer((None, STEPS, FEATURES))
    model = chain(("entry", entry), ("masking", Masking(-99.0)), ("rnn", recurrent))
    trace = rnnscope.run(model, x)
    arrays = {key: trace.get(key) for key in trace.quantities()}
    state = arrays["layer/rnn/state/h"]
    arrays["layer/rnn/state/h"] = state + 1e-3 * random.normal(size=state.shape).astype(np.float32)
    reference = rnnscope.Reference(arrays)
    comparison = rnnscope.compare(trace, reference, atol=1e-6)
    unmasked = rnnscope.run(model, x, use_masks=False)
    document = Document(model, x, reference, trace, unmasked, comparison)
    return replace(document, model_path="m.keras", input_path="x.npy", reference_path="k.npz")


def bare_window(document: Document) -> tuple[pyqtgraph.GraphicsLayoutWidget, list[pyqtgraph.InfiniteLine]]:
    """Three pictures of the same states, and a line over each."""
    assert document.trace is not None
    state = document.trace["rnn"].states["h"][0]
    window = pyqtgraph.GraphicsLayoutWidget()
    window.resize(1440, 900)
    lines = []
    for _ in range(3):
        plot = window.addPlot()
        image = pyqtgraph.ImageItem(state)
        image.setLevels((-1, 1))
        plot.addItem(image)
        lines.append(pyqtgraph.InfiniteLine(0))
        plot.addItem(lines[-1])
    window.show()
    return window, lines


def timed(move: Callable[[int], None]) -> tuple[float, float]:
    """The median and the 95th percentile of one frame, in milliseconds."""
    for frame in range(5):
        move(frame)
    spent = []
    for frame in range(FRAMES):
        began = time.perf_counter()
        move(frame)
        spent.append(1000 * (time.perf_counter() - began))
    return float(np.median(spent)), float(np.percentile(spent, 95))


if __name__ == "__main__":
    main()
