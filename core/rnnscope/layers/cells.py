"""What a recurrent cell is: one pure step from input and states to output, new states and gates.

A cell knows nothing of time, masks and directions; `rnnscope.unroll` owns those.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import NamedTuple, Self, TypeVar

import numpy as np

from rnnscope.errors import BadInput, Unsupported
from rnnscope.layers.base import Weights
from rnnscope.layers.config import Config, take_dtype
from rnnscope.layers.registry import check_free, registered_name
from rnnscope.types import Array, Shape

# They shape training or speed, never what a trained cell computes. The second line is Keras 1's.
INFERENCE_FREE = (
    *("dropout", "recurrent_dropout", "seed", "implementation", "unit_forget_bias", "use_cudnn"),
    *("dropout_W", "dropout_U", "consume_less", "init", "inner_init", "forget_bias_init", "input_dim", "input_length"),
)


class Step(NamedTuple):
    """What one step gives: the new states in the order of `state_sizes`, and the gates as used.

    output: set by cells whose output is none of their states.
    """

    states: tuple[Array, ...]
    gates: Mapping[str, Array]
    output: Array | None = None


class Cell(ABC):
    """A recurrent cell: its states have names and sizes, and its output is usually one of them."""

    __slots__ = ()

    @property
    @abstractmethod
    def state_sizes(self) -> Mapping[str, int]:
        """State name → size, in Keras's order."""

    @property
    def output_state(self) -> str:
        """The state that is the output."""
        return "h"

    @property
    def units(self) -> int:
        """The size of the output."""
        return self.state_sizes[self.output_state]

    @classmethod
    @abstractmethod
    def read(cls, config: Config, weights: Weights, features: int) -> Self:
        """Take the cell's options and weights; `features` is the size of one step's input."""

    @abstractmethod
    def step(self, x: Array, states: tuple[Array, ...]) -> Step:
        """One timestep for the whole batch."""

    @property
    def takes_constants(self) -> bool:
        """Whether the cell's step uses the tensors that a layer is called with as `constants`."""
        return False

    def bind(self, constants: tuple[Array, ...]) -> Self:
        """The cell with the `constants` of one call inside it; a cell that takes them overrides this."""
        if constants:
            raise BadInput(f"{type(self).__name__} takes no constants", found=f"{len(constants)} of them")
        return self

    def state_shapes(self, step: Shape) -> Mapping[str, Shape]:
        """State name → shape, batch first, for steps of shape (batch, …)."""
        return {name: (step[0], size) for name, size in self.state_sizes.items()}

    def output_shape(self, step: Shape) -> Shape:
        """The shape of one step's output, batch first, for steps of shape (batch, …)."""
        return (step[0], self.units)

    def initial_states(self, x: Array) -> tuple[Array, ...]:
        """Zeros, one array for each state, for the input x (batch, steps, …)."""
        shapes = self.state_shapes((x.shape[0], *x.shape[2:])).values()
        return tuple(np.zeros([size or 0 for size in shape], x.dtype) for shape in shapes)

    def output_of(self, done: Step) -> Array:
        """The output of a step that was done."""
        if done.output is not None:
            return done.output
        return done.states[list(self.state_sizes).index(self.output_state)]


CELLS: dict[str, type[Cell]] = {}
Cellular = TypeVar("Cellular", bound=Cell)


def keras_cell(*class_names: str, replace: bool = False) -> Callable[[type[Cellular]], type[Cellular]]:
    """Register a class as the implementation of these Keras cells.

    replace: whether it may take a built-in's place; without that, BadInput is raised.
    """

    def register(kind: type[Cellular]) -> type[Cellular]:
        for name in class_names:
            check_free(name, kind, CELLS, replace=replace)
            CELLS[name] = kind
        return kind

    return register


def read_cell(config: Config, entry: object, weights: Weights, features: int) -> Cell:
    """Build the cell that stands in a layer's configuration as ``{"class_name": …, "config": {…}}``."""
    values = entry.get("config") if isinstance(entry, dict) else None
    if isinstance(entry, dict) and isinstance(values, dict):
        name = registered_name(entry, CELLS, config.layer)
        if name in CELLS:
            part = config.part(values, name)
            take_dtype(part)
            weights = weights.frozen() if part.peek("trainable") is False else weights
            part.ignore("name", "trainable", "batch_input_shape")
            cell = CELLS[name].read(part, weights, features)
            part.finish()
            return cell
    shown = entry.get("class_name") if isinstance(entry, dict) else entry
    raise Unsupported(
        f"a cell of class {shown} is not computed", layer=config.layer, advice=f"Supported: {', '.join(CELLS)}"
    )
