"""A bare operation as the engine runs it: a row of the table, its arguments by name, and slots for the tensors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, Literal, NamedTuple

import numpy as np

from rnnscope.context import Context
from rnnscope.errors import ShapeMismatch, Unsupported
from rnnscope.layers.base import Arguments, Operation, Result, Weights
from rnnscope.layers.config import FLOATS, Config
from rnnscope.layers.ops import shaping
from rnnscope.layers.ops.rule import Computing, Rule, as_tuple
from rnnscope.layers.ops.shapes import Dims, bounded
from rnnscope.layers.ops.table import KERAS, TENSORFLOW
from rnnscope.layers.ops.types import typed
from rnnscope.types import Array, Shape

MAX_DUMMY = 2**24
MAX_SIZES = 64  # numbers in a tensor that is made of sizes
SIZES_OF = (shaping.shape_of, shaping.size_of)
# What NumPy makes of arguments that do not fit.
MISFITS = (ValueError, LookupError, TypeError, ArithmeticError, AttributeError)

Family = Literal["keras", "tensorflow"]
TABLES: Mapping[Family, Mapping[str, Rule]] = {"keras": KERAS, "tensorflow": TENSORFLOW}


# Operations that return the very tensor they were given when there is nothing to do; its mask is still on it then.
HAND_BACK: Mapping[str, tuple[str, ...]] = {
    "keras": ("Cast", "ConvertToTensor", "Array", "Real", "Swapaxes", "Moveaxis"),
    "tensorflow": ("cast", "convert_to_tensor", "keras.backend.cast", "keras.backend.cast_to_floatx"),
    "jax": (
        "Cast", "ConvertToTensor", "Real", "Swapaxes", "Moveaxis", "Transpose", "Reshape", "Squeeze", "BroadcastTo",
        "GetItem", "Concatenate",
    ),
}  # fmt: skip


class Slot(NamedTuple):
    """Where a tensor goes in a bare operation's arguments."""

    position: int


