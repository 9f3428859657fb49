"""A trace held against stored Keras values: verdicts, worst and first differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import StrEnum
from functools import cached_property

import numpy as np

from rnnscope.context import Cancelling, Progress
from rnnscope.errors import BadInput
from rnnscope.floor import NoiseFloor, has_steps, measure_floor
from rnnscope.reference import Reference
from rnnscope.texts import is_text
from rnnscope.trace import Trace, split_key
from rnnscope.types import Array

OUTPUT_LAYER = ""
NOT_STORED = "no stored values"


class Verdict(StrEnum):
    """How two arrays agree, from knowing nothing to the worst."""

    NOT_COMPARED = "not compared"
    SAME = "same"
    ROUNDING = "rounding"
    DIFFERENT = "different"

    @property
    def severity(self) -> int:
        return list(Verdict).index(self)


@dataclass(frozen=True, slots=True)
class Location:
    """One number: layer ("" for the model's outputs), quantity, sample, step (None without a time axis) and unit.

    `unit` is the index within what lies beyond the steps, flattened in C order.
    """

    layer: str
    quantity: str
    sample: int
    step: int | None
    unit: int


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One compared quantity.

    max_abs: the largest |ours − Keras's|; max_rel: the largest of that over |Keras's|, where that is not 0.
    floor: the largest difference that is not called different, shape (steps,) or ().
    worst, first: where the difference is largest, and the first one beyond the floor in time; None when there is none.
    reason: why it was not compared, or why it differs without a number to show.
    """

    key: str
    layer: str
    quantity: str
    verdict: Verdict
    max_abs: float = 0.0
    max_rel: float = 0.0
    floor: Array | None = None
    worst: Location | None = None
    first: Location | None = None
    reason: str = ""


@dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """All rows in execution order, the model's outputs last.

    rule: what judged them, in words. foreign: a sentence when the values were recorded with another model or input
    file than these; "" when they were not, or when nobody can tell.
    """

    rows: tuple[Row, ...]
    rule: str
    foreign: str
    _pairs: Mapping[str, tuple[Array, Array, Array]] = field(repr=False)

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
        """The first difference beyond the floor, in execution order and then in time."""
        return next((row.first for row in self.rows if row.first is not None), None)

    def row(self, key: str) -> Row | None:
        return self._by_key.get(key)

    def layer_verdict(self, layer: str) -> Verdict:
        """The worst verdict among one layer's quantities."""
        verdicts = [row.verdict for row in self.rows if row.layer == layer]
        return max(verdicts, key=lambda verdict: verdict.severity, default=Verdict.NOT_COMPARED)

    def sample_verdict(self, key: str, sample: int) -> tuple[Verdict, float]:
        """The verdict on one sample of a quantity, and its largest difference."""
        if key not in self._pairs:
            return Verdict.NOT_COMPARED, 0.0
        ours, theirs, floor = self._pairs[key]
        one = slice(sample, sample + 1)
        difference = _difference(ours[one], theirs[one])
        return _judge(difference, floor), float(np.max(difference, initial=0.0))


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
    does. `floor` is that of this very run, where it has been measured before: several comparisons then share one
    measurement. Masks, integers and texts must be equal. `input_sha256` is the hash of the input file, where there is
    one: with it, values recorded for another file are told apart.

    Raises BadInput when the values were recorded for another number of samples, or when nothing can be compared.
    """
    _same_batch(trace, reference)
    fixed = atol is not None or rtol is not None
    absolute, relative = _tolerance("atol", atol), _tolerance("rtol", rtol)
    measured = None if fixed else floor or measure_floor(trace, progress=progress, cancelled=cancelled)
    rule = f"|difference| ≤ {absolute:g} + {relative:g}·|keras|" if measured is None else measured.rule
    rows: list[Row] = []
    pairs: dict[str, tuple[Array, Array, Array]] = {}
    computed = list(trace.quantities())
    for key in [*computed, *(key for key in reference.arrays if key not in set(computed))]:
        row, ours, theirs = _matched(key, trace, reference)
        if ours is not None and theirs is not None:
            exact = ours.dtype.kind != "f"
            allowed = None if exact else measured.get(key) if measured else absolute + relative * _magnitude(theirs)
            allowed = np.asarray(0.0) if allowed is None else np.asarray(allowed)
            pairs[key] = (ours, theirs, _spread(key, allowed, ours))
            row = _compared(row, *pairs[key], allowed)
        rows.append(row)
    if not pairs:
        reason = next((row.reason for row in rows if row.key in reference.arrays), None)
        stored = next(iter(reference.arrays), "nothing")
        raise BadInput(
            "none of the stored values belongs to this model's run", file=reference.file, found=f"{stored} ({reason})"
        )
    return Comparison(tuple(rows), rule, _foreign(trace, reference, rows, input_sha256), pairs)


def _tolerance(name: str, value: float | None) -> float:
    tolerance = 0.0 if value is None else float(value)
    if not 0 <= tolerance < np.inf:
        raise BadInput(f"{name} is not a tolerance", expected="a number from 0 on", found=f"{tolerance:g}")
    return tolerance


def _matched(key: str, trace: Trace, reference: Reference) -> tuple[Row, Array | None, Array | None]:
    """A quantity's row with both sides of it, or a row that says why there are not two sides to compare."""
    theirs = reference.get(key)
    try:
        layer, quantity = split_key(key, trace.layers)
        ours = trace.get(key)
    except (KeyError, IndexError):
        return _one_sided(key, trace), None, None
    row = Row(key, layer or OUTPUT_LAYER, quantity, Verdict.NOT_COMPARED)
    if theirs is None:
        return _because(row, NOT_STORED), None, None
    if ours.shape != theirs.shape:
        reason = f"the stored values have shape {theirs.shape}, ours {ours.shape}"
        return _because(row, reason, Verdict.DIFFERENT), None, None
    if is_text(ours) != is_text(theirs):
        reason = (
            "the stored values are text, ours numbers"
            if is_text(theirs)
            else "the stored values are numbers, ours text"
        )
        return _because(row, reason, Verdict.DIFFERENT), None, None
    return row, ours, theirs


def _one_sided(key: str, trace: Trace) -> Row:
    """What is stored under a key that the run has not: a mask that it did not use, or something unknown."""
    try:
        layer, quantity = split_key(key, trace.layers)
    except KeyError:
        layer, quantity = None, key
    row = Row(key, layer or OUTPUT_LAYER, quantity, Verdict.NOT_COMPARED)
    if layer is not None and quantity == "mask":
        return _because(row, "Keras used a mask here, this run used none", Verdict.DIFFERENT)
    near = get_close_matches(key, list(trace.quantities()), n=1)
    return _because(row, "this model's run has no such quantity" + (f"; the nearest is {near[0]}" if near else ""))


def _same_batch(trace: Trace, reference: Reference) -> None:
    for key, array in reference.arrays.items():
        if key.startswith("output/") and array.ndim and array.shape[0] != trace.batch_size:
            raise BadInput(
                "the stored values belong to another input",
                file=reference.file,
                expected=f"{trace.batch_size} samples, as in the input",
                found=f"{array.shape[0]} in {key}",
            )


def _foreign(trace: Trace, reference: Reference, rows: Sequence[Row], input_sha256: str | None) -> str:
    """Which file these values were not recorded with, in a sentence."""
    recorded = {str(reference.meta.get("model_sha256", ""))}
    same_weights = reference.meta.get("same_weights_sha256")
    recorded |= set(map(str, same_weights.values())) if isinstance(same_weights, dict) else set()
    found = []
    if trace.model is not None and trace.model.sha256 and "" not in recorded and trace.model.sha256 not in recorded:
        found.append(f"another model file ({reference.meta.get('model', 'its sha256 differs')})")
    entering = [row for row in rows if row.layer in trace.inputs and row.verdict is Verdict.DIFFERENT]
    other_file = input_sha256 is not None and reference.meta.get("input_sha256", input_sha256) != input_sha256
    if entering or other_file:
        found.append(f"another input ({reference.meta.get('input', 'its sha256 differs')})")
    return f"The stored values were recorded with {' and '.join(found)}." if found else ""


def _because(row: Row, reason: str, verdict: Verdict = Verdict.NOT_COMPARED) -> Row:
    return Row(row.key, row.layer, row.quantity, verdict, reason=reason)


def _spread(key: str, floor: Array, ours: Array) -> Array:
    """The floor in a shape that broadcasts over the quantity: its steps on axis 1."""
    if floor.ndim == 1 and has_steps(key, ours):
        return floor.reshape(1, -1, *[1] * (ours.ndim - 2))
    return floor


def _difference(ours: Array, theirs: Array) -> Array:
    """|ours − theirs|; 0 where both are NaN or the same infinity, infinite where only one is finite.

    Between texts it is 0 or infinite.
    """
    if is_text(ours):
        return np.where(ours == theirs, 0.0, np.inf)
    a, b = ours.astype(np.float64), theirs.astype(np.float64)
    with np.errstate(invalid="ignore"):
        difference = np.abs(a - b)
    alike = (a == b) | (np.isnan(a) & np.isnan(b))
    return np.where(alike, 0.0, np.where(np.isnan(difference), np.inf, difference))


def _judge(difference: Array, floor: Array) -> Verdict:
    if (difference > floor).any():
        return Verdict.DIFFERENT
    return Verdict.ROUNDING if difference.any() else Verdict.SAME


def _compared(row: Row, ours: Array, theirs: Array, spread: Array, floor: Array) -> Row:
    difference = _difference(ours, theirs)
    magnitude = _magnitude(theirs)
    usual = (magnitude > 0) & np.isfinite(magnitude)
    relative = np.divide(difference, magnitude, out=np.zeros_like(difference), where=usual)
    beyond = np.nonzero(difference > spread)
    return Row(
        key=row.key,
        layer=row.layer,
        quantity=row.quantity,
        verdict=_judge(difference, spread),
        max_abs=float(difference.max(initial=0.0)),
        max_rel=float(relative.max(initial=0.0)),
        floor=floor,
        worst=_location(row, difference, int(np.argmax(difference))) if difference.any() else None,
        first=_first(row, difference, beyond),
        reason=f"{len(beyond[0]):,} of {ours.size:,} texts differ" if is_text(ours) and len(beyond[0]) else "",
    )


def _magnitude(array: Array) -> Array:
    """The absolute values; texts have none."""
    return np.zeros(array.shape) if is_text(array) else np.abs(array.astype(np.float64))


def _first(row: Row, difference: Array, beyond: tuple[Array, ...]) -> Location | None:
    """The earliest number beyond the floor: by step where there is one, then by sample and unit."""
    if not len(beyond[0]):
        return None
    places = np.stack(beyond, axis=1)
    keys = [places[:, axis] for axis in reversed(range(places.shape[1]))]
    order = np.lexsort([*keys, places[:, 1]] if has_steps(row.key, difference) else keys)
    flat = np.ravel_multi_index(tuple(places[order[0]]), difference.shape)
    return _location(row, difference, int(flat))


def _location(row: Row, array: Array, flat: int) -> Location:
    place = [int(axis) for axis in np.unravel_index(flat, array.shape)]
    if not has_steps(row.key, array):
        return Location(row.layer, row.quantity, place[0], None, _flat(place[1:], array.shape[1:]))
    return Location(row.layer, row.quantity, place[0], place[1], _flat(place[2:], array.shape[2:]))


def _flat(place: list[int], shape: tuple[int, ...]) -> int:
    return int(np.ravel_multi_index(tuple(place), shape)) if shape else 0
