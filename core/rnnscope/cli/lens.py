"""``rnnscope lens``: a model run as every Keras would, and the layers that move."""

from __future__ import annotations

import argparse
from argparse import RawDescriptionHelpFormatter

from rnnscope.cli.codes import MATCHES, Commands
from rnnscope.cli.outputs import add_outputs, files_of, prints, write_outputs
from rnnscope.cli.reading import INPUT, add_model, load, read_input
from rnnscope.cli.screen import progress, say
from rnnscope.compare import Verdict
from rnnscope.errors import RnnscopeError, Unsupported, one_line
from rnnscope.lens import Lens, Reading, readings_of
from rnnscope.model import Model
from rnnscope.reading.source import read_source
from rnnscope.report.text import MARKS
from rnnscope.semantics import Semantics

DESCRIPTION = """\
Read MODEL by the rules of every Keras, run each reading on INPUT, and say which layers' numbers move against those of
the file's own reading; one line for each reading. Whatever no rule touches is equal to the bit, so that any difference
is a rule's."""
EPILOG = """\
Exit codes: 0 the lens could be looked through, whatever moves; 2 a file or an argument is wrong.

Examples:
  rnnscope lens model.keras input.npy
  rnnscope lens model.h5 input.npy --keras-version 2.2.4 --backend theano"""


def add(commands: Commands) -> None:
    """Add the command's parser."""
    parser = commands.add_parser(
        "lens",
        help="run a model as every Keras would, and name the layers that move",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=RawDescriptionHelpFormatter,
    )
    add_model(parser)
    parser.add_argument("input", metavar="INPUT", help=f"what the model is run on: {INPUT}")
    add_outputs(parser, "json")
    parser.set_defaults(command=lens)


def lens(options: argparse.Namespace) -> int:
    """Look through the lens, write what is asked for, and print a line for each other reading."""
    readable = prints(options)
    roles = ("model", "weights", "input")
    sources = {role: read_source(path) for role in roles if (path := getattr(options, role)) is not None}

    def reread(semantics: Semantics | None) -> Model:
        return load(options, semantics, sources["model"], sources.get("weights"))

    model = reread(None)
    x = read_input(sources["input"])
    try:
        with progress("Reading as other Kerases") as tick:
            found = readings_of(model, reread, x, progress=tick)
    except Unsupported as error:
        raise error.located(file=model.file) from None
    except RnnscopeError as error:
        raise error.located(file=sources["input"].name) from None

    def as_json() -> str:
        from rnnscope.report.as_json import json_text, lens_json

        return json_text(lens_json(model, found, files_of(list(sources.items()))))

    write_outputs(options, {"json": as_json})
    if readable:
        say([f"Read as {found.own}:", *lens_lines(found)])
    return MATCHES


def lens_lines(found: Lens) -> list[str]:
    """One line for each other reading: its Keras, whether anything moves, by how much, and where it begins."""
    width = max((len(str(reading.semantics)) for reading in found.readings), default=0)
    return [f"{_mark(reading)} {reading.semantics!s:<{width}}  {_moved(reading)}" for reading in found.readings]


def _mark(reading: Reading) -> str:
    return MARKS[Verdict.NOT_COMPARED if reading.problem else Verdict.SAME if reading.same else Verdict.DIFFERENT]


def _moved(reading: Reading) -> str:
    if reading.problem:
        return f"cannot be read so: {one_line(reading.problem)}"
    if reading.same:
        return "nothing moves"
    begins = ", ".join(
        f"{moved.layer} ({moved.quantity}, {moved.largest:.3g})" for moved in reading.moved if moved.begins
    )
    follows = ", ".join(moved.layer for moved in reading.moved if not moved.begins)
    text = f"outputs move by {reading.output:.3g}" if reading.output else "the outputs stay"
    text += f"; begins at {begins}" if begins else ""
    return one_line(text + (f"; then {follows}" if follows else ""))
