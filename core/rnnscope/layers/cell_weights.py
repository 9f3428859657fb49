"""How the weights of gated cells lie in files: fused, gate by gate (Keras 1), or as cuDNN wants them.

Whatever the file holds, a cell gets one array of each kind, the gates' blocks side by side on the last axis.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from rnnscope.layers.base import Weights
from rnnscope.layers.config import Config
from rnnscope.types import Array

LSTM_BLOCKS, LSTM_KERAS_1 = "ifco", "icfo"  # as a cell has them; as a Keras 1 file lists them
GRU_BLOCKS = "zrh"


class GatedWeights(NamedTuple):
    """Kernel, recurrent kernel and bias with the gates' blocks side by side; a bias of (2, …) has a recurrent row."""

    kernel: Array
    recurrent_kernel: Array
    bias: Array | None


def take_gate_by_gate(
    weights: Weights,
    stored: str,
    blocks: str,
    kernel: tuple[int, ...],
    recurrent: tuple[int, ...],
    units: int,
    arranged: Callable[[Array], Array] = lambda array: array,
) -> GatedWeights:
    """Keras 1's W, U and b of each gate in the order `stored`, joined in the order `blocks`.

    kernel, recurrent: the shapes for one gate; `arranged` brings such an array into the order of a kernel's axes.
    """
    parts = {
        gate: (
            arranged(weights.take(f"W_{gate}", kernel)),
            arranged(weights.take(f"U_{gate}", recurrent)),
            weights.take(f"b_{gate}", (units,)),
        )
        for gate in stored
    }
    return GatedWeights(*(np.concatenate([parts[gate][index] for gate in blocks], axis=-1) for index in range(3)))


def take_lstm(config: Config, weights: Weights, features: int, units: int, use_bias: bool) -> GatedWeights:
    """The weights of an LSTM; those that a CuDNNLSTM wrote are converted, as Keras does on loading."""
    if weights.peek_shape() == (features, units):
        return take_gate_by_gate(weights, LSTM_KERAS_1, LSTM_BLOCKS, (features, units), (units, units), units)
    kernel = weights.take("kernel", (features, 4 * units))
    recurrent_kernel = weights.take("recurrent_kernel", (units, 4 * units))
    if not use_bias:
        return GatedWeights(kernel, recurrent_kernel, None)
    if weights.peek_shape() == (8 * units,):
        config.note("its weights are those of a CuDNNLSTM, and are converted")
        return from_cudnn(kernel, recurrent_kernel, weights.take("bias", (8 * units,)), gates=4)
    return GatedWeights(kernel, recurrent_kernel, weights.take("bias", (4 * units,)))


def take_gru(
    config: Config, weights: Weights, features: int, units: int, use_bias: bool, reset_after: bool
) -> GatedWeights:
    """The weights of a GRU; the stored bias decides whether the reset comes after the product, whatever is expected."""
    if weights.peek_shape() == (features, units):
        return take_gate_by_gate(weights, GRU_BLOCKS, GRU_BLOCKS, (features, units), (units, units), units)
    kernel = weights.take("kernel", (features, 3 * units))
    recurrent_kernel = weights.take("recurrent_kernel", (units, 3 * units))
    if not use_bias:
        return GatedWeights(kernel, recurrent_kernel, None)
    expected = (2, 3 * units) if reset_after else (3 * units,)
    found = weights.peek_shape()
    if found == (6 * units,):
        config.note("its weights are those of a CuDNNGRU, and are converted")
        return from_cudnn(kernel, recurrent_kernel, weights.take("bias", found), gates=3)
    if found in ((2, 3 * units), (3 * units,)) and found != expected:
        config.note(
            f"its configuration says reset_after={reset_after}, but its stored bias {found} belongs to "
            f"reset_after={not reset_after}; the bias decides"
        )
        expected = found
    return GatedWeights(kernel, recurrent_kernel, weights.take("bias", expected))


def from_cudnn(kernel: Array, recurrent_kernel: Array, bias: Array, *, gates: int) -> GatedWeights:
    """cuDNN's layout as Keras's: each gate's matrices transposed, the input kernel's read as Fortran would.

    bias: (2 · gates · units,), input then recurrent; an LSTM's two are added, a GRU's become two rows.
    """
    columns = [part.T.reshape(part.shape, order="F") for part in np.split(kernel, gates, axis=1)]
    squares = [part.T for part in np.split(recurrent_kernel, gates, axis=1)]
    rows = bias.reshape(2, -1)
    return GatedWeights(
        np.concatenate(columns, axis=1), np.concatenate(squares, axis=1), rows if gates == 3 else rows[0] + rows[1]
    )
