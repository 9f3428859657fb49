"""Bidirectional: two recurrences over the same input, one of them backwards, merged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, Self

import numpy as np

from rnnscope.context import Context
from rnnscope.errors import Unsupported
from rnnscope.layers.base import Arguments, Operation, Result, Weights
from rnnscope.layers.config import Config
from rnnscope.layers.recurrent import Given, Recurrent, take_num_constants
from rnnscope.layers.registry import keras_layer, read_inner
from rnnscope.types import Array, Shape

MERGE_MODES = ("concat", "sum", "ave", "mul", None)
AHEAD, BACK = "forward", "backward"


class Directed(NamedTuple):
    """One of the two recurrences, and what it is called with."""

    name: str
    layer: Recurrent
    given: Given
    carried: Mapping[str, Array]


@keras_layer("Bidirectional")
@dataclass(frozen=True, slots=True, eq=False)
class Bidirectional(Operation):
    """Two recurrences over the same input, the second one backwards, merged.

    The backward sequence is flipped in time before it is merged. Keras 3 and tf-keras force zeros at masked steps of
    both where they return sequences. `initial_state` is split in half, and `constants` go to both.
    """

    forward: Recurrent
    backward: Recurrent
    merge_mode: str | None
    num_constants: int = 0

    takes_mask: ClassVar[bool] = True
    call_arguments: ClassVar[tuple[str, ...]] = ("inputs", "initial_state", "mask", "training", "constants")

    @property
    def label(self) -> str:
        return f"({type(self.forward.cell).__name__.removesuffix('Cell')}, {self.merge_mode or 'not merged'})"

    @property
    def recurrent_steps(self) -> int:
        return 2

    @property
    def stateful(self) -> bool:
        return self.forward.stateful

    @property
    def time_major(self) -> bool:
        return self.forward.time_major

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        merge_mode = config.take("merge_mode", "concat")
        if merge_mode not in MERGE_MODES:
            raise Unsupported(
                f"Bidirectional with merge_mode={merge_mode!r} is not computed",
                layer=config.layer,
                advice=f"Supported: {', '.join(map(repr, MERGE_MODES))}",
            )
        forward_config = config.take_mapping("layer")
        own = config.peek("backward_layer") is not None
        backward_config = config.take_mapping("backward_layer") if own else _reversed(forward_config)
        config.ignore("backward_layer")
        forward = _direction(config, forward_config, weights.at("forward_layer"), shapes)
        backward = _direction(config, backward_config, weights.at("backward_layer"), shapes)
        _check_pair(config, forward, backward)
        return cls(forward, backward, None if merge_mode is None else str(merge_mode), take_num_constants(config))

    def output_shapes(self, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
        ahead, *ahead_states = self.forward.output_shapes(shapes)
        back, *back_states = self.backward.output_shapes(shapes)
        if self.merge_mode is None:
            return (ahead, back, *ahead_states, *back_states)
        last = (ahead[-1] or 0) + (back[-1] or 0) if self.merge_mode == "concat" else ahead[-1]
        return ((*ahead[:-1], last), *ahead_states, *back_states)

    def call(self, arguments: Arguments, context: Context) -> Result:
        ahead, back = (
            one.layer.run(one.given, one.carried, context, arguments.layer)
            for one in self.directions(arguments, context)
        )
        if self.forward.return_sequences:
            both = ahead.outputs, back.outputs[:, ::-1]
            merged = self._merge(*map(self.forward.as_returned, both))
        else:
            merged = self._merge(ahead.last, back.last)
        passed = arguments.incoming if self.forward.return_sequences else None
        outputs = merged + (ahead.final + back.final if self.forward.return_state else ())
        return Result(
            outputs,
            tuple(passed if index < len(merged) else None for index in range(len(outputs))),
            _both(ahead.states, back.states),
            _both(ahead.gates, back.gates),
            self.forward.given(arguments, self.num_constants).mask,
            final=_both(self.forward.named(ahead.final), self.backward.named(back.final)),
        )

    def directions(self, arguments: Arguments, context: Context) -> tuple[Directed, Directed]:
        """The two recurrences of a call, each with its half of the initial states and of the carried ones."""
        given = self.forward.given(arguments, self.num_constants)
        states = given.initial_state
        half = len(states) // 2 if states is not None else 0
        first, second = (None, None) if states is None else (states[:half], states[half:])
        carried = context.carried.get(arguments.layer, {})
        return (
            Directed(AHEAD, self.forward, given._replace(initial_state=first), _of(AHEAD, carried)),
            Directed(BACK, self.backward, given._replace(initial_state=second), _of(BACK, carried)),
        )

    def _merge(self, ahead: Array, back: Array) -> tuple[Array, ...]:
        if self.merge_mode == "concat":
            return (np.concatenate([ahead, back], axis=-1),)
        if self.merge_mode == "sum":
            return (ahead + back,)
        if self.merge_mode == "ave":
            return ((ahead + back) / 2,)
        return (ahead * back,) if self.merge_mode == "mul" else (ahead, back)


def _direction(config: Config, entry: Mapping[str, object], weights: Weights, shapes: tuple[Shape, ...]) -> Recurrent:
    layer = read_inner(config, entry, weights, shapes)
    if not isinstance(layer, Recurrent):
        raise Unsupported(f"Bidirectional around {entry.get('class_name')} is not computed", layer=config.layer)
    return layer.with_zeroed_masks() if config.semantics.bidirectional_zeroes_masked else layer


def _check_pair(config: Config, forward: Recurrent, backward: Recurrent) -> None:
    """Refuse two layers that Keras would not join."""
    if forward.direction.go_backwards == backward.direction.go_backwards:
        raise Unsupported("Bidirectional whose two layers read the same way is not computed", layer=config.layer)
    for option in ("stateful", "return_sequences", "return_state", "time_major"):
        if getattr(forward, option) != getattr(backward, option):
            raise Unsupported(
                f"Bidirectional whose two layers differ in {option} is not computed",
                layer=config.layer,
                found=f"{getattr(forward, option)} and {getattr(backward, option)}",
            )


def _reversed(entry: Mapping[str, object]) -> Mapping[str, object]:
    """The configuration that Keras derives for the backward layer when the file holds none of its own."""
    values = entry.get("config")
    options = values if isinstance(values, dict) else {}
    return {**entry, "config": {**options, "go_backwards": not options.get("go_backwards", False)}}


def _both(ahead: Mapping[str, Array], back: Mapping[str, Array]) -> dict[str, Array]:
    return {f"{AHEAD}/{name}": value for name, value in ahead.items()} | {
        f"{BACK}/{name}": value for name, value in back.items()
    }


def _of(direction: str, states: Mapping[str, Array]) -> dict[str, Array]:
    """One direction's part of what `_both` joined."""
    return {
        name.removeprefix(f"{direction}/"): state for name, state in states.items() if name.startswith(f"{direction}/")
    }
