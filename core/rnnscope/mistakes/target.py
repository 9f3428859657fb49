"""A person's own numbers: which of the run's quantities they are, and how far a run is from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

import numpy as np

from rnnscope.errors import BadInput, ShapeMismatch
from rnnscope.floor import NoiseFloor, has_steps
from rnnscope.trace import Trace
from rnnscope.types import Array

HALF = 2.0**-11  # how far float16 is from what it rounds, relatively
FAR = 1e3  # what counts as the largest relative gap, infinities among them


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """The numbers to be explained, by the keys of `Trace.quantities`.

    arrays: in float64. halved: whether every one of them is a number that float16 has.
    """

    arrays: Mapping[str, Array]
    halved: bool = False

    def of(self, samples: Array) -> Target:
        return replace(self, arrays={key: array[samples] for key, array in self.arrays.items()})

    @property
    def batch_size(self) -> int:
        return min(len(array) for array in self.arrays.values())

    @property
    def scale(self) -> Mapping[str, float]:
        """The largest finite number under each key."""
        return {key: max(_largest(array), 1e-30) for key, array in self.arrays.items()}

    def gaps(self, trace: Trace) -> dict[str, Array] | None:
        """|run − mine| for each key; None when the run has other shapes."""
        found: dict[str, Array] = {}
        for key, mine in self.arrays.items():
            ours = _quantity(trace, key)
            if ours is None or _plain(ours.shape) != _plain(mine.shape):
                return None
            found[key] = gap(ours.reshape(mine.shape), mine)
        return found

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
        own = HALF * self.halved * np.where(np.isfinite(mine), np.abs(mine), 0)
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


def take_mine(mine: object, trace: Trace) -> Target:
    """`mine`, checked against the quantities of the run: one array, one for each output, or {key: array}.

    An array that has the shape of no output is taken for the quantity that it has the shape of, the last one first.
    Raises BadInput for keys that the run has not, and for what are no numbers.
    """
    if isinstance(mine, Mapping):
        named = {str(key): _numbers(array, str(key)) for key, array in mine.items() if str(key) != "meta"}
        _check_keys(named, trace)
    else:
        listed = isinstance(mine, list | tuple) and len(mine) and all(isinstance(item, np.ndarray) for item in mine)
        arrays = [_numbers(item, "MINE") for item in mine] if listed else [_numbers(mine, "MINE")]  # type: ignore[attr-defined]
        named = _placed(arrays, trace)
    fitted = {key: _fitted(array, _quantity(trace, key)) for key, array in named.items()}
    if all(np.isnan(array).all() for array in fitted.values()):
        raise BadInput("every one of your numbers is NaN", advice="Nothing can be told from them")
    return Target(fitted, all(map(_is_halved, fitted.values())))


def fits_nothing(target: Target, trace: Trace) -> ShapeMismatch:
    """The error for numbers whose shapes neither the right run nor any mistaken one has."""
    key = next(iter(target.arrays))
    shapes = dict.fromkeys(str(trace.get(name).shape) for name in trace.quantities() if name.startswith("output/"))
    ours = _quantity(trace, key)
    expected = ", ".join(shapes) if key.startswith("output/") or ours is None else str(ours.shape)
    return ShapeMismatch(
        f"your numbers ({key}) fit nothing that this model gives, nor any mistake that is known",
        expected=expected,
        found=target.arrays[key].shape,
    )


def gap(ours: Array, mine: Array) -> Array:
    """|ours − mine| in float64; 0 where both are NaN or the same infinity, infinite where only one is finite."""
    a, b = ours.astype(np.float64), mine.astype(np.float64)
    with np.errstate(all="ignore"):
        apart = np.abs(a - b)
    alike = (a == b) | (np.isnan(a) & np.isnan(b))
    return np.where(alike, 0.0, np.where(np.isnan(apart), np.inf, apart))


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
    unknown = [key for key in named if _quantity(trace, key) is None]
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
    for key in [*outputs, *others]:
        ours = _quantity(trace, key)
        if ours is not None and _plain(ours.shape) == _plain(array.shape):
            return {key: array}
    return {outputs[0]: array}


def _fitted(array: Array, ours: Array | None) -> Array:
    """`array` in float64, with axes of size 1 as the run has them."""
    fitted = array.astype(np.float64)
    if ours is not None and _plain(ours.shape) == _plain(array.shape):
        return fitted.reshape(ours.shape)
    return fitted if fitted.ndim else fitted.reshape(1)


def _is_halved(array: Array) -> bool:
    with np.errstate(over="ignore"):
        return bool(np.array_equal(array, array.astype(np.float16), equal_nan=True))


def _plain(shape: tuple[int, ...]) -> tuple[int, ...]:
    """A shape without the axes of size 1 behind the batch."""
    return (*shape[:1], *(size for size in shape[1:] if size != 1))


def _quantity(trace: Trace, key: str) -> Array | None:
    """The run's array under a key; None where it has none, or text."""
    try:
        found = trace.get(key)
    except (KeyError, IndexError, ValueError):
        return None
    return found if found.dtype.kind in "biuf" else None


def _largest(array: Array) -> float:
    return float(np.abs(array).max(where=np.isfinite(array), initial=0.0))
