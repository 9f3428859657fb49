"""The window as a picture, without a screen: ``rnnscope snapshot``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from rnnscope.cli import MARKS, add_reading, place
from rnnscope.errors import BadInput, RnnscopeError
from rnnscope.plugin_files import run_plugin
from rnnscope_gui.opening import ORDER
from rnnscope_gui.state import Scene, View

WRONG = 2
LARGEST_SIDE = 8192
LAYOUT_ROUNDS = 4  # a column within a scroll area within a splitter: each hears of the other one round later
THEMES = ("light", "dark")


def main(arguments: Sequence[str]) -> int:
    """Render the window, write it as PNG, print where it is and the verdict; returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        scene = render(options)
    except RnnscopeError as error:
        print(f"rnnscope: {error}", file=sys.stderr)
        return WRONG
    print(f"{Path(options.output).resolve()}")
    print("\n".join(verdict(scene)))
    return 0


def verdict(scene: Scene) -> list[str]:
    """What the picture says, in words: the comparison's verdict, and where the first difference is."""
    comparison = scene.document.comparison
    if comparison is None:
        return ["– not compared: no stored Keras values were given"]
    lines = [f"{MARKS[comparison.verdict]} {comparison.verdict}"]
    if comparison.first_difference is not None:
        lines.append(f"First difference: {place(comparison.first_difference)}")
    return lines


def render(options: argparse.Namespace) -> Scene:
    """Open the files in a window that nobody sees, and save it; the first error message is raised."""
    os.environ["QT_SCALE_FACTOR"] = str(options.scale)
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

    from PySide6.QtCore import QEventLoop, QSettings

    from rnnscope_gui.app import application, quiet_offscreen
    from rnnscope_gui.picture import save_widget
    from rnnscope_gui.read_as import ReadAs
    from rnnscope_gui.reader import Kind
    from rnnscope_gui.session import Session
    from rnnscope_gui.window import MainWindow

    for file in options.run_code:
        run_plugin(file)
    quiet_offscreen()
    app = application()
    session = Session(read_as=ReadAs.chosen(options))
    session.warm_up()
    window = MainWindow(session, QSettings(os.devnull, QSettings.Format.IniFormat))
    # Qt goes on after an error in a slot; half a picture must not pass for a whole one.
    bugs: list[BaseException] = []
    hook, sys.excepthook = sys.excepthook, lambda kind, error, trace: bugs.append(error)
    try:
        window.resize(*options.size)
        window.show()
        loop = QEventLoop()
        session.idle.connect(loop.quit)
        paths = [path for path in (options.model, options.input, options.reference) if path is not None]
        kinds: list[Kind | None] = [*ORDER[: len(paths)]]
        if options.weights is not None:
            paths, kinds = [*paths, options.weights], [*kinds, "weights"]
        window.open(paths, _view(options), kinds)
        loop.exec()
        if options.lens and session.state.scene.document.trace is not None:
            window.look_through_lens()
            loop.exec()
        scene = session.state.scene
        if scene.message is not None and scene.message.kind == "error":
            raise BadInput(scene.message.text)
        for _ in range(LAYOUT_ROUNDS):
            app.processEvents()
        if bugs:
            raise bugs[0]
        save_widget(window, options.output)
    except OSError as error:
        raise BadInput(f"cannot be written: {error}", file=options.output) from None
    finally:
        sys.excepthook = hook
        window.close()
    return scene


def _view(options: argparse.Namespace) -> View:
    return View(
        layer=options.layer,
        quantity=options.quantity,
        sample=options.sample,
        step=options.step,
        unit=options.unit,
        theme=options.theme,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="rnnscope snapshot", description="Render the window as a PNG file, without a display."
    )
    parser.add_argument("model", metavar="MODEL", help="a .keras or .h5 file, or an architecture in JSON")
    parser.add_argument("input", metavar="INPUT", help=".npy, .npz, .h5 or .csv; the batch axis comes first")
    parser.add_argument("reference", metavar="REFERENCE", nargs="?", help="stored Keras values: .npz or .h5")
    parser.add_argument("-o", "--output", metavar="WINDOW.png", required=True, help="where to write the picture")
    parser.add_argument("--sample", type=int, default=0, help="sample to show, from 0")
    parser.add_argument("--step", type=int, default=0, help="step under the cursor, from 0")
    parser.add_argument("--unit", type=int, default=0, help="unit under the cursor, from 0")
    parser.add_argument("--layer", default="", help="layer to show; the first recurrent one by default")
    parser.add_argument("--quantity", default="", help="such as state/h, state/c, gate/i, output/0")
    parser.add_argument("--lens", action="store_true", help="show what moves as other Kerases would read it")
    parser.add_argument("--theme", choices=THEMES, default="light")
    parser.add_argument("--size", type=_size, default=(1440, 900), metavar="WxH", help="in points; 1440x900 by default")
    parser.add_argument("--scale", type=float, default=1.0, help="device pixels for each point")
    add_reading(parser)
    return parser


def _size(text: str) -> tuple[int, int]:
    parts = text.lower().split("x")
    if len(parts) != 2 or not all(part.isdigit() and 0 < int(part) <= LARGEST_SIDE for part in parts):
        raise argparse.ArgumentTypeError(f"expected a size such as 1440x900, found {text!r}")
    return int(parts[0]), int(parts[1])
