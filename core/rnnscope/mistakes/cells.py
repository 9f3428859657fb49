"""Cells that compute one thing otherwise than the cell inside them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Self

import numpy as np

from rnnscope.errors import Unsupported
from rnnscope.layers.base import Weights
from rnnscope.layers.cells import Cell, Step
from rnnscope.layers.config import Config
from rnnscope.types import Array, Shape


class Masked(Enum):
    """What a port does at a masked step, where Keras holds the states and the layer's rules make the output."""

    AS_KERAS = "as Keras"
    IGNORED = "the step runs"
    ZERO_INPUT = "the step runs on zeros"
    ZERO_STATE = "the states become zero"
    HELD_OUTPUT = "the states are held, and the output is always made of them"


@dataclass(frozen=True, slots=True, eq=False)
class Wrapped(Cell):
    """A cell around another, with its states, its shapes and its weights."""

    inner: Cell

    @property
    def state_sizes(self) -> Mapping[str, int]:
        return self.inner.state_sizes

    @property
    def output_state(self) -> str:
        return self.inner.output_state

    @property
    def takes_constants(self) -> bool:
        return self.inner.takes_constants

    def bind(self, constants: tuple[Array, ...]) -> Self:
        return replace(self, inner=self.inner.bind(constants))

    def state_shapes(self, step: Shape) -> Mapping[str, Shape]:
        return self.inner.state_shapes(step)

    def output_shape(self, step: Shape) -> Shape:
        return self.inner.output_shape(step)

    def output_of(self, done: Step) -> Array:
        return done.output if done.output is not None else self.inner.output_of(done)

    @classmethod
    def read(cls, config: Config, weights: Weights, features: int) -> Self:
        raise Unsupported("a mistaken cell is not read from files", layer=config.layer)

    @abstractmethod
    def step(self, x: Array, states: tuple[Array, ...]) -> Step: ...


@dataclass(frozen=True, slots=True, eq=False)
class HandsOnCellState(Wrapped):
    """Hands c on where h belongs; the recurrence itself still goes by h."""

    def step(self, x: Array, states: tuple[Array, ...]) -> Step:
        done = self.inner.step(x, states)
        return done._replace(output=done.states[list(self.state_sizes).index("c")])

    def output_of(self, done: Step) -> Array:
        return done.states[list(self.state_sizes).index("c")]


@dataclass(frozen=True, slots=True, eq=False)
class WithoutOutputActivation(Wrapped):
    """h = o·c."""

    def step(self, x: Array, states: tuple[Array, ...]) -> Step:
        done = self.inner.step(x, states)
        _, c = done.states
        o = done.gates["o"]
        return done._replace(states=(o * c, c))


@dataclass(frozen=True, slots=True, eq=False)
class SwappedUpdate(Wrapped):
    """h' = (1 − z)·h + z·hh."""

    def step(self, x: Array, states: tuple[Array, ...]) -> Step:
        done = self.inner.step(x, states)
        z, hh = done.gates["z"], done.gates["hh"]
        return done._replace(states=((1 - z) * states[0] + z * hh,))


@dataclass(frozen=True, slots=True, eq=False)
class MaskedCell(Wrapped):
    """Decides by itself what a masked step leaves behind; its input has the mask as one feature more, the last."""

    rule: Masked

    def step(self, x: Array, states: tuple[Array, ...]) -> Step:
        valid = x[..., -1:] != 0
        done = self.inner.step(x[..., :-1], states)
        old = states if self.rule is Masked.HELD_OUTPUT else tuple(np.zeros_like(state) for state in states)
        kept = tuple(np.where(_over(valid, new), new, before) for new, before in zip(done.states, old, strict=True))
        return done._replace(states=kept, output=None)

    def state_shapes(self, step: Shape) -> Mapping[str, Shape]:
        return self.inner.state_shapes(_narrower(step))

    def output_shape(self, step: Shape) -> Shape:
        return self.inner.output_shape(_narrower(step))


def _over(valid: Array, value: Array) -> Array:
    """valid (batch, …, 1) as one truth for each sample, laid over `value`."""
    return valid.reshape(len(valid), -1)[:, 0].reshape(-1, *[1] * (value.ndim - 1))


def _narrower(step: Shape) -> Shape:
    *rest, last = step
    return (*rest, None if last is None else last - 1)


def with_mask(x: Array, mask: Array) -> Array:
    """x (batch, steps, …) with the mask (batch, steps) as one feature more."""
    column = np.broadcast_to(mask.reshape(*mask.shape, *[1] * (x.ndim - 2)), (*x.shape[:-1], 1))
    return np.concatenate([x, column.astype(x.dtype)], axis=-1)
