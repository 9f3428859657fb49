"""A layer and a cell of a user's own, registered with Keras; docs/extending.md computes them."""

from __future__ import annotations

from typing import Any

import keras
from keras import Model, layers, ops

from cases.registry import case, dense, sequential


@keras.saving.register_keras_serializable(package="lab")
class ScaledTanh(layers.Layer):
    def __init__(self, shift: float = 0.0, **options: Any) -> None:
        super().__init__(**options)
        self.shift = shift
        self.supports_masking = True

    def build(self, shape: Any) -> None:
        self.scale = self.add_weight(name="scale", shape=(shape[-1],))

    def call(self, x: Any) -> Any:
        return self.scale * ops.tanh(x) + self.shift

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"shift": self.shift}


@keras.saving.register_keras_serializable(package="lab")
class MinimalGatedCell(layers.Layer):
    def __init__(self, units: int, **options: Any) -> None:
        super().__init__(**options)
        self.units = self.state_size = units

    def build(self, shape: Any) -> None:
        self.kernel = self.add_weight(name="kernel", shape=(shape[-1], 2 * self.units))
        self.recurrent_kernel = self.add_weight(name="recurrent_kernel", shape=(self.units, 2 * self.units))
        self.bias = self.add_weight(name="bias", shape=(2 * self.units,))

    def call(self, x: Any, states: Any) -> Any:
        h = states[0]
        (wf, wh), (uf, uh), (bf, bh) = (
            ops.split(weight, 2, axis=-1) for weight in (self.kernel, self.recurrent_kernel, self.bias)
        )
        f = ops.sigmoid(x @ wf + h @ uf + bf)
        h = (1 - f) * h + f * ops.tanh(x @ wh + (f * h) @ uh + bh)
        return h, [h]

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"units": self.units}


@case
def own_layer_and_cell() -> Model:
    return sequential(
        layers.RNN(MinimalGatedCell(4, name="cell"), return_sequences=True, name="rnn"),
        ScaledTanh(0.25, name="scaled"),
        layers.GRU(3, name="gru"),
        dense(),
    )
