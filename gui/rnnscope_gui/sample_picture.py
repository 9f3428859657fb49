"""One sample of one quantity, as every panel draws it. Pure; no widgets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rnnscope import Verdict
from rnnscope.types import Array, Mask
from rnnscope_gui import axes, numbers
from rnnscope_gui.axes import Names
from rnnscope_gui.state import Apart


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One sample of one quantity, ready to draw.

    ours, theirs, mine, mistaken: (rows, steps), by NumPy, by Keras, by the person's own port, and by the run with the
    mistake that is looked at; without a time axis there is one column. All but ours may be None, and reason,
    mine_reason, mistaken_reason say why. mistake: what that mistake is; "" where none is looked at.
    shape: what each row index stands for beyond the steps.
    axes: the names of all axes, that of the columns first; () where they are steps and units, or nobody knows.
    mask: (steps,) bool or None; True is a valid step.
    texts, their_texts: (rows, steps), where the quantity is text; ours is then all NaN, and theirs None.
    apart: whose difference is shown, of the `choices` that there are. difference: (rows, steps), or None.
    verdict, largest: on it, in this sample. floor: the largest difference that is rounding, one number a step.
    caution: a warning where rounding alone may move the quantity visibly.
    """

    layer: str
    quantity: str
    has_steps: bool
    shape: tuple[int, ...]
    ours: Array
    theirs: Array | None = None
    mine: Array | None = None
    mistaken: Array | None = None
    difference: Array | None = None
    mask: Mask | None = None
    verdict: Verdict = Verdict.NOT_COMPARED
    largest: float = 0.0
    floor: Array | None = None
    reason: str = ""
    mine_reason: str = ""
    mistaken_reason: str = ""
    mistake: str = ""
    apart: Apart = "NumPy − Keras"
    choices: tuple[Apart, ...] = ()
    caution: str = ""
    texts: Array | None = None
    their_texts: Array | None = None
    axes: Names = ()

    @property
    def sides(self) -> tuple[Array, ...]:
        """All values that share one scale."""
        given = (self.ours, self.theirs, self.mine, self.mistaken)
        return tuple(values for values in given if values is not None)

    def pair(self, apart: Apart) -> tuple[Array, Array] | None:
        """The two that a difference is between; None where one of them has nothing here."""
        first, second = {
            "NumPy − Keras": (self.ours, self.theirs),
            "mine − NumPy": (self.mine, self.ours),
            "mine − Keras": (self.mine, self.theirs),
            "mine − mistaken run": (self.mine, self.mistaken),
            "mistaken run − NumPy": (self.mistaken, self.ours),
        }[apart]
        return None if first is None or second is None else (first, second)

    @property
    def along(self) -> str:
        """What one column is: a step of time; a row, a channel, a head where the array is known not to run in time."""
        return self.axes[0] if self.axes else "step"

    @property
    def rows(self) -> int:
        return int(self.ours.shape[0])

    @property
    def columns(self) -> int:
        return int(self.ours.shape[1])

    @property
    def symbol(self) -> str:
        """``h`` for ``state/h``, ``i`` for ``gate/i``, ``y`` for an output."""
        kind, _, rest = self.quantity.partition("/")
        return "y" if kind == "output" else rest

    def row_label(self, row: int) -> str:
        """What a row is: ``12``, or ``3, 1`` where several axes lie beyond the steps."""
        return ", ".join(map(str, self._place(row)))

    def row_words(self, row: int) -> str:
        """A row with the names of its axes: ``unit 12``, ``row 3, column 1, channel 0``."""
        return (
            axes.words(self.axes[-len(self.shape) :], self._place(row)) if self.axes else f"unit {self.row_label(row)}"
        )

    def size_words(self) -> str:
        """``4 units × 6 steps``, ``4 rows × 5 columns × 3 channels × 4 steps``."""
        if self.axes:
            beyond = self.axes[1:] if self.has_steps else self.axes
            parts = [numbers.count(size, name) for size, name in zip(self.shape, beyond, strict=True)]
        else:
            parts = [numbers.count(self.rows, "unit")]
        return " × ".join([*parts, numbers.count(self.columns, self.along)] if self.has_steps else parts)

    def _place(self, row: int) -> tuple[int, ...]:
        return tuple(int(index) for index in np.unravel_index(row, self.shape)) if self.shape else (row,)
