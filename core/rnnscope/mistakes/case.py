"""What a run is made from, and what a mistake is: a declared change of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from rnnscope.context import Cancelling, Context
from rnnscope.model import Model
from rnnscope.run import record_in_type
from rnnscope.trace import Trace
from rnnscope.types import Array


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
        context = Context(self.model.semantics, requested=self.dtype, use_masks=self.use_masks, cancelled=cancelled)
        return record_in_type(self.model, self.inputs, context)


Change = Callable[[Case], Case]


@dataclass(frozen=True, slots=True, eq=False)
class Variation:
    """One way of making a mistake in one model.

    places: the layers in which it is made. broad: whether those are all in which it can be made. mixes_samples: whether
    one sample's numbers depend on the others'.
    """

    change: Change
    places: tuple[str, ...] = ()
    broad: bool = True
    mixes_samples: bool = False


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
