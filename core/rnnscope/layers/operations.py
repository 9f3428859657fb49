"""Bare operations: the arithmetic that Keras 3 writes among the layers of a functional model, mask graphs above all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Any, NamedTuple

import numpy as np

from rnnscope.context import Context
from rnnscope.errors import ShapeMismatch, Unsupported
from rnnscope.layers import nonlinearities
from rnnscope.layers.base import Arguments, Operation, Result, Weights
from rnnscope.layers.config import MISSING, Config
from rnnscope.types import Array, Shape

MAX_DUMMY = 2**26


class Slot(NamedTuple):
    """Where a tensor goes in a bare operation's arguments."""

    position: int


class Rule(NamedTuple):
    """How an operation is computed, and the options it takes with their defaults."""

    function: Callable[..., Array]
    options: Mapping[str, object] = {}


def _cast(x: Array, dtype: str) -> Array:
    if dtype not in ("bool", "int32", "int64", "float32", "float64"):
        raise Unsupported(f"a cast to {dtype} is not computed")
    return np.asarray(x).astype(dtype)


def _convert_to_tensor(x: Array, dtype: str | None, sparse: bool | None, ragged: bool | None) -> Array:
    if sparse or ragged:
        raise Unsupported("a sparse or ragged tensor is not computed")
    return x if dtype is None else _cast(x, dtype)


def _expand_dims(x: Array, axis: int | list[int]) -> Array:
    return np.expand_dims(x, tuple(axis) if isinstance(axis, list) else axis)


def _get_item(x: Array, key: object) -> Array:
    index: Any = tuple(key) if isinstance(key, list) else key
    return np.asarray(x[index])


def _squeeze(x: Array, axis: int | list[int] | None = None) -> Array:
    return np.squeeze(x, tuple(axis) if isinstance(axis, list) else axis)


def _reduction(function: Callable[..., Array]) -> Rule:
    def reduce(x: Array, axis: int | list[int] | None = None, keepdims: bool = False) -> Array:
        return np.asarray(function(x, axis=tuple(axis) if isinstance(axis, list) else axis, keepdims=keepdims))

    return Rule(reduce, {"axis": None, "keepdims": False})


RULES: dict[str, Rule] = {
    "NotEqual": Rule(np.not_equal),
    "Equal": Rule(np.equal),
    "Greater": Rule(np.greater),
    "GreaterEqual": Rule(np.greater_equal),
    "Less": Rule(np.less),
    "LessEqual": Rule(np.less_equal),
    "LogicalAnd": Rule(np.logical_and),
    "LogicalOr": Rule(np.logical_or),
    "LogicalXor": Rule(np.logical_xor),
    "LogicalNot": Rule(np.logical_not),
    "Any": _reduction(np.any),
    "All": _reduction(np.all),
    "Sum": _reduction(np.sum),
    "Mean": _reduction(np.mean),
    "Max": _reduction(np.max),
    "Min": _reduction(np.min),
    "Add": Rule(np.add),
    "Subtract": Rule(np.subtract),
    "Multiply": Rule(np.multiply),
    "Divide": Rule(np.divide),
    "Negative": Rule(np.negative),
    "Absolute": Rule(np.abs),
    "Maximum": Rule(np.maximum),
    "Minimum": Rule(np.minimum),
    "Where": Rule(np.where),
    "ZerosLike": Rule(np.zeros_like),
    "OnesLike": Rule(np.ones_like),
    "Cast": Rule(_cast, {"dtype": None}),
    "ConvertToTensor": Rule(_convert_to_tensor, {"dtype": None, "sparse": None, "ragged": None}),
    "ExpandDims": Rule(_expand_dims, {"axis": None}),
    "Squeeze": Rule(_squeeze, {"axis": None}),
    "GetItem": Rule(_get_item),
    "Gelu": Rule(nonlinearities.gelu, {"approximate": True}),
    "Relu": Rule(nonlinearities.relu),
    "LeakyRelu": Rule(nonlinearities.leaky_relu, {"negative_slope": 0.2}),
    "Elu": Rule(nonlinearities.elu, {"alpha": 1.0}),
    "Celu": Rule(nonlinearities.celu, {"alpha": 1.0}),
    "Softmax": Rule(nonlinearities.softmax, {"axis": -1}),
    "LogSoftmax": Rule(nonlinearities.log_softmax, {"axis": -1}),
    "Threshold": Rule(nonlinearities.threshold, {"threshold": MISSING, "default_value": MISSING}),
    "HardShrink": Rule(nonlinearities.hard_shrink, {"threshold": 0.5}),
    "SoftShrink": Rule(nonlinearities.soft_shrink, {"threshold": 0.5}),
    "Tanh": Rule(np.tanh),
    "Sigmoid": Rule(nonlinearities.sigmoid),
    "Exp": Rule(np.exp),
    "Concatenate": Rule(lambda xs, axis=-1: np.concatenate(xs, axis), {"axis": -1}),
}


