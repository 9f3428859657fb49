"""The calls of a part of a graph, written as the file's own Keras writes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass

from rnnscope.errors import Unsupported
from rnnscope.graph import Call, Tensor
from rnnscope.modelfile.cut import Cut, Entrance
from rnnscope.modelfile.raw import Json, ModelFile
from rnnscope.reading.entries import Entry, node_key
from rnnscope.types import Shape

KERAS_TENSOR = "__keras_tensor__"
Reference = list[object]  # [layer, node, tensor]


@dataclass(frozen=True, slots=True, eq=False)
class Nodes:
    """Writes the calls of a cut.

    shape_of: gives the shape of a tensor of the whole model.
    """

    file: ModelFile
    cut: Cut
    shape_of: Callable[[Tensor], Shape]

    @property
    def legacy(self) -> bool:
        return self.file.first_nodes is not None

    @property
    def _entries(self) -> Mapping[str, Entry]:
        return {entry.name: entry for entry in self.file.graph.entries}

    @property
    def _calls(self) -> Mapping[str, Call]:
        return {call.key: call for call in self.file.graph.calls}

    def of(self, entry: Entry) -> list[object]:
        """``inbound_nodes`` of a layer that stays."""
        written = self.file.layers[entry.name].get("inbound_nodes")
        nodes = []
        for index, call in enumerate(entry.calls):
            if call.key in self.cut.calls:
                known = None if self.file.is_sequential or not isinstance(written, list) else written[index]
                nodes.append(self._given(call, self._chained(call) if known is None else self._moved(known)))
        return nodes

    def ends(self) -> list[Reference]:
        """``output_layers``. Keras 3 counts a built-in call of nested functional models there."""
        ends = []
        for tensor in self.cut.outputs:
            name, node, index = self.reference(tensor)
            inner = self._entries[self._calls[tensor.call].layer].inner
            sequential = self._class_of(tensor) == "Sequential"
            hidden = not self.legacy and inner is not None and not sequential
            ends.append([name, int(str(node)) + hidden, index])
        return ends

    def reference(self, tensor: Tensor) -> Reference:
        """A tensor as the part's file refers to it."""
        if tensor in self.cut.feeds:
            return [self.cut.feeds[tensor], 0, 0]
        call = self._calls[tensor.call]
        first = (self.file.first_nodes or {}).get(call.layer, 0)
        return [self.cut.name(call.layer), self.cut.node(call, self.file.graph) + first, tensor.output]

    def _class_of(self, tensor: Tensor) -> str:
        return self._entries[self._calls[tensor.call].layer].class_name

    def _chained(self, call: Call) -> object:
        """The call of a layer of a Sequential model, which writes none."""
        if self.legacy:
            return [self._triple(self.reference(tensor)) for tensor in call.inputs]
        tensors = [self._keras_tensor(tensor) for tensor in call.inputs]
        return {"args": tensors if len(tensors) == 1 else [tensors], "kwargs": {}}

    def _moved(self, node: object) -> object:
        """A call as the file has it, with references to where the tensors are now."""
        if isinstance(node, list):
            if (tensor := self._referred(node)) is not None:
                return [*self.reference(tensor), *map(self._moved, node[3:])]
            return [self._moved(item) for item in node]
        if not isinstance(node, dict):
            return node
        inner = node.get("config")
        if node.get("class_name") == KERAS_TENSOR and isinstance(inner, dict):
            name, index, output = inner["keras_history"]
            return self._keras_tensor(Tensor(node_key(name, index), output), inner)
        return {key: self._moved(item) for key, item in node.items()}

    def _referred(self, node: list[object]) -> Tensor | None:
        match node:
            case [str(name), int(number), int(output), *rest] if self.legacy and len(rest) < 2:
                if name in self._entries and not isinstance(number, bool):
                    return Tensor(node_key(name, number - (self.file.first_nodes or {}).get(name, 0)), output)
        return None

    def _keras_tensor(self, tensor: Tensor, known: Json | None = None) -> Json:
        config: Json = dict(known) if known else {"shape": list(self.shape_of(tensor)), "dtype": "float32"}
        if tensor in self.cut.feeds:
            return entering(self._entrance(self.cut.feeds[tensor]))
        return {"class_name": KERAS_TENSOR, "config": {**config, "keras_history": self.reference(tensor)}}

    def _entrance(self, name: str) -> Entrance:
        return next(entrance for entrance in self.cut.entrances if entrance.name == name)

    def _given(self, call: Call, node: object) -> object:
        """A call with the mask and the states that the part's inputs give it."""
        mask, states = self.cut.masks.get(call.key), self.cut.states.get(call.key, ())
        if mask is None and not states:
            return node
        match deepcopy(node):
            case {"args": args, "kwargs": dict(keywords)}:
                if mask is not None:
                    keywords["mask"] = entering(self._entrance(mask))
                if states:
                    keywords["initial_state"] = [entering(self._entrance(name)) for name in states]
                return {"args": args, "kwargs": keywords}
            case [list(first), *rest] if self.file.written_by.version >= (2, 0):
                keywords = dict(first[3]) if len(first) > 3 and isinstance(first[3], dict) else {}
                if mask is not None:
                    keywords["mask"] = [mask, 0, 0]
                return [[*first[:3], keywords], *rest, *[[name, 0, 0, {}] for name in states]]
        raise Unsupported("this Keras cannot hand a mask or a state over by hand", layer=call.key)

    def _triple(self, reference: Reference) -> list[object]:
        return reference if self.file.written_by.version < (2, 0) else [*reference, {}]


def entering(entrance: Entrance) -> Json:
    """An input of the part as Keras 3 refers to it."""
    config = {"shape": list(entrance.batch_shape), "dtype": entrance.dtype, "keras_history": [entrance.name, 0, 0]}
    return {"class_name": KERAS_TENSOR, "config": config}
