"""What stands in a script for the engine around its layers: the smallest thing that does.

These definitions are cut out into scripts as the layers are. They do what `rnnscope.context` and `rnnscope.walk` do in
a run that computes in the layers' own types, follows masks, carries no states and shows nobody its progress.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from rnnscope.context import rounded, working_dtype
from rnnscope.layers.base import Arguments, Result
from rnnscope.layers.ops.bare import evaluate, is_same_array
from rnnscope.semantics import Semantics
from rnnscope.types import Array, Mask

SEMANTICS = Semantics()  # in a script: those of its model, as plain values
Returned = tuple[tuple[Array, ...], tuple[Mask | None, ...]]


class Refused(ValueError):
    """What cannot be computed, in one line."""

    def __init__(
        self, problem: str, *, layer: str = "", expected: object = None, found: object = None, advice: str = ""
    ) -> None:
        said = f"layer '{layer}': {problem}" if layer else problem
        said += "" if expected is None else f"; expected {expected}"
        said += "" if found is None else f"; found {found}"
        super().__init__(f"{said}. {advice}" if advice else said)


@dataclass
class Context:
    """What a layer is computed in: its type, and the Keras whose rules are followed."""

    layer_dtype: str
    carried: Mapping[str, Mapping[str, Array]] = field(default_factory=dict)

    semantics = SEMANTICS
    use_masks = True
    requested = None

    @property
    def dtype(self) -> np.dtype[np.floating]:
        """16-bit layers compute in float32; their states, weights and outputs are rounded."""
        return working_dtype(self.layer_dtype)

    def tick(self) -> None:
        """A step of a recurrence is done."""

    def settle(self, state: Array) -> Array:
        """A new state as it is kept."""
        return rounded(state, self.layer_dtype)

    def near(self, intermediate: Array) -> Array:
        """A result on the way."""
        return intermediate

    def finish(self, output: Array) -> Array:
        """An output in the layer's own type."""
        if output.dtype.kind != "f" or self.layer_dtype not in ("float16", "bfloat16"):
            return output
        halved = rounded(output, self.layer_dtype)
        return halved.astype(np.float16) if self.layer_dtype == "float16" else halved

    def decide(self, value: Mask) -> Mask:
        """A mask, a comparison or an index."""
        return value

    def constant(self, value: float) -> Array:
        """A number as the model knows it: TensorFlow makes it a float32 first, whatever the model's own type."""
        known = "float32" if self.semantics.backend == "tensorflow" else self.layer_dtype
        return rounded(np.asarray(value, working_dtype(known)), self.layer_dtype).astype(self.dtype)

    def cast(self, array: Array) -> Array:
        """Floating-point numbers in the layer's type; whole numbers and truth stay as they are."""
        return array.astype(self.dtype, copy=False) if array.dtype.kind == "f" else array


class Called(NamedTuple):
    """A layer as it is called: its operation and type, and how its inputs are brought into that type.

    keeps_whole: whether whole numbers go in as they are. narrows: whether floats are rounded to a 16-bit type.
    """

    operation: Any
    name: str = ""
    dtype: str = "float32"
    keeps_whole: bool = False
    narrows: bool = True

    def __call__(
        self,
        tensors: tuple[Array, ...],
        mask: Mask | None = None,
        masks: tuple[Mask | None, ...] = (),
        keywords: Mapping[str, object] | None = None,
    ) -> tuple[Array | Mask | None, ...]:
        """All outputs, then the mask of each. mask: the one that is to be used; masks: those that the tensors have."""
        outputs, passed = self.compute(tensors, mask, masks, keywords or {})
        return (*outputs, *passed)

    def compute(
        self,
        tensors: tuple[Array, ...],
        mask: Mask | None,
        masks: tuple[Mask | None, ...],
        keywords: Mapping[str, object],
    ) -> Returned:
        """The outputs and their masks."""
        context = Context(self.dtype)
        cast = tuple(self._cast(tensor, context) for tensor in tensors)
        masks = masks or (None,) * len(cast)
        others = {name: _cast_within(value, context) for name, value in keywords.items()}
        with np.errstate(all="ignore"):
            result = self.operation.call(
                Arguments(cast, mask, masks[0] if masks else None, masks, others, self.name), context
            )
            return tuple(context.finish(output) for output in result.outputs), result.masks

    def _cast(self, array: Array, context: Context) -> Array:
        cast = context.cast(array) if self.keeps_whole else array.astype(context.dtype, copy=False)
        return rounded(cast, self.dtype) if self.narrows and cast.dtype.kind == "f" else cast


