"""``rnnscope script``: a model as a NumPy script to start a port from."""

from __future__ import annotations

import argparse
from argparse import RawDescriptionHelpFormatter

from rnnscope.cli.codes import MATCHES, Commands
from rnnscope.cli.reading import INPUT, add_model, load, read_input
from rnnscope.cli.screen import progress
from rnnscope.errors import RnnscopeError, Unsupported, one_line
from rnnscope.reading.source import read_source
from rnnscope.script import write_script

DESCRIPTION = """\
Write MODEL as predict.py, a readable script that needs NumPy alone and computes what model.predict() does, masks
included, with weights.npz and sample.npz beside it. Run without arguments, predict.py computes that sample and says
whether it agrees."""
EPILOG = """\
Exit codes: 0 the script is written; 2 a file or an argument is wrong.

Examples:
  rnnscope script model.keras -o port
  rnnscope script model.keras -o port --input input.npy --force
  python port/predict.py
  python port/predict.py input.npy output.npy"""


def add(commands: Commands) -> None:
    """Add the command's parser."""
    parser = commands.add_parser(
        "script",
        help="write a model as a readable NumPy script that checks itself",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=RawDescriptionHelpFormatter,
    )
    add_model(parser)
    parser.add_argument("-o", "--output", metavar="DIR", required=True, help="the folder to write into")
    parser.add_argument(
        "--input", metavar="INPUT", help=f"what the script checks itself with, made up without it: {INPUT}"
    )
    parser.add_argument("--force", action="store_true", help="overwrite a script that is there already")
    parser.set_defaults(command=script)


def script(options: argparse.Namespace) -> int:
    """Write the script, and say where it is."""
    model = load(options)
    source = None if options.input is None else read_source(options.input)
    try:
        x = None if source is None else read_input(source)
        with progress("Measuring what rounding can do") as tick:
            path = write_script(model, options.output, x, force=options.force, progress=tick)
    except Unsupported as error:
        raise error.located(file=model.file) from None
    except RnnscopeError as error:
        raise error.located(file=source.name if source else model.file) from None
    print(f"Written: {one_line(str(path))}; run without arguments it checks itself")
    return MATCHES
