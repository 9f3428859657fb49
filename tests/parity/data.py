"""Inputs for a description: masks of all shapes, indices in range, values that float32 can hold."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.parity.description import Json

Array = NDArray[Any]

# How the steps of one sample are seen.
PATTERNS: dict[str, Callable[[int, np.random.Generator], Array]] = {
    "none": lambda steps, rng: np.ones(steps, bool),
    "trailing": lambda steps, rng: np.arange(steps) < rng.integers(0, steps + 1),
    "leading": lambda steps, rng: np.arange(steps) >= rng.integers(0, steps + 1),
    "holes": lambda steps, rng: rng.random(steps) < 0.6,
    "all": lambda steps, rng: np.zeros(steps, bool),
    "partly": lambda steps, rng: np.ones(steps, bool),
}


def make_inputs(description: Json, run: int = 0) -> dict[str, Array]:
    """One array for each input, by name; another `run` gives other numbers."""
    rng = np.random.default_rng(zlib.crc32(f"{description['seed']}/data/{run}".encode()))
    return {entry["name"]: make_input(entry, description["batch"], rng) for entry in description["model"]["inputs"]}


def make_input(entry: Json, batch: int, rng: np.random.Generator) -> Array:
    shape, dtype, fill = (batch, *entry["size"]), entry["dtype"], entry["fill"]
    match fill["kind"]:
        case "words":
            values = rng.integers(fill.get("low", 1), fill["below"], shape)
            return np.where(seen_in(shape, len(shape) - 1, fill, rng), values, 0).astype(dtype)
        case "choices":
            return rng.choice(np.array(fill["choices"]), shape)
        case "flags":
            return seen_in(shape, len(shape) - 1, fill, rng)
        case "values":
            return _values(shape, fill, rng).astype(np.float32).astype(dtype)
    raise ValueError(f"unknown fill {fill['kind']}")


def _values(shape: tuple[int, ...], fill: Json, rng: np.random.Generator) -> Array:
    values = rng.normal(0.0, fill.get("scale", 0.8), shape)
    # Halves and quarters make comparisons, rounding and bucket bounds meet what lies exactly on them.
    values = np.where(rng.random(shape) < 0.1, np.round(values * 4) / 4, values)
    if len(shape) < 3 or fill.get("mask_value") is None:
        return values
    axes = fill.get("mask_rank", 2) - 1
    values = np.where(_wide(seen_in(shape, axes, fill, rng), len(shape)), values, fill["mask_value"])
    partly = (rng.random(shape) < 0.4) & np.array([name == "partly" for name in fill["rows"]]).reshape(
        -1, *[1] * (len(shape) - 1)
    )
    return np.where(partly, fill["mask_value"], values)


def seen_in(shape: tuple[int, ...], axes: int, fill: Json, rng: np.random.Generator) -> Array:
    """Which steps are seen, over the batch and the `axes` axes behind it; each sample by its own pattern."""
    rows = []
    for name in fill.get("rows", ["none"] * shape[0]):
        lines = [PATTERNS[name](shape[axes], rng) for _ in range(int(np.prod(shape[1:axes])))]
        rows.append(np.stack(lines).reshape(shape[1 : axes + 1]))
    return np.stack(rows)


def _wide(seen: Array, rank: int) -> Array:
    return seen.reshape(*seen.shape, *[1] * (rank - seen.ndim))
