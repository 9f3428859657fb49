"""A trace held against stored Keras values: verdicts, worst and first differences, and the layers that make them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from rnnscope.by_sample import BySample, Compared, SampleVerdicts
from rnnscope.context import Cancelling, Progress
from rnnscope.culprit import Culprit
from rnnscope.errors import BadInput
from rnnscope.floor import NoiseFloor, measure_floor
from rnnscope.matching import NOT_STORED, all_keys, check_comparable, foreign, matched, same_batch
from rnnscope.order import operation_of, rank
from rnnscope.origin import find_origins
from rnnscope.reference import Reference
from rnnscope.trace import Trace
from rnnscope.types import Array
from rnnscope.verdicts import Location, Row, Verdict, compared, magnitude, over_all

__all__ = ["NOT_STORED", "Comparison", "Culprit", "Location", "Row", "Verdict", "compare"]


@dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """All rows in execution order, the model's outputs last.

    rule: what judged them, in words. foreign: a sentence when the values were recorded with another model or input
    file than these; "" when they were not, or when nobody can tell.
    """

    rows: tuple[Row, ...]
    rule: str
    foreign: str
    _by_sample: BySample = field(repr=False)
    _find: Callable[[], tuple[Culprit, ...]] = field(repr=False)

    def __repr__(self) -> str:
        compared = sum(row.verdict is not Verdict.NOT_COMPARED for row in self.rows)
        return f"<Comparison: {self.verdict}, {compared} of {len(self.rows)} quantities compared>"

    @cached_property
    def _by_key(self) -> dict[str, Row]:
        return {row.key: row for row in self.rows}

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of all rows."""
        return max(
            (row.verdict for row in self.rows), key=lambda verdict: verdict.severity, default=Verdict.NOT_COMPARED
        )

    @property
    def matches(self) -> bool:
        """Whether something was compared and nothing differs beyond the floor."""
        return self.verdict in (Verdict.SAME, Verdict.ROUNDING)

    @property
    def first_difference(self) -> Location | None:
        """The first difference beyond the floor.

        The first layer in execution order that has one; within it the first step that it processed; and at one step
        masks before gates, gates before states, states before outputs.
        """
        differing = [row for row in self.rows if row.first is not None]
        of_layer = [row for row in differing if row.layer == differing[0].layer]
        return min(of_layer, key=_processed).first if of_layer else None

    @cached_property
    def origins(self) -> tuple[Culprit, ...]:
        """Of every layer that differs, in execution order: what came in, and what it added.

        Computed when first asked for, by running each layer on the reference's own inputs and each step of a recurrence
        from its own states; `rnnscope.origin.find_origins` does it with progress, and can be cancelled.
        """
        return self._find()

    @property
    def culprits(self) -> tuple[Culprit, ...]:
        """Those of `origins` that add to the difference, or of which nobody can tell whether they do."""
        return tuple(origin for origin in self.origins if not origin.inherits)

    @property
    def caution(self) -> str:
        """A sentence on the quantities that rounding alone may move visibly; "" when there are none."""
        rows = [row for row in self.rows if row.caution]
        if not rows:
            return ""
        most = max(rows, key=lambda row: (row.nothing, row.lost is not None, row.sensitivity))
        return f"{most.layer or 'model'} {most.quantity} is {most.caution}"

    def row(self, key: str) -> Row | None:
        return self._by_key.get(key)

    def layer_verdict(self, layer: str) -> Verdict:
        """The worst verdict among one layer's quantities."""
        verdicts = [row.verdict for row in self.rows if row.layer == layer]
        return max(verdicts, key=lambda verdict: verdict.severity, default=Verdict.NOT_COMPARED)

    def sample_verdict(self, key: str, sample: int) -> tuple[Verdict, float]:
        """The verdict on one sample of a quantity, and its largest difference."""
        verdicts = self._by_sample.of(key)
        if verdicts is None or not sample < len(verdicts.severity):
            return Verdict.NOT_COMPARED, 0.0
        return verdicts.verdict(sample), float(verdicts.largest[sample])

    def samples(self) -> SampleVerdicts:
        """The worst of each sample, over all quantities; computed when first asked for."""
        return self._by_sample.together


