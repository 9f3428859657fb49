"""The table's rows of activations, changes of type, and normalization."""

from __future__ import annotations

import numpy as np

from rnnscope.layers import nonlinearities
from rnnscope.layers.ops import arithmetic as own
from rnnscope.layers.ops import normal
from rnnscope.layers.ops.reductions import Axis, axes
from rnnscope.layers.ops.rows_numbers import of_one
from rnnscope.layers.ops.rule import row
from rnnscope.layers.ops.shapes import broadcast, first
from rnnscope.types import Array

NAMED = nonlinearities.ACTIVATIONS


def softmax(x: Array, axis: Axis = -1) -> Array:
    return nonlinearities.softmax(x, -1 if axis is None else axes(axis))


def log_softmax(x: Array, axis: Axis = -1) -> Array:
    return nonlinearities.log_softmax(x, -1 if axis is None else axes(axis))


def sparsemax(x: Array, axis: int = -1) -> Array:
    return np.moveaxis(nonlinearities.sparsemax(np.moveaxis(x, axis, -1)), -1, axis)


# fmt: off
ACTIVATIONS = (
    of_one("Relu", nonlinearities.relu, "nn.relu", "own"),
    of_one("Relu6", nonlinearities.relu6, "nn.relu6", "own"),
    row("LeakyRelu", "x | negative_slope", nonlinearities.leaky_relu, "float", shape=broadcast, tf="nn.leaky_relu",
        tf_call="features=x | alpha=negative_slope"),
    row("Elu", "x | alpha", nonlinearities.elu, "float", shape=broadcast, tf="nn.elu", tf_call="features=x"),
    of_one("Selu", nonlinearities.selu, "nn.selu"),
    row("Celu", "x | alpha", nonlinearities.celu, "float", shape=broadcast),
    row("Gelu", "x | approximate", nonlinearities.gelu, "float", shape=broadcast, preset={"approximate": True},
        tf="nn.gelu", tf_call="features=x | approximate", tf_preset={"approximate": False}),
    of_one("Sigmoid", nonlinearities.sigmoid, "math.sigmoid sigmoid nn.sigmoid"),
    of_one("HardSigmoid", nonlinearities.hard_sigmoid),
    of_one("SparseSigmoid", NAMED["sparse_sigmoid"]),
    row("Silu", "x", NAMED["silu"], "float", shape=broadcast, tf="nn.silu nn.swish", tf_call="features=x"),
    of_one("HardSilu", NAMED["hard_silu_keras3"]),
    of_one("Softplus", nonlinearities.softplus, "math.softplus nn.softplus"),
    of_one("Softsign", NAMED["softsign"], "nn.softsign"),
    of_one("LogSigmoid", NAMED["log_sigmoid"], "math.log_sigmoid"),
    of_one("TanhShrink", NAMED["tanh_shrink"]),
    of_one("HardTanh", NAMED["hard_tanh"]),
    row("HardShrink", "x | threshold", nonlinearities.hard_shrink, "float", shape=broadcast),
    row("SoftShrink", "x | threshold", nonlinearities.soft_shrink, "float", shape=broadcast),
    row("Threshold", "x | threshold default_value", nonlinearities.threshold, "float", shape=broadcast),
    row("Squareplus", "x | b", nonlinearities.squareplus, "float", shape=broadcast),
    of_one("SparsePlus", nonlinearities.sparse_plus),
    row("Glu", "x | axis", nonlinearities.glu, "float"),
    row("Softmax", "x | axis", softmax, "float", shape=first, tf="nn.softmax math.softmax compat.v1.nn.softmax",
        tf_call="logits=x | axis dim=-"),
    row("LogSoftmax", "x | axis", log_softmax, "float", shape=first, tf="nn.log_softmax math.log_softmax",
        tf_call="logits=x | axis dim=-"),
    row("Sparsemax", "x | axis", sparsemax, "float", shape=first),
)

# A change of type, and what changes nothing.
CASTS = (
    row("Cast", "x | dtype", own.cast, "own", shape=broadcast, tf="cast keras.backend.cast", tf_call="x | dtype"),
    row("", "", own.cast, shape=broadcast, tf="keras.backend.cast_to_floatx compat.v1.to_float", tf_call="x",
        tf_preset={"dtype": "float32"}),
    row("", "", own.cast, shape=broadcast, tf="compat.v1.to_int32", tf_call="x", tf_preset={"dtype": "int32"}),
    row("SaturateCast", "x | dtype", own.saturate_cast, "own", shape=broadcast, tf="saturate_cast",
        tf_call="value=x | dtype"),
    row("ConvertToTensor", "x | dtype sparse=- ragged=-", own.cast, "own", shape=broadcast, tf="convert_to_tensor",
        tf_call="value=x | dtype dtype_hint=-"),
    row("Array", "x | dtype", own.cast, "own", shape=broadcast),
    row("Copy", "x", own.same, "own", shape=broadcast, tf="identity", tf_call="input=x"),
    row("", "", own.each_same, "own", tf="identity_n", tf_call="input=xs", tf_typing="own"),
    row("StopGradient", "variable=x", own.same, "own", shape=broadcast, tf="stop_gradient", tf_call="input=x"),
)

NORMALIZATION = (
    row("Normalize", "x | axis order epsilon", normal.normalize, "float", shape=first),
    row("", "", normal.l2_normalize, shape=first, tf="math.l2_normalize linalg.l2_normalize nn.l2_normalize",
        tf_call="x | axis epsilon dim=-"),
    row("", "", normal.normalize_and_norm, tf="linalg.normalize", tf_call="tensor=x | ord axis"),
    row("", "", normal.clip_by_norm, shape=first, tf="clip_by_norm", tf_call="t=x | clip_norm axes=axes_"),
    row("LayerNorm", "x gamma beta | axis epsilon rms_scaling", normal.layer_norm, "float", shape=first),
    row("RMSNorm", "x scale | axis epsilon", normal.rms_norm, "float", shape=first),
    row("BatchNorm", "x mean variance offset scale | axis epsilon", normal.batch_norm, "float", shape=first),
    row("", "", normal.bias_add, shape=first, tf="nn.bias_add", tf_call="value=x bias | data_format"),
)
