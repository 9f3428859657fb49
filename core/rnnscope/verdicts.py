"""Verdicts on arrays: how far two of them are apart, what a floor makes of it, and where it begins."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from rnnscope.layers.base import Operation
from rnnscope.order import has_steps, positions
from rnnscope.texts import is_text
from rnnscope.types import Array

SENSITIVE = 1e-3  # the floor over the values' own size from which on a quantity is called sensitive


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
    position: how many steps the layer had processed before the first one; None without steps.
    reason: why it was not compared, or why it differs without a number to show.
    lost: where numbers are beyond their type's range and not compared, (batch,) or (batch, steps); None for nowhere.
    measured: whether the floor is a measured one.
    sensitivity: the largest measured floor over the largest value; 0 by a fixed rule.
    nothing: whether both sides are NaN throughout.
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
    position: int | None = None
    reason: str = ""
    lost: Array | None = None
    measured: bool = False
    sensitivity: float = 0.0
    nothing: bool = False

    @property
    def sensitive(self) -> bool:
        """Whether rounding alone may move these numbers by more than a thousandth of their size."""
        return self.sensitivity > SENSITIVE

    @property
    def caution(self) -> str:
        """What such a quantity cannot tell, in words; "" for others."""
        if self.nothing:
            return "NaN throughout, on both sides, so that nothing can be told from it"
        if self.lost is not None:
            samples = np.any(self.lost.reshape(len(self.lost), -1), axis=1, keepdims=True)
            several = f"{np.count_nonzero(samples)} of {samples.size} samples"
            return f"beyond the range of its type in {several}, and not compared there"
        if not self.sensitive:
            return ""
        if self.sensitivity >= 1:
            return "sensitive: rounding alone may change these numbers altogether"
        return f"sensitive: rounding alone may move these numbers by {100 * self.sensitivity:.2g} % of their size"


def difference(ours: Array, theirs: Array) -> Array:
    """|ours − theirs|; 0 where both are NaN or the same infinity, infinite where only one is finite.

    Between texts it is 0 or infinite.
    """
    if is_text(ours):
        return np.where(ours == theirs, 0.0, np.inf)
    a, b = ours.astype(np.float64), theirs.astype(np.float64)
    with np.errstate(invalid="ignore"):
        apart = np.abs(a - b)
    alike = (a == b) | (np.isnan(a) & np.isnan(b))
    return np.where(alike, 0.0, np.where(np.isnan(apart), np.inf, apart))


def magnitude(array: Array) -> Array:
    """The absolute values; texts have none."""
    return np.zeros(array.shape) if is_text(array) else np.abs(array.astype(np.float64))


def spread(key: str, floor: Array, ours: Array) -> Array:
    """The floor in a shape that broadcasts over the quantity: its steps on axis 1."""
    if floor.ndim == 1 and has_steps(key, ours):
        return floor.reshape(1, -1, *[1] * (ours.ndim - 2))
    return floor


def judge(apart: Array, floor: Array) -> Verdict:
    """The verdict on differences, with a floor that broadcasts over them."""
    if (apart > floor).any():
        return Verdict.DIFFERENT
    return Verdict.ROUNDING if apart.any() else Verdict.SAME


def over_all(row: Row, ours: Array) -> Array:
    """The row's floor in a shape that broadcasts over the quantity; infinite where numbers are lost."""
    over = np.zeros(()) if row.floor is None else spread(row.key, row.floor, ours)
    if row.lost is None:
        return over
    return np.where(row.lost.reshape(*row.lost.shape, *[1] * (ours.ndim - row.lost.ndim)), np.inf, over)


def gap(ours: Array, theirs: Array, over: Array) -> Array:
    """Their difference, 0 where the floor is infinite."""
    return np.where(np.isinf(over), 0.0, difference(ours, theirs))


def compared(row: Row, ours: Array, theirs: Array, over: Array, operation: Operation | None) -> Row:
    """`row` with its verdict; `over` is the floor, of a shape that broadcasts; `operation` is the layer's."""
    if np.isinf(over).all() and over.size:
        return replace(row, lost=None, reason="all of it is beyond the range of its type")
    apart = gap(ours, theirs, over)
    size = magnitude(theirs)
    usual = (size > 0) & np.isfinite(size)
    relative = np.divide(apart, size, out=np.zeros_like(apart), where=usual)
    beyond = apart > over
    first, position = earliest(row, beyond, operation)
    return replace(
        row,
        verdict=judge(apart, over),
        max_abs=float(apart.max(initial=0.0)),
        max_rel=float(relative.max(initial=0.0)),
        worst=located(row, apart, int(np.argmax(apart))) if apart.any() else None,
        first=first,
        position=position,
        nothing=_is_nothing(ours) and _is_nothing(theirs),
        reason=f"{np.count_nonzero(beyond):,} of {ours.size:,} texts differ" if is_text(ours) and beyond.any() else "",
    )


def _is_nothing(array: Array) -> bool:
    return array.dtype.kind == "f" and bool(array.size) and bool(np.isnan(array).all())


def earliest(row: Row, beyond: Array, operation: Operation | None) -> tuple[Location | None, int | None]:
    """The number that was processed first among those `beyond`, then by sample and unit; and its place in time."""
    if not beyond.any():
        return None, None
    if not has_steps(row.key, beyond):
        return located(row, beyond, int(np.argmax(beyond))), None
    when = np.broadcast_to(positions(operation, row.quantity, beyond.shape), beyond.shape[1:])
    soonest = int(when[beyond.any(axis=0)].min())
    return located(row, beyond, int(np.argmax(beyond & (when == soonest)))), soonest


def located(row: Row, array: Array, flat: int) -> Location:
    """The place of a number in a quantity, by its index in C order."""
    sample, *rest = (int(place) for place in np.unravel_index(flat, array.shape))
    if not has_steps(row.key, array):
        return Location(row.layer, row.quantity, sample, None, _flat(rest, array.shape[1:]))
    return Location(row.layer, row.quantity, sample, rest[0], _flat(rest[1:], array.shape[2:]))


def _flat(place: list[int], shape: tuple[int, ...]) -> int:
    return int(np.ravel_multi_index(tuple(place), shape)) if shape else 0
