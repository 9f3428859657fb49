"""A report as the XML that servers of continuous integration read: a test case for each quantity."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import quoteattr

from rnnscope.compare import Row, Verdict
from rnnscope.errors import one_line
from rnnscope.report.record import Report
from rnnscope.report.words import Held, held, place, row_of, title


def junit(report: Report) -> str:
    """A ``testsuites`` document with a suite for each comparison; a quantity that was not compared is skipped.

    Names are those of layers and quantities, without what XML cannot hold.
    """
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f"<testsuites {_totals(_all_rows(report))}>"]
    for one in held(report):
        lines += _suite(report, one)
    return "\n".join([*lines, "</testsuites>", ""])


def _all_rows(report: Report) -> list[Row]:
    return [row for one in held(report) for row in one.result.rows]


def _suite(report: Report, one: Held) -> list[str]:
    rows = one.result.rows
    name = f"{_model_name(report)}: {one.ours} against {one.theirs}"
    lines = [f"  <testsuite {_attributes(name=name)} {_counts(rows)}>"]
    lines.append(f"    <properties><property {_attributes(name='rule', value=one.result.rule)}/></properties>")
    for row in rows:
        lines += _case(one, row)
    return [*lines, "  </testsuite>"]


def _case(one: Held, row: Row) -> list[str]:
    case = f'    <testcase {_attributes(classname=row.layer or "model", name=row.quantity)} time="0"'
    if row.verdict is Verdict.NOT_COMPARED:
        return [f"{case}>", f"      <skipped {_attributes(message=row.reason)}/>", "    </testcase>"]
    if row.verdict is not Verdict.DIFFERENT:
        return [f"{case}/>"]
    return [
        f"{case}>",
        f"      <failure {_attributes(message=_message(one, row), type='different')}/>",
        "    </testcase>",
    ]


def _message(one: Held, row: Row) -> str:
    """Where the quantity differs first, by how much at most, and whether all differences begin with it."""
    if row.first is None:
        return f"{title(row)}: {row.reason}"
    begins = one.result.first_difference
    where = (
        "first difference of all" if begins is not None and row_of(one.result, begins) is row else "first difference"
    )
    return f"{where}: {place(row.first)}; max |difference| {row.max_abs:.3g}, relative {row.max_rel:.3g}"


def _totals(rows: Sequence[Row]) -> str:
    failures = sum(row.verdict is Verdict.DIFFERENT for row in rows)
    return f'tests="{len(rows)}" failures="{failures}" errors="0" time="0"'


def _counts(rows: Sequence[Row]) -> str:
    """Only a suite may say how many were skipped."""
    return f'{_totals(rows)} skipped="{sum(row.verdict is Verdict.NOT_COMPARED for row in rows)}"'


def _model_name(report: Report) -> str:
    return report.trace.model.file or report.trace.model.name if report.trace.model is not None else "a run"


def _attributes(**values: str) -> str:
    """Attributes of an element; `one_line` takes out every character that XML cannot hold."""
    return " ".join(f"{name}={quoteattr(one_line(value))}" for name, value in values.items())
