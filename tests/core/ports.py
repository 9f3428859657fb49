"""A port of Keras's recurrent layers to NumPy as a person would write it, making any mistake of the catalogue.

It shares nothing with the engine: it reads weights and options from plain dictionaries, and computes with loops.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rnnscope.types import Array

MASK_VALUE = -99.0
LSTM_NAMES, GRU_NAMES = "ifgo", "zrh"


@dataclass
class Port:
    """layers: dictionaries with ``kind``, ``name``, options and weights; wrong: ids of the mistakes to make."""

    layers: Sequence[Mapping[str, Any]]
    wrong: frozenset[str] = frozenset()
    only: str = ""  # the one layer that is wrong; all of them by default
    seed: int = 0
    mask: Array | None = field(default=None, init=False)

    def predict(self, x: Array) -> Array:
        """The output for x, batch first."""
        self.random, self.mask = np.random.default_rng(self.seed), None
        if "batch-order" in self.wrong:
            x = x[self.random.permutation(len(x))]
        if "time-major-mixup" in self.wrong:
            x = x.reshape(x.shape[1], x.shape[0], *x.shape[2:]).swapaxes(0, 1)
        if "float16" in self.wrong and x.dtype.kind == "f":
            x = x.astype(np.float16)
        for layer in self.layers:
            x = getattr(self, layer["kind"].lower())(self.prepared(layer), x)
        return x

    def bad(self, mistake: str, layer: Mapping[str, Any]) -> bool:
        return mistake in self.wrong and self.only in ("", layer["name"])

    def prepared(self, layer: Mapping[str, Any]) -> dict[str, Any]:
        """The layer with its weights in float16 when everything is."""
        if "float16" not in self.wrong:
            return dict(layer)
        return {k: v.astype(np.float16) if isinstance(v, np.ndarray) else v for k, v in layer.items()} | {
            half: self.prepared(layer[half]) for half in ("forward", "backward") if half in layer
        }

    # Layers.

    def masking(self, layer: dict[str, Any], x: Array) -> Any:
        seen = np.any(x != MASK_VALUE, axis=2)
        if "mask-ignored" in self.wrong:
            return x
        self.mask = seen
        if "masked-feature-wise" in self.wrong:
            self.mask = None
            return np.where(x == MASK_VALUE, x.dtype.type(0), x)
        if "masked-inputs-zeroed" in self.wrong:
            self.mask = None
        if "extra-step" in self.wrong:
            return x
        return x * seen[:, :, None]

    def embedding(self, layer: dict[str, Any], x: Array) -> Any:
        if "mask-ignored" not in self.wrong and layer["mask_zero"]:
            self.mask = x != 0
        index = x - 1 if "embedding-off-by-one" in self.wrong else x
        return layer["table"][index]

    def dense(self, layer: dict[str, Any], x: Array) -> Any:
        y = x @ layer["kernel"] + layer["bias"]
        return y if self.bad("dense-activation-missing", layer) else ACTIVATIONS[layer["activation"]](y)

    def dropout(self, layer: dict[str, Any], x: Array) -> Any:
        if "dropout-applied" not in self.wrong:
            return x
        kept = self.random.random(x.shape) > layer["rate"]
        return (x * kept / (1 - layer["rate"])).astype(x.dtype)

    def batchnormalization(self, layer: dict[str, Any], x: Array) -> Any:
        mean, variance = layer["mean"], layer["variance"]
        if "batch-norm-batch-statistics" in self.wrong:
            axes = tuple(range(x.ndim - 1))
            mean, variance = x.mean(axis=axes), x.var(axis=axes)
        return ((x - mean) / np.sqrt(variance + 1e-3) * layer["gamma"] + layer["beta"]).astype(x.dtype)

    def simplernn(self, layer: dict[str, Any], x: Array) -> Any:
        return self.recurrent(layer, x)

    lstm = gru = simplernn

    def recurrent(self, layer: dict[str, Any], x: Array) -> Any:
        outputs, last = self.loop(layer, x, self.mask)
        if layer["return_sequences"]:
            return outputs
        self.mask = None
        return last

    def bidirectional(self, layer: dict[str, Any], x: Array) -> Any:
        sequences, mask = layer["return_sequences"], self.mask
        ahead, back = dict(layer["forward"]), dict(layer["backward"])
        if self.bad("directions-swapped", layer):
            ahead, back = back, ahead
        turned = not self.bad("backward-not-reversed", layer)
        x2, mask2 = (x[:, ::-1], None if mask is None else mask[:, ::-1]) if turned else (x, mask)
        outputs, last = self.loop(ahead, x, mask)
        outputs2, last2 = self.loop(back, x2, mask2)
        if mask is not None and mask2 is not None and "mask-output-not-zeroed" not in self.wrong:
            outputs, outputs2 = outputs * mask[:, :, None], outputs2 * mask2[:, :, None]
        if self.bad("backward-last-step", layer):
            last2 = outputs2[:, 0]
        if turned and not self.bad("backward-not-flipped", layer):
            outputs2 = outputs2[:, ::-1]
        a, b = (outputs, outputs2) if sequences else (last, last2)
        if not sequences:
            self.mask = None
        mode = layer["merge_mode"]
        if self.bad("merge-mode-wrong", layer):
            mode = {"concat": "sum", "sum": "ave", "ave": "mul", "mul": "sum"}[mode]
        return MERGES[mode](a, b).astype(x.dtype)

    # The loop.

    def loop(self, layer: dict[str, Any], x: Array, mask: Array | None) -> tuple[Array, Array]:
        """Outputs (batch, steps, units) in the order of processing, and the last one."""
        batch, steps = x.shape[:2]
        wrong = {mistake for mistake in self.wrong if self.bad(mistake, layer)}
        if "time-reversed" in wrong:
            x, mask = x[:, ::-1], None if mask is None else mask[:, ::-1]
        units = layer["recurrent_kernel"].shape[0]
        states = self.start(wrong, layer["kind"], batch, units, x.dtype)
        cell = CELLS[layer["kind"]]
        if "stateful-carry" in wrong and batch > 1:
            return self.one_by_one(layer, x, mask)
        outputs = np.zeros((batch, steps, units), x.dtype)
        output = np.zeros((batch, units), x.dtype)
        runs_all = "last-valid-vs-last-step" in wrong
        for t in range(1 if "missing-first-step" in wrong else 0, steps - ("missing-last-step" in wrong)):
            new, shown = cell(layer, x[:, t], states, wrong)
            if mask is None or runs_all:
                states, output = new, shown
            else:
                m = mask[:, t, None]
                kept = [np.zeros_like(s) for s in states] if "masked-state-zeroed" in wrong else states
                states = tuple(np.where(m, n, k) for n, k in zip(new, kept, strict=True))
                instead = np.zeros_like(output) if "masked-state-zeroed" in wrong else output
                output = np.where(m, shown, instead)
                if "initial-state-ones" in wrong or "initial-state-random" in wrong:
                    output = states[-1 if "cell-state-as-output" in wrong else 0]
            outputs[:, t] = output
        if "extra-step" in wrong:
            states, output = cell(layer, x[:, -1], states, wrong)
        if runs_all and mask is not None:
            output = outputs[np.arange(batch), mask.sum(axis=1) - 1]
        if "mask-zeros-output" in wrong and mask is not None:
            outputs = outputs * mask[:, :, None]
            output = output * mask[:, -1:]
        return outputs, output.astype(x.dtype)

    def one_by_one(self, layer: dict[str, Any], x: Array, mask: Array | None) -> tuple[Array, Array]:
        """Sample after sample, the states going on."""
        cell, units = CELLS[layer["kind"]], layer["recurrent_kernel"].shape[0]
        states = self.start(set(), layer["kind"], 1, units, x.dtype)
        outputs = np.zeros((*x.shape[:2], units), x.dtype)
        for sample in range(len(x)):
            output = np.zeros((1, units), x.dtype)
            for t in range(x.shape[1]):
                if mask is None or mask[sample, t]:
                    states, output = cell(layer, x[sample : sample + 1, t], states, set())
                outputs[sample, t] = output[0]
        return outputs, outputs[:, -1]

    def start(self, wrong: set[str], kind: str, batch: int, units: int, dtype: Any) -> tuple[Array, ...]:
        count = 2 if kind == "LSTM" else 1
        if "initial-state-ones" in wrong:
            return tuple(np.ones((batch, units), dtype) for _ in range(count))
        if "initial-state-random" in wrong:
            return tuple(
                self.random.normal(size=(1, units)).astype(dtype) * np.ones((batch, 1), dtype) for _ in range(count)
            )
        return tuple(np.zeros((batch, units), dtype) for _ in range(count))


# Cells: one step each.


def simple_rnn_step(layer: dict[str, Any], x: Array, states: tuple[Array, ...], wrong: set[str]) -> Any:
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


def lstm_step(layer: dict[str, Any], x: Array, states: tuple[Array, ...], wrong: set[str]) -> Any:
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


def gru_step(layer: dict[str, Any], x: Array, states: tuple[Array, ...], wrong: set[str]) -> Any:
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
    second = {
        name: (row[1] if after and "gru-one-bias-row" not in wrong else 0 * first[name]) for name, row in b.items()
    }
    z = sigma(x @ W["z"] + first["z"] + h @ U["z"] + second["z"])
    r = sigma(x @ W["r"] + first["r"] + h @ U["r"] + second["r"])
    if after != ("reset-after-flipped" in wrong):
        hh = act(x @ W["h"] + first["h"] + r * (h @ U["h"] + second["h"]))
    else:
        hh = act(x @ W["h"] + first["h"] + second["h"] + (r * h) @ U["h"])
    h = (1 - z) * h + z * hh if "gru-update-gate-swapped" in wrong else z * h + (1 - z) * hh
    return (h,), h


def own_activation(layer: Mapping[str, Any], wrong: set[str]) -> Any:
    if "activation-missing" in wrong:
        return ACTIVATIONS["linear"]
    return ACTIVATIONS["relu" if "relu-for-tanh" in wrong else layer["activation"]]


def gate_activation(layer: Mapping[str, Any], wrong: set[str]) -> Any:
    name = layer["recurrent_activation"]
    if "hard-sigmoid-keras2" in wrong or "hard-sigmoid-for-sigmoid" in wrong:
        name = "hard_sigmoid_keras2"
    if "hard-sigmoid-keras3" in wrong:
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
    "sigmoid": stable_sigmoid,
    "softmax": softmax,
    "hard_sigmoid_keras2": lambda x: np.minimum(np.maximum(x / 5 + x.dtype.type(0.5), 0), 1),
    "hard_sigmoid_keras3": lambda x: np.minimum(np.maximum(x / 6 + x.dtype.type(0.5), 0), 1),
}
CELLS: dict[str, Any] = {"SimpleRNN": simple_rnn_step, "LSTM": lstm_step, "GRU": gru_step}
MERGES: dict[str, Any] = {
    "concat": lambda a, b: np.concatenate([a, b], axis=-1),
    "sum": lambda a, b: a + b,
    "ave": lambda a, b: (a + b) / 2,
    "mul": lambda a, b: a * b,
}
