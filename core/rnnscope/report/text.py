"""A comparison as lines of plain text."""

from __future__ import annotations

from rnnscope.compare import NOT_STORED, Comparison, Location, Row, Verdict
from rnnscope.errors import one_line

MARKS = {Verdict.SAME: "✓", Verdict.ROUNDING: "≈", Verdict.DIFFERENT: "≠", Verdict.NOT_COMPARED: "–"}


def report(result: Comparison) -> list[str]:
    """The comparison as lines of text: one a quantity, the rule, the first difference and the verdict."""
    shown = [row for row in result.rows if row.reason != NOT_STORED]
    width = max(len(_title(row)) for row in shown)
    lines = [_line(row, width) for row in shown]
    if len(shown) < len(result.rows):
        lines.append(f"– {len(result.rows) - len(shown)} more quantities were computed and are not stored")
    lines += ["", f"Rule: {result.rule}"]
    if result.foreign:
        lines.append(f"Note: {result.foreign}")
    if result.first_difference is not None:
        lines.append(f"First difference: {place(result.first_difference)}")
    return [*lines, f"{MARKS[result.verdict]} {result.verdict}"]


def place(location: Location) -> str:
    """``rnn state/h, sample 3, step 7, unit 12``."""
    layer = location.layer or "model"
    step = "" if location.step is None else f", step {location.step}"
    return f"{layer} {location.quantity}, sample {location.sample}{step}, unit {location.unit}"


def _title(row: Row) -> str:
    return f"{row.layer or 'model'} {row.quantity}"


def _line(row: Row, width: int) -> str:
    head = f"{MARKS[row.verdict]} {one_line(_title(row)):<{width}}  {row.verdict:<12}"
    if row.reason:
        return f"{head}  {row.reason}"
    at = f"  largest at {place(row.worst)}" if row.verdict is Verdict.DIFFERENT and row.worst else ""
    return f"{head}  max |difference| {row.max_abs:.3g}, relative {row.max_rel:.3g}{at}"
