"""A run on shortened sequences, put back to the times of the whole ones."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from rnnscope.explain.recurrence import Recurrence, recurrences
from rnnscope.explain.scene import scene_of
from rnnscope.layers.bidirectional import Bidirectional
from rnnscope.layers.recurrent import Recurrent
from rnnscope.model import Model
from rnnscope.trace import LayerTrace, Trace
from rnnscope.types import Array


@dataclass(frozen=True, slots=True, eq=False)
class Times:
    """Which of `steps` steps were kept, (batch, k) in ascending order."""

    kept: Array
    steps: int

    def turned(self) -> Times:
        """The same steps counted from the end."""
        return Times(self.steps - 1 - self.kept[:, ::-1], self.steps)

    def spread(self, mine: Array, theirs: Array) -> Array:
        """`mine` (batch, k, …) as (batch, steps, …), NaN (or 0, False) where nothing was computed.

        What has the shape of `theirs` already has no time that was cut; what cannot be laid out so is NaN throughout.
        """
        if mine.shape == theirs.shape:
            return mine
        blank = np.nan if mine.dtype.kind == "f" else 0
        whole = np.full(theirs.shape, blank, mine.dtype)
        if self.cut(mine, theirs):
            whole[np.arange(len(mine))[:, np.newaxis], self.kept] = mine
        return whole

    def cut(self, mine: Array, theirs: Array) -> bool:
        """Whether `mine` has the kept steps where `theirs` has all of them."""
        if mine.ndim < 2 or mine.ndim != theirs.ndim or mine.shape == theirs.shape:
            return False
        ends = mine.shape[1], theirs.shape[1]
        rest = mine.shape[:1] + mine.shape[2:] == theirs.shape[:1] + theirs.shape[2:]
        return rest and ends == (self.kept.shape[1], self.steps)

    def held(self, spread: Array, start: Array, backwards: bool) -> Array:
        """States (batch, steps, …) with each cut step holding what the step processed before it left, or `start`."""
        computed = np.zeros(spread.shape[:2], bool)
        np.put_along_axis(computed, self.kept, True, axis=1)
        current, full = start.astype(spread.dtype), spread.copy()
        for t in range(self.steps - 1, -1, -1) if backwards else range(self.steps):
            valid = computed[:, t].reshape(-1, *[1] * (spread.ndim - 2))
            current = np.where(valid, spread[:, t], current)
            full[:, t] = current
        return full


def realigned(cut: Trace, whole: Trace, times: Times) -> Trace:
    """The run `cut`, of the steps of `times` alone, with every quantity in the shape that `whole` has.

    A state stands where its step stood; at a step that was cut it is held from the step processed before, or from the
    start, as masking would hold it. Gates and outputs of steps that were cut are NaN: nothing was computed there.
    Whatever lost its steps on the way (a Flatten) has no times to go back to, and is NaN as a whole.
    """
    assert cut.model is not None
    turned = _turned(cut.model)
    layers = {
        key: _layer(cut, key, one, times, turned) if key in cut.layers else one for key, one in whole.layers.items()
    }
    outputs = tuple(
        _at(times, turned.get(tensor.call, False)).spread(mine, theirs)
        for mine, theirs, tensor in zip(cut.outputs, whole.outputs, cut.model.outputs, strict=True)
    )
    return replace(whole, outputs=outputs, layers=layers)


def _layer(cut: Trace, key: str, theirs: LayerTrace, times: Times, turned: dict[str, bool]) -> LayerTrace:
    assert cut.model is not None
    mine = cut[key]
    call = next((call for call in cut.model.calls if call.key == key), None)
    fed = bool(call and call.inputs and turned.get(call.inputs[0].call, False))
    inside, after = _at(times, fed), _at(times, turned.get(key, False))
    states = {name: inside.spread(state, theirs.states[name]) for name, state in mine.states.items()}
    for one in _recurrences(cut, key):
        for name, start in zip(one.layer.cell.state_sizes, one.start, strict=True):
            full = f"{one.prefix}{name}"
            if inside.cut(mine.states[full], theirs.states[full]):
                states[full] = inside.held(states[full], start, one.direction.go_backwards)
    pairs = zip(mine.outputs, theirs.outputs, strict=True)
    return LayerTrace(
        tuple(after.spread(output, other) for output, other in pairs),
        states,
        {name: inside.spread(gate, theirs.gates[name]) for name, gate in mine.gates.items()},
        None if theirs.mask is None else np.ones_like(theirs.mask),
        None if theirs.output_mask is None else np.ones_like(theirs.output_mask),
        mine.final,
    )


def _recurrences(cut: Trace, key: str) -> tuple[Recurrence, ...]:
    scene = scene_of(cut, key, None, None)
    if scene is None or not isinstance(scene.operation, Recurrent | Bidirectional):
        return ()
    return recurrences(scene)


def _turned(model: Model) -> dict[str, bool]:
    """Call → whether time runs backwards in its outputs: behind a layer that gives them in the order of processing."""
    turned: dict[str, bool] = {}
    for call in model.calls:
        operation = model.by_name[call.layer].operation
        turns = isinstance(operation, Recurrent) and operation.direction.go_backwards and operation.return_sequences
        turned[call.key] = turns != bool(call.inputs and turned.get(call.inputs[0].call, False))
    return turned


def _at(times: Times, turned: bool) -> Times:
    return times.turned() if turned else times
