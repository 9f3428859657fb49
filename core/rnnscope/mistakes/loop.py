"""The loop over time as a port gets it wrong: one record of what may differ, and a layer that runs by it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from enum import Enum

import numpy as np

from rnnscope.context import Context
from rnnscope.layers.base import Arguments, Result
from rnnscope.layers.cells import Cell
from rnnscope.layers.recurrent import Given, Recurrent, States
from rnnscope.mistakes.cells import Masked, MaskedCell, with_mask
from rnnscope.semantics import Semantics
from rnnscope.types import Array, Mask
from rnnscope.unroll import Direction, Unrolled, unroll


class Pick(Enum):
    """Which step's output a layer without return_sequences hands on."""

    LAST = "the last one"
    FIRST = "the first one processed"
    LAST_VALID = "the last valid one"
    COUNTED = "the one at index (number of valid steps) − 1"


class Initial(Enum):
    """Where the states start, when nobody gives them."""

    ZEROS = "zeros"
    ONES = "ones"
    EARLIER_BATCH = "where the samples before left them"


@dataclass(frozen=True, slots=True, eq=False)
class Loop:
    """How a port's loop departs from Keras's; as it stands here, it does not.

    masked, initial, picks: see there. overrides: whether `initial` takes the place of given states too.
    batch: how many samples are processed at once, for `Initial.EARLIER_BATCH`.
    start: given initial states, (units,) or (batch, units) each, instead of `initial`.
    late, early: how many steps are left out at the beginning and at the end of the processing, and `gaps` whether their
    outputs are zeros or missing. extra: whether the last input row is fed through once more at the end.
    turned: whether the sequence is read the other way. flipped: whether the outputs are put in reverse.
    zeroed: whether masked outputs are zeros; None leaves it to the layer.
    """

    masked: Masked = Masked.AS_KERAS
    initial: Initial = Initial.ZEROS
    overrides: bool = False
    picks: Pick = Pick.LAST
    batch: int = 1
    start: tuple[Array, ...] = ()
    late: int = 0
    early: int = 0
    gaps: bool = False
    extra: bool = False
    turned: bool = False
    flipped: bool = False
    zeroed: bool | None = None


@dataclass(frozen=True, slots=True, eq=False)
class VariedRecurrent(Recurrent):
    """A recurrent layer of class `kind` that runs by `loop`."""

    loop: Loop = Loop()
    kind: type[Recurrent] = Recurrent

    def call(self, arguments: Arguments, context: Context) -> Result:
        """As the layer does, with the mask that goes on as short as the outputs are."""
        result = Recurrent.call(self, arguments, context)
        passed, loop = result.masks[0], self.loop
        if passed is None or loop.gaps or not (loop.late or loop.early):
            return result
        return replace(result, masks=(passed[:, loop.late : passed.shape[1] - loop.early], *result.masks[1:]))

    def run_direction(self, semantics: Semantics) -> Direction:
        return self.kind.run_direction(self, semantics)

    def run(self, given: Given, carried: Mapping[str, Array], context: Context, layer: str) -> Unrolled:
        """The recurrence in the order of processing, its record turned back into the input's order at the end."""
        loop = self.loop
        direction = self.run_direction(context.semantics)
        backwards = direction.go_backwards != loop.turned
        x, mask = (_reversed(given.x), _reversed(given.mask)) if backwards else (given.x, given.mask)
        cell = self.cell.bind(given.constants)
        kept = slice(loop.late, x.shape[1] - loop.early)
        shown, seen = x[:, kept], None if mask is None else mask[:, kept]
        ahead = replace(
            direction, go_backwards=False, zero_output_for_mask=_zeroes(loop.zeroed, direction.zero_output_for_mask)
        )
        initial = self._initial(given, carried, context, layer)
        done = _chained(loop, cell, shown, seen, initial, ahead, context)
        if loop.extra:
            done = _once_more(cell, x[:, -1], done)
        if loop.gaps:
            done, seen = _changed(done, lambda array: _padded(array, loop.late, loop.early)), mask
        if seen is not None and loop.picks in (Pick.LAST_VALID, Pick.COUNTED):
            done = replace(done, last=_at(done.outputs, _picked(seen, loop.picks)))
        if loop.picks is Pick.FIRST:
            done = replace(done, last=done.outputs[:, 0])
        if loop.flipped:
            done = replace(done, outputs=done.outputs[:, ::-1])
        return _turned_back(done) if backwards else done

    def _initial(self, given: Given, carried: Mapping[str, Array], context: Context, layer: str) -> States:
        if self.loop.overrides:
            given = given._replace(initial_state=None)
        states = self.start(given, carried, context, layer)
        if given.initial_state is not None or (self.stateful and carried):
            return states
        if self.loop.start:
            pairs = zip(states, self.loop.start, strict=True)
            return tuple(np.broadcast_to(start, state.shape).astype(state.dtype) for state, start in pairs)
        if self.loop.initial is Initial.ONES:
            return tuple(np.ones_like(state) for state in states)
        return states


