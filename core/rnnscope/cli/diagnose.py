"""``rnnscope diagnose``: the mistake that turns a model into the numbers of one's own port."""

from __future__ import annotations

import argparse
from argparse import RawDescriptionHelpFormatter

from rnnscope.cli.codes import DIFFERS, MATCHES, Commands
from rnnscope.cli.command import repeated
from rnnscope.cli.outputs import add_outputs, files_of, prints, write_outputs
from rnnscope.cli.reading import INPUT, add_model, load, read_input
from rnnscope.cli.screen import line_width, progress, say
from rnnscope.diagnose import checked
from rnnscope.diagnose import diagnose as diagnosed
from rnnscope.errors import RnnscopeError, one_line
from rnnscope.findings import WIDTH, Finding, report
from rnnscope.mine import Mine, load_mine, take_mine
from rnnscope.model import Model
from rnnscope.reading.source import Source, read_source
from rnnscope.run import run

DESCRIPTION = """\
Find out which known mistake of a port, alone or with another, turns MODEL run on INPUT into the numbers MINE; with the
explanation, and the line of NumPy that is right. The first line is the answer. Mistakes of one rank explain the numbers
equally well; then it is said which input would tell them apart."""
EPILOG = """\
Exit codes: 0 your numbers are the model's, up to rounding; 1 they are not; 2 a file or an argument is wrong.

Examples:
  rnnscope diagnose model.keras input.npy port.npy
  rnnscope diagnose model.keras input.npy port.npy --json - | jq '.findings[0].ids'"""


def add(commands: Commands) -> None:
    """Add the command's parser."""
    parser = commands.add_parser(
        "diagnose",
        help="find the mistake that turns a model into the numbers of your own port",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=RawDescriptionHelpFormatter,
    )
    add_model(parser)
    parser.add_argument("input", metavar="INPUT", help=f"the input that your port was given: {INPUT}")
    parser.add_argument(
        "mine", metavar="MINE", help="your numbers: .npy or .csv of the output, or .npz or .h5 with stored values' keys"
    )
    add_outputs(parser, "json")
    parser.set_defaults(command=diagnose)


def diagnose(options: argparse.Namespace) -> int:
    """Diagnose, write what is asked for, and print what was found."""
    readable = prints(options)
    roles = ("model", "weights", "input", "mine")
    sources = {role: read_source(path) for role in roles if (path := getattr(options, role)) is not None}
    model = load(options, source=sources["model"], weights=sources.get("weights"))
    mine, found = _found(model, sources["input"], sources["mine"])

    def as_json() -> str:
        from rnnscope.report.as_json import diagnosis_json, json_text

        return json_text(diagnosis_json(model, found, mine.taken, files_of(list(sources.items())), repeated(options)))

    write_outputs(options, {"json": as_json})
    if readable:
        say([*report(found, line_width(WIDTH)), "", *(f"Mine: {one_line(sentence)}" for sentence in mine.taken)])
    return DIFFERS if found else MATCHES


def _found(model: Model, given: Source, own: Source) -> tuple[Mine, tuple[Finding, ...]]:
    """What the numbers were taken for, and the mistakes that give them; errors name the file that they are about."""
    try:
        x = checked(model, read_input(given))
    except RnnscopeError as error:
        raise error.located(file=given.name) from None
    try:
        with progress("Running the model") as tick:
            trace = run(model, x, progress=tick)
        mine = take_mine(load_mine(own), trace, own.name)
        with progress("Looking for mistakes") as tick:
            return mine, diagnosed(model, x, dict(mine.arrays), progress=tick)
    except RnnscopeError as error:
        raise error.located(file=own.name) from None
