"""What NumPy's numbers are held against: Keras's, a port's own, and the run with a mistake in it. Pure; no widgets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from rnnscope import Comparison, Finding, Row, Verdict
from rnnscope.texts import is_text
from rnnscope.trace import Trace, layer_key
from rnnscope.types import Array
from rnnscope_gui.sample_picture import Picture
from rnnscope_gui.state import Apart, Document, View

# The first that there is, is what somebody who opened these files wants to see.
APART: tuple[Apart, ...] = (
    *("mine − mistaken run", "mistaken run − NumPy"),
    *("mine − Keras", "mine − NumPy", "NumPy − Keras"),
)
NO_REFERENCE = "No Keras values are open."
NOT_STORED = "The stored values do not hold this quantity."
NOT_MINE = "Your file does not hold this quantity."
CANNOT_BE_MADE = "The run with this mistake has no such quantity."
NO_RUN = "This mistake is recognised by its pattern; there is no one run that makes it."


def with_sides(made: Picture, document: Document, view: View) -> Picture:
    """The picture with all that stands beside NumPy's numbers, and with one difference."""
    made = _with_keras(made, document, view)
    if document.mine is not None:
        made = _with_mine(made, document.mine.arrays, document, view)
        made = _with_mistaken(made, document, view)
    choices = tuple(apart for apart in reversed(APART) if made.pair(apart) is not None)
    fallback: Apart = next((apart for apart in APART if apart in choices), "NumPy − Keras")
    apart = view.apart if view.apart != "auto" and view.apart in choices else fallback
    return _judged(replace(made, apart=apart, choices=choices), document, view)


def chosen_finding(document: Document, view: View) -> Finding | None:
    """The mistake that is looked at."""
    findings = document.findings or ()
    return findings[view.finding] if 0 <= view.finding < len(findings) else None


def stored_key(document: Document, arrays: Mapping[str, Array], layer: str, quantity: str) -> str:
    """Where stored values of a quantity are: under its own key, or under that of the model's output which it is."""
    own = layer_key(layer, quantity)
    return own if own in arrays else _model_outputs(document, layer).get(quantity, own)


def layer_verdict(document: Document, comparison: Comparison | None, layer: str) -> Verdict:
    """The worst verdict on a layer's quantities, and on those of the model's outputs that are its own."""
    if comparison is None:
        return Verdict.NOT_COMPARED
    rows = [comparison.row(key) for key in _model_outputs(document, layer).values()]
    verdicts = [comparison.layer_verdict(layer), *(row.verdict for row in rows if row is not None)]
    return max(verdicts, key=lambda verdict: verdict.severity)


def as_rows(sample: Array, timed: bool) -> Array:
    """(steps, …) → (rows, steps), or (…) → (rows, 1)."""
    if not timed:
        return sample.reshape(-1, 1)
    return np.ascontiguousarray(sample.reshape(sample.shape[0], -1).T)


def judge(difference: Array, floor: Array | float) -> Verdict:
    """The verdict on differences: none, all within the floor, or beyond it. NaN where both sides are alike is none."""
    size = np.abs(difference)
    if (size > floor).any():
        return Verdict.DIFFERENT
    return Verdict.ROUNDING if (size > 0).any() else Verdict.SAME


def apart_of(first: Array, second: Array) -> Array:
    """first − second in float64; 0 where both are NaN or the same infinity, infinite where only one is finite."""
    a, b = first.astype(np.float64), second.astype(np.float64)
    with np.errstate(invalid="ignore"):
        difference = a - b
    alike = (a == b) | (np.isnan(a) & np.isnan(b))
    return np.where(alike, 0.0, np.where(np.isnan(difference), np.inf, difference))


def sample_floor(row: Row | None, sample: int, batch: int, *, timed: bool) -> Array | None:
    """The floor of one sample, of a shape that broadcasts over (rows, steps); None where nothing was judged.

    A measured floor has one number for each step, or one in all; a fixed rule's has the shape of the quantity itself.
    """
    if row is None or row.floor is None:
        return None
    whole = row.floor.ndim > 1 and len(row.floor) == batch
    return as_rows(row.floor[sample], timed) if whole else np.asarray(row.floor)