def varied(layer: Recurrent, **changes: object) -> VariedRecurrent:
    """A recurrent layer with these fields of its `Loop` changed."""
    if isinstance(layer, VariedRecurrent):
        return replace(layer, loop=replace(layer.loop, **changes))  # type: ignore[arg-type]
    options = {field.name: getattr(layer, field.name) for field in fields(Recurrent)}
    return VariedRecurrent(**options, loop=replace(Loop(), **changes), kind=type(layer))  # type: ignore[arg-type]


def _zeroes(chosen: bool | None, own: bool) -> bool:
    return own if chosen is None else chosen


def _chained(
    loop: Loop, cell: Cell, x: Array, mask: Mask | None, initial: States, ahead: Direction, context: Context
) -> Unrolled:
    """The recurrence at once, or batch by batch, each from where the one before left the states."""
    if loop.initial is not Initial.EARLIER_BATCH:
        return _treated(loop, cell, x, mask, initial, ahead, context)
    done: list[Unrolled] = []
    for first in range(0, len(x), loop.batch):
        now = slice(first, first + loop.batch)
        size = len(x[now])
        states = tuple(state[:size] for state in (done[-1].final if done else initial))
        done.append(_treated(loop, cell, x[now], None if mask is None else mask[now], states, ahead, context))
    return _joined(done)


def _treated(
    loop: Loop, cell: Cell, x: Array, mask: Mask | None, initial: States, ahead: Direction, context: Context
) -> Unrolled:
    """The recurrence with masked steps treated as `loop` has it."""
    if mask is None or mask.ndim > 2 or loop.masked is Masked.AS_KERAS:
        return unroll(cell, x, mask, initial, ahead, context)
    runs = loop.masked in (Masked.IGNORED, Masked.ZERO_INPUT)
    if runs:
        shown = _zeroed(x, mask) if loop.masked is Masked.ZERO_INPUT else x
        done = unroll(cell, shown, None, initial, ahead, context)
    else:
        done = unroll(MaskedCell(cell, loop.masked), with_mask(x, mask), None, initial, ahead, context)
    # A port that runs every step knows no masked outputs either, unless it says so.
    if not (loop.zeroed if runs else ahead.zero_output_for_mask):
        return done
    outputs = _zeroed(done.outputs, mask)
    return replace(done, outputs=outputs, last=outputs[:, -1])


def _once_more(cell: Cell, x: Array, done: Unrolled) -> Unrolled:
    step = cell.step(x, done.final)
    return replace(done, last=cell.output_of(step), final=step.states)


def _zeroed(array: Array, mask: Mask) -> Array:
    return np.where(mask.reshape(*mask.shape, *[1] * (array.ndim - 2)), array, 0).astype(array.dtype)


def _picked(mask: Mask, pick: Pick) -> Array:
    """For each sample the index of the output that is handed on; −1 where nothing is valid."""
    if pick is Pick.COUNTED:
        return np.asarray(mask.sum(axis=1) - 1)
    return np.asarray(mask.shape[1] - 1 - mask[:, ::-1].argmax(axis=1))


def _at(outputs: Array, index: Array) -> Array:
    return outputs[np.arange(len(outputs)), index]


def _reversed(array: Array | None) -> Array:
    return None if array is None else array[:, ::-1]  # type: ignore[return-value]


def _padded(array: Array, late: int, early: int) -> Array:
    return np.pad(array, [(0, 0), (late, early), *[(0, 0)] * (array.ndim - 2)])


def _changed(done: Unrolled, change: Callable[[Array], Array]) -> Unrolled:
    """Every array with a time axis changed."""
    return replace(
        done,
        outputs=change(done.outputs),
        states={name: change(state) for name, state in done.states.items()},
        gates={name: change(gate) for name, gate in done.gates.items()},
    )


def _turned_back(done: Unrolled) -> Unrolled:
    """States and gates in the input's order; outputs stay in the order of processing."""
    return replace(_changed(done, lambda array: array[:, ::-1]), outputs=done.outputs)


def _joined(parts: Sequence[Unrolled]) -> Unrolled:
    """Batches that were processed one after another as one."""

    def join(arrays: Sequence[Array]) -> Array:
        return np.concatenate(arrays)

    return Unrolled(
        join([part.outputs for part in parts]),
        join([part.last for part in parts]),
        tuple(join(states) for states in zip(*(part.final for part in parts), strict=True)),
        {name: join([part.states[name] for part in parts]) for name in parts[0].states},
        {name: join([part.gates[name] for part in parts]) for name in parts[0].gates},
    )
