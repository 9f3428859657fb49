"""A report as lines of plain text: the answer first, then a line for each quantity. Nothing is cut, nothing drawn."""

from __future__ import annotations

from collections.abc import Sequence

from rnnscope.compare import Verdict
from rnnscope.errors import one_line
from rnnscope.findings import report as findings_lines
from rnnscope.report.record import Report, looked_at
from rnnscope.report.table import HEADINGS, RIGHT_ALIGNED, Line, lines_of
from rnnscope.report.words import (
    MARKS,
    Held,
    caution_sentences,
    first_sentence,
    held,
    left_out,
    origin_sentences,
    place,
    port_sentences,
    reading_sentence,
    verdict_sentence,
)
from rnnscope.trace import split_key

__all__ = ["MARKS", "answer", "place", "plain", "table_lines"]


def plain(report: Report) -> list[str]:
    """The whole report."""
    lines = answer(report)
    for one in held(report):
        lines += ["", *section(report, one)]
    if report.port is not None and report.port.findings is not None:
        lines += ["", "Why:", *map(cleaned, findings_lines(report.port.findings))]
    return lines


def answer(report: Report) -> list[str]:
    """What is to be known first: each verdict and its first difference, the rule, and what mine was taken for."""
    lines = []
    for one in held(report):
        lines.append(verdict_sentence(one))
        lines += [sentence for sentence in (first_sentence(report, one),) if sentence]
        lines += [f"Origin: {sentence}" for sentence in origin_sentences(one)]
    lines += [f"Rule: {rule}" for rule in dict.fromkeys(one.result.rule for one in held(report))]
    notes = [sentence for one in held(report) for sentence in caution_sentences(one)]
    lines += [f"Note: {note}" for note in dict.fromkeys([*notes, reading_sentence(report)]) if note]
    if report.port is not None:
        lines += port_sentences(report.port)
    return [*lines, *looked_at_lines(report)]


def looked_at_lines(report: Report) -> list[str]:
    """The sample that somebody wants to see, judged by itself; nothing when nobody named one."""
    if report.look.sample is None:
        return []
    key, sample = looked_at(report)
    layer, quantity = split_key(key, report.trace.layers)
    said = []
    for one in held(report):
        verdict, largest = one.result.sample_verdict(key, sample)
        said.append(f"{one.ours} against {one.theirs} {MARKS[verdict]} {verdict}, max |difference| {largest:.3g}")
    return [one_line(f"Sample {sample}: {layer or 'model'} {quantity}: {'; '.join(said)}")]


def section(report: Report, one: Held) -> list[str]:
    """A comparison as a table under its own heading."""
    more = left_out(one.result)
    lines = [heading(report, one), *table_lines(lines_of(one.result, report.look))]
    return [*lines, f"{MARKS[Verdict.NOT_COMPARED]} {more}"] if more and one.result is report.comparison else lines


def heading(report: Report, one: Held) -> str:
    """What is held against what, and what of it is shown."""
    wanted = one_line(" ".join(part for part in (report.look.layer, report.look.quantity) if part))
    return f"{one.ours} against {one.theirs}{f', {wanted}' if wanted else ''}:"


def table_lines(lines: Sequence[Line]) -> list[str]:
    """Rows in aligned columns, two spaces between them, under their headings."""
    if not lines:
        return ["nothing of it was compared"]
    rows = [HEADINGS, *((*line.cells, line.remark) for line in lines)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS) - 1)]
    return [_row(row, widths) for row in rows]


def _row(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [
        cell.rjust(width) if heading in RIGHT_ALIGNED else cell.ljust(width)
        for cell, width, heading in zip(row, widths, HEADINGS, strict=False)
    ]
    return "  ".join([*cells, row[-1]]).rstrip()


def cleaned(line: str) -> str:
    """A line without control characters, its spaces kept."""
    return "".join(letter if letter.isprintable() else " " for letter in line)
