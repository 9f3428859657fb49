"""All that a layer or a cell of one's own is made of; docs/extending.md shows how."""

from rnnscope.context import Context
from rnnscope.errors import BadInput, ShapeMismatch, UnreadableFile, Unsupported
from rnnscope.layers.activations import Activation, take_activation
from rnnscope.layers.base import Arguments, Operation, Pointwise, Result, Weights
from rnnscope.layers.cells import Cell, Step, keras_cell
from rnnscope.layers.config import Config
from rnnscope.layers.registry import keras_layer
from rnnscope.semantics import Semantics
from rnnscope.types import Array, Mask, Shape

__all__ = [
    "Activation",
    "Arguments",
    "Array",
    "BadInput",
    "Cell",
    "Config",
    "Context",
    "Mask",
    "Operation",
    "Pointwise",
    "Result",
    "Semantics",
    "Shape",
    "ShapeMismatch",
    "Step",
    "UnreadableFile",
    "Unsupported",
    "Weights",
    "keras_cell",
    "keras_layer",
    "take_activation",
]
