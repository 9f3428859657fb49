"""``rnnscope summary``: Keras's table of a model's layers."""

from __future__ import annotations

import argparse
import shutil
import sys
from argparse import RawDescriptionHelpFormatter

from rnnscope.cli.codes import MATCHES, Commands
from rnnscope.cli.outputs import add_outputs, files_of, prints, write_outputs
from rnnscope.cli.reading import add_model, load
from rnnscope.cli.screen import is_terminal
from rnnscope.reading.source import read_source
from rnnscope.summary import summary_table

DESCRIPTION = """\
Print the table of layers that model.summary() prints in Keras, the totals, and the Keras by whose rules the file is
read. On a terminal it stands in a frame, as Keras draws it; elsewhere in columns, two spaces apart."""
EPILOG = """\
Exit codes: 0 the file could be read; 2 it could not.

Examples:
  rnnscope summary model.keras
  rnnscope summary architecture.json --weights weights.h5
  rnnscope summary model.keras --json - | jq '.layers[].name'"""


def add(commands: Commands) -> None:
    """Add the command's parser."""
    parser = commands.add_parser(
        "summary",
        help="print Keras's table of a model's layers",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=RawDescriptionHelpFormatter,
    )
    add_model(parser)
    add_outputs(parser, "json")
    parser.set_defaults(command=summary)


def summary(options: argparse.Namespace) -> int:
    """Print the table, or write it down."""
    readable = prints(options)
    source = read_source(options.model)
    weights = None if options.weights is None else read_source(options.weights)
    model = load(options, source=source, weights=weights)

    def as_json() -> str:
        from rnnscope.report.as_json import json_text, summary_json

        return json_text(summary_json(model, files_of([("model", source), ("weights", weights)])))

    write_outputs(options, {"json": as_json})
    if readable:
        framed = is_terminal(sys.stdout)
        width = shutil.get_terminal_size().columns if framed else None
        print(summary_table(model, framed=framed, width=width))
    return MATCHES
