"""From a scene to what its panels draw: which sample of which arrays, as rows and steps. Pure; no widgets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from weakref import WeakKeyDictionary

import numpy as np

from rnnscope import Verdict
from rnnscope.order import has_steps
from rnnscope.texts import is_text
from rnnscope.trace import LayerTrace, Trace, layer_key
from rnnscope.types import Array, Mask
from rnnscope_gui import axes, numbers
from rnnscope_gui.axes import STEP, Names, axis_names
from rnnscope_gui.state import Document, View

PREFERRED = ("state/h", "state/forward/h", "output/0")

# Every panel asks for the same picture at every move; only another sample or quantity makes it another one.
_latest: WeakKeyDictionary[Document, tuple[tuple[str, str, int], Picture | None]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One sample of one quantity, ready to draw.

    ours, theirs, difference: (rows, steps); without a time axis there is one column. theirs and difference are None
    when nothing is stored, and `reason` says why. shape: what each row index stands for beyond the steps.
    axes: the names of all axes, that of the columns first; () where they are steps and units, or nobody knows.
    mask: (steps,) bool or None; True is a valid step.
    texts, their_texts: (rows, steps), where the quantity is text; ours is then all NaN, and theirs None.
    verdict, largest: on this sample. floor: the largest difference that is rounding, one number a step.
    """

    layer: str
    quantity: str
    has_steps: bool
    shape: tuple[int, ...]
    ours: Array
    theirs: Array | None = None
    difference: Array | None = None
    mask: Mask | None = None
    verdict: Verdict = Verdict.NOT_COMPARED
    largest: float = 0.0
    floor: Array | None = None
    reason: str = ""
    texts: Array | None = None
    their_texts: Array | None = None
    axes: Names = ()

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


def picture(document: Document, view: View) -> Picture | None:
    """What the heatmaps show; None while there is no run or no such layer. The same object while it stays the same."""
    wanted = (view.layer, view.quantity, view.sample)
    latest = _latest.get(document)
    if latest is None or latest[0] != wanted:
        latest = _latest[document] = (wanted, _make_picture(document, view))
    return latest[1]


def _make_picture(document: Document, view: View) -> Picture | None:
    trace = document.trace
    if trace is None or view.layer not in trace.layers:
        return None
    key = layer_key(view.layer, view.quantity)
    try:
        array = trace.get(key)
    except KeyError:
        return None
    timed = has_steps(key, array)
    shown = _as_rows(array[view.sample], timed)
    texts = shown if is_text(shown) else None
    ours = shown if texts is None else np.full(shown.shape, np.nan)
    names = axis_names(document.model, view.layer, view.quantity, array.ndim)
    in_time = timed and (not names or names[0] == STEP)
    made = Picture(
        layer=view.layer,
        quantity=view.quantity,
        has_steps=timed,
        shape=tuple(array.shape[2:] if timed else array.shape[1:]),
        ours=ours,
        texts=texts,
        mask=sample_mask(trace[view.layer], view.sample, ours.shape[1]) if in_time else None,
        axes=names,
    )
    return _with_reference(made, document, stored_key(document, view.layer, view.quantity), view.sample)


def sample_mask(layer: LayerTrace, sample: int, steps: int) -> Mask | None:
    """The mask beside a layer's steps: the one it used, else the one it passed on; None when neither fits the steps."""
    mask = layer.mask if layer.mask is not None else layer.output_mask
    if mask is None or mask.ndim < 2 or mask.shape[1] != steps:
        return None
    one = mask[sample]
    return np.asarray(one.reshape(steps, -1).any(axis=1))


def settled(document: Document, view: View) -> View:
    """`view` with every name and index brought into the range of what is open."""
    trace = document.trace
    if trace is None or not len(trace.layers):
        return view
    layer = view.layer if view.layer in trace.layers else first_layer(trace)
    quantities = shown_quantities(trace[layer])
    quantity = view.quantity if view.quantity in quantities else preferred_quantity(document, layer, quantities)
    sample = min(max(view.sample, 0), trace.batch_size - 1)
    output = min(view.output, len(trace.outputs) - 1)
    moved = replace(view, layer=layer, quantity=quantity, sample=sample, output=output)
    array = trace.get(layer_key(layer, quantity))
    timed = has_steps(layer_key(layer, quantity), array)
    steps = int(array.shape[1]) if timed else 1
    units = max(1, prod(array.shape[2:] if timed else array.shape[1:]))
    visible = moved.steps if moved.steps is not None and moved.steps[1] <= steps else None
    return replace(moved, step=min(max(view.step, 0), steps - 1), unit=min(max(view.unit, 0), units - 1), steps=visible)


