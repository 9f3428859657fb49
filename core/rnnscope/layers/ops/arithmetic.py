"""Arithmetic, number by number. `decide` takes the discrete decisions, so that a probe for noise can replay them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from rnnscope.errors import Unsupported
from rnnscope.types import Array

Decide = Callable[[Array], Array]

_erf = np.frompyfunc(math.erf, 1, 1)
_erfc = np.frompyfunc(math.erfc, 1, 1)


def divide_no_nan(x1: Array, x2: Array) -> Array:
    """x1 / x2, and 0 wherever x2 is 0."""
    return np.where(x2 == 0, np.zeros((), x1.dtype), np.divide(x1, np.where(x2 == 0, 1, x2), dtype=x1.dtype))


def multiply_no_nan(x1: Array, x2: Array) -> Array:
    """x1 · x2, and 0 wherever x2 is 0, even for an infinite x1."""
    return np.where(x2 == 0, np.zeros((), x1.dtype), x1 * x2)


def xdivy(x1: Array, x2: Array) -> Array:
    return np.where(x1 == 0, np.zeros((), x1.dtype), x1 / x2)


def xlogy(x1: Array, x2: Array) -> Array:
    return np.where(x1 == 0, np.zeros((), x1.dtype), x1 * np.log(x2))


def divide_as_python_2(x1: Array, x2: Array) -> Array:
    """TensorFlow 1's ``div``: whole numbers stay whole."""
    return np.floor_divide(x1, x2) if x1.dtype.kind in "iu" else np.divide(x1, x2)


def floor_divide(x1: Array, x2: Array, *, decide: Decide) -> Array:
    return np.floor_divide(x1, x2) if x1.dtype.kind != "f" else decide(np.floor(x1 / x2))


def modulo(x1: Array, x2: Array, *, decide: Decide) -> Array:
    """The remainder with the sign of x2; how often x2 goes into x1 is decided."""
    return _with_decided_quotient(np.mod(x1, x2), x1, x2, decide)


def remainder_of_x1(x1: Array, x2: Array, *, decide: Decide) -> Array:
    """C's ``fmod``: the remainder with the sign of x1."""
    return _with_decided_quotient(np.fmod(x1, x2), x1, x2, decide)


def _with_decided_quotient(rest: Array, x1: Array, x2: Array, decide: Decide) -> Array:
    if rest.dtype.kind != "f":
        return rest
    quotient = np.round((x1 - rest) / x2)
    steady = decide(quotient)
    return np.where(quotient == steady, rest, rest + (quotient - steady) * x2)


def floor(x: Array, *, decide: Decide) -> Array:
    return decide(np.floor(x))


def ceil(x: Array, *, decide: Decide) -> Array:
    return decide(np.ceil(x))


def trunc(x: Array, *, decide: Decide) -> Array:
    return decide(np.trunc(x))


def round_half_even(x: Array, decimals: int = 0, *, decide: Decide) -> Array:
    return decide(np.asarray(np.round(x, decimals)))


def sign(x: Array, *, decide: Decide) -> Array:
    return decide(np.sign(x))


def heaviside(x1: Array, x2: Array, *, decide: Decide) -> Array:
    """0 below zero, 1 above it, x2 at it."""
    signs = decide(np.sign(x1))
    return np.where(signs < 0, np.zeros((), x1.dtype), np.where(signs > 0, np.ones((), x1.dtype), x2))


def square(x: Array) -> Array:
    return np.asarray(np.square(x.astype(np.int32) if x.dtype == bool else x))


def rsqrt(x: Array) -> Array:
    return np.asarray(1 / np.sqrt(x))


def reciprocal(x: Array) -> Array:
    return np.asarray(1 / x)


def squared_difference(x1: Array, x2: Array) -> Array:
    return np.asarray(np.square(x1 - x2))


def add_all(xs: Sequence[Array]) -> Array:
    total = xs[0]
    for x in xs[1:]:
        total = total + x
    return total


