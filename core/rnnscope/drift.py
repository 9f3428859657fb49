"""Shaken runs held against a steady one: how far rounding moves what something computes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from rnnscope.context import Cancelling, Context, Decisions, Progress
from rnnscope.model import Model
from rnnscope.noise import Noise
from rnnscope.order import has_steps
from rnnscope.types import Array

PROBES = 4
DRIFT_FACTOR = 8.0
VALUE_FACTOR = 4.0

# Runs something, shaken by the noise if there is any: key → array.
Evaluate = Callable[[Context, Noise | None], Mapping[str, Array]]


@dataclass(frozen=True, slots=True, eq=False)
class Drift:
    """How far shaken runs are from the steady one, and how large its values are: key → (steps,) or ()."""

    moved: Mapping[str, Array]
    size: Mapping[str, Array]
    steady: Mapping[str, Array]

    def floor(self, key: str, unit: float) -> Array:
        with np.errstate(over="ignore"):
            return np.asarray(DRIFT_FACTOR * self.moved[key] + VALUE_FACTOR * unit * self.size[key])

    def is_lost(self, key: str) -> Array:
        """At which steps rounding moves values by as much as they are large."""
        with np.errstate(over="ignore"):
            return np.asarray(DRIFT_FACTOR * self.moved[key] > max(float(self.size[key].max(initial=0.0)), 1e-300))


def probing(model: Model, progress: Progress | None = None, cancelled: Cancelling | None = None) -> Context:
    """The circumstances of a steady run: the model's, but in float64."""
    return Context(semantics=model.semantics, requested=np.dtype(np.float64), progress=progress, cancelled=cancelled)


def preparing(noise: Noise | None) -> Callable[[Array, str], Array]:
    """What is made of every weight: float64, shaken if there is noise."""
    if noise is None:
        return lambda weight, dtype: weight.astype(np.float64)
    return lambda weight, dtype: noise.rounded(weight.astype(np.float64), dtype)


def noisy(model: Model, noise: Noise | None) -> Model:
    """`model` with every activation shaken, if there is noise."""
    if noise is None:
        return model
    layers = tuple(replace(layer, operation=noise.operation(layer.operation, layer.dtype)) for layer in model.layers)
    return replace(model, layers=layers)


def measure_drift(evaluate: Evaluate, base: Context) -> Drift:
    """Run something once steady, and `PROBES` times shaken, and hold them against each other."""
    base.decisions = Decisions()
    steady = {key: array for key, array in evaluate(base, None).items() if array.dtype.kind == "f"}
    moved: dict[str, Array] = {}
    for probe in range(PROBES):
        noise = Noise(probe)
        context = replace(base, noise=noise, decisions=base.decisions.replay(), done=base.done)
        shaken = evaluate(context, noise)
        base.done = context.done
        for key, array in steady.items():
            with np.errstate(invalid="ignore", over="ignore"):  # ∞ − ∞
                apart = _largest(key, np.abs(shaken[key] - array))
            moved[key] = np.fmax(moved[key], apart) if key in moved else apart
    return Drift(moved, {key: _largest(key, np.abs(array)) for key, array in steady.items()}, steady)


def _largest(key: str, sizes: Array) -> Array:
    """The largest finite number over samples and units, one for each step where there is a time axis."""
    finite = np.where(np.isfinite(sizes), sizes, 0.0)
    if has_steps(key, sizes):
        return np.asarray(finite.max(axis=(0, *range(2, sizes.ndim)), initial=0.0))
    return np.asarray(finite.max(initial=0.0))


def local_floors(evaluate: Evaluate, base: Context, unit: float) -> dict[str, Array]:
    """The floors of what `evaluate` gives, as `measure_floor` has them for a whole model."""
    drift = measure_drift(evaluate, base)
    return {key: drift.floor(key, unit) for key in drift.moved}


def shaken_arguments(tensors: Sequence[Array], noise: Noise | None, dtype: str) -> tuple[Array, ...]:
    """What a layer is given, in float64, shaken if there is noise."""
    wide = (tensor.astype(np.float64) if tensor.dtype.kind == "f" else tensor for tensor in tensors)
    return tuple(
        noise.passed_on(tensor, dtype) if noise is not None and tensor.dtype.kind == "f" else tensor for tensor in wide
    )
