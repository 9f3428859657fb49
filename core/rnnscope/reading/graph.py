"""A Keras 3 configuration → the graph of its calls, as plain records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from rnnscope.errors import UnreadableFile, Unsupported
from rnnscope.graph import Call, Tensor
from rnnscope.layers.base import Operation
from rnnscope.layers.config import COMPUTED_DTYPES
from rnnscope.layers.operations import Slot
from rnnscope.layers.registry import LAYERS, MODEL_CLASSES
from rnnscope.reading.arrays import NUMBERS
from rnnscope.reading.entries import Entry, Graph, checked_graph, node_key
from rnnscope.reading.headers import Header, header
from rnnscope.reading.legacy_graph import is_legacy, read_legacy_functional
from rnnscope.reading.run_order import run_order
from rnnscope.reading.sequential import read_sequential
from rnnscope.types import Array

MAX_LAYERS = 10_000
OPERATION_MODULE = "keras.src.ops."
TENSOR_KEYWORDS = ("mask", "initial_state", "constants")
FIRST_ARGUMENTS = ("inputs", "sequences", "sequence", "x", "input")  # what Keras's layers call their first argument


def read_graph(class_name: str, config: Mapping[str, object]) -> Graph:
    """The graph of a Sequential or Functional configuration of any Keras; anything else is refused by name."""
    layers = config.get("layers")
    if class_name not in MODEL_CLASSES:
        raise Unsupported(
            f"models of class {class_name} are not computed",
            advice="Only Sequential and Functional models carry their arithmetic in the file",
        )
    if not isinstance(layers, list) or not 0 < len(layers) <= MAX_LAYERS:
        raise UnreadableFile("the configuration has no usable list of layers")
    if class_name == "Sequential":
        return read_sequential(config, layers, read_graph)
    if is_legacy(layers):
        return read_legacy_functional(config, layers, make_call, read_graph)
    return _functional(config, layers)


def _functional(config: Mapping[str, object], layers: Sequence[object]) -> Graph:
    entries = tuple(_entry(layer) for layer in layers)
    functional = {entry.name for entry in entries if entry.inner is not None and entry.class_name != "Sequential"}

    def end(tensor: Tensor) -> Tensor:
        """Keras counts a built-in node of nested functional models where it lists the ends of the graph."""
        name, _, node = tensor.call.partition("@")
        return Tensor(node_key(name, max(0, int(node or 0) - 1)), tensor.output) if name in functional else tensor

    outputs = tuple(end(tensor) for tensor in ends(config.get("output_layers")))
    graph = checked_graph(entries, ends(config.get("input_layers")), outputs)
    # It may take the masks off its tensors, so it matters who comes before it.
    if any(entry.class_name == "MultiHeadAttention" for entry in entries):
        return replace(graph, calls=run_order(graph.calls, outputs))
    return graph


def _is_layer(head: Header) -> bool:
    """Whether it is a layer rather than a bare operation."""
    # A legacy file names no modules, and an operation may share a layer's class name (Add, Concatenate). Nearly every
    # layer says whether it is trainable; those that do not have a dtype, as some operations have too.
    config, known = head.config, head.class_name in LAYERS or "layers" in head.config
    nameless = head.module is None and "trainable" not in config and not (known and {"dtype", "layers"} & set(config))
    return not (nameless or str(head.module).startswith(OPERATION_MODULE))


def _entry(layer: object) -> Entry:
    head = header(layer)
    nodes = layer.get("inbound_nodes", []) if isinstance(layer, dict) else []
    if not isinstance(nodes, list):
        raise UnreadableFile("the layer's inbound_nodes are not a list", layer=head.name)
    parts = head.name, head.class_name, head.config
    if not nodes:
        return Entry(*parts, _is_layer(head), (Call(head.name, head.name),))
    if not _is_layer(head):
        call, arguments, keywords = _operation_call(head.name, nodes)
        return Entry(*parts, False, (call,), arguments, keywords)
    inner = read_graph(head.class_name, head.config) if head.is_model else None
    calls = tuple(_layer_call(head.name, head.class_name, index, node) for index, node in enumerate(nodes))
    return Entry(*parts, True, calls, inner=inner)


def _layer_call(name: str, class_name: str, index: int, node: object) -> Call:
    args, kwargs = _node_parts(name, node)
    return make_call(name, class_name, index, args, kwargs)


def make_call(name: str, class_name: str, index: int, args: Sequence[object], kwargs: Mapping[str, object]) -> Call:
    """One use of a layer from its arguments, in which tensors stand as `Tensor`.

    Unsupported for an argument that the layer does not understand.
    """
    kind = LAYERS.get(class_name, Operation)
    given = {name: value for name, value in kwargs.items() if not _is_nothing(value) and name != "training"}
    if len(args) > len(kind.call_arguments):
        raise Unsupported(f"is called with {len(args)} arguments", layer=name)
    given |= {key: value for key, value in zip(kind.call_arguments, args, strict=False) if not _is_nothing(value)}
    given.pop("training", None)
    first = kind.tensor_arguments[0]
    alias = next((other for other in FIRST_ARGUMENTS if other in given), None)
    if first not in given and alias is not None:
        given[first] = given.pop(alias)
    if left := sorted(set(given) - {*kind.call_arguments, *kind.tensor_arguments}):
        raise Unsupported(f"is called with {', '.join(left)}, which is not computed", layer=name)
    inputs = tuple(
        tensor for argument in kind.tensor_arguments if argument in given for tensor in _tensors(given[argument], name)
    )
    if not inputs:
        raise Unsupported("is called without a tensor", layer=name)
    keywords = {key: value for key, value in given.items() if key not in kind.tensor_arguments}
    for key in set(keywords) & set(TENSOR_KEYWORDS):
        if not _is_tensors(keywords[key]):
            raise Unsupported(f"is called with a {key} that is not a tensor", layer=name)
    return Call(node_key(name, index), name, inputs, keywords)


def _is_nothing(value: object) -> bool:
    """Whether it is None, or a list of nothing else: as Keras up to 3.7 writes the masks of tensors without any."""
    return value is None or (isinstance(value, list) and bool(value) and all(map(_is_nothing, value)))


def _is_tensors(value: object) -> bool:
    """Whether it is a tensor, an array, or a nested list of these; None may stand for a tensor that has no mask."""
    if isinstance(value, list | tuple) and not isinstance(value, Tensor):
        return any(item is not None for item in value) and all(item is None or _is_tensors(item) for item in value)
    return isinstance(value, Tensor | np.ndarray)


def _operation_call(name: str, nodes: Sequence[object]) -> tuple[Call, tuple[object, ...], dict[str, object]]:
    if len(nodes) != 1:
        raise Unsupported("a bare operation that is used several times is not computed", layer=name)
    args, kwargs = _node_parts(name, nodes[0])
    tensors: list[Tensor] = []

    def slots(value: object) -> object:
        if isinstance(value, Tensor):
            tensors.append(value)
            return Slot(len(tensors) - 1)
        if isinstance(value, list):
            return [slots(item) for item in value]
        return value

    arguments = tuple(slots(value) for value in args)
    keywords = {key: slots(value) for key, value in kwargs.items()}
    return Call(name, name, tuple(tensors)), arguments, keywords


def _node_parts(name: str, node: object) -> tuple[list[object], dict[str, object]]:
    if not isinstance(node, dict) or not isinstance(node.get("args"), list) or not isinstance(node.get("kwargs"), dict):
        raise UnreadableFile("a call in the graph is not written as Keras 3 does", layer=name)
    return [_value(item, name) for item in node["args"]], {
        key: _value(item, name) for key, item in node["kwargs"].items()
    }


def _value(value: object, name: str) -> object:
    """A call's argument: nested lists, plain values, `Tensor` for a reference into the graph, arrays for constants."""
    if isinstance(value, list):
        return [_value(item, name) for item in value]
    if not isinstance(value, dict):
        return value
    if "class_name" not in value:
        return {key: _value(item, name) for key, item in value.items()}
    inner = value.get("config")
    if value.get("class_name") == "__keras_tensor__" and isinstance(inner, dict):
        return _reference(inner.get("keras_history"), name)
    if value.get("class_name") in ("__tensor__", "__numpy__") and isinstance(inner, dict):
        return _constant(inner, name)
    if value.get("class_name") == "__slice__" and isinstance(inner, dict):
        return _slice(inner, name)
    if value.get("class_name") == "__ellipsis__":
        return Ellipsis
    raise Unsupported(f"an argument of class {value.get('class_name')} is not read", layer=name)


