"""Sequential models of every Keras: a chain of layers, which a nested model or Keras 1's Merge may open."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from rnnscope.errors import UnreadableFile, Unsupported
from rnnscope.graph import Call, Tensor
from rnnscope.reading.entries import Entry, Graph, check_names, node_key
from rnnscope.reading.headers import Header, header

ReadGraph = Callable[[str, Mapping[str, object]], Graph]


@dataclass(slots=True)
class _Chain:
    """A Sequential model as far as it is read: `ends` are the tensors that the next layer reads."""

    read_graph: ReadGraph
    entries: list[Entry] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    uses: dict[str, list[Call]] = field(default_factory=dict)  # by layer
    inputs: list[Tensor] = field(default_factory=list)
    ends: tuple[Tensor, ...] = ()

    def add(self, head: Header) -> None:
        """Append a layer or a nested model."""
        inner = self.read_graph(head.class_name, head.config) if head.is_model else None
        self._append(Entry(head.name, head.class_name, head.config, True, (), inner=inner), self.ends)

    def enter(self, name: str, config: Mapping[str, object]) -> Tensor:
        """An input of the whole model."""
        name = self.free_name(name)
        self._append(Entry(name, "InputLayer", {**config, "name": name}, True, ()), ())
        self.inputs += self.ends
        return self.ends[0]

    def splice(self, graph: Graph) -> tuple[Tensor, ...]:
        """Put another graph's layers into this model as its own; returns its outputs.

        Models under a Merge that share a layer each hold it under the same name: it stays one layer. So does an input:
        Keras 1 gives a layer that opens several models one input, and a model that stands under several merges is one.
        """
        known = {entry.name: entry for entry in self.entries}
        made = {(call.layer, call.inputs): call.key for call in self.calls if not call.keywords}
        keys: dict[str, str] = {}
        for entry in graph.entries:
            if entry.class_name == "InputLayer" and entry.name not in known:
                keys[entry.name] = self.enter(entry.name, entry.config).call
            elif entry.name not in known:
                self.entries.append(replace(entry, calls=()))
            elif known[entry.name].config != entry.config:
                raise UnreadableFile("two layers have the same name", layer=entry.name)
        for call in graph.calls:
            if call.key not in keys:
                inputs = tuple(Tensor(keys[tensor.call], tensor.output) for tensor in call.inputs)
                keys[call.key] = made.get((call.layer, inputs)) or self._call(call.layer, inputs, call.keywords)
        return tuple(Tensor(keys[tensor.call], tensor.output) for tensor in graph.outputs)

    def free_name(self, name: str) -> str:
        taken = {entry.name for entry in self.entries}
        while name in taken:
            name += "_"
        return name

    def graph(self) -> Graph:
        check_names(self.entries)
        entries = tuple(replace(entry, calls=tuple(self.uses.get(entry.name, ()))) for entry in self.entries)
        return Graph(entries, tuple(self.calls), tuple(self.inputs), self.ends)

    def _append(self, entry: Entry, inputs: tuple[Tensor, ...]) -> None:
        self.entries.append(entry)
        self.ends = (Tensor(self._call(entry.name, inputs, {}), 0),)

    def _call(self, layer: str, inputs: tuple[Tensor, ...], keywords: Mapping[str, object]) -> str:
        uses = self.uses.setdefault(layer, [])
        uses.append(Call(node_key(layer, len(uses)), layer, inputs, keywords))
        self.calls.append(uses[-1])
        return uses[-1].key


def read_sequential(config: Mapping[str, object], layers: Sequence[object], read_graph: ReadGraph) -> Graph:
    """The graph of a Sequential model; `read_graph` reads the models inside it.

    Unsupported when nothing says the shape of its input.
    """
    heads = [header(layer, f"{_class_of(layer).lower()}_{place}") for place, layer in enumerate(layers, 1)]
    chain = _Chain(read_graph)
    first, *rest = heads
    if first.class_name == "InputLayer":
        chain.enter(first.name, first.config)
    elif first.class_name == "Merge" and "layers" in first.config:
        _open_with_merge(chain, first)
    else:
        _open(chain, config, first, {head.name for head in heads})
    for head in rest:
        chain.add(head)
    return chain.graph()


def _open(chain: _Chain, config: Mapping[str, object], first: Header, taken: set[str]) -> None:
    """The input that the file leaves unsaid, named as Keras names it, and the first layer."""
    inner = chain.read_graph(first.class_name, first.config) if first.is_model else None
    name = f"{first.name}_input"
    while name in taken:
        name += "_"
    if inner is None:
        reads_text = first.class_name == "StringLookup" and first.config.get("invert") is not True
        kind = {"dtype": "string"} if reads_text else {}
        chain.enter(name, {"batch_shape": input_shape(config, first.config)} | kind)
    else:
        inputs = [entry for tensor in inner.inputs for entry in inner.entries if entry.name == tensor.call]
        chain.ends = tuple(chain.enter(name, entry.config) for entry in inputs)
    chain.add(first)


def _open_with_merge(chain: _Chain, merge: Header) -> None:
    """Keras 1: several models, each with an input of its own, whose outputs a Merge joins.

    Their layers count as the outer model's own; so do their weights in the file.
    """
    branches = merge.config["layers"]
    if not isinstance(branches, list) or not branches:
        raise UnreadableFile("a Merge has no usable list of models", layer=merge.name)
    ends: list[Tensor] = []
    for place, branch in enumerate(branches, 1):
        head = header(branch, f"branch_{place}")
        graph = (
            chain.read_graph(head.class_name, head.config)
            if head.is_model
            else read_sequential({}, [branch], chain.read_graph)
        )
        ends += chain.splice(graph)
    options = {key: value for key, value in merge.config.items() if key != "layers"}
    chain.ends = tuple(ends)
    chain.add(replace(merge, config=options))


def input_shape(config: Mapping[str, object], first: Mapping[str, object]) -> object:
    """What the configuration says of the input's shape: the model's own word, else its first layer's."""
    for source, key in ((config, "build_input_shape"), (first, "batch_shape"), (first, "batch_input_shape")):
        if source.get(key) is not None:
            return source[key]
    raise Unsupported(
        "the Sequential model does not say its input shape", advice="Build it or give it an Input, then save"
    )


def _class_of(layer: object) -> str:
    return str(layer.get("class_name")) if isinstance(layer, dict) else ""