def _cast_within(value: object, context: Context) -> object:
    """Tensors in a layer's other arguments; masks and indices among them keep their type."""
    if isinstance(value, np.ndarray):
        return context.cast(value)
    return tuple(_cast_within(item, context) for item in value) if isinstance(value, list | tuple) else value


class Part(NamedTuple):
    """One call in a model that a layer wraps; tensors are (key of a call, which of its outputs).

    by_hand: the masks that are passed by hand, one for each of the first inputs. uses_mask: whether the layer is given
    the first of its masks to use. unmasks: whether it takes the masks off its inputs.
    """

    key: str
    called: Called
    inputs: tuple[tuple[str, int], ...]
    keywords: Mapping[str, object]
    by_hand: tuple[tuple[str, int] | None, ...] | None
    uses_mask: bool
    unmasks: bool


class Model(NamedTuple):
    """A whole model as the layer that a wrapper such as TimeDistributed calls."""

    parts: tuple[Part, ...]
    inputs: tuple[tuple[str, int], ...]
    outputs: tuple[tuple[str, int], ...]
    stateful: bool = False
    takes_mask: bool = True

    def call(self, arguments: Arguments, context: Context) -> Result:
        values: dict[tuple[str, int], tuple[Array, Mask | None]] = {}
        entering = {
            key: pair
            for (key, _), pair in zip(self.inputs, zip(arguments.tensors, arguments.masks, strict=True), strict=True)
        }
        for part in self.parts:
            given = [values[tensor] for tensor in part.inputs] if part.inputs else [entering[part.key]]
            masks = tuple(mask for _, mask in given)
            if part.by_hand is not None:
                by_hand = [None if tensor is None else values[tensor][0].astype(bool) for tensor in part.by_hand]
                masks = (*by_hand, *[None] * (len(masks) - len(by_hand)))[: len(masks)]
            others = {name: _filled_in(value, values) for name, value in part.keywords.items()}
            used = masks[0] if part.uses_mask else None
            outputs, passed = part.called.compute(tuple(array for array, _ in given), used, masks, others)
            values.update({(part.key, index): pair for index, pair in enumerate(zip(outputs, passed, strict=True))})
            if part.unmasks:
                arrays = {id(values[tensor][0]) for tensor in part.inputs}
                values = {key: (x, None if id(x) in arrays else mask) for key, (x, mask) in values.items()}
        ends = [values[tensor] for tensor in self.outputs]
        return Result(tuple(array for array, _ in ends), tuple(mask for _, mask in ends))


class Reference(NamedTuple):
    """A tensor among a call's other arguments."""

    key: str
    output: int


def _filled_in(value: object, values: Mapping[tuple[str, int], tuple[Array, Mask | None]]) -> object:
    if isinstance(value, Reference):
        return values[(value.key, value.output)][0]
    return tuple(_filled_in(item, values) for item in value) if isinstance(value, list | tuple) else value


class Rule(NamedTuple):
    """How a bare operation's arguments find a type, and the function that computes it."""

    function: Callable[..., Any]
    typing: str
    tensors: tuple[str, ...]
    mixed: tuple[str, ...]
    broadcasts: bool
    decides: bool


class Bare(NamedTuple):
    """A bare operation: a function and its arguments by name, `Slot` standing where tensors go.

    hands_back: whether the mask stays on a tensor that is handed back as it came; "always", or "same" numbers in place.
    """

    rule: Rule
    arguments: Mapping[str, object]
    hands_back: str

    def call(self, arguments: Arguments, context: Context) -> Result:
        tensors = [context.cast(tensor) for tensor in arguments.tensors]
        results = evaluate(self.rule, self.arguments, tensors, context.constant, context.dtype, context.decide)
        outputs = tuple(context.cast(out) if out.dtype.kind == "f" else out for out in results)
        same = len(tensors) == len(outputs) == 1 and is_same_array(tensors[0], outputs[0])
        passed = arguments.masks[0] if self.hands_back == "always" or (self.hands_back and same) else None
        return Result(outputs, (passed, *[None] * (len(outputs) - 1)))
