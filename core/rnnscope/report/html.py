"""A report as one page that holds all it needs: the answer, the pictures, the table, the rule, and what it was made of.

Nothing in it is fetched, nothing runs; a policy in its head forbids both. Names from files are escaped.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from rnnscope import __version__
from rnnscope.compare import Location, Verdict
from rnnscope.display import levels
from rnnscope.errors import one_line
from rnnscope.findings import Finding, answer_lines
from rnnscope.report.drawing import heatmap, line_plot
from rnnscope.report.record import Report
from rnnscope.report.subject import Subject, subjects
from rnnscope.report.table import HEADINGS, RIGHT_ALIGNED, Line, lines_of
from rnnscope.report.text import cleaned
from rnnscope.report.words import (
    MARKS,
    Held,
    allowed_at,
    caution_sentences,
    first_sentence,
    held,
    left_out,
    numbers_at,
    origin_sentences,
    place,
    port_sentences,
    reading_sentence,
    row_of,
    verdict_words,
)

if TYPE_CHECKING:
    from jinja2 import Template
    from markupsafe import Markup

TONES = {Verdict.SAME: "good", Verdict.ROUNDING: "good", Verdict.DIFFERENT: "bad", Verdict.NOT_COMPARED: "none"}
MEASURED = (
    "Drift is how far the numbers move, at each step, when the run is made in float64 and every weight and state is "
    "shaken by one rounding of the model's own type; u is one unit of that rounding. The table says what that allows."
)
CHOSEN = "This rule was chosen instead of the measured noise floor."
HATCHED = "Hatched: masked steps; the strip above is full where a step is computed. "
FRAMED = "Framed: the first difference. "
POOLED = "Red is positive, blue negative. Where there are more numbers than pixels, each shows the largest of its own."


@dataclass(frozen=True, slots=True)
class Picture:
    """A heatmap with its title, a note beside it, and the ends of its scale."""

    title: str
    note: str
    svg: Markup
    low: str
    high: str


def page(report: Report) -> str:
    """The whole page."""
    model = report.trace.model
    first = held(report)[0].result.verdict if held(report) else Verdict.NOT_COMPARED
    worst = max((one.result.verdict for one in held(report)), key=lambda verdict: verdict.severity, default=first)
    return _template().render(
        mark=MARKS[worst],
        title=one_line(model.file or model.name) if model is not None else "a run",
        version=__version__,
        files=report.files,
        samples=f"{report.trace.batch_size:,} {'sample' if report.trace.batch_size == 1 else 'samples'}",
        answers=_answers(report),
        findings=_findings(report),
        subjects=[_subject(shown) for shown in subjects(report)],
        tables=[_table(report, one) for one in held(report)],
        headings=HEADINGS,
        right=RIGHT_ALIGNED,
        rules=list(dict.fromkeys(one.result.rule for one in held(report))),
        rule_words=MEASURED if any("drift" in one.result.rule for one in held(report)) else CHOSEN,
        command=cleaned(report.command),
        model=model,
        notes=[one_line(note) for note in (model.notes if model is not None else ())],
    )


@cache
def _template() -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("rnnscope.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html")


def _answers(report: Report) -> list[dict[str, object]]:
    """One for each comparison; numbers at a place stand in the first that names it."""
    told: set[Location | None] = set()
    answers = []
    for one in held(report):
        first = one.result.first_difference
        answers.append(_answer(report, one, with_numbers=first not in told))
        told.add(first)
    return answers


def _answer(report: Report, one: Held, *, with_numbers: bool) -> dict[str, object]:
    first = one.result.first_difference
    notes = caution_sentences(one)
    if one.result is report.comparison and (other := reading_sentence(report)):
        notes.append(other)
    if first is None and one.result.verdict is Verdict.DIFFERENT:
        notes.append(first_sentence(report, one))
    if report.port is not None and one.result is report.port.run:
        notes += port_sentences(report.port)
    numbers = _numbers(report, one, first) if with_numbers and first is not None else []
    return {
        "mark": MARKS[one.result.verdict],
        "tone": TONES[one.result.verdict],
        "verdict": str(one.result.verdict),
        "sentence": verdict_words(one),
        "first": "" if first is None else place(first),
        "numbers": numbers,
        "origins": origin_sentences(one),
        "notes": notes,
    }


def _numbers(report: Report, one: Held, first: Location) -> list[tuple[str, str]]:
    row = row_of(one.result, first)
    allowed = None if row is None else allowed_at(row, first)
    return numbers_at(report, first) + ([] if allowed is None else [("allowed difference", f"{allowed:.3g}")])


def _findings(report: Report) -> dict[str, object] | None:
    if report.port is None or report.port.findings is None:
        return None
    found = report.port.findings
    return {"answer": answer_lines(found), "found": [_finding(finding) for finding in found]}


def _finding(finding: Finding) -> dict[str, object]:
    return {
        "ids": " + ".join(finding.ids),
        "title": finding.title,
        "explains": finding.explains,
        "places": one_line(", ".join(finding.places)) or "the whole input",
        "distance": f"{finding.distance:.2g}",
        "explanation": finding.explanation.split("\n"),
        "fix": finding.fix,
    }


def _subject(shown: Subject) -> dict[str, object]:
    return {"title": _named(shown), "pictures": _pictures(shown), "plot": _plot(shown), "legend": _legend(shown)}


def _named(shown: Subject) -> str:
    sample = "" if shown.sample is None else f", sample {shown.sample}"
    return one_line(f"{shown.layer} · {shown.quantity}{sample}")


def _pictures(shown: Subject) -> list[Picture]:
    """Everybody's plane on one scale, and each difference on its own, not below what is allowed."""
    _, top = levels(shown.planes.values(), "symmetric")
    found = [_picture(shown, name, "", plane, top) for name, plane in shown.planes.items()]
    for a, b, apart in shown.differences:
        _, most = levels([apart], "symmetric")
        largest = float(np.max(np.abs(apart), initial=0.0))
        found.append(_picture(shown, f"{a} − {b}", f"largest {largest:.3g}", apart, max(most, shown.allowed)))
    return found


def _picture(shown: Subject, title: str, note: str, plane: np.ndarray, top: float) -> Picture:
    svg = heatmap(plane, top, shown.columns, shown.masked, shown.cell)
    return Picture(title, note, svg, f"−{top:.3g}", f"{top:.3g}")


def _plot(shown: Subject) -> dict[str, object] | None:
    """One unit over the columns: that of the first difference, else the first one; nothing for a single column."""
    unit, at = shown.cell if shown.cell is not None else (0, None)
    lines = {name: plane[unit] for name, plane in shown.planes.items()}
    if len(lines["NumPy"]) < 2:
        return None
    title = f"Unit {unit} over the {shown.columns}s"
    return {"title": title, "names": list(lines), "svg": line_plot(lines, shown.columns, shown.masked, at)}


def _legend(shown: Subject) -> str:
    hatched = shown.masked is not None and bool(shown.masked.any())
    return (HATCHED if hatched else "") + (FRAMED if shown.cell is not None else "") + POOLED


def _table(report: Report, one: Held) -> dict[str, object]:
    lines = [_line(line) for line in lines_of(one.result)]
    more = left_out(one.result) if one.result is report.comparison else ""
    return {"title": f"{one.ours} against {one.theirs}", "lines": lines, "left_out": more}


def _line(line: Line) -> dict[str, object]:
    cells = list(zip(HEADINGS, line.cells, strict=False))
    return {"tone": TONES[line.verdict], "cells": cells, "remark": line.remark, "is_first": line.is_first}
