"""Files as older Kerases write them, built in memory for the tests of their readers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rnnscope.reading.source import Source
from rnnscope.types import Array
from tests.core.reading.crafted import hdf5, source

Stored = Mapping[str, Sequence[tuple[str, Array]]]


def numbers(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng([seed, *shape]).normal(0, 0.5, shape).astype(np.float32)


def dense(features: int, units: int, name: str = "dense", seed: int = 0) -> list[tuple[str, Array]]:
    return [(f"{name}/kernel:0", numbers(features, units, seed=seed)), (f"{name}/bias:0", numbers(units, seed=seed))]


def batch_norm(size: int, name: str = "norm") -> list[tuple[str, Array]]:
    """gamma, beta, moving mean, moving variance."""
    parts = ("gamma", "beta", "moving_mean", "moving_variance")
    return [(f"{name}/{part}:0", np.abs(numbers(size, seed=place)) + 0.5) for place, part in enumerate(parts)]


def write_weights(group: Any, stored: Stored, attributes: Mapping[str, str]) -> None:
    group.attrs["layer_names"] = [name.encode() for name in stored]
    for key, value in attributes.items():
        group.attrs[key] = value.encode()
    for name, weights in stored.items():
        layer = group.create_group(name)
        layer.attrs["weight_names"] = [weight.encode() for weight, _ in weights]
        for weight, array in weights:
            if weight not in layer:
                layer.create_dataset(weight, data=array)


def weights_file(stored: Stored, name: str = "w.h5", **attributes: str) -> Source:
    """Weights alone, at the root."""
    return source(hdf5(lambda file: write_weights(file, stored, attributes)), name)


def model_file(config: object, stored: Stored, version: str | None = "2.2.4", backend: str = "tensorflow") -> Source:
    """A whole model; Keras 1 (version None or 1.…) does not say its backend."""
    said = {} if version is None else {"keras_version": version}
    said |= {} if version is None or version.startswith("1.") else {"backend": backend}

    def build(file: Any) -> None:
        file.attrs["model_config"] = json.dumps(config).encode()
        for key, value in said.items():
            file.attrs[key] = value.encode()
        write_weights(file.create_group("model_weights"), stored, said)

    return source(hdf5(build), "crafted.h5")


def layer(class_name: str, name: str, *nodes: object, **options: object) -> dict[str, Any]:
    """A layer of a functional model of Keras 2."""
    return {"class_name": class_name, "name": name, "config": {"name": name, **options}, "inbound_nodes": [*nodes]}


def entrance(name: str, *shape: int) -> dict[str, Any]:
    return layer("InputLayer", name, batch_input_shape=[None, *shape], dtype="float32", sparse=False)


def functional(layers: Sequence[object], inputs: object, outputs: object, name: str = "model") -> dict[str, Any]:
    options = {"name": name, "layers": [*layers], "input_layers": inputs, "output_layers": outputs}
    return {"class_name": "Model", "config": options}
