"""A comparison as rows of text: the same cells for a terminal, a pipe and a page."""

from __future__ import annotations

from dataclasses import dataclass

from rnnscope.compare import Comparison, Row, Verdict
from rnnscope.errors import one_line
from rnnscope.report.record import Look
from rnnscope.report.words import MARKS, allowed_at, furthest, key_of, position, shown

HEADINGS = ("verdict", "layer", "quantity", "max |difference|", "relative", "allowed", "")
RIGHT_ALIGNED = ("max |difference|", "relative", "allowed")
EVERYTHING = Look()
FIRST, FURTHEST = "first difference", "furthest beyond the rule"


@dataclass(frozen=True, slots=True)
class Line:
    """One quantity: cells for the headings up to ``allowed``, the remark that stands last, and how it was judged."""

    verdict: Verdict
    cells: tuple[str, ...]
    remark: str
    key: str
    is_first: bool = False
    is_furthest: bool = False


def lines_of(result: Comparison, look: Look = EVERYTHING) -> list[Line]:
    """The rows that somebody had values for, in execution order; of the layer and the quantity that are looked at."""
    first = result.first_difference
    first_key = "" if first is None else key_of(first)
    worst = furthest(result) if sum(row.verdict is Verdict.DIFFERENT for row in result.rows) > 1 else None
    return [
        _line(row, is_first=row.key == first_key, is_furthest=row is worst)
        for row in shown(result.rows)
        if look.layer in ("", row.layer) and look.quantity in ("", row.quantity)
    ]


def _line(row: Row, *, is_first: bool, is_furthest: bool) -> Line:
    names = (f"{MARKS[row.verdict]} {row.verdict}", one_line(row.layer or "model"), one_line(row.quantity))
    flags = [flag for flag, holds in ((FIRST, is_first), (FURTHEST, is_furthest)) if holds]
    numbers = ("", "", "") if row.reason and row.worst is None else _numbers(row)
    if row.reason:
        flags.append(one_line(row.reason))
    if row.verdict is Verdict.DIFFERENT and row.worst is not None:
        flags.append(f"largest at {position(row.worst)}")
    if row.caution:
        flags.append(row.caution)
    remark = "; ".join(flags)
    return Line(row.verdict, (*names, *numbers), remark, row.key, is_first, is_furthest)


def _numbers(row: Row) -> tuple[str, str, str]:
    at = row.worst or row.first
    allowed = None if row.floor is None else float(row.floor.max(initial=0.0)) if at is None else allowed_at(row, at)
    return f"{row.max_abs:.3g}", f"{row.max_rel:.3g}", "" if allowed is None else f"{allowed:.3g}"
