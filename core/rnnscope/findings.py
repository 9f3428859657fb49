"""What a diagnosis found: mistakes that explain the numbers, or come near; and the same in lines of text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from textwrap import indent, wrap

from rnnscope.errors import one_line
from rnnscope.trace import Trace

AGREES = "≈ none needed: your numbers are what the model gives, up to rounding"
NONE = "≠ none: no known mistake, and no pair of them, turns this model into your numbers"
PERHAPS = "it can turn the model into your numbers, which are too few to prove it"
WIDTH = 100


@dataclass(frozen=True, slots=True, eq=False)
class Finding:
    """One mistake, or two at once, held against a person's numbers.

    ids: of the catalogue, one or two. explains: whether the mistaken run gives the numbers up to its noise floor.
    distance: how far the mistaken run is from them, the root of the mean squared gap in units of their largest number.
    title, explanation, fix: in words, and in a line of NumPy. places: the layers in which it is made; empty when it is
    made to the input as a whole. rank: 0 for the first; findings of one rank explain the numbers equally, and
    `tell_apart` says which input would show which it is; of a finding that could explain the numbers, but for their
    being too few to prove it, what would prove it. trace: the mistaken run, where it can be replayed.
    """

    ids: tuple[str, ...]
    explains: bool
    distance: float
    title: str
    explanation: str
    fix: str
    places: tuple[str, ...] = ()
    rank: int = 0
    tell_apart: str = ""
    trace: Trace | None = field(default=None, repr=False)


def report(findings: Sequence[Finding], width: int = WIDTH) -> list[str]:
    """A diagnosis as lines of text: the answer, a table of all findings, and what is to be said of the first ones.

    width: characters that a line of an explanation may have.
    """
    if not findings:
        return [AGREES]
    first = [finding for finding in findings if finding.rank == findings[0].rank]
    lines = [*answer_lines(findings), "", *_table(findings)]
    for finding in first if first[0].explains else findings[:1]:
        lines += ["", finding.title, *wrap(finding.explanation, width, initial_indent="  ", subsequent_indent="  ")]
        lines += indent(finding.fix, "  > ").split("\n")
    return lines


def answer_lines(findings: Sequence[Finding]) -> list[str]:
    """What a diagnosis says first: the mistake, those that are tied, or that there is none."""
    if not findings:
        return [AGREES]
    first = [finding for finding in findings if finding.rank == findings[0].rank]
    if not first[0].explains and first[0].tell_apart:
        return [f"≠ perhaps {' + '.join(first[0].ids)}: {PERHAPS}", f"  To prove it, give {first[0].tell_apart}"]
    if not first[0].explains:
        return [f"{NONE}. The nearest:"]
    named = [" + ".join(finding.ids) for finding in first]
    if len(first) == 1:
        return [f"≠ {named[0]}: this turns the model into your numbers, up to rounding"]
    tied = f"≠ {' or '.join(named)}: each explains your numbers equally; on this input they are tied"
    return [tied, f"  To tell them apart, try {first[0].tell_apart}"]


def _table(findings: Sequence[Finding]) -> list[str]:
    rows = [("rank", "mistake", "explains", "distance", "where")]
    for finding in findings:
        where = ", ".join(finding.places) or "the whole input"
        explains = "yes" if finding.explains else "no"
        rows.append(
            (str(finding.rank + 1), " + ".join(finding.ids), explains, f"{finding.distance:.2g}", one_line(where))
        )
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return ["  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[4]]) for row in rows]
