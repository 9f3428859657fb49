"""One quantity of a layer three times: ours, re-run from the reference's own inputs, and the reference's."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from rnnscope.culprit import Culprit
from rnnscope.layers.base import Operation
from rnnscope.order import has_steps, positions, rank, runs_backwards
from rnnscope.types import Array
from rnnscope.verdicts import Row, difference, located, over_all, spread

KEPT_THERE = "the reference keeps its states here, as at a masked step"
KEPT_HERE = "our run keeps its states here, as at a masked step"


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """ours, again, theirs: of one shape. floor: the largest difference of the last two that rounding explains."""

    row: Row
    ours: Array
    again: Array
    theirs: Array
    floor: Array

    @property
    def added(self) -> Array:
        return difference(self.again, self.theirs)

    @property
    def beyond(self) -> Array:
        return np.asarray(self.added > over_all(replace(self.row, floor=self.floor), self.theirs))

    def begins(self, operation: Operation) -> tuple[float, int]:
        """When the layer first adds something: how many steps it had processed, and the place within that step."""
        when, beyond = self._when(operation), self.beyond
        return (np.inf if when is None else float(when[beyond.any(axis=0)].min()), rank(self.row.quantity))

    def made(self, operation: Operation, among: tuple[str, ...]) -> Culprit:
        """The largest addition among the first."""
        when, beyond = self._when(operation), self.beyond
        if when is not None:
            beyond = beyond & (when == when[beyond.any(axis=0)].min())
        flat = int(np.argmax(np.where(beyond, self.added, -1.0)))
        return self._at(flat, among, self._hint(flat, operation))

    def inherited(self) -> Culprit:
        """The first difference, of which nothing was added."""
        first = self.row.first
        assert first is not None
        lead = (first.sample,) if first.step is None else (first.sample, first.step)
        inner = self.theirs.shape[len(lead) :]
        place = (*lead, *np.unravel_index(first.unit, inner)) if inner else lead
        return self._at(int(np.ravel_multi_index(tuple(map(int, place)), self.theirs.shape)), (), "")

    def _at(self, flat: int, among: tuple[str, ...], hint: str) -> Culprit:
        place = located(self.row, self.theirs, flat)
        floor = np.broadcast_to(spread(self.row.key, self.floor, self.theirs), self.theirs.shape)
        return Culprit(
            *(place.layer, place.quantity, place.sample, place.step, place.unit),
            ours=float(self.ours.flat[flat]),
            theirs=float(self.theirs.flat[flat]),
            inherited=float(difference(self.ours, self.again).flat[flat]),
            added=float(self.added.flat[flat]),
            floor=float(floor.flat[flat]),
            among=among,
            hint=hint,
        )

    def _when(self, operation: Operation) -> Array | None:
        """When each number is made, over the axes behind the samples; None without steps."""
        if not has_steps(self.row.key, self.theirs):
            return None
        shape = self.theirs.shape
        return np.broadcast_to(positions(operation, self.row.quantity, shape), shape[1:])

    def _hint(self, flat: int, operation: Operation) -> str:
        """What a state looks like that one of the two keeps and the other moves on."""
        if not self.row.quantity.startswith("state/") or self.theirs.ndim != 3:
            return ""
        sample, step, _ = np.unravel_index(flat, self.theirs.shape)
        before = step + 1 if runs_backwards(operation, self.row.quantity) else step - 1
        theirs, again = self.theirs[sample, step], self.again[sample, step]
        inside = 0 <= before < self.theirs.shape[1]
        kept = self.theirs[sample, before] if inside else np.zeros_like(theirs)
        if np.array_equal(theirs, again):
            return ""
        return KEPT_THERE if np.array_equal(theirs, kept) else KEPT_HERE if np.array_equal(again, kept) else ""
