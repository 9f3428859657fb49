"""What one run carries through every layer: precision, semantics, progress, cancelling and the noise probe."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from rnnscope.errors import Cancelled
from rnnscope.semantics import Semantics
from rnnscope.types import Array, Mask

Progress = Callable[[int, int], None]
Cancelling = Callable[[], bool]
Observer = Callable[..., None]  # of a call, its layer, its arguments and its result
HALF_TYPES = ("float16", "bfloat16")


def working_dtype(name: str) -> np.dtype[np.floating]:
    """The type that a layer of type `name` is computed in: float64 for float64, float32 for everything else."""
    return np.dtype(np.float64 if name == "float64" else np.float32)


def rounded(array: Array, name: str) -> Array:
    """`array` rounded to the numbers that the 16-bit type `name` has, in its own type; others come back as they are.

    Rounds to nearest, ties to even, as IEEE 754 does; beyond the largest number lies infinity.
    """
    if name == "float16":
        with np.errstate(over="ignore"):
            return np.asarray(array).astype(np.float16).astype(array.dtype)
    if name == "bfloat16":
        bits = np.asarray(array, np.float32).view(np.uint32)
        upper = (bits + np.uint32(0x7FFF) + ((bits >> 16) & 1)) & np.uint32(0xFFFF0000)
        return np.where(np.isnan(array), array, upper.view(np.float32)).astype(array.dtype)
    return array


class Rounding(Protocol):
    """Noise of the size that rounding has in a layer's type."""

    def rounded(self, array: Array, dtype: str) -> Array:
        """Every number moved by up to one rounding."""
        ...

    def passed_on(self, array: Array, dtype: str) -> Array:
        """A layer's output, moved likewise, with whole numbers left alone: they may be indices."""
        ...


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

    semantics: the Keras whose rules apply.
    requested: the floating-point type that everything is computed in; None lets each layer compute in its own.
    layer_dtype: the type of the layer that computes just now, as its Keras policy names it; see `enter`.
    use_masks: False runs every step on the raw input, as if nobody had heard of masks.
    noise: moves every new state and every output when the run probes; `decisions` then replays the steady run's.
    carried: layer → its states by name, as an earlier run left them, for stateful layers.
    most: how many numbers an output may hold; None for any.
    observe: is shown every call of a layer with its arguments and its result, before that is rounded.
    """

    semantics: Semantics
    requested: np.dtype[np.floating] | None = None
    layer_dtype: str = "float32"
    use_masks: bool = True
    progress: Progress | None = None
    cancelled: Cancelling | None = None
    noise: Rounding | None = None
    decisions: Decisions = field(default_factory=Decisions)
    carried: Mapping[str, Mapping[str, Array]] = field(default_factory=dict)
    total: int = 0
    done: int = 0
    most: int | None = None
    observe: Observer | None = None

    def enter(self, layer_dtype: str) -> None:
        """Go on with a layer of this type."""
        self.layer_dtype = layer_dtype

    @property
    def dtype(self) -> np.dtype[np.floating]:
        """The floating-point type to compute in; 16-bit layers compute in float32, and `finish` rounds."""
        return working_dtype(self.layer_dtype) if self.requested is None else self.requested

    def tick(self) -> None:
        """Count one timestep: report progress, and stop if asked to."""
        if self.cancelled is not None and self.cancelled():
            raise Cancelled
        self.done += 1
        if self.progress is not None:
            self.progress(min(self.done, self.total), self.total)

    def settle(self, state: Array) -> Array:
        """A new state as it is kept: rounded to the layer's type, or with noise of that size when the run probes."""
        if self.noise is not None:
            return self.noise.rounded(state, self.layer_dtype)
        return state if self.requested is not None else rounded(state, self.layer_dtype)

    def near(self, intermediate: Array) -> Array:
        """A result on the way, which Keras 3 has in float32 at least: moved by a rounding when the run probes."""
        if self.noise is None:
            return intermediate
        wide = self.semantics.is_keras3 and self.layer_dtype in HALF_TYPES
        return self.noise.rounded(intermediate, "float32" if wide else self.layer_dtype)

    def finish(self, output: Array) -> Array:
        """A layer's output in the layer's own type, or with noise of that size when the run probes."""
        if self.noise is not None and output.dtype.kind == "f":
            return self.noise.passed_on(output, self.layer_dtype)
        if self.requested is not None or output.dtype.kind != "f" or self.layer_dtype not in HALF_TYPES:
            return output
        halved = rounded(output, self.layer_dtype)
        return halved.astype(np.float16) if self.layer_dtype == "float16" else halved

    def decide(self, value: Mask) -> Mask:
        """A discrete decision: the steady run's own, whatever the noise would have made of it."""
        return self.decisions.decide(value)

    def constant(self, value: float) -> Array:
        """A number from the configuration as the model knows it: −0.1 as float32 is not −0.1 as float64.

        TensorFlow makes it a float32 first, whatever the model's own type.
        """
        known = "float32" if self.semantics.backend == "tensorflow" else self.layer_dtype
        constant = np.asarray(value, working_dtype(known))
        return rounded(constant, self.layer_dtype).astype(self.dtype)

    def cast(self, array: Array) -> Array:
        """`array` in the run's floating-point type; integers and booleans stay as they are."""
        return array.astype(self.dtype, copy=False) if array.dtype.kind == "f" else array
