"""A description → a real Keras model, layer by layer, with random weights."""

from __future__ import annotations

import operator
import zlib
from typing import Any

import numpy as np

from tests.parity.description import Json
from tests.parity.draft import Rejected, Tensor
from tests.recording import IS_KERAS3, backend_name, keras, layers, tree

if backend_name == "tensorflow":
    import tensorflow as tf

OPERATORS = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "**": operator.pow,
    "//": operator.floordiv, "%": operator.mod, ">": operator.gt, "<": operator.lt, ">=": operator.ge,
    "<=": operator.le, "neg": operator.neg, "abs": abs, "getitem": lambda x, keys: x[tuple(keys)],
}  # fmt: skip
# What Keras says to options that do not go together, or to shapes that do not fit.
REFUSALS = (
    ValueError, TypeError, NotImplementedError, IndexError, KeyError, AttributeError, ZeroDivisionError, RuntimeError,
    AssertionError, *((tf.errors.OpError,) if backend_name == "tensorflow" else ()),
)  # fmt: skip


class Building:
    """One graph in the making: tensors by the name of what made them."""

    def __init__(self, fixed_batch: int | None = None) -> None:
        self.fixed_batch = fixed_batch
        self.tensors: dict[str, list[Any]] = {}
        self.layers: dict[str, Any] = {}

    def apart(self) -> Building:
        return Building(self.fixed_batch)

    # Answering a draft.

    def add_input(self, entry: Json) -> Tensor:
        self.tensors[entry["name"]] = [self.input(entry)]
        return self.facts(entry["name"])[0]

    def add_node(self, node: Json) -> list[Tensor]:
        try:
            self.make(node)
            return self.facts(node["name"])
        except REFUSALS as error:
            raise Rejected(str(error)[:200]) from None

    def facts(self, name: str) -> list[Tensor]:
        return [
            Tensor(name, index, _sizes(tensor), _dtype(tensor), _has_mask(tensor))
            for index, tensor in enumerate(self.tensors[name])
        ]

    # Building.

    def input(self, entry: Json) -> Any:
        shape = [None if axis in entry.get("open", ()) else size for axis, size in enumerate(entry["size"])]
        batch = {"batch_shape": (self.fixed_batch, *shape)} if self.fixed_batch else {"shape": tuple(shape)}
        return keras.Input(name=entry["name"], dtype=entry["dtype"], **batch)

    def make(self, node: Json) -> None:
        args, kwargs = self.fill(node["args"]), self.fill(node["kwargs"])
        called = self.callable(node)
        self.layers[node["name"]] = called
        self.tensors[node["name"]] = [tensor for tensor in tree.flatten(called(*args, **kwargs)) if tensor is not None]

    def callable(self, node: Json) -> Any:
        if "again" in node:
            return self.layers[node["again"]]
        if "model" in node:
            return self.model(node["model"] | {"name": node["name"]})
        if "op" in node:
            return operation(node["op"])
        return self.layer(node, node["name"])

    def layer(self, entry: Json, name: str | None = None) -> Any:
        """A layer from its class and options, its parts built first; named where it stands in a graph."""
        options = {key: self.part(value) for key, value in entry["config"].items()}
        if name is not None:
            options["name"] = name
        return getattr(layers, entry["layer"])(**options)

    def part(self, value: Any) -> Any:
        if isinstance(value, dict) and isinstance(value.get("layer"), str):
            return self.layer(value)
        if isinstance(value, dict) and "model" in value:
            return self.model(value["model"])
        if isinstance(value, list):
            return [self.part(item) for item in value]
        return value

    def model(self, description: Json) -> Any:
        inside = self.apart()
        inside.fixed_batch = None
        return inside.whole(description)

    def whole(self, description: Json) -> Any:
        if description["kind"] == "sequential":
            return self.chain(description)
        for entry in description["inputs"]:
            self.tensors[entry["name"]] = [self.input(entry)]
        for node in description["nodes"]:
            self.make(node)
        inputs = [self.tensors[entry["name"]][0] for entry in description["inputs"]]
        outputs = [self.fill(output) for output in description["outputs"]]
        single = outputs[0] if len(outputs) == 1 else outputs
        return keras.Model(inputs[0] if len(inputs) == 1 else inputs, single, name=description["name"])

    def chain(self, description: Json) -> Any:
        stack = [self.input(description["inputs"][0])]
        stack += [self.callable(node) for node in description["nodes"]]
        return keras.Sequential(stack, name=description["name"])

    def fill(self, value: Any) -> Any:
        """Arguments with the tensors in their places."""
        if isinstance(value, dict):
            if "ref" in value:
                return self.tensors[value["ref"]][value["index"]]
            if "slice" in value:
                return slice(*value["slice"])
            if "ellipsis" in value:
                return ...
            return {key: self.fill(item) for key, item in value.items()}
        return [self.fill(item) for item in value] if isinstance(value, list) else value


def operation(name: str) -> Any:
    if name in OPERATORS and (IS_KERAS3 or name != "abs"):
        return OPERATORS[name]
    found: Any = keras.ops if IS_KERAS3 else tf
    for part in name.split("."):
        found = getattr(found, part)
    return found


def _sizes(tensor: Any) -> tuple[int, ...]:
    sizes = tuple(tensor.shape)[1:]
    if not len(tensor.shape) or None in sizes:
        raise Rejected("a size is not known")
    return tuple(int(size) for size in sizes)


def _dtype(tensor: Any) -> str:
    dtype = tensor.dtype
    return dtype if isinstance(dtype, str) else dtype.name


def _has_mask(tensor: Any) -> bool:
    if IS_KERAS3:
        return keras.src.backend.get_keras_mask(tensor) is not None
    return getattr(tensor, "_keras_mask", None) is not None


def randomize(model: Any, seed: str) -> None:
    """Every weight drawn anew, biases too, so that none of them can be forgotten unnoticed."""
    rng = np.random.default_rng(zlib.crc32(f"{seed}/weights".encode()))
    for weight in model.weights:
        path = weight.path if IS_KERAS3 else weight.name
        if "float" not in _dtype(weight):
            continue
        values = rng.normal(0.0, 0.4, tuple(weight.shape))
        weight.assign(np.exp(values) if "variance" in path else values)
    for layer in model._flatten_layers():
        if isinstance(layer, layers.Normalization):
            layer.finalize_state()  # as loading does: it computes with what it took from its weights
