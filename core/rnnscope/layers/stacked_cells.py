"""Cells on top of one another within each step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

from rnnscope.errors import Unsupported
from rnnscope.layers.base import Weights
from rnnscope.layers.cells import Cell, Step, keras_cell, read_cell
from rnnscope.layers.config import Config
from rnnscope.types import Array, Shape


@keras_cell("StackedRNNCells")
@dataclass(frozen=True, slots=True, eq=False)
class StackedCells(Cell):
    """Each cell reads the output of the one below it; the states of cell k are called ``k/h``, ``k/c``.

    reversed_states: the states of the uppermost cell come first where Keras lists them (`initial_state`,
    `return_state`), as in Keras up to 2.1.6 and later under `reverse_state_order`.
    """

    cells: tuple[Cell, ...]
    reversed_states: bool = False

    @property
    def takes_constants(self) -> bool:
        return any(cell.takes_constants for cell in self.cells)

    @property
    def state_sizes(self) -> Mapping[str, int]:
        return {f"{index}/{name}": size for index, cell in self._listed() for name, size in cell.state_sizes.items()}

    @property
    def output_state(self) -> str:
        return f"{len(self.cells) - 1}/{self.cells[-1].output_state}"

    @property
    def units(self) -> int:
        return self.cells[-1].units

    @classmethod
    def read(cls, config: Config, weights: Weights, features: int) -> Self:
        entries = config.take("cells")
        reversed_states = config.take_bool("reverse_state_order", config.semantics.stacked_states_reversed)
        if not isinstance(entries, list) or not entries:
            raise Unsupported("StackedRNNCells without cells is not computed", layer=config.layer)
        names = [str(entry.get("class_name")) if isinstance(entry, dict) else "" for entry in entries]
        cells: list[Cell] = []
        for entry, part in zip(entries, weights.each("cells", names), strict=True):
            cells.append(read_cell(config, entry, part, features))
            features = cells[-1].units
        return cls(tuple(cells), reversed_states)

    def bind(self, constants: tuple[Array, ...]) -> Self:
        """Hand the constants to every cell that takes some; Keras passes the others over."""
        if not constants:
            return self
        if not self.takes_constants:
            return Cell.bind(self, constants)
        return replace(self, cells=tuple(cell.bind(constants) if cell.takes_constants else cell for cell in self.cells))

    def state_shapes(self, step: Shape) -> Mapping[str, Shape]:
        below: list[Shape] = [step]
        for cell in self.cells:
            below.append(cell.output_shape(below[-1]))
        return {
            f"{index}/{name}": shape
            for index, cell in self._listed()
            for name, shape in cell.state_shapes(below[index]).items()
        }

    def step(self, x: Array, states: tuple[Array, ...]) -> Step:
        named = dict(zip(self.state_sizes, states, strict=True))
        gates: dict[str, Array] = {}
        output: Array | None = None
        for index, cell in enumerate(self.cells):
            names = [f"{index}/{name}" for name in cell.state_sizes]
            done = cell.step(x, tuple(named[name] for name in names))
            x, output = cell.output_of(done), done.output
            named |= zip(names, done.states, strict=True)
            gates |= {f"{index}/{name}": gate for name, gate in done.gates.items()}
        return Step(tuple(named.values()), gates, output)

    def _listed(self) -> list[tuple[int, Cell]]:
        """The cells with their numbers, in the order in which Keras lists their states."""
        numbered = list(enumerate(self.cells))
        return numbered[::-1] if self.reversed_states else numbered
