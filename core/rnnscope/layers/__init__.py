"""One class for each layer, registered under its Keras name."""

from rnnscope.layers import core, masking, merging, normalization, operations, pooling, recurrent, wrappers
from rnnscope.layers.registry import LAYERS, keras_layer, read_layer

__all__ = [
    "LAYERS",
    "core",
    "keras_layer",
    "masking",
    "merging",
    "normalization",
    "operations",
    "pooling",
    "read_layer",
    "recurrent",
    "wrappers",
]
