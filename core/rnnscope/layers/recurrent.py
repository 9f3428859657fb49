"""Recurrent layers: a cell, a direction, and what is returned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, NamedTuple, Self

from rnnscope.context import Context
from rnnscope.errors import BadInput, ShapeMismatch
from rnnscope.layers.base import Arguments, Operation, Result, Weights, arrays_in
from rnnscope.layers.cells import CELLS, Cell, read_cell
from rnnscope.layers.config import Config
from rnnscope.layers.registry import keras_layer
from rnnscope.semantics import Semantics
from rnnscope.types import Array, Mask, Shape
from rnnscope.unroll import Direction, Unrolled, unroll

States = tuple[Array, ...]


class Given(NamedTuple):
    """What a recurrent layer is called with, batch first whatever the layer's time_major."""

    x: Array  # (batch, steps, …)
    mask: Mask | None  # (batch, steps)
    initial_state: States | None
    constants: States


@keras_layer("SimpleRNN", "LSTM", "GRU", "RNN")
@dataclass(frozen=True, slots=True, eq=False)
class Recurrent(Operation):
    """A cell unrolled over the time axis of x (batch, steps, …), or (steps, batch, …) with time_major.

    Returns (batch, steps, units) with return_sequences, else (batch, units); with return_state, the final states too.
    Tensors after the first are the initial states, the last `num_constants` of them the constants, as in Keras 2.
    """

    cell: Cell
    direction: Direction
    return_sequences: bool
    return_state: bool
    stateful: bool
    time_major: bool = False
    num_constants: int = 0

    takes_mask: ClassVar[bool] = True
    call_arguments: ClassVar[tuple[str, ...]] = ("inputs", "initial_state", "mask", "training", "constants")

    @property
    def recurrent_steps(self) -> int:
        return 1

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        direction = Direction(
            go_backwards=config.take_bool("go_backwards", False),
            zero_output_for_mask=config.take_bool("zero_output_for_mask", False),
            unroll=config.take_bool("unroll", False),
        )
        time_major = config.take_bool("time_major", False)
        return cls(
            cell=cls.read_cell(config, weights, shapes[0]),
            direction=direction,
            return_sequences=config.take_bool("return_sequences", False),
            return_state=config.take_bool("return_state", False),
            stateful=config.take_bool("stateful", False),
            time_major=time_major,
            num_constants=take_num_constants(config),
        )

    @classmethod
    def read_cell(cls, config: Config, weights: Weights, shape: Shape) -> Cell:
        """The layer's cell, for an input of `shape`; the options of a plain layer are those of its cell."""
        features = sequence_features(config, shape)
        config.ignore("input_dim", "input_length")
        if config.class_name == "RNN":
            return read_cell(config, _cell_entry(config.take("cell")), weights.at("cell"), features)
        return CELLS[f"{config.class_name}Cell"].read(config, weights.at("cell"), features)

    def output_shapes(self, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
        batch, steps, *rest = swapped(shapes[0]) if self.time_major else shapes[0]
        step: Shape = (batch, *rest)
        first = self.cell.output_shape(step)
        if self.return_sequences:
            first = (steps, batch, *first[1:]) if self.time_major else (batch, steps, *first[1:])
        return (first, *self.cell.state_shapes(step).values()) if self.return_state else (first,)

    def call(self, arguments: Arguments, context: Context) -> Result:
        given = self.given(arguments, self.num_constants)
        done = self.run(given, context.carried.get(arguments.layer, {}), context, arguments.layer)
        outputs: tuple[Array, ...] = (self.as_returned(done.outputs) if self.return_sequences else done.last,)
        passed = arguments.incoming if self.return_sequences else None
        if self.return_state:
            outputs += done.final
        masks = (passed, *[None] * (len(outputs) - 1))
        return Result(outputs, masks, done.states, done.gates, given.mask, final=self.named(done.final))

    def given(self, arguments: Arguments, num_constants: int) -> Given:
        """The call's arguments sorted out: Keras 2 appends states and constants to the list of inputs."""
        x, *more = arguments.tensors
        mask = arguments.mask
        split = len(more) - num_constants
        initial = arguments.initial_state or tuple(more[:split]) or None
        constants = tuple(arrays_in(arguments.keywords.get("constants"))) or tuple(more[split:])
        if self.time_major:
            x, mask = x.swapaxes(0, 1), None if mask is None else mask.swapaxes(0, 1)
        return Given(x, mask, initial, constants)

    def run(self, given: Given, carried: Mapping[str, Array], context: Context, layer: str) -> Unrolled:
        """The bare recurrence; `carried` are the states in which an earlier run left a stateful layer."""
        initial = self.start(given, carried, context, layer)
        direction = self.run_direction(context.semantics)
        return unroll(self.cell.bind(given.constants), given.x, given.mask, initial, direction, context)

    def start(self, given: Given, carried: Mapping[str, Array], context: Context, layer: str) -> States:
        """The states that the recurrence starts from."""
        return self.checked_states(given.x, self._chosen(given.initial_state, carried, context), layer)

    def run_direction(self, semantics: Semantics) -> Direction:
        """The direction as the Keras that is followed honours it."""
        return self.direction

    def _chosen(self, given: States | None, carried: Mapping[str, Array], context: Context) -> States | None:
        """The states to start from: given ones come before carried ones.

        Only tf-keras lets the states of a stateful layer come first, once any of them is not zero.
        """
        kept = tuple(carried.values()) if self.stateful and carried else None
        if given is None or kept is None:
            return kept if given is None else given
        return kept if context.semantics.carried_states_win and any(state.any() for state in kept) else given

    def checked_states(self, x: Array, given: States | None, layer: str) -> States:
        """`given` states in x's type, checked against the cell's shapes; zeros when there are none."""
        zeros = self.cell.initial_states(x)
        if given is None:
            return zeros
        if len(given) != len(zeros):
            raise BadInput("wrong number of initial states", layer=layer, expected=len(zeros), found=len(given))
        for name, zero, state in zip(self.cell.state_sizes, zeros, given, strict=True):
            if state.shape != zero.shape:
                raise ShapeMismatch(f"initial state {name}", layer=layer, expected=zero.shape, found=state.shape)
        return tuple(state.astype(x.dtype, copy=False) for state in given)

    def named(self, states: States) -> dict[str, Array]:
        """States by their names, in Keras's order."""
        return dict(zip(self.cell.state_sizes, states, strict=True))

    def as_returned(self, outputs: Array) -> Array:
        """Outputs (batch, steps, …) with the axes in the layer's own order."""
        return outputs.swapaxes(0, 1) if self.time_major else outputs

    def with_zeroed_masks(self) -> Self:
        """This layer as Bidirectional uses it: masked outputs are zero whenever it returns sequences."""
        return replace(self, direction=replace(self.direction, zero_output_for_mask=self.return_sequences))


def take_num_constants(config: Config) -> int:
    """How many of the tensors that a layer is called with are constants; Keras 2 writes it, or null."""
    if config.peek("num_constants") is None:
        config.ignore("num_constants")
        return 0
    return config.take_int("num_constants", minimum=0)


def sequence_features(config: Config, shape: Shape) -> int:
    """The size of the last axis of a (batch, steps, features) input."""
    if len(shape) != 3 or shape[2] is None:
        raise ShapeMismatch(
            f"{config.class_name} input", layer=config.layer, expected="(batch, steps, features)", found=shape
        )
    return shape[2]


def swapped(shape: Shape) -> Shape:
    """A shape with its first two axes changed over."""
    return (shape[1], shape[0], *shape[2:])


def _cell_entry(entry: object) -> object:
    """RNN's cell as one entry; a list of cells stands for a stack of them."""
    if isinstance(entry, list):
        return {"class_name": "StackedRNNCells", "config": {"cells": entry}}
    return entry
