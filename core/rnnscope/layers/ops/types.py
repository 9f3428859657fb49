"""Which type the arguments of a bare operation meet in.

Keras 3 takes the least type that holds all of them, a Python number giving way to any tensor, and whole numbers with
floats give the floats' type, whatever their sizes. TensorFlow refuses mixtures; only its constants take the type of the
tensor beside them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from rnnscope.layers.ops.rule import Computing
from rnnscope.types import Array

Constant = Callable[[float], Array]  # a number from the file as the model knows it


def typed(
    rule: Computing, named: Mapping[str, object], constant: Constant, floating: np.dtype[np.floating]
) -> dict[str, object]:
    """The arguments with tensors, lists and numbers of the shared parameters in their common type."""
    done = dict(named)
    shared = [name for name in rule.mixed if done.get(name) is not None]
    for name in rule.tensors:
        if done.get(name) is not None and name not in shared:
            done[name] = _each(done[name], lambda value: _array(value, floating))
    if rule.typing == "own":
        for name in shared:
            done[name] = _each(done[name], lambda value: _array(value, floating))
        return done
    dtype = _common(rule.typing, [done[name] for name in shared], floating)
    for name in shared:
        done[name] = _each(done[name], lambda value: _as(value, dtype, constant))
    return done


def _each(value: object, change: Callable[[object], Array]) -> object:
    """`change` on a value, or on each member of a list in which tensors stand."""
    if isinstance(value, list) and any(isinstance(item, np.ndarray) for item in value):
        return [change(item) for item in value]
    return change(value)


def _common(typing: str, values: Sequence[object], floating: np.dtype[np.floating]) -> np.dtype[Any]:
    leaves = list(_leaves(values))
    arrays: list[np.dtype[Any]] = [leaf.dtype for leaf in leaves if isinstance(leaf, np.ndarray)]
    if typing == "first" and arrays:
        return arrays[0]
    numbers = [type(leaf) for leaf in leaves if not isinstance(leaf, np.ndarray)]
    if any(dtype.kind == "f" for dtype in arrays):
        return np.dtype(np.result_type(*(dtype for dtype in arrays if dtype.kind == "f")))
    if float in numbers or typing == "float":
        return floating
    found = np.dtype(np.result_type(*arrays) if arrays else bool)
    if found.kind == "f":  # a 64-bit unsigned and a signed whole number
        return floating
    return np.dtype(np.int32) if found.kind == "b" and int in numbers else found


def _leaves(values: Iterable[object]) -> Iterable[object]:
    for value in values:
        if isinstance(value, list):
            yield from _leaves(value)
        else:
            yield value


def _array(value: object, floating: np.dtype[np.floating]) -> Array:
    if isinstance(value, np.ndarray):
        return value
    array = np.asarray(value)
    if array.dtype.kind == "f":
        return array.astype(floating)
    return array.astype(np.int32) if array.dtype == np.int64 else array


def _as(value: object, dtype: np.dtype[Any], constant: Constant) -> Array:
    if isinstance(value, float) and dtype.kind == "f":
        return constant(value).astype(dtype)
    return np.asarray(value).astype(dtype, copy=False)
