"""The window as a picture, without a screen: ``rnnscope snapshot``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from rnnscope.cli import MARKS, add_reading, place
from rnnscope.compare import Comparison
from rnnscope.errors import BadInput, RnnscopeError
from rnnscope.plugin_files import run_plugin
from rnnscope_gui.opening import requests
from rnnscope_gui.read_as import ReadAs
from rnnscope_gui.state import Apart, Page, Rule, Scene, View

if TYPE_CHECKING:
    from rnnscope_gui.window import MainWindow

WRONG = 2
LARGEST_SIDE = 8192
LAYOUT_ROUNDS = 4  # a column within a scroll area within a splitter: each hears of the other one round later
THEMES = ("light", "dark")
APART: dict[str, Apart] = {apart.replace(" − ", "-").replace(" ", "-").casefold(): apart for apart in get_args(Apart)}


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
    """What the picture says, in words: each comparison's verdict, where its first difference is, and why."""
    document = scene.document
    if document.comparison is None and document.mine is None:
        return ["– not compared: no stored Keras values were given"]
    lines = [] if document.comparison is None else _verdict(document.comparison)
    if document.mine_comparison is not None:
        first, *others = _verdict(document.mine_comparison)
        lines += [f"{first}, your own numbers", *others]
    elif document.mine is not None:
        lines.append(f"– your own numbers: {document.mine_problem}")
    return lines + [f"{'✓' if one.explains else '–'} {' + '.join(one.ids)}" for one in document.findings or ()]


def _verdict(comparison: Comparison) -> list[str]:
    first = comparison.first_difference
    line = f"{MARKS[comparison.verdict]} {comparison.verdict}"
    return [line] if first is None else [line, f"First difference: {place(first)}"]


def render(options: argparse.Namespace) -> Scene:
    """Open the files in a window that nobody sees, and save it; the first error message is raised."""
    os.environ["QT_SCALE_FACTOR"] = str(options.scale)
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

    from rnnscope_gui.picture import save_widget

    for file in options.run_code:
        run_plugin(file)
    with _unseen_window(options) as (window, wait):
        _show(window, options, wait)
        scene = window.state.scene
        if scene.message is not None and scene.message.kind == "error":
            raise BadInput(scene.message.text)
        try:
            save_widget(window, options.output)
        except OSError as error:
            raise BadInput(f"cannot be written: {error}", file=options.output) from None
    return scene


@contextmanager
def _unseen_window(options: argparse.Namespace) -> Iterator[tuple[MainWindow, Callable[[], None]]]:
    """A window on no screen, and what waits until it is at rest. An error in it is raised at the next rest."""
    from PySide6.QtCore import QEventLoop, QSettings

    from rnnscope_gui.app import application, quiet_offscreen
    from rnnscope_gui.session import Session
    from rnnscope_gui.window import MainWindow

    quiet_offscreen()
    app = application()
    session = Session(read_as=ReadAs.chosen(options))
    session.warm_up()
    window = MainWindow(session, QSettings(os.devnull, QSettings.Format.IniFormat))
    # Qt goes on after an error in a slot; half a picture must not pass for a whole one.
    bugs: list[BaseException] = []
    hook, sys.excepthook = sys.excepthook, lambda kind, error, trace: bugs.append(error)
    loop = QEventLoop()
    session.idle.connect(loop.quit)

    def wait() -> None:
        if session.working:
            loop.exec()
        for _ in range(LAYOUT_ROUNDS):
            app.processEvents()
        if bugs:
            raise bugs[0]

    try:
        window.resize(*options.size)
        window.show()
        yield window, wait
    finally:
        sys.excepthook = hook
        window.close()


def _show(window: MainWindow, options: argparse.Namespace, wait: Callable[[], None]) -> None:
    """Open the files, one thing after another as a person would."""
    window.controller.judge_by(Rule(options.atol, options.rtol))
    files = requests((options.model, options.input, options.reference), options.weights, options.mine)
    window.open([file.path for file in files], _view(options), [file.kind for file in files])
    wait()
    if window.state.scene.document.trace is None:
        return
    if options.lens:
        window.controller.look_through_lens()
        wait()
    if options.why:
        window.action("why").trigger()
        wait()


def _view(options: argparse.Namespace) -> View:
    return View(
        layer=options.layer,
        quantity=options.quantity,
        sample=options.sample,
        step=options.step,
        unit=options.unit,
        apart=APART[options.difference],
        layout=options.layout,
        page=options.page,
        theme=options.theme,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="rnnscope snapshot", description="Render the window as a PNG file, without a display."
    )
    parser.add_argument("model", metavar="MODEL", help="a .keras or .h5 file, or an architecture in JSON")
    parser.add_argument("input", metavar="INPUT", help=".npy, .npz, .h5 or .csv; the batch axis comes first")
    parser.add_argument("reference", metavar="REFERENCE", nargs="?", help="stored Keras values: .npz or .h5")
    parser.add_argument("--mine", metavar="FILE", help="your own port's numbers: outputs or states")
    parser.add_argument("-o", "--output", metavar="WINDOW.png", required=True, help="where to write the picture")
    parser.add_argument("--sample", type=int, default=0, help="sample to show, from 0")
    parser.add_argument("--step", type=int, default=0, help="step under the cursor, from 0")
    parser.add_argument("--unit", type=int, default=0, help="unit under the cursor, from 0")
    parser.add_argument("--layer", default="", help="layer to show; the first recurrent one by default")
    parser.add_argument("--quantity", default="", help="such as state/h, state/c, gate/i, output/0")
    parser.add_argument("--difference", choices=tuple(APART), default="auto", help="whose difference to show")
    parser.add_argument("--lens", action="store_true", help="show what moves as other Kerases would read it")
    parser.add_argument("--page", choices=get_args(Page), default="unit", help="what is shown under the heatmaps")
    parser.add_argument("--why", action="store_true", help="name the mistake behind your own numbers")
    parser.add_argument("--atol", type=float, help="judge by |a − b| ≤ atol + rtol·|keras| instead of the noise floor")
    parser.add_argument("--rtol", type=float, help="see --atol")
    parser.add_argument("--layout", choices=("auto", "side by side", "stacked"), default="auto")
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
