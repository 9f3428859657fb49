"""The one loop over time: it owns the mask, the direction and the recording; a cell only knows its step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rnnscope.context import Context
from rnnscope.layers.cells import Cell
from rnnscope.layers.masked_steps import masked_output_index, put_where, zeroed
from rnnscope.semantics import Semantics
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

    outputs: (batch, steps, …) in processing order, as Keras returns them.
    last: (batch, …), what Keras returns without return_sequences.
    final: the states after the last processed step.
    states, gates: name → (batch, steps, …), indexed by the input's time.
    """

    outputs: Array
    last: Array
    final: tuple[Array, ...]
    states: Mapping[str, Array]
    gates: Mapping[str, Array]


def unroll(
    cell: Cell, x: Array, mask: Mask | None, initial: tuple[Array, ...], direction: Direction, context: Context
) -> Unrolled:
    """Run `cell` over x (batch, steps, …) from `initial` states.

    Where mask (batch, steps) is False each state keeps its value, and the output repeats the previous output (zeros
    before the first valid step) or a state, as the backend of ``context.semantics`` has it. A mask of images may be
    (batch, steps, rows, …): it then decides place by place.
    """
    batch, steps = x.shape[:2]
    order = range(steps - 1, -1, -1) if direction.go_backwards else range(steps)
    names = list(cell.state_sizes)
    instead = masked_output_index(cell, direction.unroll, context.semantics)
    record = _Record(batch, steps, x.dtype)
    current, output = initial, np.zeros((), x.dtype)
    for position, t in enumerate(order):
        context.tick()
        done = cell.step(x[:, t], current)
        new = tuple(context.settle(state) for state in done.states)
        shown = cell.output_of(done._replace(states=new))
        if mask is None:
            output, current = shown, new
        else:
            before = output if instead is None else current[instead]
            output = put_where(mask[:, t], shown, before, context.semantics, direction.unroll)
            current = _kept(mask[:, t], new, current, direction, context)
        record.keep("outputs", position, output)
        record.keep_all("state", t, names, current)
        record.keep_all("gate", t, list(done.gates), list(done.gates.values()))
    outputs = record.arrays["outputs"]
    last = outputs[:, -1]
    if mask is not None and direction.zero_output_for_mask:
        outputs, last = _zero_masked(outputs, mask, direction, context)
    return Unrolled(outputs, last, current, record.named("state"), record.named("gate"))


def _kept(
    valid: Mask, new: Sequence[Array], old: Sequence[Array], direction: Direction, context: Context
) -> tuple[Array, ...]:
    """The states after a step: new where it is valid, as they were elsewhere."""
    return tuple(
        put_where(valid, after, before, context.semantics, direction.unroll)
        for after, before in zip(new, old, strict=True)
    )


class _Record:
    """Arrays that grow step by step, each at its own place in time."""

    def __init__(self, batch: int, steps: int, dtype: np.dtype[np.floating]) -> None:
        self._shape, self._dtype = (batch, steps), dtype
        self.arrays: dict[str, Array] = {}

    def keep(self, key: str, t: int, value: Array) -> None:
        if key not in self.arrays:
            self.arrays[key] = np.zeros((*self._shape, *value.shape[1:]), self._dtype)
        self.arrays[key][:, t] = value

    def keep_all(self, kind: str, t: int, names: Sequence[str], values: Sequence[Array]) -> None:
        for name, value in zip(names, values, strict=True):
            self.keep(f"{kind}/{name}", t, value)

    def named(self, kind: str) -> dict[str, Array]:
        """The arrays of one kind by their names."""
        return {key.removeprefix(f"{kind}/"): array for key, array in self.arrays.items() if key.startswith(f"{kind}/")}


def zeroing_masks(mask: Mask, direction: Direction, semantics: Semantics) -> tuple[Mask | None, Mask | None]:
    """Which outputs stay, in processing order, when masked ones become zero: of the sequence, and of a last one alone.

    None where nothing becomes zero; see `_zero_masked`.
    """
    if not direction.zero_output_for_mask or (direction.unroll and semantics.backend in ("jax", "numpy")):
        return None, None
    processed = mask[:, ::-1] if direction.go_backwards else mask
    return mask if direction.unroll else processed, processed


def _zero_masked(outputs: Array, mask: Mask, direction: Direction, context: Context) -> tuple[Array, Array]:
    """All outputs and the last one with zeros at masked steps, with the quirks of ``unroll=True`` that real Keras has.

    Unrolled on JAX or NumPy the option has no effect. Unrolled on TensorFlow with go_backwards, Keras holds the mask in
    input order against outputs in processing order; only the last output, returned alone, is masked rightly.
    """
    semantics = context.semantics
    applied, processed = zeroing_masks(mask, direction, semantics)
    if applied is None or processed is None:
        return outputs, outputs[:, -1]
    columns = [zeroed(applied[:, t], outputs[:, t], semantics, direction.unroll) for t in range(outputs.shape[1])]
    return np.stack(columns, axis=1), zeroed(processed[:, -1], outputs[:, -1], semantics, direction.unroll)
