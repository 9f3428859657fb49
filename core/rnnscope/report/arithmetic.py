"""A number taken apart, as lines of plain text."""

from __future__ import annotations

from collections.abc import Iterator

from rnnscope.errors import one_line
from rnnscope.explain.records import Explanation, Factor, Term, shown
from rnnscope.report.text import place

INDENT = "  "


def arithmetic(explanation: Explanation, count: int = 5) -> list[str]:
    """The explanation, the `count` largest terms of every sum in it, and below each what it is made of."""
    return [one_line_of(text) for text in _lines(explanation, count, "")]


def one_line_of(text: str) -> str:
    """`text` made harmless, its indentation kept."""
    bare = text.lstrip(" ")
    return " " * (len(text) - len(bare)) + one_line(bare)


def _lines(explanation: Explanation, count: int, indent: str) -> Iterator[str]:
    where = f"   ({place(explanation.location)})" if explanation.location else ""
    yield f"{indent}{explanation.formula}{_beside(explanation)}{where}"
    inner = indent + INDENT
    if explanation.law:
        yield f"{inner}{explanation.law}"
    if explanation.note:
        yield f"{inner}{explanation.note}"
    if explanation.origin and not explanation.parts:
        yield f"{inner}it stands at {place(explanation.origin)}"
    yield from (f"{inner}{_term(term)}" for term in explanation.largest(count) if explanation.kind == "sum")
    if explanation.rounding:
        yield f"{inner}{shown(explanation.rounding)}  what float arithmetic rounded on the way to {explanation.total!r}"
    if explanation.remainder:
        yield f"{inner}{shown(explanation.remainder)}  the result rounded to its type"
    for part in explanation.parts:
        yield from _lines(part, count, inner)


def _beside(value: Explanation | Factor) -> str:
    """What others have for a number."""
    named = {"Keras": value.keras, "mine": value.mine}
    return "".join(
        f", {name} {shown(theirs)}{_off(theirs - value.value)}" for name, theirs in named.items() if theirs is not None
    )


def _off(difference: float) -> str:
    """How far somebody else's number is off, where it is."""
    return f" ({'+' if difference > 0 else ''}{shown(difference)})" if difference else ""


def _term(term: Term) -> str:
    """``−0.062  x[3]·W[3, 12] = 0.31·−0.2   (masking output/0, sample 0, step 7, unit 3)``."""
    if term.kind == "others":
        return f"{shown(term.value)}  {term.text}"
    numbers = "·".join(shown(factor.value) for factor in term.factors)
    where = f"   ({place(term.source)})" if term.source else ""
    return f"{shown(term.value)}  {term.text} = {numbers}{''.join(map(_beside, term.factors))}{where}"