def _model_outputs(document: Document, layer: str) -> dict[str, str]:
    """Quantity of a layer → key of the model's output which it is."""
    outputs = document.model.outputs if document.model is not None else ()
    return {f"output/{one.output}": f"output/{index}" for index, one in enumerate(outputs) if one.call == layer}


def _with_keras(made: Picture, document: Document, view: View) -> Picture:
    if document.reference is None:
        return replace(made, reason=NO_REFERENCE)
    key = stored_key(document, document.reference.arrays, made.layer, made.quantity)
    stored = document.reference.get(key)
    if stored is None:
        return replace(made, reason=NOT_STORED)
    if stored.shape != _shape(document.trace, key):
        return replace(made, reason=f"The stored values have another shape: {stored.shape}.")
    theirs = as_rows(stored[view.sample], made.has_steps)
    if is_text(theirs) != (made.texts is not None):
        return replace(made, reason=f"The stored values are {'text' if is_text(theirs) else 'numbers'}.")
    return replace(made, their_texts=theirs) if made.texts is not None else replace(made, theirs=theirs)


def _with_mine(made: Picture, arrays: Mapping[str, Array], document: Document, view: View) -> Picture:
    key = stored_key(document, arrays, made.layer, made.quantity)
    mine = arrays.get(key)
    if mine is None:
        return replace(made, mine_reason=NOT_MINE)
    if mine.shape != _shape(document.trace, key):
        expected = f"where the model gives {_shape(document.trace, key)}"
        return replace(made, mine_reason=f"Your numbers have another shape: {mine.shape}, {expected}.")
    return replace(made, mine=as_rows(mine[view.sample], made.has_steps))


def _with_mistaken(made: Picture, document: Document, view: View) -> Picture:
    finding = chosen_finding(document, view) if view.mistaken else None
    if finding is None:
        return made
    made = replace(made, mistake=finding.title)
    if finding.trace is None:
        return replace(made, mistaken_reason=NO_RUN)
    key = layer_key(made.layer, made.quantity)
    if _shape(finding.trace, key) != _shape(document.trace, key) or made.texts is not None:
        return replace(made, mistaken_reason=CANNOT_BE_MADE)
    return replace(made, mistaken=as_rows(finding.trace.get(key)[view.sample], made.has_steps))


def _judged(made: Picture, document: Document, view: View) -> Picture:
    """The picture with its difference, and the verdict on it."""
    if made.their_texts is not None and document.reference is not None:
        key = stored_key(document, document.reference.arrays, made.layer, made.quantity)
        return replace(made, verdict=_verdict(document.comparison, key, view.sample))
    pair = made.pair(made.apart)
    if pair is None:
        return made
    difference = apart_of(*pair)
    largest = float(np.max(np.abs(difference), initial=0.0))
    made = replace(made, difference=difference, largest=largest)
    comparison, arrays = _judging(document, made.apart)
    key = stored_key(document, arrays, made.layer, made.quantity)
    row = comparison.row(key) if comparison is not None else None
    floor = sample_floor(row, view.sample, document.trace.batch_size if document.trace else 0, timed=made.has_steps)
    if floor is None:
        return made
    made = replace(made, floor=floor, caution=row.caution if row is not None else "")
    if "mistaken run" in made.apart:
        return replace(made, verdict=judge(difference, floor))
    return replace(made, verdict=_verdict(comparison, key, view.sample))


def _judging(document: Document, apart: Apart) -> tuple[Comparison | None, Mapping[str, Array]]:
    """The comparison behind a difference, and the stored values that it is about."""
    mine = document.mine.arrays if document.mine is not None else {}
    if apart == "NumPy − Keras":
        return document.comparison, document.reference.arrays if document.reference is not None else {}
    if apart == "mine − Keras" and document.port is not None:
        return document.port.keras, mine
    return document.mine_comparison, mine


def _verdict(comparison: Comparison | None, key: str, sample: int) -> Verdict:
    return Verdict.NOT_COMPARED if comparison is None else comparison.sample_verdict(key, sample)[0]


def _shape(trace: Trace | None, key: str) -> tuple[int, ...]:
    """The shape of a run's quantity; () where it has none."""
    try:
        return () if trace is None else tuple(trace.get(key).shape)
    except (KeyError, IndexError, ValueError):
        return ()
