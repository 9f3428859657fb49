"""Recurrent cells: one pure step from input and states to output, new states and gates.

Formulas and block orders are Keras's: W = kernel, U = recurrent kernel, b = bias; x is (batch, features), h is
(batch, units).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np

from rnnscope.errors import Unsupported
from rnnscope.layers.activations import Activation, take_activation
from rnnscope.layers.base import Weights
from rnnscope.layers.config import Config, take_dtype
from rnnscope.types import Array

INFERENCE_FREE = ("dropout", "recurrent_dropout", "seed", "implementation", "unit_forget_bias", "use_cudnn")


class Step(NamedTuple):
    """What one step gives: the new states in `state_sizes` order, and the gates as used."""

    states: tuple[Array, ...]
    gates: Mapping[str, Array]


class Cell(ABC):
    """A recurrent cell: its states have names and sizes, and its output is one of them."""

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

    def initial_states(self, batch: int, dtype: np.dtype[np.floating]) -> tuple[Array, ...]:
        """Zeros, one (batch, size) array for each state."""
        return tuple(np.zeros((batch, size), dtype) for size in self.state_sizes.values())


def _take_plain(config: Config) -> tuple[int, bool, Activation]:
    """What every cell has: units, use_bias and the activation."""
    config.ignore(*INFERENCE_FREE)
    return config.take_int("units"), config.take_bool("use_bias", True), take_activation(config, default="tanh")


def _take_gated(config: Config) -> tuple[int, bool, Activation, Activation]:
    """What a cell with gates has besides: the activation of its gates."""
    return *_take_plain(config), take_activation(config, "recurrent_activation", "sigmoid")


@dataclass(frozen=True, slots=True, eq=False)
class SimpleRNNCell(Cell):
    """h' = act(x·W + b + h·U)."""

    kernel: Array  # (features, units)
    recurrent_kernel: Array  # (units, units)
    bias: Array | None  # (units,)
    activation: Activation

    @property
    def state_sizes(self) -> Mapping[str, int]:
        return {"h": int(self.recurrent_kernel.shape[0])}

    @classmethod
    def read(cls, config: Config, weights: Weights, features: int) -> Self:
        units, use_bias, activation = _take_plain(config)
        return cls(
            kernel=weights.take("kernel", (features, units)),
            recurrent_kernel=weights.take("recurrent_kernel", (units, units)),
            bias=weights.take("bias", (units,)) if use_bias else None,
            activation=activation,
        )

    def step(self, x: Array, states: tuple[Array, ...]) -> Step:
        (h,) = states
        projected = x @ self.kernel
        if self.bias is not None:
            projected = projected + self.bias
        return Step((self.activation(projected + h @ self.recurrent_kernel),), {})


@dataclass(frozen=True, slots=True, eq=False)
class LSTMCell(Cell):
    """c' = f·c + i·g; h' = o·act(c'), with i, f, o = ra(z), g = act(z), z = x·W + h·U + b."""

    kernel: Array  # (features, 4 * units), blocks i, f, g, o
    recurrent_kernel: Array  # (units, 4 * units)
    bias: Array | None  # (4 * units,)
    activation: Activation
    recurrent_activation: Activation

    @property
    def state_sizes(self) -> Mapping[str, int]:
        units = int(self.recurrent_kernel.shape[0])
        return {"h": units, "c": units}

    @classmethod
    def read(cls, config: Config, weights: Weights, features: int) -> Self:
        units, use_bias, activation, recurrent_activation = _take_gated(config)
        return cls(
            kernel=weights.take("kernel", (features, 4 * units)),
            recurrent_kernel=weights.take("recurrent_kernel", (units, 4 * units)),
            bias=weights.take("bias", (4 * units,)) if use_bias else None,
            activation=activation,
            recurrent_activation=recurrent_activation,
        )

    def step(self, x: Array, states: tuple[Array, ...]) -> Step:
        h, c = states
        z = x @ self.kernel + h @ self.recurrent_kernel
        if self.bias is not None:
            z = z + self.bias
        zi, zf, zg, zo = np.split(z, 4, axis=-1)
        i, f, o = self.recurrent_activation(zi), self.recurrent_activation(zf), self.recurrent_activation(zo)
        g = self.activation(zg)
        c = f * c + i * g
        h = o * self.activation(c)
        return Step((h, c), {"i": i, "f": f, "g": g, "o": o})