def _constant(parts: Mapping[str, object], name: str) -> Array:
    try:
        array = np.asarray(parts.get("value"))
        if array.dtype.kind in NUMBERS and (dtype := parts.get("dtype")) in COMPUTED_DTYPES:
            return np.asarray(parts.get("value"), str(dtype))
    except (ValueError, OverflowError) as error:
        raise UnreadableFile(f"a constant in the graph is not usable: {error}", layer=name) from None
    raise UnreadableFile(
        "a constant in the graph is not usable", layer=name, expected="numbers", found=repr(parts)[:80]
    )


def _slice(parts: Mapping[str, object], name: str) -> slice:
    bounds = [parts.get(part) for part in ("start", "stop", "step")]
    if any(bound is not None and not isinstance(bound, int) for bound in bounds) or bounds[2] == 0:
        raise UnreadableFile("a slice in the graph is not usable", layer=name, found=repr(bounds))
    return slice(*bounds)


def _reference(history: object, name: str) -> Tensor:
    match history:
        case [str(layer), int(node), int(index)] if node >= 0 and index >= 0:
            return Tensor(node_key(layer, node), index)
    raise UnreadableFile("a reference into the graph is not usable", layer=name, expected="[layer, node, tensor]")


def _tensors(value: object, name: str) -> list[Tensor]:
    """The tensors of one argument; nested lists are flattened, mappings by their sorted keys, as in Keras."""
    if isinstance(value, Tensor):
        return [value]
    items = [value[key] for key in sorted(value)] if isinstance(value, dict) else value
    if not isinstance(items, list | tuple) or not items:
        raise Unsupported("is called on something that is not a tensor of the graph", layer=name)
    return [tensor for item in items for tensor in _tensors(item, name)]


def ends(value: object) -> tuple[Tensor, ...]:
    """``input_layers`` or ``output_layers``: one triple, or triples nested in lists and dicts, in Keras's order."""
    if isinstance(value, list) and value and isinstance(value[0], str):
        return (_reference(value, "the model"),)
    # Keras sorts the keys of a dict before it flattens it.
    items = [value[key] for key in sorted(value)] if isinstance(value, dict) else value
    if not isinstance(items, list) or not items:
        raise UnreadableFile("the graph has no usable inputs or outputs")
    return tuple(tensor for item in items for tensor in ends(item))
