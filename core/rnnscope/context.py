"""What one run carries through every layer: precision, semantics, progress, cancelling and the noise probe."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from rnnscope.errors import Cancelled
from rnnscope.semantics import Semantics
from rnnscope.types import Array, Mask

Progress = Callable[[int, int], None]
Cancelling = Callable[[], bool]


@dataclass(slots=True)
class Decisions:
    """The discrete decisions of a steady run (masks, comparisons), replayed in order by runs on shaken numbers."""

    made: list[Array] = field(default_factory=list)
    position: int | None = None

    def replay(self) -> Decisions:
        return Decisions(self.made, 0)

    def decide(self, value: Array) -> Array:
        if self.position is None:
            self.made.append(value)
            return value
        self.position += 1
        return self.made[self.position - 1]


@dataclass(slots=True)
class Context:
    """The circumstances of one run.

    dtype: the floating-point type that is computed in; `model_dtype`: the one that the model was made for.
    use_masks: False runs every step on the raw input, as if nobody had heard of masks.
    shake: rounding noise for every new state, or None; `decisions` then replays the steady run's.
    carried: layer → final states of an earlier run, for stateful layers.
    """

    dtype: np.dtype[np.floating]
    model_dtype: np.dtype[np.floating]
    semantics: Semantics
    use_masks: bool = True
    progress: Progress | None = None
    cancelled: Cancelling | None = None
    shake: Callable[[Array], Array] | None = None
    decisions: Decisions = field(default_factory=Decisions)
    carried: Mapping[str, tuple[Array, ...]] = field(default_factory=dict)
    total: int = 0
    done: int = 0

    def tick(self) -> None:
        """Count one timestep: report progress, and stop if asked to."""
        if self.cancelled is not None and self.cancelled():
            raise Cancelled
        self.done += 1
        if self.progress is not None:
            self.progress(min(self.done, self.total), self.total)

    def settle(self, state: Array) -> Array:
        """A new state as it is kept: itself, or with rounding noise when the run probes for it."""
        return state if self.shake is None else self.shake(state)

    def decide(self, value: Mask) -> Mask:
        """A discrete decision: the steady run's own, whatever the noise would have made of it."""
        return self.decisions.decide(value)

    def constant(self, value: float) -> Array:
        """A number from the configuration as the model knows it: −0.1 as float32 is not −0.1 as float64.

        TensorFlow makes it a float32 first, whatever the model's own type.
        """
        known = np.dtype(np.float32) if self.semantics.backend == "tensorflow" else self.model_dtype
        return np.asarray(value, known).astype(self.dtype)

    def cast(self, array: Array) -> Array:
        """`array` in the run's floating-point type; integers and booleans stay as they are."""
        return array.astype(self.dtype, copy=False) if array.dtype.kind == "f" else array
