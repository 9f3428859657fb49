"""The graph of a model as plain records: layers, the calls of them, and the tensors that lead from call to call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from rnnscope.types import Shape

if TYPE_CHECKING:
    from rnnscope.layers.base import Operation


class Tensor(NamedTuple):
    """A reference to one output of one call in the graph."""

    call: str
    output: int


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """One row of the summary.

    `name` is Keras's, with the names of the nested models around it before it: ``outer/inner``; `parent` is the nested
    model that it stands in, "" at the top. `operation` is the NumPy implementation with its weights inside.
    `output_shapes` holds one shape for each tensor the layer returns, None standing for sizes known only when it runs.
    `is_layer` is False for the bare operations (``NotEqual``, ``Any``, …) that Keras writes among the layers of a
    functional file. `dtype` is the type that the layer computes in.
    """

    name: str
    class_name: str
    operation: Operation
    output_shapes: tuple[Shape, ...]
    parameters: int
    trainable_parameters: int
    is_layer: bool = True
    dtype: str = "float32"
    parent: str = ""

    @property
    def label(self) -> str:
        """The class and the one option a reader wants beside it: ``Masking(−99)``, ``Dense tanh``."""
        return f"{self.class_name}{self.operation.label}"


@dataclass(frozen=True, slots=True)
class Call:
    """One use of a layer.

    `key` is the layer's name, or ``name@1``, ``name@2`` … for its later uses. `inputs` are the tensors of its first
    argument (of all tensor arguments that the layer names; of all arguments, for a bare operation). `keywords` are the
    other arguments by their Keras names, such as ``initial_state`` and ``mask``; tensors stand in them as `Tensor`.
    """

    key: str
    layer: str
    inputs: tuple[Tensor, ...] = ()
    keywords: Mapping[str, object] = field(default_factory=dict)

    @property
    def mask(self) -> tuple[Tensor | None, ...] | None:
        """The masks that were passed by hand, one for each of the first inputs; None when there are none."""
        given = self.keywords.get("mask")
        if given is None:
            return None
        parts = (given,) if isinstance(given, Tensor) or not isinstance(given, list | tuple) else given
        return tuple(part if isinstance(part, Tensor) else None for part in parts)

    @property
    def has_initial_state(self) -> bool:
        return self.keywords.get("initial_state") is not None

    def tensors(self) -> tuple[Tensor, ...]:
        """Every tensor that the call reads."""
        return self.inputs + tuple(tensors_in(self.keywords))


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """Layers and their calls in execution order, with the ends of the graph: a model without a name."""

    layers: tuple[Layer, ...]
    calls: tuple[Call, ...]
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]

    def total_calls(self) -> int:
        """How many calls one run takes, with those inside the models that layers wrap."""
        inside = {layer.name: layer.operation.network for layer in self.layers}
        taken = {name: 1 + (0 if network is None else network.total_calls()) for name, network in inside.items()}
        return sum(taken[call.layer] for call in self.calls)


def tensors_in(value: object) -> Iterator[Tensor]:
    """Every `Tensor` inside nested tuples, lists and mappings, in order."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from tensors_in(item)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from tensors_in(item)
