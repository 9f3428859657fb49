"""Every activation of Keras 3 in NumPy, each keeping its input's floating-point type.

Formulas: the Keras 3 reference of ``keras.activations``; ``hard_sigmoid`` is Keras 3's relu6(x + 3) / 6.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from rnnscope.errors import Unsupported
from rnnscope.layers.config import Config, take_dtype
from rnnscope.types import Array

SELU_ALPHA, SELU_SCALE = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946

_erf = np.frompyfunc(math.erf, 1, 1)


@dataclass(frozen=True, slots=True)
class Activation:
    """An activation known by its Keras name; picklable, because it carries the name and not the function."""

    name: str
    options: tuple[tuple[str, object], ...] = ()

    def __call__(self, x: Array) -> Array:
        return ACTIVATIONS[self.name](x, **dict(self.options))

    @property
    def label(self) -> str:
        return "" if self.name == "linear" else f" {self.name}"


# Keras's activation layers: the activation behind each, and the options it takes with their defaults.
LAYER_FORMS: dict[str, tuple[str, Mapping[str, object]]] = {
    "ReLU": ("relu", {"max_value": None, "negative_slope": 0.0, "threshold": 0.0}),
    "LeakyReLU": ("leaky_relu", {"negative_slope": 0.3}),
    "ELU": ("elu", {"alpha": 1.0}),
    "Softmax": ("softmax", {"axis": -1}),
}


def take_activation(config: Config, option: str = "activation", default: str = "linear") -> Activation:
    """Take an activation option: a name, None for linear, or the object form that Keras 3 writes."""
    value = config.take(option, default)
    if isinstance(value, dict) and _is_layer_form(value):
        part = config.part(value["config"], value["class_name"])
        take_dtype(part)
        part.ignore("name", "trainable")
        activation = take_layer_form(part)
        part.finish()
        return activation
    named = value.get("config") if isinstance(value, dict) and value.get("class_name") == "function" else value
    name = "linear" if value is None else named
    if isinstance(name, str) and name in ACTIVATIONS:
        return Activation(name)
    shown = value.get("class_name") if isinstance(value, dict) else value
    raise Unsupported(
        f"{config.class_name} with {option}={shown!r} is not computed",
        layer=config.layer,
        advice=f"Supported activations: {', '.join(ACTIVATIONS)}",
    )


def _is_layer_form(value: Mapping[str, object]) -> bool:
    class_name = value.get("class_name")
    return isinstance(class_name, str) and class_name in LAYER_FORMS and isinstance(value.get("config"), dict)


def take_layer_form(config: Config) -> Activation:
    """Take the options of an activation layer such as LeakyReLU."""
    name, defaults = LAYER_FORMS[config.class_name]
    options: dict[str, object] = {}
    for option, default in defaults.items():
        take = config.take_axis if option == "axis" else config.take_number
        options[option] = take(option, default)
    return Activation(name, tuple(options.items()))


def sigmoid(x: Array) -> Array:
    # exp of a non-positive number cannot overflow.
    e = np.exp(-np.abs(x))
    sigmoid_x: Array = np.where(x >= 0, 1, e) / (1 + e)
    return sigmoid_x


def relu6(x: Array) -> Array:
    return np.clip(x, 0, 6)


def softplus(x: Array) -> Array:
    return np.asarray(np.logaddexp(x, np.zeros((), x.dtype)))


def softmax(x: Array, axis: int = -1) -> Array:
    e: Array = np.exp(x - x.max(axis=axis, keepdims=True))
    return np.asarray(e / e.sum(axis=axis, keepdims=True))


def log_softmax(x: Array, axis: int = -1) -> Array:
    shifted = x - x.max(axis=axis, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True)))


def sparsemax(x: Array) -> Array:
    """Keras's own: its threshold adds up the cumulative sums of the whole support.

    Martins & Astudillo (2016) take the last of them alone; with more than one class in the support Keras's result does
    not add up to one, and a model trained with it needs it just so.
    """
    ordered = -np.sort(-x, axis=-1)
    ranks = np.arange(1, x.shape[-1] + 1, dtype=x.dtype)
    sums = np.cumsum(ordered, axis=-1)
    support = ordered - (sums - 1) / ranks > 0
    size = support.sum(axis=-1, keepdims=True).astype(x.dtype)
    threshold = (np.where(support, sums, 0).sum(axis=-1, keepdims=True) - 1) / size
    return np.asarray(np.maximum(x - threshold, 0))


def relu(x: Array, max_value: float | None = None, negative_slope: float = 0.0, threshold: float = 0.0) -> Array:
    positive = np.where(x > threshold, x, 0) if threshold else np.maximum(x, 0)
    if max_value is not None:
        positive = np.minimum(positive, max_value)
    # Below the threshold the slope counts from the threshold on.
    return positive if not negative_slope else positive - negative_slope * np.maximum(threshold - x, 0)


def leaky_relu(x: Array, negative_slope: float = 0.2) -> Array:
    return np.where(x > 0, x, negative_slope * x)


def elu(x: Array, alpha: float = 1.0) -> Array:
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def celu(x: Array, alpha: float = 1.0) -> Array:
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0) / alpha))


def selu(x: Array) -> Array:
    return SELU_SCALE * np.where(x > 0, x, SELU_ALPHA * np.expm1(np.minimum(x, 0)))


def gelu(x: Array, approximate: bool = False) -> Array:
    """x·Φ(x) with the Gaussian distribution function, or its approximation by tanh."""
    if approximate:
        return np.asarray(0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))))
    return np.asarray(0.5 * x * (1 + np.asarray(_erf(x / math.sqrt(2))).astype(x.dtype)))


def glu(x: Array, axis: int = -1) -> Array:
    left, right = np.split(x, 2, axis=axis)
    return left * sigmoid(right)


def hard_sigmoid(x: Array) -> Array:
    return relu6(x + 3) / 6


def hard_shrink(x: Array, threshold: float = 0.5) -> Array:
    return np.where(np.abs(x) > threshold, x, 0)


def soft_shrink(x: Array, threshold: float = 0.5) -> Array:
    return np.where(x > threshold, x - threshold, np.where(x < -threshold, x + threshold, 0))


def squareplus(x: Array, b: float = 4) -> Array:
    return np.asarray(0.5 * (x + np.sqrt(x * x + b)))


def threshold(x: Array, threshold: float, default_value: float) -> Array:
    return np.where(x > threshold, x, np.asarray(default_value, x.dtype))


def sparse_plus(x: Array) -> Array:
    return np.where(x <= -1, 0, np.where(x < 1, 0.25 * (x + 1) ** 2, x))


ACTIVATIONS: dict[str, Callable[..., Array]] = {
    "linear": lambda x: x,
    "tanh": np.tanh,
    "sigmoid": sigmoid,
    "hard_sigmoid": hard_sigmoid,
    "relu": relu,
    "relu6": relu6,
    "leaky_relu": leaky_relu,
    "elu": elu,
    "selu": selu,
    "celu": celu,
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
    "squareplus": squareplus,
    "exponential": np.exp,
    "hard_tanh": lambda x: np.clip(x, -1, 1),
    "tanh_shrink": lambda x: x - np.tanh(x),
    "hard_shrink": hard_shrink,
    "soft_shrink": soft_shrink,
}
