"""What the output panel says of one sample: numbers and sentences. Pure; no widgets."""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np

from rnnscope import Trace, Verdict
from rnnscope.order import has_steps
from rnnscope.texts import is_text
from rnnscope.types import Array, Mask
from rnnscope_gui import numbers
from rnnscope_gui.axes import STEP, Names, axis_names, words
from rnnscope_gui.state import Document, View

# Every step asks for the verdicts of the same sample, and they take as long as the sequence.
_latest: WeakKeyDictionary[Document, tuple[tuple[str, int], tuple[Verdict, Verdict]]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True, eq=False)
class OutputReading:
    """One output of one sample, flattened; where it runs through time, at the view's step.

    ours, theirs, mine, unmasked: (elements,); all but ours None where there is nothing to show.
    step: which step, or None without time. floor: (elements,), the largest differences that are rounding, or None.
    verdict: on the sample's whole output, every step of it; mine_verdict: the same on a port's own numbers.
    mine_reason: why those are not shown. axes: the names of its axes, () where nobody knows.
    """

    name: str
    ours: Array
    theirs: Array | None
    unmasked: Array | None
    step: int | None
    shape: tuple[int, ...]
    floor: Array | None
    verdict: Verdict
    axes: Names = ()
    mine: Array | None = None
    mine_verdict: Verdict = Verdict.NOT_COMPARED
    mine_reason: str = ""

    def place_words(self, element: int) -> str:
        """Which element of how many, and where: ``unit 2 of 0–4, at step 0``, ``column 1, channel 0, at row 3``."""
        if self.axes:
            beyond = self.axes if self.step is None else self.axes[1:]
            parts = (
                [words(beyond, [int(index) for index in np.unravel_index(element, self.shape)])] if self.shape else []
            )
        else:
            parts = [f"unit {element} of 0–{self.ours.size - 1}"] if self.ours.size > 1 else []
        along = self.axes[0] if self.axes else STEP
        return ", ".join(parts if self.step is None else [*parts, f"at {along} {self.step}"])

    @property
    def prominent(self) -> int:
        """The element to begin with: the largest value, which is what a classifier answers."""
        if is_text(self.ours):
            return 0
        finite = np.where(np.isfinite(self.ours), self.ours, -np.inf)
        return int(np.argmax(finite)) if finite.size else 0

    def element(self, wanted: int | None) -> int:
        """The element that is wanted where there is one, else the prominent one."""
        return self.prominent if wanted is None else min(max(wanted, 0), self.ours.size - 1)

    def difference(self, element: int) -> float:
        """|ours − Keras's| of one element; 0 where both are the same, NaN included. Between texts 0 or infinite."""
        if self.theirs is None:
            return 0.0
        if is_text(self.ours):
            return 0.0 if self.ours[element] == self.theirs[element] else np.inf
        return numbers.distance(float(self.ours[element]), float(self.theirs[element]))

    def mine_difference(self, element: int) -> float:
        """|mine − Keras's| of one element, |mine − ours| where Keras's are not there."""
        held_against = self.ours if self.theirs is None else self.theirs
        return 0.0 if self.mine is None else numbers.distance(float(self.mine[element]), float(held_against[element]))


def output_reading(document: Document, view: View) -> OutputReading | None:
    """The numbers of `view.output`; None while nothing ran or the output is empty."""
    trace = document.trace
    if trace is None or not 0 <= view.output < len(trace.outputs):
        return None
    key = f"output/{view.output}"
    array = trace.outputs[view.output]
    timed = has_steps(key, array)
    step = min(view.step, array.shape[1] - 1) if timed else None
    stored = document.reference.get(key) if document.reference is not None else None
    if stored is not None and (stored.shape != array.shape or is_text(stored) != is_text(array)):
        stored = None
    free = document.unmasked.outputs[view.output] if document.unmasked is not None else None
    verdict, mine_verdict = _verdicts(document, key, view.sample)
    mine, mine_verdict, mine_reason = _mine(document, key, mine_verdict, array)
    names = trace.model.output_names if trace.model is not None else ()
    ours = _take(array, view.sample, step)
    if not ours.size:
        return None
    return OutputReading(
        name=names[view.output] if view.output < len(names) else str(view.output),
        ours=ours,
        theirs=None if stored is None else _take(stored, view.sample, step),
        unmasked=None if free is None or free.shape != array.shape else _take(free, view.sample, step),
        step=step,
        shape=tuple(array.shape[2:] if timed else array.shape[1:]),
        floor=_floor(document, key, view.sample, step, array),
        verdict=verdict,
        axes=_axes(document, view.output, array.ndim),
        mine=None if mine is None else _take(mine, view.sample, step),
        mine_verdict=mine_verdict,
        mine_reason=mine_reason,
    )


