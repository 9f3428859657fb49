"""A step of a cell made once more, with somebody listening: what went in, and what each activation was given.

The cell's own code runs on the whole batch, on the very numbers of the run, so that its sums are the run's to the bit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from rnnscope.layers.activations import Activation
from rnnscope.layers.cells import Cell, Step
from rnnscope.layers.dense_cells import GRUCell, LSTMCell, SimpleRNNCell
from rnnscope.layers.stacked_cells import StackedCells
from rnnscope.mistakes.cells import Wrapped
from rnnscope.types import Array

PlainCell = SimpleRNNCell | LSTMCell | GRUCell


@dataclass(frozen=True, slots=True)
class Listening(Activation):
    """An activation that remembers what it was given and what it made of it."""

    calls: list[tuple[Array, Array]] = field(default_factory=list, compare=False)

    def __call__(self, x: Array) -> Array:
        result = Activation.__call__(self, x)
        self.calls.append((x, result))
        return result


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """One step of one cell for the whole batch.

    x, before: its input, and its states by name. done: what it returned. calls: (sum, activation of it), in order.
    """

    cell: PlainCell
    x: Array
    before: Mapping[str, Array]
    done: Step
    calls: tuple[tuple[Array, Array], ...]

    def sum_of(self, result: Array) -> Array:
        """The sum whose activation `result` is."""
        return next(given for given, made in self.calls if made is result)

    def other_call(self) -> tuple[Array, Array]:
        """The one activation whose result is no gate: an LSTM's of its cell state."""
        gates = list(self.done.gates.values())
        return next((given, made) for given, made in self.calls if not any(made is gate for gate in gates))


@dataclass(frozen=True, slots=True, eq=False)
class HeardCell(Wrapped):
    """A plain cell of which each step is remembered."""

    steps: list[Heard]

    def step(self, x: Array, states: tuple[Array, ...]) -> Step:
        assert isinstance(self.inner, PlainCell)
        calls: list[tuple[Array, Array]] = []
        changes = {
            name: Listening(own.name, own.options, calls)
            for name in ("activation", "recurrent_activation")
            if isinstance(own := getattr(self.inner, name, None), Activation)
        }
        done = replace(self.inner, **changes).step(x, states)  # type: ignore[arg-type]
        before = dict(zip(self.inner.state_sizes, states, strict=True))
        self.steps.append(Heard(self.inner, x, before, done, tuple(calls)))
        return done


def plain_cells(cell: Cell) -> tuple[Cell, ...] | None:
    """The cells of a stack, or a cell by itself; None when one of them is no SimpleRNN, LSTM or GRU."""
    cells = cell.cells if isinstance(cell, StackedCells) else (cell,)
    return cells if all(type(inner) in (SimpleRNNCell, LSTMCell, GRUCell) for inner in cells) else None


def hear(cell: Cell, x: Array, states: tuple[Array, ...]) -> list[Heard]:
    """One step of `cell`, heard: an entry for it, or for each cell of a stack, the lowest first."""
    steps: list[Heard] = []
    if isinstance(cell, StackedCells):
        listening: Cell = replace(cell, cells=tuple(HeardCell(inner, steps) for inner in cell.cells))
    else:
        listening = HeardCell(cell, steps)
    with np.errstate(all="ignore"):
        listening.step(x, states)
    return steps