def compare(
    trace: Trace,
    reference: Reference,
    *,
    atol: float | None = None,
    rtol: float | None = None,
    floor: NoiseFloor | None = None,
    input_sha256: str | None = None,
    progress: Progress | None = None,
    cancelled: Cancelling | None = None,
) -> Comparison:
    """Hold every quantity of `trace` against the stored Keras values of the same key.

    The noise floor judges (see `rnnscope.floor`); with `atol` or `rtol` the fixed rule |a − b| ≤ atol + rtol·|keras|
    does, as in `np.allclose`. `floor` is that of this very run, where it has been measured before: several comparisons
    then share one measurement. Masks, integers and texts must be equal. `input_sha256` is the hash of the input file,
    where there is one: with it, values recorded for another file are told apart.

    Raises BadInput when the values were recorded for another number of samples, when nothing can be compared, or when
    all that is stored is NaN.
    """
    same_batch(trace, reference)
    fixed = atol is not None or rtol is not None
    absolute, relative = _tolerance("atol", atol), _tolerance("rtol", rtol)
    sides = [matched(key, trace, reference) for key in all_keys(trace, reference)]
    check_comparable([row for row, _, _ in sides], trace, reference)
    measured = None if fixed else floor or measure_floor(trace, progress=progress, cancelled=cancelled)
    rows: list[Row] = []
    pairs: dict[str, Compared] = {}
    for row, ours, theirs in sides:
        if ours is not None and theirs is not None:
            row = _floored(row, ours, theirs, measured, (absolute, relative))
            pairs[row.key] = Compared(ours, theirs, over_all(row, ours))
            row = compared(row, *pairs[row.key], operation_of(trace.model, row.layer))
        rows.append(row)
    return Comparison(
        tuple(rows),
        fixed_rule(absolute, relative) if measured is None else measured.rule,
        foreign(trace, reference, rows, input_sha256),
        BySample(pairs, trace.batch_size),
        lambda: find_origins(trace, reference, rows),
    )


def fixed_rule(atol: float, rtol: float) -> str:
    """The rule of `np.allclose` in words, with these numbers."""
    return f"|difference| ≤ {atol:g} + {rtol:g}·|keras|, as np.allclose has it with atol={atol:g}, rtol={rtol:g}"


def _sensitivity(floor: Array, ours: Array) -> float:
    """The floor in units of the values' own size."""
    size = magnitude(ours)
    largest = float(size.max(where=np.isfinite(size), initial=0.0))
    return float(floor.max(initial=0.0)) / largest if largest > 0 else 0.0


def _processed(row: Row) -> tuple[float, int]:
    """The order in which a layer makes its quantities: by step, and within one by kind."""
    return (np.inf if row.position is None else row.position, rank(row.quantity))


def _floored(row: Row, ours: Array, theirs: Array, measured: NoiseFloor | None, tolerances: tuple[float, float]) -> Row:
    """`row` with the largest difference that is let pass: none for what is discrete."""
    if ours.dtype.kind != "f":
        return replace(row, floor=np.asarray(0.0))
    if measured is None:
        size = magnitude(theirs)  # of NaN and infinity nothing is allowed but the same
        return replace(row, floor=np.asarray(tolerances[0] + tolerances[1] * np.where(np.isfinite(size), size, 0.0)))
    floor, lost = measured.get(row.key), measured.lost.get(row.key)
    floor = np.asarray(0.0) if floor is None else floor
    lost = lost if lost is not None and lost.any() else None
    return replace(row, floor=floor, lost=lost, measured=True, sensitivity=_sensitivity(floor, ours))


def _tolerance(name: str, value: float | None) -> float:
    tolerance = 0.0 if value is None else float(value)
    if not 0 <= tolerance < np.inf:
        raise BadInput(f"{name} is not a tolerance", expected="a number from 0 on", found=f"{tolerance:g}")
    return tolerance
