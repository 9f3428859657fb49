"""``rnnscope recorder``: the script that a person runs where their Keras is; no Qt."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rnnscope.errors import RnnscopeError
from rnnscope.writing import write_whole
from rnnscope_gui.examples import asset

WRONG = 2


def main(arguments: Sequence[str]) -> int:
    """Print the recorder, or write it where ``-o`` says; returns the exit code."""
    options = _parser().parse_args(arguments)
    script = asset("record_keras.py").read_bytes()
    if options.output is None:
        sys.stdout.write(script.decode("ascii"))
        return 0
    try:
        write_whole(options.output, script, "recorder")
    except RnnscopeError as error:
        sys.stderr.write(f"rnnscope: {error}\n")
        return WRONG
    sys.stdout.write(f"{Path(options.output).resolve()}\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="rnnscope recorder",
        description="Print record_keras.py: a script without dependencies that stores what your Keras computes.",
        epilog="Exit codes: 0 it is written; 2 it cannot be. Example: rnnscope recorder > record_keras.py, then, with "
        "the Python that has Keras: python record_keras.py MODEL INPUT -o keras.npz",
    )
    parser.add_argument("-o", "--output", metavar="FILE.py", help="write it here instead of printing it")
    return parser
