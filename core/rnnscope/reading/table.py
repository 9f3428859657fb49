"""A table of numbers in CSV text."""

from __future__ import annotations

import csv
import re

import numpy as np

from rnnscope.errors import BadInput
from rnnscope.reading.source import Source
from rnnscope.types import Array

MAX_CSV_BYTES = 512 * 2**20
MAX_ROWS, MAX_COLUMNS = 10_000_000, 100_000
DECIMAL_COMMA = re.compile(r"^\s*-?\d+,\d+\s*$")


def read_csv(source: Source) -> Array:
    """A rectangular table of numbers, (rows, columns); a first row without numbers is a heading."""
    if len(source.data) > MAX_CSV_BYTES:
        raise BadInput("the table is too large", file=source.name, expected=f"at most {MAX_CSV_BYTES:,} bytes")
    try:
        text = source.data.decode("utf-8-sig")
        rows = list(csv.reader(text.splitlines(), delimiter=_delimiter(text)))
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInput(f"not a table of numbers: {error}", file=source.name) from None
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    start = 1 if rows and not any(_is_number(cell) for cell in rows[0]) else 0
    _check_table(rows, start, source.name)
    return np.array(
        [
            [_number(cell, row, column, source.name) for column, cell in enumerate(cells)]
            for row, cells in enumerate(rows[start:], start)
        ]
    )


def _delimiter(text: str) -> str:
    first = text.split("\n", 1)[0]
    return max((",", ";", "\t"), key=first.count)


def _check_table(rows: list[list[str]], start: int, file: str) -> None:
    if len(rows) <= start:
        raise BadInput("the table has no numbers", file=file)
    if len(rows) > MAX_ROWS or len(rows[0]) > MAX_COLUMNS:
        raise BadInput("the table is too large", file=file, expected=f"at most {MAX_ROWS:,} × {MAX_COLUMNS:,}")
    width = len(rows[0])
    for number, row in enumerate(rows):
        if len(row) != width:
            raise BadInput(f"row {number} of the table has another length", file=file, expected=width, found=len(row))


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return DECIMAL_COMMA.match(cell) is not None
    return True


def _number(cell: str, row: int, column: int, file: str) -> float:
    try:
        return float(cell)
    except ValueError:
        comma = DECIMAL_COMMA.match(cell) is not None
        raise BadInput(
            f"row {row}, column {column} of the table is not a number",
            file=file,
            found=repr(cell[:40]),
            advice="Write decimals with a point, not a comma" if comma else None,
        ) from None
