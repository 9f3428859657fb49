"""``rnnscope reduce``: the smallest model, input and numbers that still differ, in a zip for a bug report."""

from __future__ import annotations

import argparse
from argparse import RawDescriptionHelpFormatter
from pathlib import Path

from rnnscope.cli.codes import DIFFERS, MATCHES, Commands
from rnnscope.cli.reading import INPUT, STORED, add_model, read_input
from rnnscope.errors import BadInput
from rnnscope.plugin_files import run_plugin
from rnnscope.reading.source import read_source

DESCRIPTION = """\
Shrink samples, layers and steps while the difference survives, and pack what is left into a zip: model, input, expected
numbers, scripts that assert, and a text."""
EPILOG = """\
Exit codes: 0 nothing differs, and nothing is written; 1 something does, and is packed; 2 a file or an argument is
wrong.

Examples:
  rnnscope reduce model.keras input.npy keras.npz -o bug.zip
  rnnscope reduce model.keras input.npy --mine port.npy -o bug.zip"""


def add(commands: Commands) -> None:
    """Add the command's parser."""
    parser = commands.add_parser(
        "reduce",
        help="pack the smallest model, input and numbers that still differ, for a bug report",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=RawDescriptionHelpFormatter,
    )
    add_model(parser)
    parser.add_argument("input", metavar="INPUT", help=f"the input that was given: {INPUT}")
    parser.add_argument("reference", metavar="REFERENCE", nargs="?", help=STORED)
    parser.add_argument("--mine", metavar="FILE", help="the numbers of your own port, in place of REFERENCE")
    parser.add_argument("-o", "--output", metavar="BUG.zip", required=True, help="the zip file to write")
    parser.add_argument("--force", action="store_true", help="replace the zip file if it is there already")
    parser.add_argument(
        "--atol", type=float, help="fixed rule |a − b| ≤ atol + rtol·|keras| instead of the noise floor"
    )
    parser.add_argument("--rtol", type=float, help="see --atol")
    parser.set_defaults(command=reduce)


def reduce(options: argparse.Namespace) -> int:
    """Reduce, write the zip, and print what became of the difference."""
    from rnnscope.reduce import reduce as reduced
    from rnnscope.report.text import place

    if options.infer:
        raise BadInput("weights alone are no model to cut", advice="Give the architecture as JSON, with --weights")
    read = [options.model, options.input, options.reference, options.mine, options.weights]
    if any(path is not None and Path(path).resolve() == Path(options.output).resolve() for path in read):
        raise BadInput("the report would take the place of a file that it is made of", file=options.output)
    if not options.force and Path(options.output).exists():
        raise BadInput("the file is there already", file=options.output, advice="Say --force to replace it")
    for file in options.run_code:
        run_plugin(file)
    entering = read_source(options.input)
    read_input(entering)
    found = reduced(
        options.model,
        entering,
        options.reference,
        mine=options.mine,
        weights=options.weights,
        keras_version=options.keras_version,
        backend=options.backend,
        bypass_lambda=options.bypass_lambda,
        atol=options.atol,
        rtol=options.rtol,
    )
    if found is None:
        print("nothing differs; nothing to reduce")
        return MATCHES
    found.save(options.output, force=options.force)
    first = found.comparison.first_difference
    print("\n".join(found.done))
    print(f"{options.output}: {len(found.archive):,} bytes" + (f"; {place(first)}" if first is not None else ""))
    return DIFFERS
