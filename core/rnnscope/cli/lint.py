"""``rnnscope lint``: what about a model's masks on an input is probably not what was meant."""

from __future__ import annotations

import argparse
from argparse import RawDescriptionHelpFormatter

from rnnscope.cli.codes import DIFFERS, MATCHES, Commands
from rnnscope.cli.reading import INPUT, add_model, load, traced
from rnnscope.lab.lint import lint as remarks_on

SHOWN = 3
DESCRIPTION = """\
Run MODEL on INPUT and look at its masks: padding that no mask meets, or nearly, or in part; samples that are masked
throughout; masks that end before a layer has used them, or that an initial_state switches off; averages of nothing."""
EPILOG = """\
Exit codes: 0 there is nothing to remark; 1 there is; 2 a file or an argument is wrong.

Examples:
  rnnscope lint model.keras input.npy
  rnnscope lint model.h5 input.npy --keras-version 2.2.4"""


def add(commands: Commands) -> None:
    """Add the command's parser."""
    parser = commands.add_parser(
        "lint",
        help="say what about the masks is probably not what was meant",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=RawDescriptionHelpFormatter,
    )
    add_model(parser)
    parser.add_argument("input", metavar="INPUT", help=INPUT)
    parser.set_defaults(command=lint)


def lint(options: argparse.Namespace) -> int:
    """Look at the masks, and print the remarks; exit code 1 when there are any."""
    found = remarks_on(traced(load(options), options.input))
    for remark in found:
        print(f"{remark.severity}: {remark.layer}: {remark.text} [{remark.id}]")
        if remark.places:
            shown = ", ".join(f"sample {sample} step {step}" for sample, step in remark.places[:SHOWN])
            more = f" and {len(remark.places) - SHOWN:,} more" if len(remark.places) > SHOWN else ""
            print(f"    where: {shown}{more}")
        print(f"    what to do: {remark.advice}.")
    if not found:
        print("Nothing to remark on the masks of this model and this input.")
    return DIFFERS if found else MATCHES
