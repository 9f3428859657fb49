"""Which Keras is recorded, and the few things that Keras 3 and tf-keras call by different names."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

if os.environ.get("TF_USE_LEGACY_KERAS") == "1":
    import tensorflow as tf
    import tf_keras as keras

    IS_KERAS3 = False
    tree: Any = tf.nest
    backend_name = "tensorflow"
else:
    import keras

    IS_KERAS3 = True
    tree = keras.tree
    backend_name = keras.backend.backend()

layers = keras.layers
version: str = keras.__version__

Array = NDArray[Any]
Arrays = dict[str, Array]


def graph_of(model: Any) -> Any:
    """What holds the nodes of a Functional or Sequential model."""
    return model._functional if IS_KERAS3 and isinstance(model, keras.Sequential) else model


def operation_of(node: Any) -> Any:
    """The layer, or the bare operation, that a node of the graph calls."""
    return node.operation if IS_KERAS3 else node.layer


def nodes_in_order(model: Any) -> list[tuple[str, Any]]:
    """The nodes of a model's own graph in execution order, each with its key: the layer's name, then ``name@1`` …

    Uses are counted as files count them, in the order in which the calls were made.
    """
    by_depth = graph_of(model)._nodes_by_depth
    nodes = [node for depth in sorted(by_depth, reverse=True) for node in by_depth[depth]]
    mine = {id(node) for node in nodes}
    return [(numbered(operation_of(node).name, _use(node, mine)), node) for node in nodes]


def _use(node: Any, mine: set[int]) -> int:
    uses = [id(other) for other in operation_of(node)._inbound_nodes if id(other) in mine]
    return uses.index(id(node))


def numbered(name: str, use: int) -> str:
    return f"{name}@{use}" if use else name


def keys_by_layer(model: Any) -> dict[str, Iterator[str]]:
    """For each layer of a model, the keys of its calls in the order in which they are executed."""
    found: dict[str, list[str]] = {}
    for key, node in nodes_in_order(model):
        found.setdefault(operation_of(node).name, []).append(key)
    return {name: iter(keys) for name, keys in found.items()}


def to_numpy(value: Any) -> Array:
    """A tensor as an array; 16-bit brain floats, which NumPy has not, as float32, and texts as Unicode."""
    array = np.asarray(value)
    if array.dtype == object:
        return np.char.decode(array.astype(bytes), "utf-8")
    return array.astype(np.float32) if array.dtype.name == "bfloat16" else array


def to_tensor(array: Any, dtype: str) -> Any:
    return keras.ops.convert_to_tensor(array, dtype) if IS_KERAS3 else tf.cast(array, dtype)


def fed(inputs: Arrays) -> dict[str, Any]:
    """Inputs as `predict` takes them: Keras 3 takes texts as a tensor only, and tensors not among arrays."""
    if not any(array.dtype.kind == "U" for array in inputs.values()):
        return inputs
    import tensorflow as tf

    return {name: tf.constant(array) for name, array in inputs.items()}


def mask_of(tensor: Any) -> Array | None:
    """The mask that travels with a tensor."""
    mask = keras.src.backend.get_keras_mask(tensor) if IS_KERAS3 else getattr(tensor, "_keras_mask", None)
    return None if mask is None else to_numpy(mask)


def is_model(layer: Any) -> bool:
    return isinstance(layer, keras.Model)
