"""The functions behind Keras's activations in NumPy, each keeping its input's floating-point type.

Formulas: the reference of ``keras.activations`` (Keras 3), and ``keras.backend`` for what only earlier versions have.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from rnnscope.types import Array

SELU_ALPHA, SELU_SCALE = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946

_erf = np.frompyfunc(math.erf, 1, 1)


def sigmoid(x: Array) -> Array:
    # exp of a non-positive number cannot overflow.
    e = np.exp(-np.abs(x))
    sigmoid_x: Array = np.where(x >= 0, 1, e) / (1 + e)
    return sigmoid_x


def relu6(x: Array) -> Array:
    return np.clip(x, 0, 6)


def softplus(x: Array) -> Array:
    return np.asarray(np.logaddexp(x, np.zeros((), x.dtype)))


def linear(x: Array) -> Array:
    return x


def silu(x: Array) -> Array:
    return np.asarray(x * sigmoid(x))


def mish(x: Array) -> Array:
    return np.asarray(x * np.tanh(softplus(x)))


def softsign(x: Array) -> Array:
    return np.asarray(x / (1 + np.abs(x)))


def log_sigmoid(x: Array) -> Array:
    return -softplus(-x)


def softmax(x: Array, axis: int | tuple[int, ...] = -1) -> Array:
    """Along several axes Keras takes exp(x − logsumexp(x)): where all are −10⁹, float32 then has 1 for each of them."""
    if isinstance(axis, tuple) and len(axis) > 1:
        top = x.max(axis=axis, keepdims=True)
        return np.asarray(np.exp(x - (top + np.log(np.exp(x - top).sum(axis=axis, keepdims=True)))))
    e: Array = np.exp(x - x.max(axis=axis, keepdims=True))
    return np.asarray(e / e.sum(axis=axis, keepdims=True))


def log_softmax(x: Array, axis: int | tuple[int, ...] = -1) -> Array:
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


def thresholded_relu(x: Array, theta: float = 1.0) -> Array:
    return np.where(x > theta, x, 0)


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
    """Keras 3's."""
    return relu6(x + 3) / 6


def steep_hard_sigmoid(x: Array) -> Array:
    """The one of Keras 1, Keras 2 and tf-keras: slope 0.2 rather than 1/6."""
    return np.asarray(np.clip(x * np.asarray(0.2, x.dtype) + np.asarray(0.5, x.dtype), 0, 1))


def hard_silu(x: Array) -> Array:
    return np.asarray(x * hard_sigmoid(x))


def steep_hard_silu(x: Array) -> Array:
    return np.asarray(x * steep_hard_sigmoid(x))


def hard_tanh(x: Array) -> Array:
    return np.clip(x, -1, 1)


def tanh_shrink(x: Array) -> Array:
    return np.asarray(x - np.tanh(x))


def sparse_sigmoid(x: Array) -> Array:
    return np.clip(0.5 * (x + 1), 0, 1)


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


# What an `Activation` may be called: Keras's names, save that hard_sigmoid and what is made of it have one name for
# each of its definitions.
ACTIVATIONS: dict[str, Callable[..., Array]] = {
    "linear": linear,
    "tanh": np.tanh,
    "sigmoid": sigmoid,
    "hard_sigmoid_keras3": hard_sigmoid,
    "hard_sigmoid_keras2": steep_hard_sigmoid,
    "relu": relu,
    "relu6": relu6,
    "thresholded_relu": thresholded_relu,
    "leaky_relu": leaky_relu,
    "elu": elu,
    "selu": selu,
    "celu": celu,
    "gelu": gelu,
    "glu": glu,
    "silu": silu,
    "swish": silu,
    "hard_silu_keras3": hard_silu,
    "hard_silu_keras2": steep_hard_silu,
    "hard_swish_keras3": hard_silu,
    "hard_swish_keras2": steep_hard_silu,
    "mish": mish,
    "softplus": softplus,
    "softsign": softsign,
    "softmax": softmax,
    "log_softmax": log_softmax,
    "log_sigmoid": log_sigmoid,
    "sparse_sigmoid": sparse_sigmoid,
    "sparse_plus": sparse_plus,
    "sparsemax": sparsemax,
    "squareplus": squareplus,
    "exponential": np.exp,
    "hard_tanh": hard_tanh,
    "tanh_shrink": tanh_shrink,
    "hard_shrink": hard_shrink,
    "soft_shrink": soft_shrink,
}
