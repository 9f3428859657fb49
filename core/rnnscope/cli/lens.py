"""``rnnscope lens``: a model run as every Keras would, and the layers that move."""

from __future__ import annotations

import argparse

from rnnscope.cli.codes import MATCHES, Commands
from rnnscope.cli.reading import add_model, load
from rnnscope.compare import Verdict
from rnnscope.errors import one_line
from rnnscope.inputs import load_input
from rnnscope.lens import Lens, Reading, readings_of
from rnnscope.report.text import MARKS


def add(commands: Commands) -> None:
    """Add the command's parser."""
    parser = commands.add_parser("lens", help="run a model as every Keras would, and name the layers that move")
    add_model(parser)
    parser.add_argument("input", metavar="INPUT", help="what the model is run on")
    parser.set_defaults(command=lens)


def lens(options: argparse.Namespace) -> int:
    """Look through the lens, and print a line for each other reading."""
    model = load(options)
    found = readings_of(model, lambda semantics: load(options, semantics), load_input(options.input))
    print(f"Read as {found.own}:")
    print("\n".join(lens_lines(found)))
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
