"""``rnnscope diagnose``: the mistake that turns a model into the numbers of one's own port."""

from __future__ import annotations

import argparse
from pathlib import Path

from rnnscope.cli.codes import DIFFERS, MATCHES, Commands
from rnnscope.cli.reading import add_model, load
from rnnscope.diagnose import checked
from rnnscope.diagnose import diagnose as diagnosed
from rnnscope.errors import RnnscopeError
from rnnscope.findings import report
from rnnscope.inputs import load_input
from rnnscope.mine import load_mine


def add(commands: Commands) -> None:
    """Add the command's parser."""
    parser = commands.add_parser(
        "diagnose", help="find the mistake that turns a model into the numbers of your own port"
    )
    add_model(parser)
    parser.add_argument("input", metavar="INPUT", help="the input that your port was given")
    parser.add_argument(
        "mine", metavar="MINE", help="your numbers: .npy or .csv of the output, or .npz or .h5 with stored values' keys"
    )
    parser.set_defaults(command=diagnose)


def diagnose(options: argparse.Namespace) -> int:
    """Diagnose, and print what was found."""
    model = load(options)
    mine = load_mine(options.mine)
    try:
        x = checked(model, load_input(options.input))
    except RnnscopeError as error:
        raise error.located(file=Path(options.input).name) from None
    try:
        found = diagnosed(model, x, mine)
    except RnnscopeError as error:
        raise error.located(file=Path(options.mine).name) from None
    print("\n".join(report(found)))
    return DIFFERS if found else MATCHES
