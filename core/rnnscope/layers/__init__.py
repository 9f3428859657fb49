"""One class for each layer, registered under its Keras name."""

from rnnscope.layers import core, masking, operations, recurrent, wrappers
from rnnscope.layers.registry import LAYERS, keras_layer, read_layer

__all__ = ["LAYERS", "core", "keras_layer", "masking", "operations", "read_layer", "recurrent", "wrappers"]
