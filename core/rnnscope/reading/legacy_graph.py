"""The functional graphs of Keras 1, 2 and tf-keras, whose calls are lists of ``[layer, node, tensor, {keywords}]``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from rnnscope.errors import UnreadableFile, Unsupported
from rnnscope.graph import Call, Tensor
from rnnscope.reading.entries import Entry, Graph, checked_graph, node_key
from rnnscope.reading.headers import Header, header
from rnnscope.reading.op_lambda import CONSTANT, OPERATION_CLASSES, operation_call

# Keras appends initial states, then constants, to the inputs of these.
TAKES_STATES: Final = (
    "SimpleRNN",
    "LSTM",
    "GRU",
    "RNN",
    "Bidirectional",
    "ConvLSTM1D",
    "ConvLSTM2D",
    "ConvLSTM3D",
    "CuDNNLSTM",
    "CuDNNGRU",
)

MakeCall = Callable[[str, str, int, Sequence[object], Mapping[str, object]], Call]
ReadGraph = Callable[[str, Mapping[str, object]], Graph]


def is_legacy(layers: Sequence[object]) -> bool:
    """Whether the calls of these layers are written as lists; Keras 3 writes objects."""
    nodes = [node for layer in layers if isinstance(layer, dict) for node in _nodes(layer)]
    return any(isinstance(node, list) and node for node in nodes)


@dataclass(frozen=True, slots=True)
class LegacyReader:
    """Reads one graph.

    first_nodes: for each layer the number of its first call. Nested models that were made with an input of their own
    have a call from then, number 0, that no file mentions.
    """

    first_nodes: Mapping[str, int]
    make_call: MakeCall
    read_graph: ReadGraph

    def entry(self, layer: object) -> Entry:
        head = header(layer)
        nodes = _nodes(layer) if isinstance(layer, dict) else []
        if head.class_name in OPERATION_CLASSES:
            return self._operation(head, nodes)
        inner = self.read_graph(head.class_name, head.config) if head.is_model else None
        if not nodes:
            return Entry(head.name, head.class_name, head.config, True, (Call(head.name, head.name),), inner=inner)
        calls = tuple(self._call(head, index, node) for index, node in enumerate(nodes))
        config = {key: value for key, value in head.config.items() if key != "num_constants"}
        return Entry(head.name, head.class_name, config, True, calls, inner=inner)

    def tensor(self, reference: Sequence[object], reader: str) -> Tensor:
        match reference:
            case [str(name), int(node), int(output), *_] if node >= self.first_nodes.get(name, 0) and output >= 0:
                return Tensor(node_key(name, node - self.first_nodes.get(name, 0)), output)
        raise UnreadableFile(
            "a reference into the graph is not usable",
            layer=reader,
            expected="[layer, node, tensor]",
            found=repr(reference)[:80],
        )

    def ends(self, value: object) -> tuple[Tensor, ...]:
        """``input_layers`` or ``output_layers``: one triple, or triples nested in lists and objects."""
        found = tuple(self.tensor(reference, "the model") for reference in _references(value))
        if not found:
            raise UnreadableFile("the graph has no usable inputs or outputs")
        return found

    def _call(self, head: Header, index: int, node: object) -> Call:
        first, keywords = self._arguments(head.name, node)
        tensors = [item for item in first if isinstance(item, Tensor)]
        if len(tensors) != len(first) or not tensors:
            raise Unsupported("is called on something that is not a tensor of the graph", layer=head.name)
        if head.class_name in TAKES_STATES and len(tensors) > 1:
            keywords = _with_states(head, tensors[1:], keywords)
            tensors = tensors[:1]
        given: object = tensors[0] if len(tensors) == 1 else tensors
        return self.make_call(head.name, head.class_name, index, [given], keywords)

    def _arguments(self, name: str, node: object) -> tuple[list[object], dict[str, object]]:
        """The tensors (and constants) of a call's first argument, and its other arguments by name."""
        first: list[object] = []
        keywords: dict[str, object] = {}
        for reference in _references(node):
            first.append(reference[2] if reference[0] == CONSTANT else self.tensor(reference, name))
            more = reference[3] if len(reference) > 3 else {}
            if not isinstance(more, dict):
                raise UnreadableFile("a call's keywords are not an object", layer=name, found=repr(more)[:80])
            keywords |= {key: self._value(value, name) for key, value in more.items()}
        return first, keywords

    def _value(self, value: object, name: str) -> object:
        """A keyword: nested lists and objects, plain values, and `Tensor` for a reference into the graph."""
        if isinstance(value, list):
            if _is_reference(value) and (value[0] == CONSTANT or value[0] in self.first_nodes):
                return value[2] if value[0] == CONSTANT else self.tensor(value, name)
            return tuple(self._value(item, name) for item in value)
        if isinstance(value, dict):
            return {key: self._value(item, name) for key, item in value.items()}
        return value

    def _operation(self, head: Header, nodes: Sequence[object]) -> Entry:
        def tensor_at(layer: str, node: int, output: int) -> Tensor:
            return self.tensor([layer, node, output], head.name)

        call, arguments, keywords = operation_call(
            head.name, head.class_name, head.config, nodes, self.first_nodes, tensor_at
        )
        return Entry(head.name, head.class_name, head.config, False, (call,), arguments, keywords)


