"""``rnnscope run``: a model's outputs, or every step of it in one file."""

from __future__ import annotations

import argparse

from rnnscope.cli.codes import MATCHES, Commands
from rnnscope.cli.reading import add_model, load, traced


def add(commands: Commands) -> None:
    """Add the command's parser."""
    parser = commands.add_parser("run", help="run a model on an input; print its outputs or save every step")
    add_model(parser)
    parser.add_argument("input", metavar="INPUT", help=".npy, .npz, .h5 or .csv; the batch axis comes first")
    parser.add_argument("-o", "--output", metavar="TRACE.h5", help="write every output, state, gate and mask here")
    parser.add_argument("--ignore-masks", action="store_true", help="run every step on the raw input, masked or not")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Run, and print the outputs or save everything."""
    model = load(options)
    trace = traced(model, options.input, use_masks=not options.ignore_masks)
    if options.output is not None:
        trace.save(options.output)
        print(f"{options.output}: {sum(1 for _ in trace.quantities())} arrays")
        return MATCHES
    for name, output in zip(model.output_names, trace.outputs, strict=True):
        print(f"{name} {output.shape}\n{output}")
    return MATCHES
