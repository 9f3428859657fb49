"""What a run is made from, and what a mistake is: a declared change of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from rnnscope.context import Cancelling, Context
from rnnscope.layers.base import Result
from rnnscope.model import Model
from rnnscope.run import in_type, traced
from rnnscope.trace import Trace
from rnnscope.types import Array
from rnnscope.walk import Value, prepared, walk


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A model and its inputs by name, batch first; dtype is the type to compute in, None for each layer's own."""

    model: Model
    inputs: Mapping[str, Array]
    use_masks: bool = True
    dtype: np.dtype[np.floating] | None = None

    @property
    def batch_size(self) -> int:
        return len(next(iter(self.inputs.values())))

    def of(self, samples: Array) -> Case:
        """The same for some of the samples, given by their indices."""
        return replace(self, inputs={name: array[samples] for name, array in self.inputs.items()})

    def run(self, cancelled: Cancelling | None = None) -> Trace:
        """Run it; whatever the changed model cannot do raises what NumPy or the engine raises."""
        return self.evaluated(cancelled).trace

    def evaluated(self, cancelled: Cancelling | None = None, known: Sequence[Evaluated] = ()) -> Evaluated:
        """Run it, except for what is the same as in one of the `known` runs; see `run`."""
        context = Context(self.model.semantics, requested=self.dtype, use_masks=self.use_masks, cancelled=cancelled)
        shared = max((self._shared(other) for other in known), key=len, default={})
        prepare = in_type(context)
        spared = {call.layer for call in self.model.calls} - {
            call.layer for call in self.model.calls if call.key not in shared
        }
        layers = [layer if layer.name in spared else prepared([layer], prepare)[0] for layer in self.model.layers]
        entering = {name: Value(array) for name, array in self.inputs.items()}
        with np.errstate(all="ignore"):
            values, results = walk(layers, self.model.calls, entering, context, shared)
        return Evaluated(self, results, traced(self.model, self.inputs, values, results, context))

    def _shared(self, other: Evaluated) -> dict[str, Result]:
        """The results of another run that this one would have too: those of its calls that nothing changed reaches."""
        case = other.case
        if self.use_masks != case.use_masks or self.dtype != case.dtype or self.model.calls is not case.model.calls:
            return {}
        pairs = zip(self.model.layers, case.model.layers, strict=True)
        same = {layer.name for layer, before in pairs if layer is before}
        shared: dict[str, Result] = {}
        for call in self.model.calls:
            given = call.tensors()
            as_before = (
                all(tensor.call in shared for tensor in given)
                if given
                else self.inputs.get(call.key) is case.inputs.get(call.key)
            )
            if call.layer in same and as_before:
                shared[call.key] = other.results[call.key]
        return shared


@dataclass(frozen=True, slots=True, eq=False)
class Evaluated:
    """A case that was run: what each of its calls gave, and the trace."""

    case: Case
    results: Mapping[str, Result]
    trace: Trace


Change = Callable[[Case], Case]


@dataclass(frozen=True, slots=True, eq=False)
class Variation:
    """One way of making a mistake in one model.

    places: the layers in which it is made. broad: whether those are all in which it can be made. mixes_samples: whether
    one sample's numbers depend on the others'. earlier: on how many of those right before it, and on none after it; 0
    when that is not so.
    """

    change: Change
    places: tuple[str, ...] = ()
    broad: bool = True
    mixes_samples: bool = False
    earlier: int = 0


Variations = Callable[[Case], Iterator[Variation]]


@dataclass(frozen=True, slots=True, eq=False)
class Mistake:
    """One mistake that ports of Keras models make.

    id: its name. title: what the port does, in a line. explanation: a paragraph. fix: the line of NumPy that is right.
    shown_by: an input on which it shows. family: of two mistakes of one family a port makes at most one; changes are
    made in the order of `stage`. variations: the ways to make it in a model, none where it cannot be made there; those
    that cannot be replayed have none, and are recognised by their pattern.
    """

    id: str
    title: str
    explanation: str
    fix: str
    shown_by: str
    family: str
    variations: Variations
    stage: int = 0
    recognised: bool = False


def never(case: Case) -> Iterator[Variation]:
    """The variations of a mistake that cannot be replayed."""
    yield from ()