def clip(x: Array, x_min: object, x_max: object) -> Array:
    kept = x.astype(np.int32) if x.dtype == bool else x
    low, high = (np.asarray(bound).astype(kept.dtype) for bound in (x_min, x_max))
    return np.asarray(np.minimum(np.maximum(kept, low), high))


def where(condition: Array, x1: Array | None = None, x2: Array | None = None, *, decide: Decide) -> Array:
    if x1 is None or x2 is None:
        raise Unsupported(
            "where without both alternatives gives indices, as many as the numbers make, and is not computed"
        )
    return np.where(decide(np.asarray(condition).astype(bool)), x1, x2)


def select(
    condlist: Sequence[Array], choicelist: Sequence[Array], default: Array | int = 0, *, decide: Decide
) -> Array:
    """For each place the choice of the first condition that holds."""
    chosen = np.asarray(default)
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        chosen = np.where(decide(condition.astype(bool)), choice, chosen)
    return chosen


def is_close(x1: Array, x2: Array, rtol: object = 1e-5, atol: object = 1e-8, equal_nan: bool = False) -> Array:
    return np.isclose(x1, x2, float(np.asarray(rtol)), float(np.asarray(atol)), equal_nan)


def nan_to_num(x: Array, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Array:
    """NaN and the infinities replaced; without a replacement, by the largest numbers of the type."""
    return x if x.dtype.kind != "f" else np.nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf)


def erf(x: Array) -> Array:
    return np.asarray(_erf(x)).astype(x.dtype)


def erfc(x: Array) -> Array:
    return np.asarray(_erfc(x)).astype(x.dtype)


def erfinv(x: Array) -> Array:
    """The inverse of the error function: Winitzki's approximation (2008), made exact by Newton's method."""
    y = np.asarray(x, np.float64)
    log = np.log1p(-y * y)
    a = 2 / (math.pi * 0.147) + log / 2
    found = np.sign(y) * np.sqrt(np.sqrt(a * a - log / 0.147) - a)
    for _ in range(4):
        # Beyond 0 the complement keeps the digits that 1 − erf loses.
        error = np.sign(y) * ((1 - np.abs(y)) - np.asarray(_erfc(np.abs(found))).astype(np.float64))
        found = found - error * math.sqrt(math.pi) / 2 * np.exp(found * found)
    return np.where(np.abs(y) == 1, np.copysign(np.inf, y), found).astype(x.dtype)


def ldexp(x1: Array, x2: Array) -> Array:
    return np.asarray(x1 * np.exp2(x2.astype(x1.dtype)))


def cast(x: Array, dtype: np.dtype[np.generic] | None = None) -> Array:
    """To whole numbers the rest is cut off, and what lies beyond the type becomes its largest or smallest number."""
    if dtype is None:
        return x
    return (
        saturate_cast(np.trunc(x), dtype) if x.dtype.kind == "f" and dtype.kind in "iu" else x.astype(dtype, copy=False)
    )


def saturate_cast(x: Array, dtype: np.dtype[np.generic]) -> Array:
    """A cast that gives the nearest number that the type has."""
    if dtype.kind not in "iu":
        return x.astype(dtype)
    limits: np.iinfo[Any] = np.iinfo(dtype.type)
    if x.dtype.kind == "f":
        # The largest whole number may lie above the largest that the floats have; NaN becomes 0.
        low, high = float(limits.min), np.nextafter(np.asarray(float(limits.max) + 1, x.dtype), np.asarray(0, x.dtype))
        return np.clip(np.where(np.isnan(x), np.zeros((), x.dtype), x), low, high).astype(dtype)
    return np.clip(x.astype(np.int64), limits.min, limits.max).astype(dtype)


def same(x: Array) -> Array:
    return x


def each_same(xs: Sequence[Array]) -> tuple[Array, ...]:
    return tuple(xs)
