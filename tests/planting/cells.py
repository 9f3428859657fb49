"""One step of each recurrent cell as a person would write it in NumPy, with any mistake of those that concern it.

Nothing here knows the engine: a layer is a dictionary of options and weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from rnnscope.types import Array

LSTM_NAMES, GRU_NAMES = "ifgo", "zrh"


def simple_rnn_step(layer: dict[str, Any], x: Array, states: tuple[Array, ...], wrong: Mapping[str, int]) -> Any:
    (h,) = states
    U = layer["recurrent_kernel"]
    recurrent = h @ (U.T if "recurrent-kernel-transposed" in wrong else U)
    z = x @ layer["kernel"]
    if "kernel-missing-recurrence" not in wrong:
        z = z + recurrent
    if "bias-missing" not in wrong:
        z = z + layer["bias"]
    h = own_activation(layer, wrong)(z)
    return (h,), h


def gate(array: Array, index: int) -> Array:
    units = array.shape[-1] // 4
    return array[..., index * units : (index + 1) * units]


def lstm_step(layer: dict[str, Any], x: Array, states: tuple[Array, ...], wrong: Mapping[str, int]) -> Any:
    h, c = states
    order = LSTM_NAMES
    if "gate-order-ifog" in wrong:
        order = "ifog"
    if "gate-order-icfo" in wrong:
        order = "igfo"
    sums = {}
    for name in LSTM_NAMES:
        W, U, b = (gate(layer[key], order.index(name)) for key in ("kernel", "recurrent_kernel", "bias"))
        if "recurrent-kernel-transposed" in wrong:
            U = U.T
        sums[name] = x @ W
        if "kernel-missing-recurrence" not in wrong:
            sums[name] = sums[name] + h @ U
        if "bias-missing" not in wrong:
            sums[name] = sums[name] + b
    act, sigma = own_activation(layer, wrong), gate_activation(layer, wrong)
    c = sigma(sums["f"]) * c + sigma(sums["i"]) * act(sums["g"])
    h = sigma(sums["o"]) * (c if "output-tanh-missing" in wrong else act(c))
    return (h, c), c if "cell-state-as-output" in wrong else h


def gru_step(layer: dict[str, Any], x: Array, states: tuple[Array, ...], wrong: Mapping[str, int]) -> Any:
    (h,) = states
    n = h.shape[1]
    order = "rzh" if "gate-order-torch-gru" in wrong else GRU_NAMES
    W, U, b = {}, {}, {}
    for name in GRU_NAMES:
        block = slice(order.index(name) * n, (order.index(name) + 1) * n)
        W[name], U[name], b[name] = (
            layer["kernel"][:, block],
            layer["recurrent_kernel"][:, block],
            layer["bias"][..., block],
        )
        if "recurrent-kernel-transposed" in wrong:
            U[name] = U[name].T
        if "kernel-missing-recurrence" in wrong:
            U[name] = U[name] * 0
        if "bias-missing" in wrong:
            b[name] = b[name] * 0
    act, sigma = own_activation(layer, wrong), gate_activation(layer, wrong)
    after = layer["reset_after"]
    first = {name: (row[0] if after else row) for name, row in b.items()}
    one_row = "gru-one-bias-row" in wrong or wrong.get("kernel-missing-recurrence") == 1
    second = {name: (row[1] if after and not one_row else 0 * first[name]) for name, row in b.items()}
    z = sigma(x @ W["z"] + first["z"] + h @ U["z"] + second["z"])
    r = sigma(x @ W["r"] + first["r"] + h @ U["r"] + second["r"])
    if after != ("reset-after-flipped" in wrong):
        hh = act(x @ W["h"] + first["h"] + r * (h @ U["h"] + second["h"]))
    else:
        hh = act(x @ W["h"] + first["h"] + second["h"] + (r * h) @ U["h"])
    h = (1 - z) * h + z * hh if "gru-update-gate-swapped" in wrong else z * h + (1 - z) * hh
    return (h,), h


def own_activation(layer: Mapping[str, Any], wrong: Mapping[str, int]) -> Any:
    if "activation-missing" in wrong:
        return ACTIVATIONS["linear"]
    return ACTIVATIONS["relu" if "relu-for-tanh" in wrong else layer["activation"]]


def gate_activation(layer: Mapping[str, Any], wrong: Mapping[str, int]) -> Any:
    name = layer["recurrent_activation"]
    if "hard-sigmoid-keras2" in wrong or wrong.get("hard-sigmoid-for-sigmoid") == 0:
        name = "hard_sigmoid_keras2"
    if "hard-sigmoid-keras3" in wrong or wrong.get("hard-sigmoid-for-sigmoid") == 1:
        name = "hard_sigmoid_keras3"
    if "sigmoid-for-hard-sigmoid" in wrong:
        name = "sigmoid"
    return ACTIVATIONS[name]


def stable_sigmoid(x: Array) -> Array:
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1 / (1 + e), e / (1 + e))


def softmax(x: Array) -> Array:
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return np.asarray(e / e.sum(axis=-1, keepdims=True))


ACTIVATIONS: dict[str, Any] = {
    "linear": lambda x: x,
    "tanh": np.tanh,
    "relu": lambda x: np.maximum(x, 0),
    "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "softsign": lambda x: x / (1 + np.abs(x)),
    "sigmoid": stable_sigmoid,
    "softmax": softmax,
    "hard_sigmoid_keras2": lambda x: np.minimum(np.maximum(x / 5 + x.dtype.type(0.5), 0), 1),
    "hard_sigmoid_keras3": lambda x: np.minimum(np.maximum(x / 6 + x.dtype.type(0.5), 0), 1),
}
CELLS: dict[str, Any] = {"SimpleRNN": simple_rnn_step, "LSTM": lstm_step, "GRU": gru_step}
