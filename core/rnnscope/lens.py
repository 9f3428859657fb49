"""The version lens: one file run under the rules of several Kerases, and the layers whose numbers move."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from rnnscope.context import Cancelling, Progress
from rnnscope.errors import Cancelled, RnnscopeError
from rnnscope.graph import Call
from rnnscope.model import Model
from rnnscope.reading.loader import load_model
from rnnscope.reading.source import Readable, read_source
from rnnscope.run import Inputs, run
from rnnscope.semantics import Semantics
from rnnscope.texts import is_text
from rnnscope.trace import Trace
from rnnscope.types import Array

READINGS = (
    Semantics("1.2.2", "theano"),
    Semantics("2.2.4", "tensorflow"),
    Semantics("2.3.1", "tensorflow"),
    Semantics("2.15.0", "tensorflow"),
    Semantics("3.3.3", "tensorflow"),
    Semantics("3.15.1", "tensorflow"),
    Semantics("3.15.1", "jax"),
)

Load = Callable[[Semantics], Model]


@dataclass(frozen=True, slots=True)
class Moved:
    """A call of a layer whose numbers differ from those of the file's own reading.

    quantity: the first of its quantities that differs. largest: the largest difference in any of them; infinite where
    shapes differ or only one side is finite. begins: whether nothing that the layer reads had moved before it.
    """

    layer: str
    quantity: str
    largest: float
    begins: bool


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """The file under the rules of one Keras.

    moved: the calls that differ, in execution order. output: the largest difference in the model's outputs.
    problem: why the file cannot be read or run under these rules; "" when it can. trace: the run, None with a problem.
    """

    semantics: Semantics
    moved: tuple[Moved, ...] = ()
    output: float = 0.0
    problem: str = ""
    trace: Trace | None = None

    @property
    def same(self) -> bool:
        return not self.problem and not self.moved and self.output == 0


@dataclass(frozen=True, slots=True, eq=False)
class Lens:
    """The file's own reading, and every other."""

    own: Semantics
    readings: tuple[Reading, ...]

    def without_traces(self) -> Lens:
        """The same without the runs, which take room."""
        return replace(self, readings=tuple(replace(reading, trace=None) for reading in self.readings))


def lens(
    path: Readable,
    x: Inputs,
    *,
    readings: Sequence[Semantics] = READINGS,
    progress: Progress | None = None,
    cancelled: Cancelling | None = None,
    **how: object,
) -> Lens:
    """Read the model file at `path` by the rules of each of `readings`, run each on `x`, and say what moves.

    The file's own reading, which `load_model` gives, is what the others are held against. All runs are made by the same
    engine in the same type, so whatever no rule touches is equal to the bit: any difference is a rule's.
    `how` goes to `load_model`. Raises what `load_model` and `run` raise for the file's own reading; another reading
    that cannot be made is kept as its `problem`.
    """
    source = read_source(path)

    def load(semantics: Semantics) -> Model:
        options = {**how, "keras_version": semantics.keras_version, "backend": semantics.backend}
        return load_model(source, **options)  # type: ignore[arg-type]

    own = load_model(source, **how)  # type: ignore[arg-type]
    return readings_of(own, load, x, readings=readings, progress=progress, cancelled=cancelled)


def readings_of(
    own: Model,
    load: Load,
    x: Inputs,
    *,
    readings: Sequence[Semantics] = READINGS,
    progress: Progress | None = None,
    cancelled: Cancelling | None = None,
) -> Lens:
    """The lens on a model that is open already; `load` reads its file again, by other rules."""
    base = run(own, x, cancelled=cancelled)
    others = [semantics for semantics in readings if semantics != own.semantics]
    found = []
    for place, semantics in enumerate(others):
        found.append(_reading(semantics, load, x, base, cancelled))
        if progress is not None:
            progress(place + 1, len(others))
    return Lens(own.semantics, tuple(found))


def _reading(semantics: Semantics, load: Load, x: Inputs, base: Trace, cancelled: Cancelling | None) -> Reading:
    try:
        trace = run(load(semantics), x, cancelled=cancelled)
    except Cancelled:
        raise
    except RnnscopeError as error:
        return Reading(semantics, problem=str(error))
    output = max((_distance(a, b) for a, b in zip(base.outputs, trace.outputs, strict=False)), default=0.0)
    return Reading(semantics, _moved(base, trace), output, trace=trace)


def _moved(base: Trace, trace: Trace) -> tuple[Moved, ...]:
    calls: Mapping[str, Call] = {call.key: call for call in (trace.model.calls if trace.model else ())}
    moved: dict[str, Moved] = {}
    for key in base.layers:
        if key not in trace.layers:
            continue
        distances = {name: _quantity_distance(base, trace, key, name) for name in base[key].quantities()}
        first = next((name for name, distance in distances.items() if distance > 0), None)
        if first is None:
            continue
        sources = {tensor.call for tensor in calls[key].tensors()} if key in calls else set()
        moved[key] = Moved(key, first, max(distances.values()), begins=not sources & set(moved))
    return tuple(moved.values())


def _quantity_distance(base: Trace, trace: Trace, key: str, name: str) -> float:
    try:
        return _distance(base[key].quantity(name), trace[key].quantity(name))
    except KeyError:
        # A mask that only one of the two uses; what follows from it shows in the states.
        return 0.0 if name == "mask" else np.inf


def _distance(a: Array, b: Array) -> float:
    """The largest |a − b|; 0 only where both are equal, NaN counting as equal to NaN."""
    if a.shape != b.shape:
        return np.inf
    if np.array_equal(a, b, equal_nan=a.dtype.kind == "f"):
        return 0.0
    if is_text(a) or is_text(b):
        return np.inf
    with np.errstate(all="ignore"):
        apart = np.abs(a.astype(np.float64) - b.astype(np.float64))
    return float(np.max(np.where(np.isnan(apart), np.inf, apart), where=~_alike(a, b), initial=0.0))


def _alike(a: Array, b: Array) -> Array:
    return np.asarray((a == b) | ((a != a) & (b != b)))
