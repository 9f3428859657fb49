"""What is cut out of a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rnnscope.graph import Call, Tensor
from rnnscope.reading.entries import Graph, node_key
from rnnscope.types import Shape


@dataclass(frozen=True, slots=True)
class Entrance:
    """An input of the part: its name, its shape with the batch first, and the type of what goes in."""

    name: str
    batch_shape: Shape
    dtype: str


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """A part of a graph.

    calls: the keys of the calls that stay, in execution order; inputs are none of them.
    entrances: the part's inputs, in order. feeds: each tensor that a call reads and none of them makes → the name of
    the input that stands for it.
    outputs: the tensors that the part gives.
    masks, states: call → the inputs that it is given as mask and as initial state, beside what it had.
    names: layer → its name in the part, where that is another.
    """

    calls: tuple[str, ...]
    entrances: tuple[Entrance, ...]
    feeds: Mapping[Tensor, str]
    outputs: tuple[Tensor, ...]
    masks: Mapping[str, str] = field(default_factory=dict)
    states: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)

    def node(self, call: Call, graph: Graph) -> int:
        """Which use of its layer a call that stays is, in the part: earlier ones may be gone."""
        layer = next(entry for entry in graph.entries if entry.name == call.layer)
        return [use.key for use in layer.calls if use.key in self.calls].index(call.key)

    def key(self, call: Call, graph: Graph) -> str:
        """The key of a call that stays, in the part."""
        return node_key(self.name(call.layer), self.node(call, graph))

    def name(self, layer: str) -> str:
        """The layer's name in the part."""
        return self.names.get(layer, layer)


def outside(calls: Mapping[str, Call], kept: tuple[str, ...]) -> tuple[Tensor, ...]:
    """The tensors that the `kept` calls read and none of them makes, in the order of reading."""
    read = [tensor for key in kept for tensor in calls[key].tensors()]
    return tuple(dict.fromkeys(tensor for tensor in read if tensor.call not in set(kept)))


def leading_to(calls: Mapping[str, Call], ends: tuple[Tensor, ...]) -> set[str]:
    """The keys of all calls that `ends` come from."""
    found: set[str] = set()
    waiting = [tensor.call for tensor in ends]
    while waiting:
        key = waiting.pop()
        if key not in found:
            found.add(key)
            waiting += [tensor.call for tensor in calls[key].tensors()]
    return found


def whole(graph: Graph, entrances: Sequence[Entrance], outputs: tuple[Tensor, ...]) -> Cut:
    """All that leads to `outputs`, with the graph's own inputs, for which `entrances` stand in the same order."""
    calls = {call.key: call for call in graph.calls}
    inputs = {tensor.call for tensor in graph.inputs}
    needed = leading_to(calls, outputs)
    kept = tuple(call.key for call in graph.calls if call.key in needed and call.key not in inputs)
    feeds = {tensor: entrance.name for tensor, entrance in zip(graph.inputs, entrances, strict=True)}
    return Cut(kept, tuple(entrances), feeds, outputs)
