"""What the Why? panel says: of nothing, of agreement, of mistakes that explain a port, of none. Pure; no widgets."""

from __future__ import annotations

from collections.abc import Sequence

from rnnscope import Comparison, Finding, Verdict
from rnnscope_gui.state import Document

OPEN = (
    "Open what your own port of this model gives, outputs or states, and rnnscope names the mistake behind it, with "
    "the line of NumPy that is right."
)
AGREES = "Your numbers are what the model gives, up to rounding. There is nothing to explain."
COMPARING = "Your numbers are being compared."
NONE = "No known mistake, and no pair of them, turns this model into your numbers. These come nearest:"
PERHAPS = "This can turn the model into your numbers, which are too few to prove it:"


def standing(document: Document) -> str:
    """Where things stand, in a sentence or two."""
    comparison = document.mine_comparison
    if document.mine is None:
        return OPEN
    if document.findings is not None:
        return _answer(document.findings)
    if document.mine_problem:
        return document.mine_problem
    if comparison is None:
        return COMPARING
    return AGREES if comparison.matches else _differs(comparison)


def agrees(document: Document) -> bool:
    """Whether the port is known to be right."""
    comparison = document.mine_comparison
    return document.findings == () or (comparison is not None and comparison.matches)


def can_ask(document: Document) -> bool:
    """Whether there is something to explain that has not been asked for."""
    judged = document.mine_comparison is not None or bool(document.mine_problem)
    return document.mine is not None and judged and document.findings is None and not agrees(document)


def _differs(comparison: Comparison) -> str:
    differing = [row for row in comparison.rows if row.verdict is Verdict.DIFFERENT]
    compared = [row for row in comparison.rows if row.verdict is not Verdict.NOT_COMPARED]
    if len(compared) == 1:
        return "Your numbers are not what the model gives."
    return f"{len(differing)} of your {len(compared)} arrays differ from what the model gives."


def _answer(findings: Sequence[Finding]) -> str:
    if not findings:
        return AGREES
    if not findings[0].explains:
        return PERHAPS if findings[0].tell_apart else NONE
    first = [finding for finding in findings if finding.rank == findings[0].rank]
    if len(first) == 1:
        return "This turns the model into your numbers, up to rounding:"
    return f"Each of these {len(first)} turns the model into your numbers; on this input they are tied."


def line_words(finding: Finding) -> tuple[str, str]:
    """A finding's title and what it has going for it: ``≠ …`` explains, ``– …`` is merely near."""
    where = f" · in {', '.join(finding.places)}" if finding.places else " · in the whole input"
    if finding.explains:
        return f"✓ {finding.title}", f"explains your numbers{where}"
    return f"– {finding.title}", f"{finding.distance:.2g} away{where}"


def apart_words(findings: Sequence[Finding]) -> str:
    """How to tell tied findings apart, or to prove the first one; "" where there is nothing to tell."""
    hint = findings[0].tell_apart if findings else ""
    if not hint:
        return ""
    return f"To tell them apart, try {hint}." if findings[0].explains else f"To prove it, give {hint}."


def ids_words(finding: Finding) -> str:
    """The names under which the catalogue has it."""
    return " + ".join(finding.ids) + ("" if finding.explains else " · does not explain your numbers")
