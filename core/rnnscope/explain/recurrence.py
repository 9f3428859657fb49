"""One recurrence of a run: a recurrent layer, or one direction of a bidirectional one, with its order and its start."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rnnscope.compare import Location
from rnnscope.explain.hearing import Heard, hear
from rnnscope.explain.scene import Scene
from rnnscope.graph import Tensor, tensors_in
from rnnscope.layers.base import Arguments
from rnnscope.layers.bidirectional import Bidirectional
from rnnscope.layers.recurrent import Given, Recurrent, States
from rnnscope.types import Array, Mask
from rnnscope.unroll import Direction


@dataclass(frozen=True, slots=True, eq=False)
class Recurrence:
    """A recurrence as the run made it.

    prefix: ``forward/`` or ``backward/`` before the names of its states, or "". mask: (batch, steps), or None.
    start: the states before the first step, and `start_tensors` the tensors that gave them, None where nobody did.
    """

    scene: Scene
    prefix: str
    layer: Recurrent
    given: Given
    mask: Mask | None
    start: States
    start_tensors: tuple[Tensor | None, ...]
    direction: Direction

    @property
    def steps(self) -> int:
        return int(self.given.x.shape[1])

    @property
    def order(self) -> range:
        """The input's steps in the order in which they are processed."""
        return range(self.steps - 1, -1, -1) if self.direction.go_backwards else range(self.steps)

    def position(self, t: int) -> int:
        """When step `t` is processed."""
        return self.steps - 1 - t if self.direction.go_backwards else t

    def before(self, t: int) -> int | None:
        """The step that is processed before `t`; None at the start."""
        position = self.position(t)
        return self.order[position - 1] if position else None

    def valid(self, sample: int, t: int) -> bool:
        return self.mask is None or bool(self.mask[sample, t])

    def last_valid(self, sample: int, t: int) -> int | None:
        """The last valid step that is processed up to `t`; None when there is none."""
        if self.mask is None:
            return t
        processed = [self.order[position] for position in range(self.position(t), -1, -1)]
        return next((step for step in processed if self.mask[sample, step]), None)

    def states_before(self, t: int) -> States:
        """Every state of the whole batch as step `t` finds it, in the cell's order."""
        previous = self.before(t)
        if previous is None:
            return self.start
        recorded = self.scene.trace[self.scene.call.key].states
        names = self.layer.cell.state_sizes
        return tuple(np.ascontiguousarray(recorded[self.prefix + name][:, previous]) for name in names)

    def heard(self, t: int) -> list[Heard]:
        """Step `t` made once more; see `rnnscope.explain.hearing`."""
        key = (self.prefix, t)
        known = self.scene.heard.get(key)
        if known is None:
            known = hear(self.layer.cell, self.given.x[:, t], self.states_before(t))
            self.scene.heard[key] = known
        return known

    def locate(self, quantity: str, name: str, sample: int, t: int, unit: int) -> Location:
        """The place of one number of a state or gate."""
        return Location(self.scene.call.key, f"{quantity}/{self.prefix}{name}", sample, t, unit)

    def input_place(self, sample: int, t: int, feature: int) -> Location:
        """The place of one feature in what feeds the layer."""
        place = (t, sample, feature) if self.layer.time_major else (sample, t, feature)
        return self.scene.at(self.scene.call.inputs[0], place)

    def state_before(self, name: str, sample: int, t: int, unit: int) -> tuple[str, float, Location | None]:
        """A state as step `t` finds it: what it is called, its value, and where it comes from."""
        short = name.rpartition("/")[2]
        previous = self.before(t)
        if previous is not None:
            location = self.locate("state", name, sample, previous, unit)
            return f"{short}[{previous}, {unit}]", self.scene.number(location), location
        index = list(self.layer.cell.state_sizes).index(name)
        tensor = self.start_tensors[index]
        source = None if tensor is None else self.scene.at(tensor, (sample, unit))
        return f"{short}₀[{unit}]", float(self.start[index][sample, unit]), source


def recurrences(scene: Scene) -> tuple[Recurrence, ...]:
    """The recurrences of a call: one, or the two of a bidirectional layer."""
    operation, arguments = scene.operation, scene.arguments
    mask = scene.trace[scene.call.key].mask
    layer = scene.layer.name
    if isinstance(operation, Bidirectional):
        sides = operation.directions(arguments, scene.context)
        tensors = _start_tensors(scene, arguments)
        half = len(tensors) // 2
        halves = tensors[:half], tensors[half:]
        return tuple(
            _recurrence(scene, f"{side.name}/", side.layer, side.given, mask, side.carried, given)
            for side, given in zip(sides, halves, strict=True)
        )
    assert isinstance(operation, Recurrent)
    given = operation.given(arguments, operation.num_constants)
    carried = scene.context.carried.get(layer, {})
    return (_recurrence(scene, "", operation, given, mask, carried, _start_tensors(scene, arguments)),)


def _recurrence(
    scene: Scene,
    prefix: str,
    layer: Recurrent,
    given: Given,
    mask: Mask | None,
    carried: object,
    tensors: tuple[Tensor, ...],
) -> Recurrence:
    assert isinstance(carried, dict)
    start = layer.start(given, carried, scene.context, scene.layer.name)
    from_tensors: tuple[Tensor | None, ...] = (None,) * len(start)
    if given.initial_state is not None and all(map(_same, start, given.initial_state)):
        from_tensors = tensors if len(tensors) == len(start) else from_tensors
    direction = layer.run_direction(scene.context.semantics)
    return Recurrence(scene, prefix, layer, given, mask, start, from_tensors, direction)


def _same(a: Array, b: Array) -> bool:
    return a.shape == b.shape and bool(np.array_equal(a, b.astype(a.dtype), equal_nan=True))


def _start_tensors(scene: Scene, arguments: Arguments) -> tuple[Tensor, ...]:
    """The tensors that the initial states come from: an argument of that name, or those behind the first input."""
    named = tuple(tensors_in(scene.call.keywords.get("initial_state")))
    if named:
        return named
    constants = getattr(scene.operation, "num_constants", 0)
    more = scene.call.inputs[1:]
    return more[: len(more) - constants]
