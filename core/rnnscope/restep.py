"""Every step of a recurrence by itself, each from states that are given: all steps at once, as samples of one step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from rnnscope.context import Context
from rnnscope.layers.base import Arguments, Operation
from rnnscope.layers.bidirectional import Bidirectional
from rnnscope.layers.recurrent import Given, Recurrent, States
from rnnscope.types import Array
from rnnscope.unroll import Unrolled

BLOCK = 2**22  # numbers that one call of a cell may work on


class Recurrence(NamedTuple):
    """One recurrence of a layer: the prefix of its states' names, what it is called with, and where it starts."""

    prefix: str
    layer: Recurrent
    given: Given
    start: States


def recurrences(operation: Operation, arguments: Arguments, context: Context) -> list[Recurrence]:
    """Those of a recurrent layer or of both directions of a Bidirectional one; none for other layers."""
    name = arguments.layer
    if isinstance(operation, Recurrent):
        given, carried = operation.given(arguments, operation.num_constants), context.carried.get(name, {})
        return [Recurrence("", operation, given, operation.start(given, carried, context, name))]
    if not isinstance(operation, Bidirectional):
        return []
    return [
        Recurrence(f"{one.name}/", one.layer, one.given, one.layer.start(one.given, one.carried, context, name))
        for one in operation.directions(arguments, context)
    ]


def restep(
    operation: Operation, arguments: Arguments, context: Context, stored: Callable[[str], Array | None]
) -> dict[str, Array]:
    """What one step of the layer makes of the `stored` states after the step before, for every step.

    stored: ``state/h`` → (batch, steps, …), indexed by the input's time, or None where there is none.
    Returns ``state/…`` and ``gate/…`` likewise, of each recurrence of which every state is stored.
    """
    found: dict[str, Array] = {}
    for part in recurrences(operation, arguments, context):
        names = [f"state/{part.prefix}{name}" for name in part.layer.cell.state_sizes]
        states = [state for name in names if (state := stored(name)) is not None]
        if len(states) == len(names) and part.given.x.shape[1]:
            backwards = part.layer.direction.go_backwards
            before = tuple(_before(*pair, backwards) for pair in zip(states, part.start, strict=True))
            found |= _named(_blocks(part, before, context, arguments.layer), part.prefix)
    return found


def _before(state: Array, start: Array, backwards: bool) -> Array:
    """The state before each step: the one after the step that was processed before it."""
    first = start[:, np.newaxis]
    parts = (state[:, 1:], first) if backwards else (first, state[:, :-1])
    return np.concatenate([part.astype(start.dtype, copy=False) for part in parts], axis=1)


def _blocks(part: Recurrence, before: States, context: Context, layer: str) -> list[Unrolled]:
    """All steps, a block of them after the other, so that memory holds them."""
    batch, steps = part.given.x.shape[:2]
    width = part.given.x[0, 0].size + 4 * sum(state[0, 0].size for state in before)
    length = max(1, BLOCK // max(1, batch * width))
    return [_block(part, before, slice(at, at + length), context, layer) for at in range(0, steps, length)]


def _block(part: Recurrence, before: States, block: slice, context: Context, layer: str) -> Unrolled:
    given = part.given
    batch, steps = given.x[:, block].shape[:2]

    def fold(array: Array, *axis: int) -> Array:
        """(batch, steps, …) as (batch · steps, …)."""
        return array[:, block].reshape(batch * steps, *axis, *array.shape[2:])

    folded = Given(
        fold(given.x, 1),
        None if given.mask is None else fold(given.mask, 1),
        tuple(fold(state) for state in before),
        tuple(np.repeat(constant, steps, axis=0) for constant in given.constants),
    )
    done = part.layer.run(folded, {}, context, layer)

    def unfold(arrays: Mapping[str, Array]) -> dict[str, Array]:
        return {name: array.reshape(batch, steps, *array.shape[2:]) for name, array in arrays.items()}

    return Unrolled(done.outputs, done.last, done.final, unfold(done.states), unfold(done.gates))


def _named(blocks: list[Unrolled], prefix: str) -> dict[str, Array]:
    """The blocks' states and gates joined in time."""
    states = {f"state/{prefix}{name}": [block.states[name] for block in blocks] for name in blocks[0].states}
    gates = {f"gate/{prefix}{name}": [block.gates[name] for block in blocks] for name in blocks[0].gates}
    return {name: np.concatenate(parts, axis=1) for name, parts in (states | gates).items()}
