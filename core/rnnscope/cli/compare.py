"""``rnnscope compare``: a run held against stored Keras values."""

from __future__ import annotations

import argparse
import hashlib
import sys
from pathlib import Path

from rnnscope.cli.codes import DIFFERS, MATCHES, WRONG, Commands
from rnnscope.cli.reading import add_model, load, traced
from rnnscope.compare import compare as compared
from rnnscope.errors import one_line
from rnnscope.reference import load_reference
from rnnscope.report.text import report


def add(commands: Commands) -> None:
    """Add the command's parser."""
    parser = commands.add_parser("compare", help="hold a run against stored Keras values")
    add_model(parser)
    parser.add_argument("input", metavar="INPUT", help="the input that Keras was given")
    parser.add_argument(
        "reference", metavar="REFERENCE", help="stored Keras values (.npz, .h5), or .npy/.csv of the output"
    )
    parser.add_argument(
        "--atol", type=float, help="fixed rule |a − b| ≤ atol + rtol·|keras| instead of the noise floor"
    )
    parser.add_argument("--rtol", type=float, help="see --atol")
    parser.set_defaults(command=compare)


def compare(options: argparse.Namespace) -> int:
    """Compare, and print a line for each quantity, then the verdict."""
    model = load(options)
    trace = traced(model, options.input)
    digest = hashlib.sha256(Path(options.input).read_bytes()).hexdigest()
    reference = load_reference(options.reference)
    result = compared(trace, reference, atol=options.atol, rtol=options.rtol, input_sha256=digest)
    if result.foreign and not result.matches:
        print(f"rnnscope: {Path(options.reference).name}: {one_line(result.foreign)}", file=sys.stderr)
        return WRONG
    print("\n".join(report(result)))
    return MATCHES if result.matches else DIFFERS
