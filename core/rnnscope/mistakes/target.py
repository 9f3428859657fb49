"""A person's own numbers, to be explained: how far a run is from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import permutations

import numpy as np

from rnnscope.errors import ShapeMismatch
from rnnscope.floor import NoiseFloor
from rnnscope.mine import Mine, computed, plain
from rnnscope.order import has_steps
from rnnscope.trace import Trace
from rnnscope.types import Array

HALF = 2.0**-11  # how far float16 is from what it rounds, relatively
MOST_DECIMALS, ENOUGH = 5, 4  # of numbers that may be copied from a print-out; and how many it takes to see it
FAR = 1e3  # what counts as the largest relative gap, infinities among them


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """The numbers to be explained, by the keys of `Trace.quantities`.

    arrays: in float64. halved: whether every one of them is a number that float16 has. digit: the decimal digit to
    which all of them are rounded, as copied from a print-out; 0 when they are not.
    """

    arrays: Mapping[str, Array]
    halved: bool = False
    digit: float = 0.0

    def of(self, samples: Array) -> Target:
        return replace(self, arrays={key: array[samples] for key, array in self.arrays.items()})

    @property
    def batch_size(self) -> int:
        return min(len(array) for array in self.arrays.values())

    @property
    def finite(self) -> bool:
        """Whether every number is."""
        return all(bool(np.isfinite(array).all()) for array in self.arrays.values())

    @property
    def scale(self) -> Mapping[str, float]:
        """The largest finite number under each key."""
        return {key: max(_largest(array), 1e-30) for key, array in self.arrays.items()}

    def gaps(self, trace: Trace) -> dict[str, Array] | None:
        """|run − mine| for each key; None when the run has other shapes."""
        found: dict[str, Array] = {}
        for key, mine in self.arrays.items():
            ours = computed(trace, key)
            if ours is None or plain(ours.shape) != plain(mine.shape):
                return None
            found[key] = gap(ours.reshape(mine.shape), mine)
        return found

    def apart(self, trace: Trace, units: Mapping[str, float], rows: Array | slice = slice(None)) -> Array | None:
        """asinh(run) − asinh(mine) for these samples of the run, flat, each key in its unit; None as `gaps`.

        So a mistake that lets numbers explode stands beside one that hardly moves them.
        """
        found: list[Array] = []
        for key, mine in self.arrays.items():
            ours = computed(trace, key)
            if ours is None or plain(ours[rows].shape) != plain(mine.shape):
                return None
            taken = ours[rows].reshape(mine.shape).astype(np.float64)
            found.append((np.arcsinh(taken / units[key]) - np.arcsinh(mine / units[key])).ravel())
        return np.asarray(np.nan_to_num(np.concatenate(found), nan=FAR, posinf=FAR, neginf=-FAR))

    def distance(self, trace: Trace) -> float:
        """The root of the mean squared gap, each key in units of its largest number; infinite for other shapes."""
        found = self.gaps(trace)
        if found is None:
            return np.inf
        scale = self.scale
        means = [float(np.mean(np.minimum(array / scale[key], FAR) ** 2)) for key, array in found.items()]
        return float(np.sqrt(np.mean(means)))

    def worst(self, trace: Trace) -> float:
        """The largest gap, each key in units of its largest number; infinite for other shapes."""
        found = self.gaps(trace)
        if found is None:
            return np.inf
        scale = self.scale
        return max(float(array.max(initial=0.0)) / scale[key] for key, array in found.items())

    def allowed(self, trace: Trace, floor: NoiseFloor) -> dict[str, Array]:
        """The largest gap under each key that rounding explains, of a shape that broadcasts."""
        return {key: self._allowed(key, mine, trace, floor) for key, mine in self.arrays.items()}

    def _allowed(self, key: str, mine: Array, trace: Trace, floor: NoiseFloor) -> Array:
        measured = floor.get(key)
        own = np.maximum(HALF * self.halved * np.where(np.isfinite(mine), np.abs(mine), 0), 0.5001 * self.digit)
        if measured is None:
            return np.asarray(own)
        if measured.ndim and has_steps(key, trace.get(key)) and mine.ndim >= 2:
            return np.asarray(own + measured.reshape(1, -1, *[1] * (mine.ndim - 2)))
        return np.asarray(own + measured.max(initial=0.0))

    def is_met(self, trace: Trace, floor: NoiseFloor) -> bool:
        """Whether a run gives these numbers, up to its noise floor."""
        found = self.gaps(trace)
        if found is None:
            return False
        allowed = self.allowed(trace, floor)
        return all(bool((array <= allowed[key]).all()) for key, array in found.items())


def aimed(mine: Mine) -> Target:
    """The numbers of a port as what is to be explained."""
    arrays = {key: array.astype(np.float64) for key, array in mine.arrays.items()}
    return Target(
        arrays, all(map(_is_halved, arrays.values())), _digit(np.concatenate([*map(np.ravel, arrays.values())]))
    )


def as_output(target: Target) -> list[Target]:
    """The one array of a target as the model's output, where it was taken for something else by its shape."""
    (key, *more), (array, *_) = target.arrays, target.arrays.values()
    return [] if more or key.startswith("output/") else [replace(target, arrays={"output/0": array})]


