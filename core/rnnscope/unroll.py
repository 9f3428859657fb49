"""The one loop over time: it owns the mask, the direction and the recording; a cell only knows its step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from rnnscope.context import Context
from rnnscope.layers.cells import Cell
from rnnscope.types import Array, Mask


@dataclass(frozen=True, slots=True)
class Direction:
    """How a recurrent layer walks through time: the options that Keras gives it."""

    go_backwards: bool = False
    zero_output_for_mask: bool = False
    unroll: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Unrolled:
    """Everything that a recurrence produced.

    outputs: (batch, steps, units) in processing order, as Keras returns them.
    last: (batch, units), what Keras returns without return_sequences.
    final: the states after the last processed step.
    states, gates: name → (batch, steps, units), indexed by the input's time.
    """

    outputs: Array
    last: Array
    final: tuple[Array, ...]
    states: Mapping[str, Array]
    gates: Mapping[str, Array]


def unroll(
    cell: Cell, x: Array, mask: Mask | None, initial: tuple[Array, ...], direction: Direction, context: Context
) -> Unrolled:
    """Run `cell` over x (batch, steps, features) from `initial` states.

    Where mask (batch, steps) is False each state keeps its value, and the output repeats the previous output (zeros
    before the first valid step) or that state itself, as the backend of ``context.semantics`` has it.
    """
    batch, steps = x.shape[:2]
    order = range(steps - 1, -1, -1) if direction.go_backwards else range(steps)
    repeats_output = direction.unroll or context.semantics.masked_output_repeats
    record = _Record(batch, steps, x.dtype)
    current, names = initial, list(cell.state_sizes)
    shown = names.index(cell.output_state)
    output = np.zeros((batch, cell.units), x.dtype)
    outputs = np.zeros((batch, steps, cell.units), x.dtype)
    for position, t in enumerate(order):
        context.tick()
        new, gates = cell.step(x[:, t], current)
        new = tuple(context.settle(state) for state in new)
        if mask is None:
            output, current = new[shown], new
        else:
            valid = mask[:, t, np.newaxis]
            output = np.where(valid, new[shown], output if repeats_output else current[shown])
            current = tuple(np.where(valid, after, before) for after, before in zip(new, current, strict=True))
        outputs[:, position] = output
        record.keep(t, dict(zip(names, current, strict=True)), gates)
    last = outputs[:, -1]
    if mask is not None and direction.zero_output_for_mask:
        outputs, last = _zero_masked(outputs, mask, direction, context)
    return Unrolled(outputs, last, current, record.states, record.gates)


class _Record:
    """States and gates, written at the input's own time."""

    def __init__(self, batch: int, steps: int, dtype: np.dtype[np.floating]) -> None:
        self._shape, self._dtype = (batch, steps), dtype
        self.states: dict[str, Array] = {}
        self.gates: dict[str, Array] = {}

    def keep(self, t: int, states: Mapping[str, Array], gates: Mapping[str, Array]) -> None:
        for into, values in ((self.states, states), (self.gates, gates)):
            for name, value in values.items():
                if name not in into:
                    into[name] = np.zeros((*self._shape, *value.shape[1:]), self._dtype)
                into[name][:, t] = value


def _zero_masked(outputs: Array, mask: Mask, direction: Direction, context: Context) -> tuple[Array, Array]:
    """All outputs and the last one with zeros at masked steps, with the quirks of ``unroll=True`` that real Keras has.

    Unrolled on JAX or NumPy the option has no effect. Unrolled on TensorFlow with go_backwards, Keras holds the mask in
    input order against outputs in processing order; only the last output, returned alone, is masked rightly.
    """
    if direction.unroll and context.semantics.backend in ("jax", "numpy"):
        return outputs, outputs[:, -1]
    processed = mask[:, ::-1] if direction.go_backwards else mask
    applied = mask if direction.unroll else processed
    zeroed = np.where(applied[:, :, np.newaxis], outputs, 0)
    return zeroed, np.where(processed[:, -1:], outputs[:, -1], 0)