@dataclass(frozen=True, slots=True, eq=False)
class BareOperation(Operation):
    """One NumPy function; `arguments` and `keywords` hold `Slot` where tensors go. It passes no mask on."""

    name: str
    options: Mapping[str, object]
    arguments: tuple[object, ...]
    keywords: Mapping[str, object] = field(default_factory=dict)

    @property
    def keeps_integers(self) -> bool:
        return True

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> BareOperation:
        raise Unsupported("a bare operation is read with its arguments", layer=config.layer)

    def output_shapes(self, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
        # Sizes that follow an unknown size show themselves by changing with it.
        try:
            twos, threes = (self._evaluate(tuple(_dummy(shape, size) for shape in shapes)).shape for size in (2, 3))
        except (ValueError, IndexError, TypeError, OverflowError) as error:
            raise ShapeMismatch(f"{self.name}: {error}") from None
        return (tuple(a if a == b else None for a, b in zip(twos, threes, strict=True)),)

    def call(self, arguments: Arguments, context: Context) -> Result:
        tensors = tuple(context.cast(tensor) for tensor in arguments.tensors)
        try:
            output = self._evaluate(tensors, context)
        except (ValueError, IndexError, TypeError, OverflowError) as error:
            raise ShapeMismatch(f"{self.name}: {error}", layer=arguments.layer) from None
        return Result((context.decide(output) if output.dtype.kind in "biu" else context.cast(output),))

    def _evaluate(self, tensors: tuple[Array, ...], context: Context | None = None) -> Array:
        def fill(value: object) -> object:
            if isinstance(value, Slot):
                return tensors[value.position]
            if isinstance(value, list | tuple):
                return [fill(item) for item in value]
            return context.constant(value) if isinstance(value, float) and context is not None else value

        keywords = {name: fill(value) for name, value in self.keywords.items()}
        filled = [fill(value) for value in self.arguments]
        return np.asarray(RULES[self.name].function(*filled, **keywords, **self.options))


def read_operation(config: Config, arguments: tuple[object, ...], keywords: Mapping[str, object]) -> BareOperation:
    """Build a bare operation from its configuration and its call, `Slot` standing where tensors go."""
    if config.class_name not in RULES:
        raise Unsupported(
            f"operations of class {config.class_name} are not computed",
            layer=config.layer,
            advice=f"Supported: {', '.join(sorted(RULES))}",
        )
    config.ignore("name", "trainable", "dtype") if config.class_name != "Cast" else config.ignore("name", "trainable")
    defaults = RULES[config.class_name].options
    given = {name: keywords[name] for name in keywords if name not in defaults}
    options = {name: config.take(name, keywords.get(name, default)) for name, default in defaults.items()}
    config.finish()
    return BareOperation(config.class_name, options, arguments, given)


def _dummy(shape: Shape, size: int) -> Array:
    sizes = [size if axis is None else axis for axis in shape]
    if prod(sizes) > MAX_DUMMY:
        raise Unsupported(f"an operation on a tensor of shape {shape} is too large to be tried out")
    return np.zeros(sizes, np.float32)
