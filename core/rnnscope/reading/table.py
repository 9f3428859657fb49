"""A table of numbers in CSV text."""

from __future__ import annotations

import csv
import io
import math
import re
from array import array

import numpy as np

from rnnscope.errors import BadInput
from rnnscope.reading.source import Source
from rnnscope.types import Array

MAX_CSV_BYTES = 512 * 2**20
MAX_ROWS, MAX_COLUMNS = 10_000_000, 100_000
SEPARATORS = ("\t", ";", ",")
STARTS_A_NUMBER = "+-.,0123456789"
# What float() takes beyond this, such as 1_000, other scripts' digits or a number too large, is refused.
NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*", re.ASCII | re.IGNORECASE)
NOT_FINITE = re.compile(r"\s*[+-]?(nan|inf|infinity)\s*", re.ASCII | re.IGNORECASE)
DECIMAL_COMMA = re.compile(r"\s*[+-]?\d*,\d+(e[+-]?\d+)?\s*", re.ASCII | re.IGNORECASE)


def read_csv(source: Source) -> Array:
    """A rectangular table of numbers, (rows, columns), as float64.

    A first row in which nothing begins like a number is a heading.
    Columns are separated by tabs, semicolons or commas, whichever of these the first line has. Numbers have a decimal
    point; ``nan`` and ``inf`` stand for themselves; empty lines count for nothing. BadInput, with the line, otherwise.
    """
    if len(source.data) > MAX_CSV_BYTES:
        raise BadInput("the table is too large", file=source.name, expected=f"at most {MAX_CSV_BYTES:,} bytes")
    try:
        text = source.data.decode("utf-8-sig")
        return _table(text, source.name)
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInput(f"not a table of numbers: {error}", file=source.name) from None


def _table(text: str, file: str) -> Array:
    reader = csv.reader(io.StringIO(text, newline=None), delimiter=_separator(text), strict=True)
    # Whole rows go through float() unless the text holds what float() is too generous with.
    plain = text.isascii() and "_" not in text
    numbers, width, rows = array("d"), 0, 0
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        if not width:
            width = len(cells)
            if _is_heading(cells):
                continue
        if len(cells) != width or width > MAX_COLUMNS or rows >= MAX_ROWS:
            raise _misshapen(len(cells), width, reader.line_num, file)
        numbers.extend(_numbers(cells, reader.line_num, file, plain))
        rows += 1
    if not rows:
        raise BadInput("the table has no numbers", file=file)
    return np.array(numbers).reshape(rows, width)


def _separator(text: str) -> str:
    first = next(filter(str.strip, io.StringIO(text, newline=None)), "")
    return next((separator for separator in SEPARATORS if separator in first), ",")


def _is_heading(cells: list[str]) -> bool:
    # A mistyped number such as 1O.5 must not pass for a heading: a row would be lost and every step after it shifted.
    return not any(cell.strip()[:1] in STARTS_A_NUMBER or NOT_FINITE.fullmatch(cell) for cell in cells if cell.strip())


def _numbers(cells: list[str], line: int, file: str, plain: bool) -> list[float]:
    try:
        values = [float(cell) for cell in cells]
    except ValueError:
        values, plain = [], False
    if plain and not any(map(math.isinf, values)):
        return values
    for column, cell in enumerate(cells, 1):
        finite = NUMBER.fullmatch(cell) and math.isfinite(float(cell))
        if not finite and not NOT_FINITE.fullmatch(cell):
            raise BadInput(
                f"line {line}, column {column}: not a number", file=file, found=repr(cell[:40]), advice=_advice(cell)
            )
    return values


def _advice(cell: str) -> str | None:
    if DECIMAL_COMMA.fullmatch(cell):
        return "Write decimals with a point, not a comma"
    return "Separate columns with commas" if len(cell.split()) > 1 else None


def _misshapen(found: int, width: int, line: int, file: str) -> BadInput:
    if found != width:
        return BadInput(
            f"line {line}: another number of columns than the first line", file=file, expected=width, found=found
        )
    return BadInput("the table is too large", file=file, expected=f"at most {MAX_ROWS:,} × {MAX_COLUMNS:,}")
