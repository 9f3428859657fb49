"""How a case is declared, and what most of them begin with.

A function decorated with `case` builds one model and names its files; it is recorded on TensorFlow. One decorated with
`jax_too` is recorded on JAX as well, under a name of its own, because masked steps come out differently there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras import Input, Model, Sequential, layers

Builder = Callable[[], Model]
CASES: dict[str, dict[str, Builder]] = {"tensorflow": {}, "jax": {}}

STEPS, FEATURES, VOCABULARY = 6, 3, 9
WORDS = ("the", "cat", "sat", "grün", "unheard")


def case(build: Builder) -> Builder:
    CASES["tensorflow"][build.__name__] = build
    return build


def jax_too(build: Builder) -> Builder:
    CASES["jax"][f"jax_{build.__name__}"] = build
    return case(build)


def jax_only(build: Builder) -> Builder:
    """For what TensorFlow computes on no CPU."""
    CASES["jax"][f"jax_{build.__name__}"] = build
    return build


def masked(value: float = -1.0, name: str = "x", steps: int | None = STEPS) -> tuple[Any, Any]:
    """An input and what Masking makes of it."""
    x = Input((steps, FEATURES), name=name)
    return x, layers.Masking(value, name="masking" if name == "x" else f"masking_{name}")(x)


def sequential(*stack: layers.Layer, value: float | None = -1.0, steps: int | None = STEPS) -> Sequential:
    front = [Input((steps, FEATURES), name="x")]
    if value is not None:
        front.append(layers.Masking(value, name="masking"))
    return Sequential([*front, *stack])


def dense(units: int = 2, activation: str | None = None) -> layers.Dense:
    return layers.Dense(units, activation, name="dense")
