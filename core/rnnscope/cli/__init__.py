"""The headless commands, one module each; no Qt anywhere.

A command's module has the command's name and an ``add(commands)``, which adds its parser and sets what it runs.
Exit codes: 0 all is well, 1 the numbers differ, 2 a file or an argument is wrong, 130 interrupted.

``command_line(model, input, reference, *, mine, weights, keras_version, backend, infer, bypass_lambda, run_code,
ignore_masks, layer, quantity, sample)`` gives the shell-quoted command that repeats what a window shows.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from rnnscope import __version__
from rnnscope.cli.codes import DIFFERS, INTERRUPTED, MATCHES, WRONG
from rnnscope.cli.command import command_line
from rnnscope.cli.reading import add_reading
from rnnscope.errors import RnnscopeError
from rnnscope.report.text import MARKS, place

VERSION = "--version"
COMMANDS = ("summary", "run", "compare", "diagnose", "explain", "lint", "script", "reduce", "lens")

__all__ = [
    "COMMANDS",
    "DIFFERS",
    "INTERRUPTED",
    "MARKS",
    "MATCHES",
    "WRONG",
    "add_reading",
    "command_line",
    "main",
    "parser",
    "place",
]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one headless command; returns its exit code. Errors are one line on standard error."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    words = list(sys.argv[1:] if arguments is None else arguments)
    options = parser(*words[:1]).parse_args(words)
    try:
        code = int(options.command(options))
        sys.stdout.flush()
        return code
    except RnnscopeError as error:
        print(f"rnnscope: {error}", file=sys.stderr)
        return WRONG
    except BrokenPipeError:
        # Whoever read has enough. Python would flush once more at its end, into nothing.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return WRONG
    except KeyboardInterrupt:
        print("rnnscope: interrupted", file=sys.stderr)
        return INTERRUPTED


def parser(command: str = "") -> argparse.ArgumentParser:
    """The parser of all headless commands; ``parse_args(…).command(options)`` runs the chosen one.

    With the name of a command it knows that one alone, and no other is imported.
    """
    parser = argparse.ArgumentParser(
        prog="rnnscope",
        description="Run a Keras recurrent network in NumPy, record every step, hold it against stored Keras values.",
        epilog="Exit codes: 0 all is well, 1 the numbers differ, 2 a file or an argument is wrong.",
    )
    parser.add_argument(VERSION, action="version", version=f"rnnscope {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for name in (command,) if command in COMMANDS else () if command == VERSION else COMMANDS:
        import_module(f"rnnscope.cli.{name}").add(commands)
    return parser
