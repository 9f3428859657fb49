"""Verdicts sample by sample: how far each of thousands is off, in passes over blocks that stay in the cache."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from rnnscope.texts import is_text
from rnnscope.types import Array
from rnnscope.verdicts import Verdict, gap

BLOCK = 2**16  # numbers taken at a time
ORDER = tuple(Verdict)  # by severity


@dataclass(frozen=True, slots=True, eq=False)
class SampleVerdicts:
    """What became of each sample, (samples,) each.

    severity: that of the verdict, see `Verdict.severity`. largest: the largest difference. over: the largest difference
    in units of what is let pass there; above 1 it is a difference, infinite where nothing is let pass.
    """

    severity: Array
    largest: Array
    over: Array

    def verdict(self, sample: int) -> Verdict:
        return ORDER[int(self.severity[sample])]


class Compared(NamedTuple):
    """A quantity's two sides, and the floor in a shape that broadcasts over them."""

    ours: Array
    theirs: Array
    floor: Array

    def by_sample(self) -> SampleVerdicts:
        """The verdicts on each of its samples."""
        samples, each = len(self.ours), max(1, self.ours[:1].size)
        blocks = [slice(at, at + max(1, BLOCK // each)) for at in range(0, samples, max(1, BLOCK // each))]
        parts = [_judged(self.ours[block], self.theirs[block], self._floor(block)) for block in blocks]
        if not parts:
            return nothing(0)
        severity, largest, over = (np.concatenate(column) for column in zip(*parts, strict=True))
        return SampleVerdicts(severity, largest, over)

    def _floor(self, block: slice) -> Array:
        return self.floor[block] if self.floor.ndim and len(self.floor) > 1 else self.floor


class BySample:
    """The verdicts on each sample of quantities, each computed when it is first asked for, and kept."""

    def __init__(self, pairs: dict[str, Compared], samples: int) -> None:
        self._pairs, self._samples = pairs, samples
        self._known: dict[str, SampleVerdicts] = {}

    def of(self, key: str) -> SampleVerdicts | None:
        """The verdicts on one quantity; None where it was not compared."""
        if key not in self._known and key in self._pairs:
            self._known[key] = self._pairs[key].by_sample()
        return self._known.get(key)

    @cached_property
    def together(self) -> SampleVerdicts:
        """The worst of all quantities that have a line for each sample of the batch."""
        worst = nothing(self._samples)
        for key, pair in self._pairs.items():
            one = self.of(key) if len(pair.ours) == self._samples else None
            if one is not None:
                worst = SampleVerdicts(
                    np.maximum(worst.severity, one.severity),
                    np.maximum(worst.largest, one.largest),
                    np.maximum(worst.over, one.over),
                )
        return worst


def nothing(samples: int) -> SampleVerdicts:
    """Of samples that nothing was compared of."""
    return SampleVerdicts(np.zeros(samples, np.int8), np.zeros(samples), np.zeros(samples))


def _judged(ours: Array, theirs: Array, floor: Array) -> tuple[Array, Array, Array]:
    """Severity, largest difference, and that in units of the floor, of each sample of a block."""
    # One floor holds for all that stands beside it, so only the largest there counts.
    alike = tuple(axis for axis in range(1, ours.ndim) if floor.ndim < ours.ndim or floor.shape[axis] == 1)
    if floor.ndim not in (0, ours.ndim):
        alike = ()
    apart = _apart(ours, theirs, floor).max(axis=alike, keepdims=True, initial=0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        over = np.where(apart > 0, apart / floor, 0.0)
    beyond, moved = _any(apart > floor), _any(apart > 0)
    severity = np.where(beyond, Verdict.DIFFERENT.severity, Verdict.SAME.severity + moved).astype(np.int8)
    return severity, _largest(apart), _largest(over)


def _apart(ours: Array, theirs: Array, floor: Array) -> Array:
    """`gap`, in one pass where all is finite."""
    if not is_text(ours) and not np.isinf(floor).any():
        with np.errstate(invalid="ignore", over="ignore"):
            apart = np.abs(np.subtract(ours, theirs, dtype=np.float64))
        if np.isfinite(apart.sum()):
            return apart
    return gap(ours, theirs, floor)


def _any(found: Array) -> Array:
    return np.asarray(found.reshape(len(found), -1).any(axis=1))


def _largest(numbers: Array) -> Array:
    return np.asarray(numbers.reshape(len(numbers), -1).max(axis=1, initial=0.0))