def first_layer(trace: Trace) -> str:
    """The layer to begin with: the first with states, else the last."""
    return next((name for name, layer in trace.layers.items() if layer.states), list(trace.layers)[-1])


def shown_quantities(layer: LayerTrace) -> tuple[str, ...]:
    """The quantities worth a heatmap, or texts where there are no others; the mask has its strip."""
    names = tuple(name for name in layer.quantities() if name != "mask")
    return tuple(name for name in names if not is_text(layer.quantity(name))) or names


def preferred_quantity(document: Document, layer: str, quantities: tuple[str, ...]) -> str:
    """What to look at first: the state or the output, of those that Keras's values are there for if there are any."""
    stored = document.reference.arrays if document.reference is not None else {}
    there = [name for name in quantities if stored_key(document, layer, name) in stored] or list(quantities)
    return next((name for name in PREFERRED if name in there), there[0])


def stored_key(document: Document, layer: str, quantity: str) -> str:
    """Where Keras's values of a quantity are: under its own key, or under that of the model's output which it is."""
    own = layer_key(layer, quantity)
    if document.reference is None or own in document.reference.arrays:
        return own
    return _model_outputs(document, layer).get(quantity, own)


def layer_verdict(document: Document, layer: str) -> Verdict:
    """The worst verdict on a layer's quantities, and on those of the model's outputs that are its own."""
    comparison = document.comparison
    if comparison is None:
        return Verdict.NOT_COMPARED
    rows = [comparison.row(key) for key in _model_outputs(document, layer).values()]
    verdicts = [comparison.layer_verdict(layer), *(row.verdict for row in rows if row is not None)]
    return max(verdicts, key=lambda verdict: verdict.severity)


def _model_outputs(document: Document, layer: str) -> dict[str, str]:
    """Quantity of a layer → key of the model's output which it is."""
    outputs = document.model.outputs if document.model is not None else ()
    return {f"output/{one.output}": f"output/{index}" for index, one in enumerate(outputs) if one.call == layer}


def _as_rows(sample: Array, timed: bool) -> Array:
    """(steps, …) → (rows, steps), or (…) → (rows, 1)."""
    if not timed:
        return sample.reshape(-1, 1)
    return np.ascontiguousarray(sample.reshape(sample.shape[0], -1).T)


def _with_reference(made: Picture, document: Document, key: str, sample: int) -> Picture:
    if document.reference is None:
        return replace(made, reason="No Keras values are open.")
    stored = document.reference.get(key)
    trace = document.trace
    if stored is None:
        return replace(made, reason="The stored values do not hold this quantity.")
    if trace is None or stored.shape != trace.get(key).shape:
        return replace(made, reason=f"The stored values have another shape: {stored.shape}.")
    theirs = _as_rows(stored[sample], made.has_steps)
    if is_text(theirs) != (made.texts is not None):
        kind = "text" if is_text(theirs) else "numbers"
        return replace(made, reason=f"The stored values are {kind}.")
    if made.texts is not None:
        verdict, _ = _sample_verdict(document, key, sample)
        return replace(made, their_texts=theirs, verdict=verdict)
    with np.errstate(invalid="ignore"):
        difference = made.ours.astype(np.float64) - theirs.astype(np.float64)
    judged = replace(made, theirs=theirs, difference=difference)
    if document.comparison is None:
        return replace(judged, largest=float(np.nanmax(np.abs(difference), initial=0.0)))
    verdict, largest = _sample_verdict(document, key, sample)
    row = document.comparison.row(key)
    return replace(judged, verdict=verdict, largest=largest, floor=row.floor if row is not None else None)


def _sample_verdict(document: Document, key: str, sample: int) -> tuple[Verdict, float]:
    if document.comparison is None:
        return Verdict.NOT_COMPARED, 0.0
    return document.comparison.sample_verdict(key, sample)
