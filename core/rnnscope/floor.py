"""The noise floor: how far rounding alone can move each quantity of a run.

The run is made once in float64, and `PROBES` times more with every weight and every new state shaken by the rounding of
the model's own type. How far the shaken runs drift from the steady one, per quantity and step, is what rounding can do;
the floor is ``16 · drift + 4 · u · max|value|``, u being the unit of rounding.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from rnnscope.context import Cancelling, Context, Decisions, Progress
from rnnscope.errors import BadInput
from rnnscope.model import Model
from rnnscope.run import carried_states, record, total_steps
from rnnscope.trace import Trace
from rnnscope.types import Array

PROBES = 4
DRIFT_FACTOR = 16.0
VALUE_FACTOR = 4.0
RULE = f"|difference| ≤ {DRIFT_FACTOR:g}·drift + {VALUE_FACTOR:g}·u·max|value|"

# Relative size of one rounding in each type that a model computes in.
UNITS = {"float64": 2.0**-52, "float32": 2.0**-23, "float16": 2.0**-10, "bfloat16": 2.0**-7}


@dataclass(frozen=True, eq=False)
class NoiseFloor:
    """Key of a quantity → the largest difference that rounding explains, shape (steps,) or () without time."""

    floors: Mapping[str, Array]
    unit: float

    @property
    def rule(self) -> str:
        """The rule with its numbers."""
        return f"{RULE}, u = {self.unit:.3g}"

    def get(self, key: str) -> Array | None:
        return self.floors.get(key)


def has_steps(key: str, array: Array) -> bool:
    """Whether axis 1 of a quantity is time: states, gates and masks always, outputs from rank 3 on."""
    *_, kind, last = ["", *key.split("/")]
    return array.ndim >= (3 if kind == "output" and last.isdigit() else 2)


def measure_floor(trace: Trace, *, progress: Progress | None = None, cancelled: Cancelling | None = None) -> NoiseFloor:
    """Measure the floor of every quantity of `trace` by running its model again, steady and shaken.

    Raises BadInput when the trace has no model (it was loaded from a file), Cancelled when stopped.
    """
    if trace.model is None:
        raise BadInput("this trace has no model to measure its noise floor with", advice="Give atol and rtol instead")
    unit = UNITS[trace.model.dtype]
    random = np.random.default_rng(0)

    def shake(array: Array, dtype: str) -> Array:
        rounding = UNITS.get(dtype, UNITS["float32"])
        return array * (1 + random.uniform(-rounding, rounding, array.shape))

    decisions = Decisions()
    base = _context(trace, trace.model, decisions, progress, cancelled)
    steady = record(trace.model, trace.inputs, base, lambda weight, dtype: weight.astype(np.float64))
    drift: dict[str, Array] = {}
    for _ in range(PROBES):
        probe = replace(base, shake=shake, decisions=decisions.replay(), done=base.done)
        shaken = record(trace.model, trace.inputs, probe, lambda weight, dtype: shake(weight.astype(np.float64), dtype))
        base.done = probe.done
        for key in _measured(steady):
            with np.errstate(invalid="ignore"):  # ∞ − ∞
                moved = _largest(key, np.abs(shaken.get(key) - steady.get(key)))
            drift[key] = np.fmax(drift[key], moved) if key in drift else moved
    size = {key: _largest(key, np.abs(steady.get(key))) for key in drift}
    return NoiseFloor({key: DRIFT_FACTOR * drift[key] + VALUE_FACTOR * unit * size[key] for key in drift}, unit)


def _context(
    trace: Trace, model: Model, decisions: Decisions, progress: Progress | None, cancelled: Cancelling | None
) -> Context:
    """The circumstances of the steady run: those of `trace`, but in float64."""
    return Context(
        semantics=model.semantics,
        requested=np.dtype(np.float64),
        use_masks=trace.use_masks,
        progress=progress,
        cancelled=cancelled,
        decisions=decisions,
        carried=carried_states(model, trace.carried),
        total=total_steps(model, trace.inputs) * (PROBES + 1),
    )


def _measured(trace: Trace) -> list[str]:
    return [key for key in trace.quantities() if trace.get(key).dtype.kind == "f"]


def _largest(key: str, magnitude: Array) -> Array:
    """The largest finite number over samples and units, one for each step where there is a time axis."""
    finite = np.where(np.isfinite(magnitude), magnitude, 0.0)
    if has_steps(key, magnitude):
        return np.asarray(finite.max(axis=(0, *range(2, magnitude.ndim)), initial=0.0))
    return np.asarray(finite.max(initial=0.0))
