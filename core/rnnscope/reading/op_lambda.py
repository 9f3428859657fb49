"""Operations of TensorFlow among the layers of Keras 2: a node of the file → tensors, arguments and keywords.

Keras 2.4–2.15 and tf-keras write ``TFOpLambda`` and ``SlicingOpLambda``, whose function is named in the configuration
and whose arguments stand in the node; the Keras inside TensorFlow 1 and 2.0–2.3 writes ``TensorFlowOpLayer``, whose
node names nothing but the tensors.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping

from rnnscope.errors import UnreadableFile, Unsupported
from rnnscope.graph import Call, Tensor
from rnnscope.layers.operations import Slot
from rnnscope.reading.entries import node_key

OPERATION_CLASSES = ("TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer")
CONSTANT = "_CONSTANT_VALUE"
MAX_DEPTH = 32

# Functions whose first argument is a list of tensors, even of one.
TAKE_LISTS = (
    "concat",
    "compat.v1.concat",
    "stack",
    "compat.v1.stack",
    "math.add_n",
    "add_n",
    "math.accumulate_n",
    "fill",
)


TensorAt = Callable[[str, int, int], Tensor]


def plain_tensor(layer: str, node: int, output: int) -> Tensor:
    return Tensor(node_key(layer, node), output)


def operation_call(
    name: str,
    class_name: str,
    config: Mapping[str, object],
    nodes: object,
    layers: Container[str],
    tensor_at: TensorAt = plain_tensor,
) -> tuple[Call, tuple[object, ...], dict[str, object]]:
    """The one call of an operation: the tensors that it reads, and its arguments with `Slot` in their places.

    nodes: the ``inbound_nodes`` as they stand in the file.
    layers: the names of all layers; a list that begins with another word is no tensor.
    tensor_at: the tensor that ``[layer, node, output]`` refers to.

    Returns what `rnnscope.layers.operations.read_operation` wants beside the configuration.
    """
    if not isinstance(nodes, list) or not nodes:
        raise UnreadableFile("an operation has no inbound_nodes", layer=name)
    if len(nodes) != 1:
        raise Unsupported("an operation that is used several times is not computed", layer=name)
    reader = _Node(name, layers, tensor_at)
    first, keywords = reader.first(nodes[0])
    if class_name == "TensorFlowOpLayer":
        arguments = tuple(first) if isinstance(first, list) else (first,)
    else:
        single = isinstance(first, list) and len(first) == 1 and config.get("function") not in TAKE_LISTS
        arguments = tuple(first) if single and isinstance(first, list) else (first,)
    return Call(name, name, tuple(reader.tensors)), arguments, keywords


class _Node:
    """One node on its way into arguments; `tensors` are those met so far, in the order of their slots."""

    def __init__(self, layer: str, layers: Container[str], tensor_at: TensorAt) -> None:
        self.layer = layer
        self.layers = layers
        self.tensor_at = tensor_at
        self.tensors: list[Tensor] = []

    def first(self, node: object, depth: int = 0) -> tuple[object, dict[str, object]]:
        """The first argument, and the keywords that Keras writes behind each of its tensors."""
        match node:
            case [str(source), int(index), value, *rest] if len(rest) <= 1:
                keywords = rest[0] if rest else {}
                if not isinstance(keywords, dict):
                    raise self._unusable(node)
                here = self.value(value) if source == CONSTANT else self._slot(source, index, value)
                return here, {name: self.value(item) for name, item in keywords.items()}
            case list() if depth < MAX_DEPTH:
                read = [self.first(item, depth + 1) for item in node]
                return [item for item, _ in read], next((keywords for _, keywords in read if keywords), {})
        raise self._unusable(node)

    def value(self, value: object, depth: int = 0) -> object:
        """An argument: a plain value, a list, a slice, or a slot for a tensor."""
        if depth > MAX_DEPTH:
            raise self._unusable(value)
        match value:
            case [str(source), int(index), int(output), *rest] if len(rest) <= 1 and source in self.layers:
                return self._slot(source, index, output)
            case list():
                return [self.value(item, depth + 1) for item in value]
            case {"class_name": "__ellipsis__"}:
                return Ellipsis
            case {"class_name": "__slice__", "config": {"start": start, "stop": stop, "step": step}}:
                return slice(*(self.value(bound, depth + 1) for bound in (start, stop, step)))
            case {"start": start, "stop": stop, "step": step}:
                return slice(*(self.value(bound, depth + 1) for bound in (start, stop, step)))
            case {"class_name": "TensorShape", "items": list(items)}:
                return list(items)
            case dict():
                raise Unsupported(f"an argument of class {value.get('class_name')} is not read", layer=self.layer)
        return value

    def _slot(self, source: str, index: int, output: object) -> Slot:
        if isinstance(output, bool) or not isinstance(output, int) or index < 0 or output < 0:
            raise self._unusable([source, index, output])
        self.tensors.append(self.tensor_at(source, index, output))
        return Slot(len(self.tensors) - 1)

    def _unusable(self, found: object) -> UnreadableFile:
        return UnreadableFile(
            "a call in the graph is not usable",
            layer=self.layer,
            expected="[layer, node, tensor, {arguments}]",
            found=repr(found)[:80],
        )
