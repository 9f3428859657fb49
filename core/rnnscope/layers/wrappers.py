"""Layers that wrap a layer: Bidirectional and TimeDistributed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np

from rnnscope.context import Context
from rnnscope.errors import ShapeMismatch, Unsupported
from rnnscope.layers.base import Arguments, Operation, Result, Weights
from rnnscope.layers.config import Config
from rnnscope.layers.recurrent import Recurrent
from rnnscope.layers.registry import keras_layer, read_inner
from rnnscope.types import Array, Mask, Shape

MERGE_MODES = ("concat", "sum", "ave", "mul", None)


@keras_layer("Bidirectional")
@dataclass(frozen=True, slots=True, eq=False)
class Bidirectional(Operation):
    """Two recurrences over the same input, the second one backwards, merged.

    The backward sequence is flipped in time before it is merged. Keras 3 forces zeros at masked steps of both.
    """

    forward: Recurrent
    backward: Recurrent
    merge_mode: str | None

    takes_mask: ClassVar[bool] = True
    call_arguments: ClassVar[tuple[str, ...]] = ("inputs", "initial_state", "mask", "training")

    @property
    def label(self) -> str:
        return f"({type(self.forward.cell).__name__.removesuffix('Cell')}, {self.merge_mode or 'not merged'})"

    @property
    def recurrent_steps(self) -> int:
        return 2

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
        backward_config = config.take_mapping("backward_layer") if config.has("backward_layer") else None
        forward = _direction(config, forward_config, weights.at("forward_layer"), shapes)
        reverse = backward_config or _reversed(forward_config)
        backward = _direction(config, reverse, weights.at("backward_layer"), shapes)
        if forward.direction.go_backwards == backward.direction.go_backwards:
            raise Unsupported("Bidirectional whose two layers read the same way is not computed", layer=config.layer)
        return cls(forward, backward, None if merge_mode is None else str(merge_mode))

    def output_shapes(self, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
        ahead, *ahead_states = self.forward.output_shapes(shapes)
        back, *back_states = self.backward.output_shapes(shapes)
        if self.merge_mode is None:
            return (ahead, back, *ahead_states, *back_states)
        last = (ahead[-1] or 0) + (back[-1] or 0) if self.merge_mode == "concat" else ahead[-1]
        return ((*ahead[:-1], last), *ahead_states, *back_states)

    def call(self, arguments: Arguments, context: Context) -> Result:
        x, given, mask = arguments.x, arguments.initial_state, arguments.mask
        half = len(given) // 2 if given is not None else 0
        ahead_initial = self.forward.checked_states(x, given[:half] if given else None, arguments.layer)
        back_initial = self.backward.checked_states(x, given[half:] if given else None, arguments.layer)
        ahead = self.forward.run(x, mask, ahead_initial, context)
        back = self.backward.run(x, mask, back_initial, context)
        if self.forward.return_sequences:
            merged = self._merge(ahead.outputs, back.outputs[:, ::-1])
        else:
            merged = self._merge(ahead.last, back.last)
        passed = arguments.incoming if self.forward.return_sequences else None
        outputs = merged + (ahead.final + back.final if self.forward.return_state else ())
        masks = tuple(passed if index < len(merged) else None for index in range(len(outputs)))
        states = _both(ahead.states, back.states)
        return Result(outputs, masks, states, _both(ahead.gates, back.gates), mask)

    def _merge(self, ahead: Array, back: Array) -> tuple[Array, ...]:
        match self.merge_mode:
            case "concat":
                return (np.concatenate([ahead, back], axis=-1),)
            case "sum":
                return (ahead + back,)
            case "ave":
                return ((ahead + back) / 2,)
            case "mul":
                return (ahead * back,)
            case _:
                return (ahead, back)


@keras_layer("TimeDistributed")
@dataclass(frozen=True, slots=True, eq=False)
class TimeDistributed(Operation):
    """The same layer at every step of the axis after the batch; every step is computed, masked or not."""

    layer: Operation
    inner_class: str

    takes_mask: ClassVar[bool] = True

    @property
    def keeps_integers(self) -> bool:
        return self.layer.keeps_integers

    @property
    def label(self) -> str:
        return f"({self.inner_class}{self.layer.label})"

    @property
    def recurrent_steps(self) -> int:
        return self.layer.recurrent_steps

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        if len(shapes[0]) < 3:
            raise ShapeMismatch(
                "TimeDistributed input", layer=config.layer, expected="(batch, steps, …)", found=shapes[0]
            )
        entry = config.take_mapping("layer")
        inner = read_inner(config, entry, weights.at("layer"), (_without_time(shapes[0]),))
        return cls(inner, str(entry.get("class_name")))

    def output_shapes(self, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
        inner = self.layer.output_shapes((_without_time(shapes[0]),))
        return tuple((shape[0], shapes[0][1], *shape[1:]) for shape in inner)

    def call(self, arguments: Arguments, context: Context) -> Result:
        x, mask = arguments.x, arguments.mask
        batch, steps = x.shape[:2]
        inner_mask = mask if mask is not None and mask.ndim > 2 and self.layer.takes_mask else None
        folded = None if inner_mask is None else inner_mask.reshape(batch * steps, *inner_mask.shape[2:])
        arguments_inside = Arguments(
            (x.reshape(batch * steps, *x.shape[2:]),), folded, folded, (folded,), layer=arguments.layer
        )
        result = self.layer.call(arguments_inside, context)

        unfolded = _unfolded(result, batch, steps)
        return replace(unfolded, masks=tuple(arguments.incoming for _ in unfolded.outputs), mask=inner_mask)


def _direction(config: Config, entry: Mapping[str, object], weights: Weights, shapes: tuple[Shape, ...]) -> Recurrent:
    layer = read_inner(config, entry, weights, shapes)
    if not isinstance(layer, Recurrent):
        raise Unsupported(f"Bidirectional around {entry.get('class_name')} is not computed", layer=config.layer)
    if layer.stateful:
        raise Unsupported(
            "Bidirectional around a stateful layer is not computed", layer=config.layer, advice="Use stateful=False"
        )
    return layer.with_zeroed_masks()


def _reversed(entry: Mapping[str, object]) -> Mapping[str, object]:
    """The configuration that Keras derives for the backward layer when the file holds none of its own."""
    values = entry.get("config")
    options = values if isinstance(values, dict) else {}
    return {**entry, "config": {**options, "go_backwards": not options.get("go_backwards", False)}}


def _unfolded(result: Result, batch: int, steps: int) -> Result:
    """What a layer gave for (batch · steps) samples, with the steps on an axis of their own again."""

    def unfold(array: Array) -> Array:
        return array.reshape(batch, steps, *array.shape[1:])

    def unfold_mask(mask: Mask | None) -> Mask | None:
        return None if mask is None else unfold(mask)

    return Result(
        tuple(unfold(output) for output in result.outputs),
        tuple(unfold_mask(mask) for mask in result.masks),
        {name: unfold(state) for name, state in result.states.items()},
        {name: unfold(gate) for name, gate in result.gates.items()},
        unfold_mask(result.mask),
        {name: _unfolded(part, batch, steps) for name, part in result.parts.items()},
    )


def _both(ahead: Mapping[str, Array], back: Mapping[str, Array]) -> dict[str, Array]:
    return {f"forward/{name}": value for name, value in ahead.items()} | {
        f"backward/{name}": value for name, value in back.items()
    }


def _without_time(shape: Shape) -> Shape:
    return (shape[0], *shape[2:])
