"""CuDNNLSTM and CuDNNGRU: layers of Keras 2 that only ran on a GPU, with fixed activations and their own layout."""

from __future__ import annotations

from dataclasses import dataclass

from rnnscope.context import Context
from rnnscope.errors import Unsupported
from rnnscope.layers.activations import Activation
from rnnscope.layers.base import Arguments, Result, Weights
from rnnscope.layers.cell_weights import GatedWeights, from_cudnn
from rnnscope.layers.cells import INFERENCE_FREE, Cell
from rnnscope.layers.config import Config
from rnnscope.layers.dense_cells import GRUCell, LSTMCell
from rnnscope.layers.recurrent import Recurrent, sequence_features
from rnnscope.layers.registry import keras_layer
from rnnscope.types import Shape

TANH, SIGMOID = Activation("tanh"), Activation("sigmoid")


@keras_layer("CuDNNLSTM", "CuDNNGRU")
@dataclass(frozen=True, slots=True, eq=False)
class CuDNNRecurrent(Recurrent):
    """An LSTM, or a GRU with reset_after, of tanh and sigmoid; it takes no mask.

    With go_backwards the sequence stays in processing order, as everywhere. Plain weights, as Keras lets one load
    them into these layers, are told by their bias.
    """

    @classmethod
    def read_cell(cls, config: Config, weights: Weights, shape: Shape) -> Cell:
        features = sequence_features(config, shape)
        config.ignore(*INFERENCE_FREE)
        units = config.take_int("units")
        gates = 4 if config.class_name == "CuDNNLSTM" else 3
        kernel = weights.take("kernel", (features, gates * units))
        recurrent_kernel = weights.take("recurrent_kernel", (units, gates * units))
        plain = (4 * units,) if gates == 4 else (2, 3 * units)
        if weights.peek_shape() == plain:
            taken = GatedWeights(kernel, recurrent_kernel, weights.take("bias", plain))
        else:
            taken = from_cudnn(kernel, recurrent_kernel, weights.take("bias", (2 * gates * units,)), gates=gates)
        if gates == 4:
            return LSTMCell(*taken, TANH, SIGMOID)
        return GRUCell(*taken, TANH, SIGMOID, reset_after=True)

    def call(self, arguments: Arguments, context: Context) -> Result:
        if arguments.mask is not None:
            raise Unsupported("a cuDNN layer takes no mask, in Keras neither", layer=arguments.layer)
        return Recurrent.call(self, arguments, context)
