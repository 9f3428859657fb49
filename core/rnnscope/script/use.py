"""One call of a layer as the templates see it: what goes in, what has to come out, and where to write the code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from rnnscope.context import HALF_TYPES
from rnnscope.graph import Call
from rnnscope.layers.base import Operation
from rnnscope.layers.bidirectional import Bidirectional
from rnnscope.layers.core import Dense
from rnnscope.layers.recurrent import Recurrent
from rnnscope.script.code import Statement, Variable
from rnnscope.script.module import Module, heading
from rnnscope.script.observe import Seen
from rnnscope.semantics import Semantics
from rnnscope.types import Array


class NotReadable(Exception):
    """A template's word that it has no readable code for this use of a layer."""


@dataclass(slots=True, eq=False)
class Use:
    """A call that has been seen on a sample.

    tensors, masks: the variables that go in, and the masks that travel with them (None: there is none).
    mask: the mask that the layer uses. keywords: its other arguments, variables standing for tensors.
    outputs: the variables to define; read: whether anybody reads each of them. The mask of an output is the one that
    came with a tensor, where the run has it so; templates define those that are made here, in `output_masks`.
    """

    call: Call
    seen: Seen
    module: Module
    semantics: Semantics
    tensors: tuple[Variable, ...]
    masks: tuple[Variable | None, ...]
    mask: Variable | None
    keywords: Mapping[str, object]
    outputs: tuple[Variable, ...]
    read: tuple[bool, ...] = ()
    output_masks: dict[int, Variable | None] = field(default_factory=dict)
    statements: list[Statement] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)

    @property
    def operation(self) -> Operation:
        return self.seen.layer.operation

    @property
    def x(self) -> Variable:
        return self.tensors[0]

    @property
    def array(self) -> Array:
        """The first tensor as it was on the sample: its rank and type, not its numbers, are the model's own."""
        return self.seen.arguments.x

    @property
    def output(self) -> Variable:
        return self.outputs[0]

    @property
    def half(self) -> str | None:
        """The 16-bit type that the layer rounds to, or None."""
        return self.seen.layer.dtype if self.seen.layer.dtype in HALF_TYPES else None

    @property
    def dtype(self) -> str:
        """The type that the layer computes in, as a script writes it."""
        return "np.float64" if self.seen.layer.dtype == "float64" else "np.float32"

    @property
    def heading(self) -> str:
        return heading(self.call.layer, f"{self.seen.layer.label}{_units(self.operation)}")

    def say(self, *sentences: str) -> None:
        """Comment on what is done; each sentence is a line."""
        self.comments += sentences

    def define(self, target: Variable | tuple[Variable, ...], value: str, *, inline: bool = False) -> None:
        """``target = value``; see `Statement` for `inline`."""
        targets = target if isinstance(target, tuple) else (target,)
        self.statements.append(Statement(targets, value, inline))

    def temporary(self, wish: str) -> Variable:
        """A new variable for a result on the way."""
        return self.module.variable(wish)

    def a_mask(self) -> Variable:
        """A new mask, to be defined."""
        return self.module.variable(f"{self.output.wish}_mask", "mask")

    def define_mask(self, value: str) -> Variable:
        """Make the mask that goes with the first output."""
        mask = self.a_mask()
        self.define(mask, value)
        self.output_masks[0] = mask
        return mask

    def weight(self, part: str, array: Array, axes: str = "") -> str:
        """The name of one of the layer's weights."""
        return self.module.weight(self.call.layer, self.heading, part, array, axes)


def _units(operation: Operation) -> str:
    """How large the outputs of the layers are that one knows by it."""
    match operation:
        case Dense():
            count = int(operation.kernel.shape[1])
        case Recurrent():
            count = operation.cell.units
        case Bidirectional():
            return f", {operation.forward.cell.units} units each way"
        case _:
            return ""
    return ", 1 unit" if count == 1 else f", {count} units"


def number(value: object) -> str:
    """A number as the shortest source that gives it back."""
    if not isinstance(value, float) or not np.isfinite(value):
        return repr(value).replace("inf", "np.inf").replace("nan", "np.nan")
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


Template = Callable[[Use], None]
TEMPLATES: dict[type, Template] = {}
Writing = TypeVar("Writing", bound=Template)


def template(*kinds: type) -> Callable[[Writing], Writing]:
    """Register how uses of these operations are written; a template raises `NotReadable` for those that it cannot."""

    def register(function: Writing) -> Writing:
        for kind in kinds:
            TEMPLATES[kind] = function
        return function

    return register
