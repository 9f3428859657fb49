"""A Keras model as plain records: layers, the graph of their calls, and Keras's summary table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from rnnscope.graph import Call, Layer, Tensor
from rnnscope.layers.submodel import NestedModel
from rnnscope.semantics import Semantics
from rnnscope.summary import summary_table
from rnnscope.types import Shape


class Listed(NamedTuple):
    """One call in a list: its key, its layer, and how many models it stands in."""

    key: str
    layer: Layer
    depth: int


@dataclass(frozen=True, eq=False, repr=False)
class Model:
    """A Keras model, ready to run.

    `layers` stand in the file's order, those of a nested model right before it, and `calls` in execution order;
    `inputs` and `outputs` refer into the graph in the model's own order, `input_names` and `output_names` naming them.
    `dtype` is the type of the layers' arithmetic, the coarsest one when they differ. `semantics` are the rules that
    it runs by, `written_by` those that its file asks for.
    """

    name: str
    class_name: str
    layers: tuple[Layer, ...]
    calls: tuple[Call, ...]
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    semantics: Semantics
    dtype: str = "float32"
    file: str = ""
    sha256: str = ""
    notes: tuple[str, ...] = ()
    written_by: Semantics | None = None

    def __repr__(self) -> str:
        return f"<Model {self.name}: {len(self.layers)} layers, {self.parameters:,} parameters>"

    @cached_property
    def by_name(self) -> dict[str, Layer]:
        return {layer.name: layer for layer in self.layers}

    @cached_property
    def _by_call(self) -> dict[str, Layer]:
        return {listed.key: listed.layer for listed in self.listing}

    def __getitem__(self, name: str) -> Layer:
        """A layer by its name, or by the key of one of its calls."""
        return self._by_call[name] if name in self._by_call else self.by_name[name]

    @cached_property
    def listing(self) -> tuple[Listed, ...]:
        """Every call as a list shows them: in execution order, a nested model before what is inside it."""
        return tuple(_listing(self.layers, self.calls, "", 0))

    @property
    def input_names(self) -> tuple[str, ...]:
        return tuple(tensor.call for tensor in self.inputs)

    @property
    def output_names(self) -> tuple[str, ...]:
        return tuple(tensor.call for tensor in self.outputs)

    @property
    def input_shapes(self) -> tuple[Shape, ...]:
        """One shape for each input, the batch axis first (None)."""
        return tuple(self[tensor.call].output_shapes[tensor.output] for tensor in self.inputs)

    @property
    def parameters(self) -> int:
        return sum(layer.parameters for layer in self.top_layers)

    @property
    def trainable_parameters(self) -> int:
        return sum(layer.trainable_parameters for layer in self.top_layers)

    @property
    def top_layers(self) -> tuple[Layer, ...]:
        """The layers that stand in no nested model."""
        return tuple(layer for layer in self.layers if not layer.parent)

    def sources(self, call: Call) -> tuple[Tensor, ...]:
        """The tensors that a call reads; for a nested model those that its inputs read, from outside."""
        if not isinstance(self[call.key].operation, NestedModel):
            return call.tensors()
        entrances = [inner for inner in self.calls if inner.key.startswith(f"{call.key}/") and inner.inputs]
        return tuple(
            tensor for inner in entrances for tensor in inner.tensors() if not tensor.call.startswith(f"{call.key}/")
        )

    def summary(self) -> str:
        """Keras's own table: layer (type), output shape, parameters, where its inputs come from, and totals."""
        return summary_table(self)


def _around(key: str, ends: Mapping[str, Call]) -> list[str]:
    """The keys of the nested models that a call stands in, the outermost first."""
    slashes = [place for place, letter in enumerate(key) if letter == "/"]
    return [key[:place] for place in slashes if key[:place] in ends]


def _listing(layers: Sequence[Layer], calls: Sequence[Call], prefix: str, depth: int) -> Iterator[Listed]:
    by_name = {layer.name: layer for layer in layers}
    ends = {call.key: call for call in calls if isinstance(by_name[call.layer].operation, NestedModel)}
    shown: set[str] = set()
    for call in calls:
        layer = by_name[call.layer]
        # What is inside a nested model comes before its end; the list names the model first.
        for inside, key in enumerate([*_around(call.key, ends), call.key]):
            if key not in shown:
                shown.add(key)
                listed = by_name[ends[key].layer] if key in ends else layer
                yield Listed(prefix + key, listed, depth + inside)
        network = layer.operation.network
        if network is not None:
            yield from _listing(network.layers, network.calls, f"{prefix}{call.key}/", depth + 1)
