"""``rnnscope run``: a model's outputs, one quantity of it, or every step of it in one file."""

from __future__ import annotations

import argparse
import sys
from argparse import RawDescriptionHelpFormatter

import numpy as np

from rnnscope.cli.codes import MATCHES, Commands
from rnnscope.cli.reading import INPUT, add_look, add_model, load, traced
from rnnscope.cli.screen import is_terminal
from rnnscope.errors import BadInput, one_line
from rnnscope.model import Model
from rnnscope.report.record import Look, Report, looked_at
from rnnscope.trace import Trace
from rnnscope.types import Array

DESCRIPTION = """\
Run MODEL on INPUT in NumPy. Without an option, the model's outputs are printed as predict() returns them; with
--layer, --quantity or --sample, the numbers that these name; with -o, everything is stored instead. On a terminal long
arrays are shortened, elsewhere they are printed whole."""
EPILOG = """\
Exit codes: 0 the model ran; 2 a file or an argument is wrong.

Examples:
  rnnscope run model.keras input.npy
  rnnscope run model.keras input.npy --layer lstm --quantity state/c --sample 3
  rnnscope run model.keras input.npy -o trace.h5
  rnnscope compare model.keras input.npy trace.h5"""


def add(commands: Commands) -> None:
    """Add the command's parser."""
    parser = commands.add_parser(
        "run",
        help="run a model on an input; print its outputs or save every step",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=RawDescriptionHelpFormatter,
    )
    add_model(parser)
    parser.add_argument("input", metavar="INPUT", help=INPUT)
    parser.add_argument("-o", "--output", metavar="TRACE.h5", help="write every output, state, gate and mask here")
    parser.add_argument("--ignore-masks", action="store_true", help="run every step on the raw input, masked or not")
    add_look(parser, "print the numbers")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Run, and print the numbers that are asked for or save everything."""
    look = Look(options.layer, options.quantity, options.sample)
    if options.output is not None and look != Look():
        raise BadInput("-o stores everything", advice="Leave out --layer, --quantity and --sample, or -o")
    model = load(options)
    trace = traced(model, options.input, use_masks=not options.ignore_masks)
    if options.output is not None:
        trace.save(options.output)
        print(f"{options.output}: {sum(1 for _ in trace.quantities())} arrays")
        return MATCHES
    most = np.get_printoptions()["threshold"] if is_terminal(sys.stdout) else sys.maxsize
    with np.printoptions(threshold=most):
        for name, array in _asked(model, trace, look):
            print(f"{one_line(name)} {array.shape}\n{array}")
    return MATCHES


def _asked(model: Model, trace: Trace, look: Look) -> list[tuple[str, Array]]:
    """The arrays to print, with their names: the model's outputs, or the quantity that was named."""
    key, sample = looked_at(Report(trace, look=look))
    found = list(zip(model.output_names, trace.outputs, strict=True))
    if look.layer or look.quantity:
        found = [(key, trace.get(key))]
    if look.sample is None:
        return found
    return [(f"{name}, sample {sample}", np.asarray(array[sample])) for name, array in found]