@dataclass(frozen=True, slots=True, eq=False)
class BareOperation(Operation):
    """One row of the table with its arguments by name; `Slot` stands in them where tensors go.

    It makes new tensors, which have no mask. But where an operation hands back the very tensor that it was given, as a
    cast to the type that it has does, the mask is still on it (seen in Keras 3.15 on TensorFlow and JAX, and tf-keras).
    """

    name: str
    family: Family
    arguments: Mapping[str, object]

    @property
    def rule(self) -> Rule:
        return TABLES[self.family][self.name]

    @property
    def label(self) -> str:
        return "" if self.family == "keras" else f" {self.name}"

    @property
    def keeps_integers(self) -> bool:
        return True

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> BareOperation:
        raise Unsupported("a bare operation is read with its arguments", layer=config.layer)

    def result_dtype(self, given: str) -> str:
        """The floating-point type that the result is rounded to: the one asked for, else that of the tensors."""
        asked = self.arguments.get("dtype")
        return asked if isinstance(asked, str) and asked in FLOATS else given

    def output_shapes(self, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
        given = [Dims(shape) for shape in shapes]
        try:
            if self.rule.shape is not None:
                found = self._shapes_by_rule(given, lambda slot, shape: shape)
            else:
                found = self._shapes_by_trial(shapes)
        except MISFITS as error:
            raise ShapeMismatch(f"{self.name}: {error}") from None
        trials = self._trials(given)
        return tuple(Dims(shape, pair) for shape, pair in zip(found, trials, strict=True)) if trials else found

    def _trials(self, shapes: Sequence[Dims]) -> list[tuple[Array, Array]]:
        """What the outputs hold for two choices of the unknown sizes, where they are made of sizes alone."""
        if self.rule.function in SIZES_OF:
            tried = [[_dummy(shape, size) for shape in shapes] for size in (2, 3)]
        else:
            pairs = [shape.trials for shape in shapes if shape.trials is not None]
            if not pairs or len(pairs) < len(shapes):
                return []
            tried = [list(tensors) for tensors in zip(*pairs, strict=True)]
        try:
            with np.errstate(all="ignore"):
                twos, threes = (self._evaluate(tensors, np.float32) for tensors in tried)
        except MISFITS:
            return []
        small = all(a.shape == b.shape and a.size <= MAX_SIZES for a, b in zip(twos, threes, strict=True))
        return list(zip(twos, threes, strict=True)) if small else []

    def call(self, arguments: Arguments, context: Context) -> Result:
        tensors = [context.cast(tensor) for tensor in arguments.tensors]
        try:
            implied = None
            if self.rule.shape is not None:
                implied = self._shapes_by_rule([Dims(tensor.shape) for tensor in tensors], _values(tensors))
            results = self._evaluate(tensors, context.constant, context.dtype, context.decide)
        except MISFITS as error:
            raise ShapeMismatch(f"{self.name}: {error}", layer=arguments.layer) from None
        found = tuple(out.shape for out in results)
        if implied is not None and not all(map(_agree, implied, found)):
            raise ShapeMismatch(f"the arguments of {self.name} do not go together", expected=implied, found=found)
        outputs = tuple(context.cast(out) if out.dtype.kind == "f" else context.decide(out) for out in results)
        passed = arguments.masks[0] if self._hands_back(tensors, outputs, context) else None
        return Result(outputs, (passed, *[None] * (len(outputs) - 1)))

    def _hands_back(self, tensors: Sequence[Array], outputs: Sequence[Array], context: Context) -> bool:
        """Whether the output is the input itself: the same numbers at the same place."""
        kind = "jax" if context.semantics.backend == "jax" and self.family == "keras" else self.family
        if self.name not in HAND_BACK[kind] or len(tensors) != 1 or len(outputs) != 1:
            return False
        return self.name == "Concatenate" or is_same_array(tensors[0], outputs[0])

    def _shapes_by_rule(self, shapes: Sequence[Dims], option: Callable[[Slot, Dims], object]) -> tuple[Shape, ...]:
        """`shapes` are those of the tensors; `option` says what stands for a tensor that is an option, as a size."""
        named: dict[str, object] = {}
        for name, value in self.arguments.items():
            if name in self.rule.tensors:
                named[name] = _filled(value, lambda slot: shapes[slot.position], lambda array: Dims(np.shape(array)))
            else:
                named[name] = _filled(value, lambda slot: option(slot, shapes[slot.position]), _plain)
        assert self.rule.shape is not None
        found = self.rule.shape(**named)
        return tuple(bounded(shape) for shape in (found if isinstance(found, list) else [found]))

    def _shapes_by_trial(self, shapes: Sequence[Shape]) -> tuple[Shape, ...]:
        """Sizes that follow an unknown size show themselves by changing with it."""

        def tried(size: int) -> list[Shape]:
            with np.errstate(all="ignore"):
                return [out.shape for out in self._evaluate([_dummy(shape, size) for shape in shapes], np.float32)]

        return tuple(
            tuple(a if a == b else None for a, b in zip(twos, threes, strict=True))
            for twos, threes in zip(tried(2), tried(3), strict=True)
        )

    def _evaluate(
        self,
        tensors: Sequence[Array],
        constant: Callable[[float], Any],
        floating: np.dtype[np.floating] = np.dtype(np.float32),  # noqa: B008
        decide: Callable[[Array], Array] = lambda array: array,
    ) -> tuple[Array, ...]:
        return evaluate(self.rule, self.arguments, tensors, constant, floating, decide)


def evaluate(
    rule: Computing,
    arguments: Mapping[str, object],
    tensors: Sequence[Array],
    constant: Callable[[float], Any],
    floating: np.dtype[np.floating],
    decide: Callable[[Array], Array],
) -> tuple[Array, ...]:
    """What a rule makes of `arguments` by name, with `tensors` in place of the slots."""
    named = {
        name: _filled(value, lambda slot: tensors[slot.position], lambda constant: constant)
        for name, value in arguments.items()
    }
    named = typed(rule, named, lambda value: np.asarray(constant(value)), floating)
    if isinstance(named.get("dtype"), str):
        named["dtype"] = floating if named["dtype"] in FLOATS else np.dtype(str(named["dtype"]))
    if rule.broadcasts:
        named = {name: constant(value) if isinstance(value, float) else value for name, value in named.items()}
    if rule.decides:
        named["decide"] = decide
    positional, keywords = arranged(rule, named)
    return tuple(np.asarray(out) for out in as_tuple(rule.function(*positional, **keywords)))


def is_same_array(x: Array, out: Array) -> bool:
    """Whether `out` is `x` itself: the same numbers at the same place."""
    return (x.shape, x.strides, x.dtype, x.ctypes.data) == (out.shape, out.strides, out.dtype, out.ctypes.data)


def arranged(rule: Computing, named: Mapping[str, object]) -> tuple[list[object], dict[str, object]]:
    """Arguments by name; NumPy's own functions want them by position."""
    if not isinstance(rule.function, np.ufunc):
        return [], dict(named)
    return [named[name] for name in rule.tensors if name in named], {}


def _filled(value: object, slot: Callable[[Slot], object], constant: Callable[[Any], object]) -> object:
    """`value` with `slot` in place of slots, and `constant` in place of arrays and numbers."""
    if isinstance(value, Slot):
        return slot(value)
    if isinstance(value, np.ndarray | int | float):
        return constant(value)
    if isinstance(value, list | tuple):
        return [_filled(item, slot, constant) for item in value]
    if isinstance(value, slice):
        return slice(*(_filled(bound, slot, constant) for bound in (value.start, value.stop, value.step)))
    return value


def _plain(constant: object) -> object:
    return constant.tolist() if isinstance(constant, np.ndarray) else constant


def _values(tensors: Sequence[Array]) -> Callable[[Slot, Dims], object]:
    """At a run, sizes that are tensors are known."""

    def value(slot: Slot, shape: Dims) -> object:
        tensor = tensors[slot.position]
        return tensor.tolist() if tensor.dtype.kind in "iu" and tensor.size <= MAX_SIZES else shape

    return value


def _agree(implied: Shape, found: tuple[int, ...]) -> bool:
    return len(implied) == len(found) and all(a in (None, b) for a, b in zip(implied, found, strict=True))


def _dummy(shape: Shape, size: int) -> Array:
    """Zeros without memory behind them."""
    sizes = [size if axis is None else axis for axis in shape]
    if prod(sizes) > MAX_DUMMY:
        raise Unsupported(f"an operation on a tensor of shape {shape} is too large to be tried out")
    return np.broadcast_to(np.zeros((), np.int32), sizes)
