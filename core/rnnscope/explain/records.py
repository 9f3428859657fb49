"""What one number is made of, as plain records: factors, terms that add up, and the parts behind them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from rnnscope.compare import Location

TermKind = Literal["feature", "unit", "bias", "recurrent bias", "product", "rounding", "others"]
Kind = Literal["sum", "copy", "frozen", "constant", "whole"]

# How a group of terms is written in a law; a product and a rounding stand for themselves.
SYMBOLS: Mapping[str, str] = {
    "feature": "x·W",
    "unit": "h·U",
    "bias": "b",
    "recurrent bias": "r·b",
}
FEW = 4


class Factor(NamedTuple):
    """A number that is multiplied: what it is called, where it comes from (None for weights), what others have there.

    keras, mine: the stored Keras value and the person's own, None where nobody stored any.
    """

    name: str
    value: float
    source: Location | None = None
    keras: float | None = None
    mine: float | None = None


class Term(NamedTuple):
    """One addend: the product of its factors. `place` is the number of the feature or the unit that it comes from.

    value: the product in float64; exact for float32 factors, of which there are two at most.
    """

    kind: TermKind
    place: int | None
    factors: tuple[Factor, ...]
    value: float

    @property
    def source(self) -> Location | None:
        """Where the number that was weighed comes from: the first factor that has a place in the run."""
        return next((factor.source for factor in self.factors if factor.source is not None), None)

    @property
    def text(self) -> str:
        """``x[3]·W[3, 12]``"""
        return "·".join(factor.name for factor in self.factors)


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """One number taken apart.

    kind: ``sum``: value = function(total) + remainder, and the terms add up to `total`. ``copy``: the number stands at
    `origin`, unchanged. ``frozen``: a masked step, which holds what the state was at `origin`. ``constant``: a number
    that nothing feeds, such as an initial state of zeros. ``whole``: it is not taken apart, and `note` says why.

    location: which number; None for one that the run does not record by itself. name: ``h[7, 12]``, step and unit.
    value: the number as recorded. law: the formula in symbols. total: the pre-activation; 0 where there is none.
    function: the activation's Keras name, "" for none; ``÷ 5`` for a mean of five.
    remainder: value − function(total): 0 unless a 16-bit type rounds the result.
    parts: the numbers that this one is made of and that are worth taking apart: gates, states.
    origin: where to go from here. note: a sentence. keras, mine: what others have for this number.
    """

    location: Location | None
    name: str
    value: float
    kind: Kind
    law: str = ""
    terms: tuple[Term, ...] = ()
    total: float = 0.0
    function: str = ""
    remainder: float = 0.0
    parts: tuple[Explanation, ...] = ()
    origin: Location | None = None
    note: str = ""
    keras: float | None = None
    mine: float | None = None

    @property
    def formula(self) -> str:
        """The law with the numbers in it: ``h[7, 12] = tanh(0.31 + −0.12 + 0.05) = 0.236``."""
        if self.kind != "sum":
            return f"{self.name} = {shown(self.value)}"
        inside = " + ".join(_written(self.terms))
        if self.function.startswith("÷"):
            middle = f"({inside}) {self.function}"
        else:
            middle = f"{self.function}({inside})" if self.function else inside
        return f"{self.name} = {middle} = {shown(self.value)}"

    @property
    def rounding(self) -> float:
        """What float arithmetic lost on the way: the recorded total less the exact sum of the other terms."""
        return math.fsum(term.value for term in self.terms if term.kind == "rounding")

    def subtotals(self) -> dict[TermKind, float]:
        """The sum of each kind of terms, in their order."""
        kinds = dict.fromkeys(term.kind for term in self.terms)
        return {kind: math.fsum(term.value for term in self.terms if term.kind == kind) for kind in kinds}

    def largest(self, count: int) -> tuple[Term, ...]:
        """The `count` terms of the largest magnitude, largest first, and all others together as one term at the end.

        The rounding is neither; it stands in `rounding`. NaN counts as largest.
        """
        terms = [term for term in self.terms if term.kind != "rounding"]
        ranked = sorted(terms, key=lambda term: math.inf if math.isnan(term.value) else abs(term.value), reverse=True)
        rest = ranked[count:]
        if not rest:
            return tuple(ranked)
        together = total_of([term.value for term in rest])
        name = "the other one" if len(rest) == 1 else f"the other {len(rest):,} together"
        return (*ranked[:count], Term("others", None, (Factor(name, together),), together))

    def walk(self) -> Iterator[Explanation]:
        """This explanation and every part below it."""
        yield self
        for part in self.parts:
            yield from part.walk()


def total_of(values: Sequence[float]) -> float:
    """The sum, rounded once (`math.fsum`); NaN and infinities as floats add them."""
    if all(map(math.isfinite, values)):
        return math.fsum(values)
    return sum(values)


def balanced(terms: Sequence[Term], total: float) -> tuple[Term, ...]:
    """`terms` and what rounding adds to them, so that `math.fsum` of all is `total` to the bit.

    Where the total is smaller than its own rounding, one float64 may not be enough to say it; more of them then are.
    """
    values = [term.value for term in terms]
    rounding: list[Term] = []
    if not all(map(math.isfinite, [*values, total])):
        return tuple(terms)
    while math.fsum(values) != total:
        lost = math.fsum([total, *(-value for value in values)])
        values.append(lost)
        rounding.append(Term("rounding", None, (Factor("rounding", lost),), lost))
    return (*terms, *rounding)


def apart(value: float, made: float) -> float:
    """value − made; 0 where both are the same, NaN and infinities too."""
    return 0.0 if value == made or (math.isnan(value) and math.isnan(made)) else value - made


def shown(value: float) -> str:
    """Four significant digits, with a real minus sign."""
    return f"{value:.4g}".replace("-", "−")


def _written(terms: Sequence[Term]) -> list[str]:
    """The groups of a sum as numbers, the rounding left out; products factor by factor, other terms too when few."""
    groups: dict[str, list[Term]] = {}
    for place, term in enumerate(terms):
        if term.kind != "rounding":
            groups.setdefault(term.kind if term.kind in SYMBOLS else f"{place}", []).append(term)
    return [
        _factors(group[0]) if group[0].kind not in SYMBOLS else shown(total_of([term.value for term in group]))
        for group in groups.values()
    ] or ["0"]


def _factors(term: Term) -> str:
    return "·".join(shown(factor.value) for factor in term.factors)
