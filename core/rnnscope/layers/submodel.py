"""Models inside models: the end of one that is part of the graph, and one that a wrapper calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

from rnnscope.context import Context
from rnnscope.graph import Network
from rnnscope.layers.base import Arguments, Operation, Result, Weights
from rnnscope.layers.config import Config
from rnnscope.types import Shape
from rnnscope.walk import Value, walk


@dataclass(frozen=True, slots=True, eq=False)
class NestedModel(Operation):
    """The end of a nested model, whose layers stand in the outer graph: its outputs, with the masks they carry."""

    @property
    def keeps_integers(self) -> bool:
        return True

    @property
    def takes_text(self) -> bool:
        return True

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        return cls()

    def output_shapes(self, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
        return shapes

    def call(self, arguments: Arguments, context: Context) -> Result:
        return Result(arguments.tensors, arguments.masks)


@dataclass(frozen=True, slots=True, eq=False)
class Submodel(Operation):
    """A whole model as the layer that a wrapper such as TimeDistributed calls."""

    inside: Network
    shapes: tuple[Shape, ...]

    takes_mask: ClassVar[bool] = True

    @property
    def keeps_integers(self) -> bool:
        return True

    @property
    def takes_text(self) -> bool:
        return True  # its inputs say whether they do

    @property
    def stateful(self) -> bool:
        return any(getattr(layer.operation, "stateful", False) for layer in self.inside.layers)

    @property
    def network(self) -> Network:
        return self.inside

    @property
    def recurrent_steps(self) -> int:
        return sum(layer.operation.recurrent_steps for layer in self.inside.layers)

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        raise TypeError("a submodel is built by the reader of graphs")

    def output_shapes(self, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
        return tuple((shapes[0][0], *shape[1:]) for shape in self.shapes)

    def call(self, arguments: Arguments, context: Context) -> Result:
        outer = context.layer_dtype
        entering: Mapping[str, Value] = {
            end.call: Value(x, mask)
            for end, x, mask in zip(self.inside.inputs, arguments.tensors, arguments.masks, strict=True)
        }
        values, parts = walk(self.inside.layers, self.inside.calls, entering, context)
        context.enter(outer)
        ends = [values[tensor] for tensor in self.inside.outputs]
        return Result(tuple(end.array for end in ends), tuple(end.mask for end in ends), parts=parts)
