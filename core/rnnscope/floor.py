"""The noise floor: how far rounding alone can move each quantity of a run.

The run is made once in float64, and `PROBES` times more with every number shaken by the rounding of its layer's type
(see `rnnscope.noise`). How far the shaken runs drift from the steady one, per quantity and step, is what rounding can
do; the floor is ``8 · drift + 4 · u · max|value|``, u being the unit of rounding.

Where that reaches the size of the values themselves, two programs go ways of their own from there on, and when they
come together again is chance: the floor does not fall any more, there and in whatever reads it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from rnnscope.astray import kept_up, keys_by_call, overflown
from rnnscope.context import Cancelling, Context, Progress
from rnnscope.drift import DRIFT_FACTOR, PROBES, VALUE_FACTOR, measure_drift, noisy, preparing, probing
from rnnscope.errors import BadInput
from rnnscope.noise import UNITS, Noise
from rnnscope.run import carried_states, record, total_steps
from rnnscope.trace import Trace
from rnnscope.types import Array

RULE = f"|difference| ≤ {DRIFT_FACTOR:g}·drift + {VALUE_FACTOR:g}·u·max|value|"


@dataclass(frozen=True, eq=False)
class NoiseFloor:
    """Key of a quantity → the largest difference that rounding explains, shape (steps,) or () without time.

    lost: key → (batch,) or (batch, steps), where numbers lie so near the end of the type's range, or come after such,
    that one program may have infinity or NaN there and another not; only of quantities that have any.
    """

    floors: Mapping[str, Array]
    unit: float
    lost: Mapping[str, Array] = field(default_factory=dict)

    @property
    def rule(self) -> str:
        """The rule with its numbers."""
        return f"{RULE}, u = {self.unit:.3g}"

    def get(self, key: str) -> Array | None:
        return self.floors.get(key)


def measure_floor(trace: Trace, *, progress: Progress | None = None, cancelled: Cancelling | None = None) -> NoiseFloor:
    """Measure the floor of every quantity of `trace` by running its model again, steady and shaken.

    Raises BadInput when the trace has no model (it was loaded from a file), Cancelled when stopped.
    """
    model = trace.model
    if model is None:
        raise BadInput("this trace has no model to measure its noise floor with", advice="Give atol and rtol instead")

    def evaluate(context: Context, noise: Noise | None) -> Mapping[str, Array]:
        run = record(noisy(model, noise), trace.inputs, context, preparing(noise))
        return {key: run.get(key) for key in run.quantities()}

    context = probing(model, progress, cancelled)
    context.use_masks, context.carried = trace.use_masks, carried_states(model, trace.carried)
    context.total = total_steps(model, trace.inputs) * (PROBES + 1)
    drift = measure_drift(evaluate, context)
    unit = UNITS[model.dtype]
    floors = {key: drift.floor(key, unit) for key in drift.moved}
    by_call = keys_by_call(floors, model, trace)
    with np.errstate(all="ignore"):
        kept = kept_up(floors, drift, model, trace, by_call)
    return NoiseFloor(kept, unit, overflown(drift.steady, model, trace, by_call))