@dataclass(frozen=True, slots=True, eq=False)
class GRUCell(Cell):
    """h' = z·h + (1 − z)·hh, with z, r = ra(x·W + h·U + b).

    reset_after: hh = act(x·W + b₀ + r·(h·U + b₁)), the bias having an input row b₀ and a recurrent row b₁;
    otherwise hh = act(x·W + b + (r·h)·U).
    """

    kernel: Array  # (features, 3 * units), blocks z, r, hh
    recurrent_kernel: Array  # (units, 3 * units)
    bias: Array | None  # (2, 3 * units) with reset_after, else (3 * units,)
    activation: Activation
    recurrent_activation: Activation
    reset_after: bool

    @property
    def state_sizes(self) -> Mapping[str, int]:
        return {"h": int(self.recurrent_kernel.shape[0])}

    @classmethod
    def read(cls, config: Config, weights: Weights, features: int) -> Self:
        units, use_bias, activation, recurrent_activation = _take_gated(config)
        reset_after = config.take_bool("reset_after", True)
        bias_shape = (2, 3 * units) if reset_after else (3 * units,)
        return cls(
            kernel=weights.take("kernel", (features, 3 * units)),
            recurrent_kernel=weights.take("recurrent_kernel", (units, 3 * units)),
            bias=weights.take("bias", bias_shape) if use_bias else None,
            activation=activation,
            recurrent_activation=recurrent_activation,
            reset_after=reset_after,
        )

    def step(self, x: Array, states: tuple[Array, ...]) -> Step:
        (h,) = states
        n = self.units
        from_x = x @ self.kernel
        if self.bias is not None:
            from_x = from_x + (self.bias[0] if self.reset_after else self.bias)
        if self.reset_after:
            from_h = h @ self.recurrent_kernel
            if self.bias is not None:
                from_h = from_h + self.bias[1]
        else:
            from_h = h @ self.recurrent_kernel[:, : 2 * n]
        z = self.recurrent_activation(from_x[:, :n] + from_h[:, :n])
        r = self.recurrent_activation(from_x[:, n : 2 * n] + from_h[:, n : 2 * n])
        recurrent = r * from_h[:, 2 * n :] if self.reset_after else (r * h) @ self.recurrent_kernel[:, 2 * n :]
        hh = self.activation(from_x[:, 2 * n :] + recurrent)
        h = z * h + (1 - z) * hh
        return Step((h,), {"z": z, "r": r, "hh": hh})


@dataclass(frozen=True, slots=True, eq=False)
class StackedCells(Cell):
    """Cells on top of one another within each step; the states of cell k are called ``k/h``, ``k/c``."""

    cells: tuple[Cell, ...]

    @property
    def state_sizes(self) -> Mapping[str, int]:
        return {
            f"{index}/{name}": size for index, cell in enumerate(self.cells) for name, size in cell.state_sizes.items()
        }

    @property
    def output_state(self) -> str:
        return f"{len(self.cells) - 1}/{self.cells[-1].output_state}"

    @classmethod
    def read(cls, config: Config, weights: Weights, features: int) -> Self:
        entries = config.take("cells")
        if not isinstance(entries, list) or not entries:
            raise Unsupported("StackedRNNCells without cells is not computed", layer=config.layer)
        names = [str(entry.get("class_name")) if isinstance(entry, dict) else "" for entry in entries]
        cells: list[Cell] = []
        for entry, part in zip(entries, weights.each("cells", names), strict=True):
            cells.append(read_cell(config, entry, part, features))
            features = cells[-1].units
        return cls(tuple(cells))

    def step(self, x: Array, states: tuple[Array, ...]) -> Step:
        left = list(states)
        new: list[Array] = []
        gates: dict[str, Array] = {}
        for index, cell in enumerate(self.cells):
            own, left = left[: len(cell.state_sizes)], left[len(cell.state_sizes) :]
            done = cell.step(x, tuple(own))
            x = done.states[list(cell.state_sizes).index(cell.output_state)]
            new += done.states
            gates |= {f"{index}/{name}": gate for name, gate in done.gates.items()}
        return Step(tuple(new), gates)


CELLS: dict[str, type[Cell]] = {
    "SimpleRNNCell": SimpleRNNCell,
    "LSTMCell": LSTMCell,
    "GRUCell": GRUCell,
    "StackedRNNCells": StackedCells,
}


def read_cell(config: Config, entry: object, weights: Weights, features: int) -> Cell:
    """Build the cell that stands in a layer's configuration as ``{"class_name": …, "config": {…}}``."""
    match entry:
        case {"class_name": str(class_name), "config": dict(values)} if class_name in CELLS:
            part = config.part(values, class_name)
            take_dtype(part)
            part.ignore("name", "trainable")
            cell = CELLS[class_name].read(part, weights, features)
            part.finish()
            return cell
    shown = entry.get("class_name") if isinstance(entry, dict) else entry
    raise Unsupported(
        f"a cell of class {shown} is not computed", layer=config.layer, advice=f"Supported: {', '.join(CELLS)}"
    )
