"""Measures how long starting takes, in fresh processes, beside the libraries that any such program needs.

    make bench

Each figure is the best of several runs: what the machine can do when it does nothing else. Nothing is asserted.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

EXAMPLE = Path(__file__).resolve().parents[2] / "assets" / "example" / "household.keras"
RUNS = 7

NOTHING = "pass"
LIBRARIES = "import numpy, h5py"
ENGINE = "import rnnscope"
COMMAND = f"import rnnscope.cli; rnnscope.cli.main(['summary', {str(EXAMPLE)!r}])"
# Both windows leave without tidying up: only starting is measured.
BARE_WINDOW = """
import os
import pyqtgraph
from PySide6.QtWidgets import QApplication
application = QApplication([])
window = pyqtgraph.GraphicsLayoutWidget()
window.addPlot()
window.show()
application.processEvents()
os._exit(0)
"""
OUR_WINDOW = """
import os
from PySide6.QtCore import QSettings
from rnnscope_gui.app import application
from rnnscope_gui.session import Session
from rnnscope_gui.window import MainWindow
app = application()
window = MainWindow(Session(), QSettings(os.devnull, QSettings.Format.IniFormat))
window.show()
app.processEvents()
os._exit(0)
"""


def main() -> None:
    nothing = seconds(NOTHING)
    print(f"python itself                      {nothing * 1000:6.0f} ms; taken off below")
    compare("import", ENGINE, "numpy and h5py", LIBRARIES, nothing)
    compare("rnnscope summary", COMMAND, "numpy and h5py", LIBRARIES, nothing)
    compare("the empty window", OUR_WINDOW, "a bare Qt and pyqtgraph window", BARE_WINDOW, nothing)


def compare(what: str, ours: str, beside: str, theirs: str, nothing: float) -> None:
    mine, other = seconds(ours) - nothing, seconds(theirs) - nothing
    print(f"{what:<34} {mine * 1000:6.0f} ms; {beside} {other * 1000:.0f} ms, ratio {mine / other:.2f}")


def seconds(code: str) -> float:
    return min(once(code) for _ in range(RUNS))


def once(code: str) -> float:
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # installed programs are compiled; so are we, from the second run
    began = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{done.stderr}\nThis did not run:\n{code}")
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
