"""From a scene to what its panels draw: which sample of which arrays, as rows and steps. Pure; no widgets."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from weakref import WeakKeyDictionary

import numpy as np

from rnnscope.order import has_steps
from rnnscope.texts import is_text
from rnnscope.trace import LayerTrace, Trace, layer_key
from rnnscope.types import Mask
from rnnscope_gui.axes import STEP, axis_names
from rnnscope_gui.sample_picture import Picture
from rnnscope_gui.sides import as_rows, stored_key, with_sides
from rnnscope_gui.state import Document, Scene, View

PREFERRED = ("state/h", "state/forward/h", "output/0")

# Every panel asks for the same picture at every move; only another sample or quantity makes it another one.
Wanted = tuple[str, str, int, str, int]
_latest: WeakKeyDictionary[Document, tuple[Wanted, Picture | None]] = WeakKeyDictionary()


def picture(document: Document, view: View) -> Picture | None:
    """What the heatmaps show; None while there is no run or no such layer. The same object while it stays the same."""
    wanted = wanted_picture(view)
    latest = _latest.get(document)
    if latest is None or latest[0] != wanted:
        latest = _latest[document] = (wanted, _make_picture(document, view))
    return latest[1]


def same_picture(old: Scene, new: Scene) -> bool:
    """Whether two scenes show the same numbers, wherever in them the cursor is."""
    return old.document is new.document and wanted_picture(old.view) == wanted_picture(new.view)


def wanted_picture(view: View) -> Wanted:
    """What of a view makes another picture."""
    return view.layer, view.quantity, view.sample, view.apart, view.finding if view.mistaken else -1


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
    shown = as_rows(array[view.sample], timed)
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
    return with_sides(made, document, view)


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
    """What to look at first: the state or the output, of those that there are values to compare with if there are."""
    stored = document.reference.arrays if document.reference is not None else {}
    stored = document.mine.arrays if document.mine is not None and not stored else stored
    there = [name for name in quantities if stored_key(document, stored, layer, name) in stored] or list(quantities)
    return next((name for name in PREFERRED if name in there), there[0])
