"""What the arithmetic page says of the number under the cursor: lines, bars and places to go. Pure; no widgets."""

from __future__ import annotations

import math
from dataclasses import dataclass

from rnnscope.compare import Location
from rnnscope.errors import RnnscopeError
from rnnscope.explain import Explanation, Term, explain
from rnnscope.explain.records import SYMBOLS, shown
from rnnscope.order import has_steps
from rnnscope.trace import layer_key
from rnnscope_gui.state import Document, View

MOST_TERMS = 24
WORDS = {"feature": "from the input", "unit": "from the state before", "bias": "bias", "recurrent bias": "bias"}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the page: what, the numbers in it, what it comes to, and where a click goes.

    share: of the largest term, −1 to 1, for the bar; 0 for what is many terms together. keras, mine: what others have
    for the number that is weighed.
    """

    what: str
    numbers: str
    value: float
    share: float = 0.0
    source: Location | None = None
    keras: float | None = None
    mine: float | None = None


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """One number taken apart.

    formula: with the numbers in it. law: in symbols. note: a sentence. terms: the largest first. sums: what the terms
    of each kind come to, the total, what rounding did, and the number itself. parts: gates and states it is made of.
    """

    formula: str
    law: str
    note: str
    terms: tuple[Line, ...] = ()
    sums: tuple[Line, ...] = ()
    parts: tuple[Line, ...] = ()


def arithmetic(document: Document, view: View) -> Arithmetic | None:
    """The number under the cursor, taken apart; None while nothing ran."""
    trace = document.trace
    if trace is None or view.layer not in trace.layers:
        return None
    try:
        there = Location(view.layer, view.quantity, view.sample, _step(document, view), view.unit)
        mine = document.mine.reference() if document.mine is not None else None
        found = explain(trace, there, reference=document.reference, mine=mine)
    except RnnscopeError as error:
        return Arithmetic("", "", str(error))
    return _page(found)


def _step(document: Document, view: View) -> int | None:
    assert document.trace is not None
    key = layer_key(view.layer, view.quantity)
    return view.step if has_steps(key, document.trace.get(key)) else None


def _page(found: Explanation) -> Arithmetic:
    # A number that only stands somewhere else is shown as what it is there.
    while found.kind == "copy" and len(found.parts) == 1 and found.parts[0].kind == "sum":
        found = found.parts[0]
    terms = found.largest(MOST_TERMS)
    single = [abs(term.value) for term in terms if term.kind != "others"]
    largest = max(filter(math.isfinite, single), default=0.0)
    return Arithmetic(
        formula=found.formula,
        law=found.law,
        note=found.note,
        terms=tuple(_term(term, largest) for term in terms),
        sums=_sums(found),
        parts=tuple(
            Line(part.name, part.formula.partition(" = ")[2], part.value, 0.0, part.location, part.keras, part.mine)
            for part in found.parts
        )
        + _elsewhere(found),
    )


def _term(term: Term, largest: float) -> Line:
    factor = next((factor for factor in term.factors if factor.source is not None), None)
    numbers = " · ".join(shown(one.value) for one in term.factors) if len(term.factors) > 1 else ""
    comparable = largest and math.isfinite(term.value) and term.kind != "others"
    share = term.value / largest if comparable else 0.0
    keras, mine = (None, None) if factor is None else (factor.keras, factor.mine)
    return Line(term.text, numbers, term.value, share, term.source, keras, mine)


def _sums(found: Explanation) -> tuple[Line, ...]:
    if found.kind != "sum":
        return ()
    lines = [
        Line(SYMBOLS.get(kind, kind), WORDS.get(kind, ""), value)
        for kind, value in found.subtotals().items()
        if kind != "rounding"
    ]
    lines.append(Line("rounding", "of float arithmetic", found.rounding))
    lines.append(Line("total", "before the activation" if found.function else "", found.total))
    name = found.name
    lines.append(Line(name, f"{found.function}(total)" if found.function else "", found.value))
    for who, theirs in (("Keras", found.keras), ("mine", found.mine)):
        if theirs is not None:
            lines.append(Line(who, "the same number", theirs))
    return tuple(lines)


def _elsewhere(found: Explanation) -> tuple[Line, ...]:
    """Where a number that was only handed on, or kept by a masked step, comes from."""
    if found.origin is None:
        return ()
    origin = found.origin
    step = "" if origin.step is None else f", step {origin.step}"
    return (
        Line("comes from", f"{origin.layer} {origin.quantity}{step}, unit {origin.unit}", found.value, 0.0, origin),
    )
