"""Every activation of Keras 3 in NumPy, each keeping its input's floating-point type.

Formulas: the Keras 3 reference of ``keras.activations``; ``hard_sigmoid`` is Keras 3's relu6(x + 3) / 6.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rnnscope.errors import Unsupported
from rnnscope.layers.config import Config
from rnnscope.types import Array

SELU_ALPHA, SELU_SCALE = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946

_erf = np.frompyfunc(math.erf, 1, 1)


@dataclass(frozen=True, slots=True)
class Activation:
    """An activation known by its Keras name; picklable, because it carries the name and not the function."""

    name: str

    def __call__(self, x: Array) -> Array:
        return ACTIVATIONS[self.name](x)

    @property
    def label(self) -> str:
        return "" if self.name == "linear" else f" {self.name}"


def take_activation(config: Config, option: str = "activation", default: str = "linear") -> Activation:
    """Take an activation option: a name, None for linear, or the object form that Keras 3 writes."""
    value = config.take(option, default)
    if isinstance(value, dict) and value.get("class_name") == "function":
        value = value.get("config", "nothing")
    name = "linear" if value is None else value
    if isinstance(name, str) and name in ACTIVATIONS:
        return Activation(name)
    shown = value.get("class_name") if isinstance(value, dict) else value
    raise Unsupported(
        f"{config.class_name} with {option}={shown!r} is not computed",
        layer=config.layer,
        advice=f"Supported activations: {', '.join(ACTIVATIONS)}",
    )


def sigmoid(x: Array) -> Array:
    # exp of a non-positive number cannot overflow.
    e = np.exp(-np.abs(x))
    sigmoid_x: Array = np.where(x >= 0, 1, e) / (1 + e)
    return sigmoid_x


def relu6(x: Array) -> Array:
    return np.clip(x, 0, 6)


def softplus(x: Array) -> Array:
    return np.asarray(np.logaddexp(x, np.zeros((), x.dtype)))


def softmax(x: Array) -> Array:
    e: Array = np.exp(x - x.max(axis=-1, keepdims=True))
    return np.asarray(e / e.sum(axis=-1, keepdims=True))


def log_softmax(x: Array) -> Array:
    shifted = x - x.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))


def sparsemax(x: Array) -> Array:
    """Martins & Astudillo, 2016: the projection of x onto the probability simplex."""
    ordered = -np.sort(-x, axis=-1)
    ranks = np.arange(1, x.shape[-1] + 1, dtype=x.dtype)
    excess = np.cumsum(ordered, axis=-1) - 1
    size = (ranks * ordered > excess).sum(axis=-1, keepdims=True)
    threshold = np.take_along_axis(excess, size - 1, axis=-1) / size.astype(x.dtype)
    return np.asarray(np.maximum(x - threshold, 0))


def elu(x: Array) -> Array:
    return np.where(x > 0, x, np.expm1(np.minimum(x, 0)))


def selu(x: Array) -> Array:
    return SELU_SCALE * np.where(x > 0, x, SELU_ALPHA * np.expm1(np.minimum(x, 0)))


def gelu(x: Array) -> Array:
    """The exact form, x·Φ(x) with the Gaussian distribution function."""
    return np.asarray(0.5 * x * (1 + np.asarray(_erf(x / math.sqrt(2))).astype(x.dtype)))


def glu(x: Array) -> Array:
    left, right = np.split(x, 2, axis=-1)
    return left * sigmoid(right)


def hard_sigmoid(x: Array) -> Array:
    return relu6(x + 3) / 6


def hard_shrink(x: Array) -> Array:
    return np.where(np.abs(x) > 0.5, x, 0)


def soft_shrink(x: Array) -> Array:
    return np.where(x > 0.5, x - 0.5, np.where(x < -0.5, x + 0.5, 0))


def sparse_plus(x: Array) -> Array:
    return np.where(x <= -1, 0, np.where(x < 1, 0.25 * (x + 1) ** 2, x))


ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "linear": lambda x: x,
    "tanh": np.tanh,
    "sigmoid": sigmoid,
    "hard_sigmoid": hard_sigmoid,
    "relu": lambda x: np.maximum(x, 0),
    "relu6": relu6,
    "leaky_relu": lambda x: np.where(x > 0, x, 0.2 * x),
    "elu": elu,
    "selu": selu,
    "celu": elu,
    "gelu": gelu,
    "glu": glu,
    "silu": lambda x: x * sigmoid(x),
    "swish": lambda x: x * sigmoid(x),
    "hard_silu": lambda x: x * hard_sigmoid(x),
    "hard_swish": lambda x: x * hard_sigmoid(x),
    "mish": lambda x: x * np.tanh(softplus(x)),
    "softplus": softplus,
    "softsign": lambda x: x / (1 + np.abs(x)),
    "softmax": softmax,
    "log_softmax": log_softmax,
    "log_sigmoid": lambda x: -softplus(-x),
    "sparse_sigmoid": lambda x: np.clip(0.5 * (x + 1), 0, 1),
    "sparse_plus": sparse_plus,
    "sparsemax": sparsemax,
    "squareplus": lambda x: 0.5 * (x + np.sqrt(x * x + 4)),
    "exponential": np.exp,
    "hard_tanh": lambda x: np.clip(x, -1, 1),
    "tanh_shrink": lambda x: x - np.tanh(x),
    "hard_shrink": hard_shrink,
    "soft_shrink": soft_shrink,
}
