"""What can be taken away of the quantity on show: each side of it and each difference, for one sample or all. Pure."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from rnnscope.export import as_text, export
from rnnscope.order import has_steps
from rnnscope.texts import is_text
from rnnscope.trace import layer_key
from rnnscope.types import Array
from rnnscope_gui.axes import axis_names
from rnnscope_gui.opening import Reports
from rnnscope_gui.sides import stored_key
from rnnscope_gui.state import Document, Message, View

Task = Callable[[Document, Reports], Message]
NUMPY, KERAS, MINE = "NumPy", "Keras", "mine"
DIFFERENCES = ((NUMPY, KERAS), (MINE, KERAS), (MINE, NUMPY))


class Wanted(NamedTuple):
    """What to write: which side, whether of every sample, and where to."""

    side: str
    all_samples: bool
    path: str


def sides_of(document: Document, view: View) -> tuple[str, ...]:
    """The sides that hold the quantity on show, and their differences; the one that tells most comes last."""
    arrays = _arrays(document, view)
    pairs = [f"{a} − {b}" for a, b in reversed(DIFFERENCES) if a in arrays and b in arrays and not is_text(arrays[a])]
    return (*arrays, *pairs)


def taken(document: Document, view: View, side: str, *, all_samples: bool) -> tuple[Array, tuple[str, ...]]:
    """One side of the quantity on show, and the names of its axes, the sample's first where there are all samples.

    A difference is taken in float64.
    """
    arrays = _arrays(document, view)
    if side in arrays:
        array = arrays[side]
    else:
        first, second = side.split(" − ")
        with np.errstate(invalid="ignore"):
            array = arrays[first].astype(np.float64) - arrays[second].astype(np.float64)
    key = layer_key(view.layer, view.quantity)
    names = axis_names(document.model, view.layer, view.quantity, array.ndim)
    if not names:
        beyond = array.ndim - 1
        names = ("step", *["unit"] * (beyond - 1))[:beyond] if has_steps(key, array) else ("unit",) * min(beyond, 1)
    return (array, ("sample", *names)) if all_samples else (array[view.sample], tuple(names))


def exported(wanted: Wanted, view: View) -> Task:
    """Writes one side of the quantity on show."""

    def task(document: Document, reports: Reports) -> Message:
        array, axes = taken(document, view, wanted.side, all_samples=wanted.all_samples)
        key = stored_key(document, {}, view.layer, view.quantity)
        export({key: array}, wanted.path, axes=axes, cancelled=reports.cancelled)
        return Message(f"Written: {wanted.path}, {_size(array)}", "note")

    return task


def copied(document: Document, view: View, side: str) -> tuple[str, str]:
    """One side of the sample on show as a table for the clipboard, and words for what it is."""
    array, axes = taken(document, view, side, all_samples=False)
    table = array.reshape(array.shape[0], -1) if array.ndim > 2 else array
    return as_text(table, axes), f"{side}, {view.layer} {view.quantity}, sample {view.sample}, {_size(array)}"


def file_name(view: View, side: str) -> str:
    """A file's name that says what is in it."""
    words = f"{view.layer} {view.quantity} {side}".replace("−", "minus")
    plain = "".join(letter if letter.isalnum() or letter in "-_" else " " for letter in words)
    return "-".join(plain.split())[:80] + ".csv"


def _size(array: Array) -> str:
    return " × ".join(map(str, array.shape)) if array.ndim else "one number"


def _arrays(document: Document, view: View) -> dict[str, Array]:
    """Each side's array of the quantity on show, those of the run's own shape."""
    trace = document.trace
    if trace is None or view.layer not in trace.layers:
        return {}
    try:
        ours = trace.get(layer_key(view.layer, view.quantity))
    except KeyError:
        return {}
    found = {NUMPY: ours}
    for name, stored in (
        (KERAS, document.reference.arrays if document.reference is not None else {}),
        (MINE, document.mine.arrays if document.mine is not None else {}),
    ):
        theirs = stored.get(stored_key(document, stored, view.layer, view.quantity))
        if theirs is not None and theirs.shape == ours.shape and is_text(theirs) == is_text(ours):
            found[name] = theirs
    return found


def with_suffix(path: str) -> str:
    """The path, as .csv where it says no format."""
    return path if Path(path).suffix else f"{path}.csv"
