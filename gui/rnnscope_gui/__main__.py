"""The command ``rnnscope``: opens the window, or runs a headless command when its first word is one."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from rnnscope import __version__, cli
from rnnscope.errors import RnnscopeError
from rnnscope.plugin_files import run_plugin

SNAPSHOT = "snapshot"
RECORDER = "recorder"
DESKTOP = "desktop"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; returns its exit code. Qt is loaded only when a window is needed."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words and words[0] in cli.COMMANDS:
        return cli.main(words)
    if words and words[0] == SNAPSHOT:
        from rnnscope_gui import snapshot

        return snapshot.main(words[1:])
    if words and words[0] == RECORDER:
        from rnnscope_gui import recorder

        return recorder.main(words[1:])
    if words and words[0] == DESKTOP:
        from rnnscope_gui import desktop

        return desktop.main(words[1:])
    options = _parser().parse_args(words)
    if obstacle := _obstacle(options.files):
        sys.stderr.write(f"rnnscope: {obstacle}\n")
        return cli.WRONG
    try:
        for file in options.run_code:
            run_plugin(file)
    except RnnscopeError as error:
        sys.stderr.write(f"rnnscope: {error}\n")
        return cli.WRONG
    from rnnscope_gui.app import open_window
    from rnnscope_gui.read_as import ReadAs

    return open_window(options.files, read_as=ReadAs.chosen(options), weights=options.weights, mine=options.mine)


def _obstacle(files: Sequence[str]) -> str:
    """Why no window can open, in a line; "" when one can."""
    if files and not Path(files[0]).suffix and not Path(files[0]).exists():
        return (
            f"'{files[0]}' is neither a command nor a file. Commands: "
            f"{', '.join((*cli.COMMANDS, RECORDER, SNAPSHOT, DESKTOP))}"
        )
    screens = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    if sys.platform == "linux" and not any(os.environ.get(name) for name in screens):
        return f"there is no screen to open a window on. 'rnnscope {SNAPSHOT}' draws it into a picture"
    return ""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="rnnscope",
        usage="rnnscope [MODEL [INPUT [REFERENCE]]] [--mine FILE]\n       rnnscope COMMAND …",
        description="See every step a Keras recurrent network takes, held against what Keras said.",
        epilog="Commands, each with its own --help: "
        f"{', '.join((*cli.COMMANDS, RECORDER, DESKTOP))} (without Qt), "
        f"{SNAPSHOT} (the window as a PNG file, no display).",
    )
    parser.add_argument("files", nargs="*", metavar="MODEL INPUT REFERENCE", help="files to open, in this order")
    parser.add_argument("--mine", metavar="FILE", help="what your own port gives, outputs or states")
    cli.add_reading(parser)
    parser.add_argument("--version", action="version", version=f"rnnscope {__version__}")
    return parser


if __name__ == "__main__":
    sys.exit(main())
