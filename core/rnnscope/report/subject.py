"""What the pictures of a report show: one sample of one quantity, by everybody who has it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rnnscope.compare import Location
from rnnscope.order import has_steps
from rnnscope.report.record import Look, Report, looked_at
from rnnscope.report.words import KERAS, MINE, NUMPY, held, key_of
from rnnscope.texts import is_text
from rnnscope.trace import Trace, split_key
from rnnscope.types import Array, Mask


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """The sample of a quantity as planes, (units, columns); columns are steps, or samples where there is no time.

    planes: side → plane, NumPy's first. differences: (a, b, a − b), for each pair that was compared. masked: the
    columns that the layer's mask leaves out, None without a mask. cell: (unit, column) of the first difference in it.
    allowed: the largest difference that is not called different, in all of it; 0 when nothing says.
    """

    layer: str
    quantity: str
    sample: int | None
    columns: str
    planes: dict[str, Array]
    differences: tuple[tuple[str, str, Array], ...]
    masked: Mask | None
    cell: tuple[int, int] | None
    allowed: float


def subjects(report: Report) -> list[Subject]:
    """What there is to see: what was asked for, else where each comparison differs first; texts cannot be drawn."""
    places = [looked_at(report)]
    if report.look == Look():
        firsts = [one.result.first_difference for one in held(report)]
        places = list({key_of(first): (key_of(first), first.sample) for first in firsts if first is not None}.values())
    drawn = [_subject(report, key, sample) for key, sample in places or [looked_at(report)]]
    return [shown for shown in drawn if shown is not None]


def _subject(report: Report, key: str, sample: int) -> Subject | None:
    layer, quantity = split_key(key, report.trace.layers)
    try:
        ours = report.trace.get(key)
    except (KeyError, IndexError):
        return None
    if is_text(ours) or ours.ndim == 0 or not ours.size:
        return None
    stepped = has_steps(key, ours)
    given = {
        NUMPY: ours,
        KERAS: None if report.reference is None else report.reference.get(key),
        MINE: None if report.port is None else report.port.mine.arrays.get(key),
    }
    sides = {name: array for name, array in given.items() if array is not None and array.shape == ours.shape}
    planes = {name: _plane(array, sample, stepped) for name, array in sides.items() if not is_text(array)}
    pairs = [(one.ours, one.theirs) for one in held(report) if one.ours in planes and one.theirs in planes]
    return Subject(
        layer or "model",
        quantity,
        sample if stepped else None,
        "step" if stepped else "sample",
        planes,
        tuple((a, b, _apart(planes[a], planes[b])) for a, b in pairs),
        _masked(report.trace, layer, sample, planes[NUMPY].shape[1]) if stepped else None,
        _cell(report, key, sample, stepped),
        _allowed(report, key),
    )


def _plane(array: Array, sample: int, stepped: bool) -> Array:
    rows = array[sample] if stepped else array
    return rows.reshape(rows.shape[0], -1).T.astype(np.float64, order="C")


def _apart(a: Array, b: Array) -> Array:
    """a − b; 0 where both are NaN or the same infinity."""
    with np.errstate(invalid="ignore"):
        return np.where((a == b) | (np.isnan(a) & np.isnan(b)), 0.0, a - b)


def _masked(trace: Trace, layer: str | None, sample: int, steps: int) -> Mask | None:
    """The steps that the layer leaves out, or whose mask it hands on."""
    if layer is None:
        return None
    mask = trace[layer].mask if trace[layer].mask is not None else trace[layer].output_mask
    if mask is None or mask.ndim < 2 or mask.shape[1] != steps:
        return None
    return np.asarray(~mask[sample].reshape(steps, -1).any(axis=1))


def _firsts(report: Report, key: str) -> list[Location]:
    rows = [row for one in held(report) if (row := one.result.row(key)) is not None]
    return [row.first for row in rows if row.first is not None and key_of(row.first) == key]


def _cell(report: Report, key: str, sample: int, stepped: bool) -> tuple[int, int] | None:
    """Where the sample differs first; of a quantity without time, where it differs first at all."""
    for first in _firsts(report, key):
        if not stepped:
            return first.unit, first.sample
        if first.sample == sample and first.step is not None:
            return first.unit, first.step
    return None


def _allowed(report: Report, key: str) -> float:
    rows = [row for one in held(report) if (row := one.result.row(key)) is not None and row.floor is not None]
    floors = [float(np.max(row.floor, initial=0.0)) for row in rows if row.floor is not None]
    return max(floors, default=0.0)
