"""Rounding noise: what the shaken runs that measure the noise floor are shaken with.

Another program rounds every weight, every product and every sum a little differently. A shaken run stands for it: each
number is moved by up to one rounding of its layer's type, wherever real programs round.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass, replace
from math import prod

import numpy as np

from rnnscope.layers.activations import Activation
from rnnscope.layers.base import Operated
from rnnscope.types import Array

# Relative size of one rounding in each type that a model computes in.
UNITS = {"float64": 2.0**-52, "float32": 2.0**-23, "float16": 2.0**-10, "bfloat16": 2.0**-7}

POOL = 2**18  # random numbers that are drawn once and used again from another place on

# Every program computes these to the last bits of their result.
EXACT = frozenset(
    {"linear", "tanh", "relu", "relu6", "leaky_relu", "thresholded_relu", "threshold", "hard_tanh", "hard_shrink"}
)
# These take numbers as large as their input from one another.
CANCELLING = frozenset(
    {"gelu", "mish", "tanh_shrink", "soft_shrink", "log_softmax", "log_sigmoid", "softplus", "squareplus"}
)


class Noise:
    """A source of roundings; the same seed gives the same."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        self._pool = self._random.uniform(-1, 1, POOL)
        self._factors: dict[float, Array] = {}

    def uniform(self, shape: tuple[int, ...]) -> Array:
        """Random numbers within ±1."""
        return self._drawn(self._pool, shape)

    def rounded(self, array: Array, dtype: str) -> Array:
        """Every number moved by up to one rounding of the type."""
        unit = UNITS.get(dtype, UNITS["float32"])
        if unit not in self._factors:
            self._factors[unit] = 1 + unit * self._pool
        return np.asarray(array * self._drawn(self._factors[unit], array.shape))

    def _drawn(self, pool: Array, shape: tuple[int, ...]) -> Array:
        """Numbers of a pool from a random place on, over and over."""
        size = prod(shape)
        if size > POOL // 2:
            return np.resize(np.roll(pool, int(self._random.integers(POOL))), shape)
        begin = int(self._random.integers(POOL - size))
        return pool[begin : begin + size].reshape(shape)

    def passed_on(self, array: Array, dtype: str) -> Array:
        """A layer's output; whole numbers, which may be indices, stay what they are."""
        return np.where(array == np.rint(array), array, self.rounded(array, dtype))

    def activated(self, activation: Activation, x: Array, dtype: str) -> Array:
        """The activation of x as another program may compute it.

        Next to what its sum and its result are rounded by, exp(x) − 1 is off by up to a rounding of 1 however small it
        is, and a sigmoid of 0.2·x + 0.5 likewise; x − tanh(x) by one of x.
        """
        unit = UNITS.get(dtype, UNITS["float32"])
        result = self.rounded(activation(self.rounded(x, dtype)), dtype)
        if activation.name in EXACT or result.shape != x.shape:
            return result
        size = np.abs(x)
        reach = np.minimum(unit, size) + (unit * size if activation.name in CANCELLING else 0)
        return result + reach * self.uniform(x.shape)

    def operation(self, operation: Operated, dtype: str) -> Operated:
        """A copy of `operation` in which every activation is computed with noise."""
        changed = {
            part.name: value
            for part in fields(operation)  # type: ignore[arg-type]
            if (value := self._part(getattr(operation, part.name), dtype)) is not None
        }
        return replace(operation, **changed) if changed else operation  # type: ignore[type-var]

    def _part(self, value: object, dtype: str) -> object:
        """A field with noise in it; None for one that has no place for any."""
        if isinstance(value, Activation):
            return Noisy(value.name, value.options, lambda x: self.activated(value, x, dtype))
        if is_dataclass(value) and not isinstance(value, type):
            return self.operation(value, dtype)
        if isinstance(value, tuple) and any(is_dataclass(item) for item in value):
            return tuple(self.operation(item, dtype) if is_dataclass(item) else item for item in value)
        return None


@dataclass(frozen=True, slots=True)
class Noisy(Activation):
    """An activation that is computed by something else than its name says."""

    compute: Callable[[Array], Array] = np.positive

    def __call__(self, x: Array) -> Array:
        return self.compute(x)
