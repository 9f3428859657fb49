"""A person's own numbers: which of the run's quantities they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np

from rnnscope.errors import BadInput, one_line
from rnnscope.reading.npy import read_npz
from rnnscope.reading.source import Readable, read_source, sniff
from rnnscope.reference import Reference, load_reference
from rnnscope.trace import Trace, split_key
from rnnscope.types import Array


@dataclass(frozen=True, slots=True, eq=False)
class Mine:
    """A port's numbers by the keys of `Trace.quantities`.

    arrays: in their own type, with axes of size 1 as the run has them; of another shape where nothing fits.
    taken: a sentence for each, on what it was taken for.
    """

    arrays: Mapping[str, Array]
    taken: tuple[str, ...]
    file: str = ""

    def reference(self) -> Reference:
        """The numbers as something to compare a run with."""
        return Reference(self.arrays, {}, self.file)


def load_mine(path: Readable) -> Array | dict[str, Array]:
    """A person's own numbers from a file: one array, or {key: array} with the keys of stored values.

    Raises UnreadableFile for a damaged or unsafe file, BadInput when its keys are not those of stored values.
    """
    source = read_source(path)
    kind = sniff(source.data)
    if kind == "zip":
        arrays = read_npz(source.data, source.name)
        if set(arrays) == {"arr_0"}:
            return arrays["arr_0"]
    stored = dict(load_reference(source).arrays)
    return stored["output/0"] if kind in ("npy", "text") else stored


def take_mine(mine: object, trace: Trace, file: str = "") -> Mine:
    """`mine`, checked against the quantities of the run: one array, one for each output, or {key: array}.

    An array that has the shape of no output is taken for the quantity that has its shape; of several, for the nearest.
    Raises BadInput for keys that the run has not, and for what are no numbers.
    """
    if isinstance(mine, Mapping):
        named = {str(key): _numbers(array, str(key)) for key, array in mine.items() if str(key) != "meta"}
        _check_keys(named, trace)
    else:
        listed = isinstance(mine, list | tuple) and len(mine) and all(isinstance(item, np.ndarray) for item in mine)
        arrays = [_numbers(item, "MINE") for item in mine] if listed else [_numbers(mine, "MINE")]  # type: ignore[attr-defined]
        named = _placed(arrays, trace)
    fitted = {key: _fitted(array, computed(trace, key)) for key, array in named.items()}
    if all(array.dtype.kind == "f" and np.isnan(array).all() for array in fitted.values()):
        raise BadInput("every one of your numbers is NaN", advice="Nothing can be told from them")
    taken = tuple(_words(key, named[key], fitted[key], trace) for key in named)
    return Mine(fitted, taken, file)


def computed(trace: Trace, key: str) -> Array | None:
    """The run's array under a key; None where it has none, or text."""
    try:
        found = trace.get(key)
    except (KeyError, IndexError, ValueError):
        return None
    return found if found.dtype.kind in "biuf" else None


def plain(shape: tuple[int, ...]) -> tuple[int, ...]:
    """A shape without the axes of size 1 behind the batch."""
    return (*shape[:1], *(size for size in shape[1:] if size != 1))


def _words(key: str, given: Array, fitted: Array, trace: Trace) -> str:
    """``mine (24,) is taken for the output predict (24, 1)``."""
    ours = computed(trace, key)
    layer, quantity = split_key(key, trace.layers)
    what = f"{quantity} of {one_line(layer)}" if layer else _output(key, trace)
    if ours is None or ours.shape != fitted.shape:
        there = "" if ours is None else f", which the run has as {ours.shape}"
        return f"{given.shape} is taken for {what}{there}: the shapes do not fit"
    return f"{given.shape} is taken for {what}" + (f", as {ours.shape}" if given.shape != ours.shape else "")


def _output(key: str, trace: Trace) -> str:
    names = trace.model.output_names if trace.model is not None else ()
    index = int(key.rpartition("/")[2])
    return f"the output {one_line(names[index])}" if index < len(names) else f"output {index}"


def _numbers(value: object, name: str) -> Array:
    try:
        array = np.asarray(value)
    except ValueError:
        array = np.asarray(None)
    if array.dtype.kind not in "biuf":
        raise BadInput(f"{name} is no array of numbers", expected="floats or integers", found=array.dtype)
    if array.size == 0:
        raise BadInput(f"{name} holds no numbers", found=array.shape)
    return array


def _check_keys(named: Mapping[str, Array], trace: Trace) -> None:
    known = list(trace.quantities())
    unknown = [key for key in named if computed(trace, key) is None]
    if not named or unknown:
        near = get_close_matches(unknown[0], known, n=1, cutoff=0.3) if unknown else []
        raise BadInput(
            "your numbers have no key that this model's run has" if not named else f"no '{unknown[0]}' in the run",
            expected=f"keys such as {', '.join([*near, known[-1]][:2])}",
            found=", ".join(named) or "nothing",
        )


def _placed(arrays: Sequence[Array], trace: Trace) -> dict[str, Array]:
    """Arrays without names by the keys that their shapes belong to; those of the outputs where nothing fits."""
    if len(arrays) > len(trace.outputs):
        raise BadInput("more arrays than outputs", expected=len(trace.outputs), found=len(arrays))
    if len(arrays) > 1:
        return {f"output/{index}": array for index, array in enumerate(arrays)}
    (array,) = arrays
    outputs = [f"output/{index}" for index in range(len(trace.outputs))]
    others = [key for key in reversed(list(trace.quantities())) if key not in outputs and not key.endswith("mask")]
    for keys in (outputs, others):
        pairs = [(key, computed(trace, key)) for key in keys]
        fitting = [(key, ours) for key, ours in pairs if ours is not None and plain(ours.shape) == plain(array.shape)]
        if fitting:
            return {min(fitting, key=lambda pair: _distance(array, pair[1]))[0]: array}
    return {outputs[0]: array}


def _distance(array: Array, ours: Array) -> float:
    """How far two arrays of one size are apart, on average; NaN is as far as can be."""
    with np.errstate(all="ignore"):
        apart = float(np.mean(np.abs(array.astype(np.float64).ravel() - ours.ravel())))
    return apart if np.isfinite(apart) else np.inf


def _fitted(array: Array, ours: Array | None) -> Array:
    """`array` with axes of size 1 as the run has them."""
    if ours is not None and plain(ours.shape) == plain(array.shape):
        return array.reshape(ours.shape)
    return array if array.ndim else array.reshape(1)
