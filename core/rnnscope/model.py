"""A Keras model as plain records: layers, the graph of their calls, and Keras's summary table."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from rnnscope.layers.base import Operation
from rnnscope.semantics import Semantics
from rnnscope.summary import summary_table
from rnnscope.types import Shape


class Tensor(NamedTuple):
    """A reference to one output of one call in the graph."""

    call: str
    output: int


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """One row of the summary.

    `operation` is the NumPy implementation with its weights inside. `output_shapes` holds one shape for each tensor
    the layer returns, None standing for sizes known only when it runs. `is_layer` is False for the bare operations
    (``NotEqual``, ``Any``, …) that Keras 3 writes among the layers of a functional file.
    """

    name: str
    class_name: str
    operation: Operation
    output_shapes: tuple[Shape, ...]
    parameters: int
    trainable_parameters: int
    is_layer: bool = True

    @property
    def label(self) -> str:
        """The class and the one option a reader wants beside it: ``Masking(−99)``, ``Dense tanh``."""
        return f"{self.class_name}{self.operation.label}"


@dataclass(frozen=True, slots=True)
class Call:
    """One use of a layer.

    `key` is the layer's name, or ``name@1``, ``name@2`` … for its later uses. `inputs` are the tensors of its first
    argument (of all arguments, for a bare operation); `mask` is a mask passed by hand.
    """

    key: str
    layer: str
    inputs: tuple[Tensor, ...] = ()
    mask: Tensor | None = None
    initial_state: tuple[Tensor, ...] | None = None

    def tensors(self) -> tuple[Tensor, ...]:
        """Every tensor that the call reads."""
        return self.inputs + ((self.mask,) if self.mask else ()) + (self.initial_state or ())


@dataclass(frozen=True, eq=False, repr=False)
class Model:
    """A Keras model, ready to run.

    `layers` stand in the file's order and `calls` in execution order; `inputs` and `outputs` refer into the graph in
    the model's own order, `input_names` and `output_names` naming them.
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

    def __repr__(self) -> str:
        return f"<Model {self.name}: {len(self.layers)} layers, {self.parameters:,} parameters>"

    @cached_property
    def by_name(self) -> dict[str, Layer]:
        return {layer.name: layer for layer in self.layers}

    def __getitem__(self, name: str) -> Layer:
        return self.by_name[name.split("@", maxsplit=1)[0] if name not in self.by_name else name]

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
        return sum(layer.parameters for layer in self.layers)

    def summary(self) -> str:
        """Keras's own table: layer (type), output shape, parameters, where its inputs come from, and totals."""
        return summary_table(self)
