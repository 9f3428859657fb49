"""Recurrent layers: a cell, a direction, and what is returned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np

from rnnscope.context import Context
from rnnscope.errors import BadInput, ShapeMismatch, Unsupported
from rnnscope.layers.base import Arguments, Operation, Result, Weights
from rnnscope.layers.cells import CELLS, Cell, read_cell
from rnnscope.layers.config import Config
from rnnscope.layers.registry import keras_layer
from rnnscope.types import Array, Mask, Shape
from rnnscope.unroll import Direction, Unrolled, unroll


@keras_layer("SimpleRNN", "LSTM", "GRU", "RNN")
@dataclass(frozen=True, slots=True, eq=False)
class Recurrent(Operation):
    """A cell unrolled over the time axis of x (batch, steps, features).

    Returns (batch, steps, units) with return_sequences, else (batch, units); with return_state, the final states too.
    """

    cell: Cell
    direction: Direction
    return_sequences: bool
    return_state: bool
    stateful: bool

    takes_mask: ClassVar[bool] = True
    call_arguments: ClassVar[tuple[str, ...]] = ("inputs", "initial_state", "mask", "training")

    @property
    def recurrent_steps(self) -> int:
        return 1

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        features = sequence_features(config, shapes[0])
        direction = Direction(
            go_backwards=config.take_bool("go_backwards", False),
            zero_output_for_mask=config.take_bool("zero_output_for_mask", False),
            unroll=config.take_bool("unroll", False),
        )
        return_sequences = config.take_bool("return_sequences", False)
        return_state = config.take_bool("return_state", False)
        stateful = config.take_bool("stateful", False)
        if config.class_name == "RNN":
            cell = read_cell(config, config.take("cell"), weights.at("cell"), features)
        else:
            cell = CELLS[f"{config.class_name}Cell"].read(config, weights.at("cell"), features)
        return cls(cell, direction, return_sequences, return_state, stateful)

    def output_shapes(self, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
        batch, steps = shapes[0][:2]
        units = self.cell.units
        first: Shape = (batch, steps, units) if self.return_sequences else (batch, units)
        return (first, *[(batch, size) for size in self.cell.state_sizes.values()]) if self.return_state else (first,)

    def call(self, arguments: Arguments, context: Context) -> Result:
        x = arguments.x
        initial = self.initial(x, arguments, context)
        done = unroll(self.cell, x, arguments.mask, initial, self.direction, context)
        outputs: tuple[Array, ...] = (done.outputs if self.return_sequences else done.last,)
        passed = arguments.incoming if self.return_sequences else None
        if self.return_state:
            outputs += done.final
        masks = (passed, *[None] * (len(outputs) - 1))
        return Result(outputs, masks, done.states, done.gates, arguments.mask)

    def run(self, x: Array, mask: Mask | None, initial: tuple[Array, ...], context: Context) -> Unrolled:
        """The bare recurrence, for wrappers that merge directions."""
        return unroll(self.cell, x, mask, initial, self.direction, context)

    def initial(self, x: Array, arguments: Arguments, context: Context) -> tuple[Array, ...]:
        """The states before the first step: given by the caller, carried from an earlier run, or zeros."""
        given = arguments.initial_state
        if given is None and self.stateful:
            given = context.carried.get(arguments.layer)
        return self.checked_states(x, given, arguments.layer)

    def checked_states(self, x: Array, given: tuple[Array, ...] | None, layer: str) -> tuple[Array, ...]:
        """`given` states in x's type, checked against (batch, units); zeros when there are none."""
        zeros = self.cell.initial_states(x.shape[0], x.dtype)
        if given is None:
            return zeros
        if len(given) != len(zeros):
            raise BadInput("wrong number of initial states", layer=layer, expected=len(zeros), found=len(given))
        for name, zero, state in zip(self.cell.state_sizes, zeros, given, strict=True):
            if state.shape != zero.shape:
                raise ShapeMismatch(f"initial state {name}", layer=layer, expected=zero.shape, found=state.shape)
        return tuple(state.astype(x.dtype, copy=False) for state in given)

    def with_zeroed_masks(self) -> Self:
        """This layer as Bidirectional uses it: masked outputs are zero whenever it returns sequences."""
        return replace(self, direction=replace(self.direction, zero_output_for_mask=self.return_sequences))


def sequence_features(config: Config, shape: Shape) -> int:
    """The size of the last axis of a (batch, steps, features) input."""
    if len(shape) != 3 or shape[2] is None:
        raise ShapeMismatch(
            f"{config.class_name} input", layer=config.layer, expected="(batch, steps, features)", found=shape
        )
    return shape[2]


def final_states(states: Mapping[str, Array], layer: Operation) -> tuple[Array, ...]:
    """The states after the last processed step, read off a recording of `layer`."""
    if not isinstance(layer, Recurrent):
        raise Unsupported("only a plain recurrent layer carries its state across runs")
    last = 0 if layer.direction.go_backwards else -1
    return tuple(np.asarray(states[name])[:, last] for name in layer.cell.state_sizes)
