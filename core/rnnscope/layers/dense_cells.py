"""The cells of SimpleRNN, LSTM and GRU: steps made of matrix products.

Formulas and block orders are Keras's: W = kernel, U = recurrent kernel, b = bias; x is (batch, features), h is
(batch, units).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from rnnscope.layers.activations import Activation, take_activation
from rnnscope.layers.base import Weights
from rnnscope.layers.cell_weights import GatedWeights, take_gru, take_lstm
from rnnscope.layers.cells import INFERENCE_FREE, Cell, Step, keras_cell
from rnnscope.layers.config import Config
from rnnscope.types import Array


def _take_plain(config: Config) -> tuple[int, bool, Activation]:
    """What every cell has: units, use_bias and the activation."""
    config.ignore(*INFERENCE_FREE)
    return config.take_int("units"), config.take_bool("use_bias", True), take_activation(config, default="tanh")


def _take_gated(config: Config) -> tuple[int, bool, Activation, Activation]:
    """What a cell with gates has besides: the activation of its gates."""
    default = config.semantics.gate_activation
    return *_take_plain(config), take_activation(config, "recurrent_activation", default)


@keras_cell("SimpleRNNCell")
@dataclass(frozen=True, slots=True, eq=False)
class SimpleRNNCell(Cell):
    """h' = act(x·W + b + h·U)."""

    kernel: Array  # (features, units)
    recurrent_kernel: Array  # (units, units)
    bias: Array | None  # (units,)
    activation: Activation

    @property
    def state_sizes(self) -> Mapping[str, int]:
        return {"h": int(self.recurrent_kernel.shape[0])}

    @classmethod
    def read(cls, config: Config, weights: Weights, features: int) -> Self:
        units, use_bias, activation = _take_plain(config)
        return cls(
            kernel=weights.take("kernel", (features, units)),
            recurrent_kernel=weights.take("recurrent_kernel", (units, units)),
            bias=weights.take("bias", (units,)) if use_bias else None,
            activation=activation,
        )

    def step(self, x: Array, states: tuple[Array, ...]) -> Step:
        (h,) = states
        projected = x @ self.kernel
        if self.bias is not None:
            projected = projected + self.bias
        return Step((self.activation(projected + h @ self.recurrent_kernel),), {})


@keras_cell("LSTMCell")
@dataclass(frozen=True, slots=True, eq=False)
class LSTMCell(Cell):
    """c' = f·c + i·g; h' = o·act(c'), with i, f, o = ra(z), g = act(z), z = x·W + h·U + b."""

    kernel: Array  # (features, 4 * units), blocks i, f, g, o
    recurrent_kernel: Array  # (units, 4 * units)
    bias: Array | None  # (4 * units,)
    activation: Activation
    recurrent_activation: Activation

    @property
    def state_sizes(self) -> Mapping[str, int]:
        units = int(self.recurrent_kernel.shape[0])
        return {"h": units, "c": units}

    @classmethod
    def read(cls, config: Config, weights: Weights, features: int) -> Self:
        units, use_bias, activation, recurrent_activation = _take_gated(config)
        return cls(*take_lstm(config, weights, features, units, use_bias), activation, recurrent_activation)

    def step(self, x: Array, states: tuple[Array, ...]) -> Step:
        h, c = states
        z = x @ self.kernel + h @ self.recurrent_kernel
        if self.bias is not None:
            z = z + self.bias
        return lstm_step(z, c, self.activation, self.recurrent_activation)


def lstm_step(z: Array, c: Array, activation: Activation, recurrent_activation: Activation, axis: int = -1) -> Step:
    """The rest of an LSTM's step, when z holds the four gates' sums as blocks i, f, g, o on `axis`."""
    size = z.shape[axis] // 4
    ahead = (slice(None),) * (axis % z.ndim)
    zi, zf, zg, zo = (z[(*ahead, slice(start, start + size))] for start in range(0, 4 * size, size))
    i, f, o = recurrent_activation(zi), recurrent_activation(zf), recurrent_activation(zo)
    g = activation(zg)
    c = f * c + i * g
    return Step((o * activation(c), c), {"i": i, "f": f, "g": g, "o": o})


@keras_cell("GRUCell")
@dataclass(frozen=True, slots=True, eq=False)
class GRUCell(Cell):
    """h' = z·h + (1 − z)·hh, with z, r = ra(x·W + h·U + b).

    reset_after: hh = act(x·W + b₀ + r·(h·U + b₁)), the bias having an input row b₀ and a recurrent row b₁;
    otherwise hh = act(x·W + b + (r·h)·U).
    """

    kernel: Array  # (features, 3 * units), blocks z, r, hh
    recurrent_kernel: Array  # (units, 3 * units)
    bias: Array | None  # (2, 3 * units) with reset_after, else (3 * units,)
    activation: Activation
    recurrent_activation: Activation
    reset_after: bool

    @property
    def state_sizes(self) -> Mapping[str, int]:
        return {"h": int(self.recurrent_kernel.shape[0])}

    @classmethod
    def read(cls, config: Config, weights: Weights, features: int) -> Self:
        units, use_bias, activation, recurrent_activation = _take_gated(config)
        reset_after = config.take_bool("reset_after", config.semantics.gru_resets_after)
        taken = take_gru(config, weights, features, units, use_bias, reset_after)
        return cls.of(taken, activation, recurrent_activation, reset_after)

    @classmethod
    def of(cls, weights: GatedWeights, activation: Activation, gate: Activation, reset_after: bool) -> Self:
        """A cell with these weights; the rank of a bias decides about the reset."""
        decided = reset_after if weights.bias is None else weights.bias.ndim == 2
        return cls(*weights, activation, gate, decided)

    def step(self, x: Array, states: tuple[Array, ...]) -> Step:
        (h,) = states
        n = self.units
        from_x = x @ self.kernel
        if self.bias is not None:
            from_x = from_x + (self.bias[0] if self.reset_after else self.bias)
        if self.reset_after:
            from_h = h @ self.recurrent_kernel
            if self.bias is not None:
                from_h = from_h + self.bias[1]
        else:
            from_h = h @ self.recurrent_kernel[:, : 2 * n]
        z = self.recurrent_activation(from_x[:, :n] + from_h[:, :n])
        r = self.recurrent_activation(from_x[:, n : 2 * n] + from_h[:, n : 2 * n])
        recurrent = r * from_h[:, 2 * n :] if self.reset_after else (r * h) @ self.recurrent_kernel[:, 2 * n :]
        hh = self.activation(from_x[:, 2 * n :] + recurrent)
        h = z * h + (1 - z) * hh
        return Step((h,), {"z": z, "r": r, "hh": hh})