def turned(target: Target, trace: Trace) -> Target | None:
    """The target with batch and time axis changed over, where the run's quantities have it so; else None."""
    arrays = {key: array.swapaxes(0, 1) for key, array in target.arrays.items() if array.ndim > 2}
    swapped = replace(target, arrays=arrays)
    return swapped if len(arrays) == len(target.arrays) and swapped.gaps(trace) is not None else None


def fits_nothing(target: Target, trace: Trace) -> ShapeMismatch:
    """The error for numbers whose shapes neither the right run nor any mistaken one has."""
    key, mine = next(iter(target.arrays.items()))
    shapes = dict.fromkeys(str(trace.get(name).shape) for name in trace.quantities() if name.startswith("output/"))
    ours = computed(trace, key)
    expected = ", ".join(shapes) if key.startswith("output/") or ours is None else str(ours.shape)
    return ShapeMismatch(
        f"your numbers ({key}) fit nothing that this model gives, nor any mistake that is known",
        expected=expected,
        found=mine.shape,
        advice="" if ours is None else _advice(mine, ours),
    )


def _advice(mine: Array, ours: Array) -> str:
    """What would make `mine` fit."""
    if mine.shape[1:] == ours.shape[1:] and len(mine) < len(ours):
        return f"Give the input of these samples only, or the numbers of all {len(ours)}"
    for axes in permutations(range(mine.ndim)):
        if mine.transpose(axes).shape == ours.shape:
            return f"With its axes in the order {axes} it would fit: mine.transpose{axes}"
    return ""


def gap(ours: Array, mine: Array) -> Array:
    """|ours − mine| in float64; 0 where both are NaN or the same infinity, infinite where only one is finite."""
    a, b = ours.astype(np.float64), mine.astype(np.float64)
    with np.errstate(all="ignore"):
        apart = np.abs(a - b)
    alike = (a == b) | (np.isnan(a) & np.isnan(b))
    return np.where(alike, 0.0, np.where(np.isnan(apart), np.inf, apart))


def _is_halved(array: Array) -> bool:
    with np.errstate(over="ignore"):
        return bool(np.array_equal(array, array.astype(np.float16), equal_nan=True))


def _digit(numbers: Array) -> float:
    """The coarsest decimal digit to which all numbers are rounded; 0 when they are not, or too few to tell.

    Numbers so large that float32 has no finer digits say nothing; half of all have to say something.
    """
    finite = numbers[np.isfinite(numbers)]
    spacing = 2.0**-23 * np.abs(finite)
    for decimals in range(1, MOST_DECIMALS + 1):
        telling = spacing < 0.02 * 10.0**-decimals
        if np.count_nonzero(telling & (finite != 0)) < max(ENOUGH, finite.size / 2):
            break
        if np.all(np.abs(finite - np.round(finite, decimals)) <= spacing):
            return 10.0**-decimals if np.ptp(finite) > 0 else 0.0
    return 0.0


def _largest(array: Array) -> float:
    return float(np.abs(array).max(where=np.isfinite(array), initial=0.0))
