"""A trace held against stored Keras values: verdicts, worst and first differences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from rnnscope.types import Array


class Verdict(StrEnum):
    """How two arrays agree; ordered from best to worst by `severity`."""

    NOT_COMPARED = "not compared"
    SAME = "same"
    ROUNDING = "rounding"
    DIFFERENT = "different"

    @property
    def severity(self) -> int:
        return list(Verdict).index(self)


@dataclass(frozen=True, slots=True)
class Location:
    """One number: layer, quantity (``state/h``), sample, step (None where there is no time axis) and unit."""

    layer: str
    quantity: str
    sample: int
    step: int | None
    unit: int | tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One compared quantity. `floor` is the largest difference that counts as rounding, one number a step, shape (steps,) or ()."""

    key: str
    layer: str
    quantity: str
    verdict: Verdict
    max_abs: float
    max_rel: float
    floor: Array | None
    worst: Location | None
    first: Location | None
    reason: str = ""


@dataclass(frozen=True, eq=False)
class Comparison:
    """All rows in execution order, with the rule that judged them in words."""

    rows: tuple[Row, ...]
    rule: str
    notes: tuple[str, ...] = ()

    @property
    def matches(self) -> bool: ...
    @property
    def first_difference(self) -> Location | None: ...
    def row(self, key: str) -> Row | None: ...
    def layer_verdict(self, layer: str) -> Verdict: ...
    def verdict(self, key: str, sample: int) -> Verdict:
        """The verdict on one sample alone."""
        ...