def _verdicts(document: Document, key: str, sample: int) -> tuple[Verdict, Verdict]:
    """Those on a sample of Keras's values and of a port's; they stay while the cursor moves through the steps."""
    latest = _latest.get(document)
    if latest is None or latest[0] != (key, sample):
        comparisons = (document.comparison, document.mine_comparison)
        keras, mine = (
            Verdict.NOT_COMPARED if one is None else one.sample_verdict(key, sample)[0] for one in comparisons
        )
        latest = _latest[document] = ((key, sample), (keras, mine))
    return latest[1]


def _mine(document: Document, key: str, verdict: Verdict, array: Array) -> tuple[Array | None, Verdict, str]:
    """A port's numbers of a whole output with the verdict on a sample, or why they are not there."""
    if document.mine is None:
        return None, Verdict.NOT_COMPARED, ""
    mine = document.mine.arrays.get(key)
    if mine is None:
        return None, Verdict.NOT_COMPARED, "Your file does not hold this output."
    if mine.shape != array.shape:
        return None, Verdict.DIFFERENT, f"Yours has shape {mine.shape}, where the model gives {array.shape}."
    return mine, verdict, ""


def _axes(document: Document, output: int, rank: int) -> Names:
    """The names of the axes of one of the model's outputs."""
    if document.model is None:
        return ()
    tensor = document.model.outputs[output]
    return axis_names(document.model, tensor.call, f"output/{tensor.output}", rank)


def masking_words(document: Document, view: View, reading: OutputReading, element: int) -> tuple[str, ...]:
    """What the masks did to this sample, in sentences."""
    trace = document.trace
    mask = used_mask(trace, view.sample) if trace is not None else None
    if mask is None:
        return ("This model has no mask.",)
    if mask.all():
        return (f"None of the {numbers.count(mask.size, 'step')} is masked in this sample.",)
    hidden = int(np.count_nonzero(~mask))
    words = [f"{hidden:,} of {numbers.count(mask.size, 'step')} masked in this sample."]
    if reading.unmasked is not None and not is_text(reading.ours):
        free, with_masks = float(reading.unmasked[element]), float(reading.ours[element])
        moved = abs(free - with_masks)
        changed = f"moved by {numbers.short(moved)}" if moved else "not moved at all"
        words.append(f"Without the mask the output would be {numbers.answer(free).strip()} ({changed}).")
    return tuple(words)


def used_mask(trace: Trace, sample: int) -> Mask | None:
    """One sample of `used_masks`: (steps,), or None without any."""
    masks = used_masks(trace)
    return None if masks is None else masks[sample]


def used_masks(trace: Trace) -> Mask | None:
    """The first mask that a layer used, else the first that one passed on: (samples, steps), or None without any."""
    masks = [layer.mask for layer in trace.layers.values()] + [layer.output_mask for layer in trace.layers.values()]
    first = next((mask for mask in masks if mask is not None and mask.ndim >= 2), None)
    return None if first is None else np.asarray(first.reshape(*first.shape[:2], -1).any(axis=2))


def _take(array: Array, sample: int, step: int | None) -> Array:
    one = array[sample] if step is None else array[sample, step]
    return np.asarray(one).reshape(-1)


def _floor(document: Document, key: str, sample: int, step: int | None, array: Array) -> Array | None:
    """The floor of each element: a measured one holds for a whole step, a fixed rule's is an array of its own."""
    row = document.comparison.row(key) if document.comparison is not None else None
    if row is None or row.floor is None:
        return None
    if row.floor.shape == array.shape:
        return _take(row.floor, sample, step)
    one = row.floor if not row.floor.ndim or step is None else row.floor[step]
    return np.broadcast_to(np.asarray(one).reshape(-1)[:1], _take(array, sample, step).shape)
