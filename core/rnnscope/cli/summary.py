"""``rnnscope summary``: Keras's table of a model's layers."""

from __future__ import annotations

import argparse

from rnnscope.cli.codes import MATCHES, Commands
from rnnscope.cli.reading import add_model, load


def add(commands: Commands) -> None:
    """Add the command's parser."""
    parser = commands.add_parser("summary", help="print Keras's table of a model's layers")
    add_model(parser)
    parser.set_defaults(command=summary)


def summary(options: argparse.Namespace) -> int:
    """Print the table."""
    print(load(options).summary())
    return MATCHES
