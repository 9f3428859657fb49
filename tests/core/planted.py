"""Stored values of a model in which one weight is another."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

import rnnscope
from rnnscope.layers.base import map_weights
from rnnscope.model import Model
from rnnscope.types import Array


def with_another_weight(model: Model, layer: str) -> Model:
    """`model` with the first number of the first weight of `layer` moved by 0.3."""
    changed: list[Array] = []

    def change(weight: Array) -> Array:
        if changed:
            return weight
        changed.append(moved := weight.copy())
        moved.flat[0] += 0.3
        return moved

    layers = [
        replace(other, operation=map_weights(other.operation, change)) if other.name == layer else other
        for other in model.layers
    ]
    return replace(model, layers=tuple(layers))


def store(path: Path, model: Path, x: Path, layer: str, keys: str = "") -> Path:
    """Write what the model gives with another weight in `layer`: all of it, or what stands under keys that end so."""
    trace = rnnscope.run(with_another_weight(rnnscope.load_model(model), layer), rnnscope.load_input(x))
    np.savez(path, **{key: trace.get(key) for key in trace.quantities() if key.endswith(keys)})  # type: ignore[arg-type]
    return path