def read_legacy_functional(
    config: Mapping[str, object], layers: Sequence[object], make_call: MakeCall, read_graph: ReadGraph
) -> Graph:
    """The graph of a functional model as Keras 1, 2 and tf-keras write it.

    make_call, read_graph: what makes a call from its arguments, and what reads nested models.
    """
    reader = LegacyReader(first_nodes(config, layers), make_call, read_graph)
    entries = tuple(reader.entry(layer) for layer in layers)
    inputs, outputs = reader.ends(config.get("input_layers")), reader.ends(config.get("output_layers"))
    return checked_graph(entries, inputs, outputs)


def first_nodes(config: Mapping[str, object], layers: Sequence[object]) -> dict[str, int]:
    """Layer → the lowest number by which its calls are mentioned, nested models only; 0 for every other layer.

    Every call of a graph is read by another one or is an end of it, so the lowest number is the first call's.
    """
    heads = [header(layer) for layer in layers]
    nested = {head.name for head in heads if head.is_model}
    mentioned = [reference for layer in layers if isinstance(layer, dict) for reference in _mentioned(_nodes(layer))]
    mentioned += _mentioned(config.get("output_layers"))
    first: dict[str, int] = {}
    for reference in mentioned:
        name, node = reference[0], reference[1]
        if isinstance(name, str) and isinstance(node, int) and name in nested:
            first[name] = min(node, first.get(name, node))
    return {head.name: first.get(head.name, 0) for head in heads}


def _mentioned(value: object) -> Iterator[Sequence[object]]:
    """Every list in `value`, keywords included, that looks like a reference."""
    waiting = [value]
    while waiting:
        here = waiting.pop()
        if isinstance(here, list):
            if _is_reference(here):
                yield here
            waiting += here
        elif isinstance(here, dict):
            waiting += here.values()


def _references(value: object) -> Iterator[Sequence[object]]:
    """The references of a call's first argument or of a graph's ends, flattened; Keras sorts the keys of objects."""
    if isinstance(value, list) and value and isinstance(value[0], str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _references(item)
    elif isinstance(value, dict):
        for key in sorted(value):
            yield from _references(value[key])


def _is_reference(value: Sequence[object]) -> bool:
    return len(value) in (3, 4) and isinstance(value[0], str) and type(value[1]) is int


def _nodes(layer: Mapping[str, object]) -> Sequence[object]:
    nodes = layer.get("inbound_nodes")
    if nodes is not None and not isinstance(nodes, list):
        raise UnreadableFile("the layer's inbound_nodes are not a list", layer=str(layer.get("name")))
    return nodes or []


def _with_states(head: Header, more: list[Tensor], keywords: Mapping[str, object]) -> dict[str, object]:
    """The tensors behind a recurrent layer's input under their own names: initial states, then constants."""
    constants = head.config.get("num_constants") or 0
    if type(constants) is not int or not 0 <= constants <= len(more):
        raise UnreadableFile("num_constants is not usable", layer=head.name, found=repr(constants))
    states, rest = more[: len(more) - constants], more[len(more) - constants :]
    found: dict[str, object] = dict(keywords)
    if states:
        found["initial_state"] = tuple(states)
    if rest:
        found["constants"] = tuple(rest)
    return found
