"""One class for each layer, registered under its Keras name."""

from rnnscope.layers import (
    bidirectional,
    conv_lstm,
    core,
    cudnn,
    dense_cells,
    masking,
    merging,
    normalization,
    operations,
    pooling,
    recurrent,
    stacked_cells,
    time_distributed,
)
from rnnscope.layers.registry import LAYERS, keras_layer, read_layer

__all__ = [
    "LAYERS",
    "bidirectional",
    "conv_lstm",
    "core",
    "cudnn",
    "dense_cells",
    "keras_layer",
    "masking",
    "merging",
    "normalization",
    "operations",
    "pooling",
    "read_layer",
    "recurrent",
    "stacked_cells",
    "time_distributed",
]
