"""Where a command writes what it found besides the lines it prints."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence

from rnnscope.errors import BadInput
from rnnscope.reading.source import Source
from rnnscope.report.record import File
from rnnscope.writing import write_whole

STANDARD_OUTPUT = "-"
KINDS = {
    "json": "write all of it as JSON, in the documented layout",
    "html": "write a page with pictures, in one file that needs no other",
    "junit": "write a test case for each quantity, as servers of continuous integration read them",
}


def add_outputs(parser: argparse.ArgumentParser, *kinds: str) -> None:
    """The options ``--json``, ``--html`` and ``--junit``, of which the command has these."""
    group = parser.add_argument_group("files to write; - is standard output, where nothing else is printed then")
    for kind in kinds:
        group.add_argument(f"--{kind}", metavar="FILE", help=KINDS[kind])


def prints(options: argparse.Namespace) -> bool:
    """Whether standard output is for people to read; BadInput when two files are to go there."""
    taken = [kind for kind in KINDS if getattr(options, kind, None) == STANDARD_OUTPUT]
    if len(taken) > 1:
        raise BadInput(f"--{taken[0]} and --{taken[1]} cannot both go to standard output")
    return not taken


def write_outputs(options: argparse.Namespace, writers: Mapping[str, Callable[[], str]]) -> None:
    """Write each file that was asked for, whole or not at all; BadInput when one cannot be written."""
    for kind, writer in writers.items():
        path = getattr(options, kind)
        if path == STANDARD_OUTPUT:
            sys.stdout.write(writer())
        elif path is not None:
            write_whole(path, writer().encode("utf-8"), f"{kind} report")


def files_of(sources: Sequence[tuple[str, Source | None]]) -> tuple[File, ...]:
    """What the report says of the files that went in, by their roles."""
    return tuple(File(role, source.name, source.sha256) for role, source in sources if source is not None)
