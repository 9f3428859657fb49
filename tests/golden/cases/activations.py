"""Every built-in activation, wherever it may stand."""

from __future__ import annotations

from keras import Input, Model, layers, ops

from cases.registry import STEPS, case, dense, masked, sequential

ROW_WISE = ("softmax", "log_softmax", "sparsemax")
ELEMENT_WISE = (
    "elu", "selu", "softplus", "softsign", "silu", "swish", "gelu", "mish", "hard_sigmoid", "hard_silu", "hard_swish",
    "hard_tanh", "hard_shrink", "soft_shrink", "tanh_shrink", "relu", "relu6", "leaky_relu", "exponential", "linear",
    "sigmoid", "log_sigmoid", "celu", "sparse_plus", "sparse_sigmoid", "squareplus", "tanh",
)  # fmt: skip
RECURRENT = (
    "elu", "softsign", "silu", "gelu", "mish", "hard_sigmoid", "hard_silu", "hard_tanh", "soft_shrink", "tanh_shrink",
    "relu6", "leaky_relu", "log_sigmoid", "celu", "sparse_sigmoid", "sigmoid", "softmax", "selu", "softplus",
)  # fmt: skip
GATE = ("sigmoid", "hard_sigmoid", "softsign", "softmax", "relu", "hard_tanh", "sparse_sigmoid")


@case
def dense_activations() -> Model:
    x = Input((5,), name="x")
    return Model(x, [layers.Dense(5, name, name=f"dense_{name}")(x) for name in (*ELEMENT_WISE[::2], *ROW_WISE)])


@case
def activation_layers() -> Model:
    x = Input((STEPS, 4), name="x")
    names = (*ELEMENT_WISE, *ROW_WISE, "glu")
    return Model(x, [layers.Activation(name, name=f"activation_{name}")(x) for name in names])


@case
def simple_rnn_activations() -> Model:
    x, sequence = masked()
    return Model(
        x, [layers.SimpleRNN(3, name, return_sequences=True, name=f"rnn_{name}")(sequence) for name in RECURRENT]
    )


@case
def lstm_activations() -> Model:
    x, sequence = masked()
    names = ("relu", "softsign", "gelu", "hard_tanh", "selu")
    outputs = [layers.LSTM(3, name, return_sequences=True, name=f"lstm_{name}")(sequence) for name in names]
    gates = [layers.LSTM(3, recurrent_activation=name, name=f"lstm_gate_{name}")(sequence) for name in GATE]
    return Model(x, [*outputs, *gates])


@case
def gru_activations() -> Model:
    x, sequence = masked()
    names = ("relu", "softsign", "silu", "hard_tanh", "elu")
    outputs = [layers.GRU(3, name, return_sequences=True, name=f"gru_{name}")(sequence) for name in names]
    gates = [layers.GRU(3, recurrent_activation=name, name=f"gru_gate_{name}")(sequence) for name in GATE]
    return Model(x, [*outputs, *gates])


@case
def activations_given_as_layers() -> Model:
    x = Input((STEPS, 4), name="x")
    return Model(
        x,
        [
            layers.LeakyReLU(negative_slope=0.15, name="leaky_relu")(x),
            layers.ELU(alpha=0.7, name="elu")(x),
            layers.PReLU(name="prelu")(x),
            layers.PReLU(shared_axes=[1], name="prelu_shared")(x),
            layers.ReLU(max_value=1.5, negative_slope=0.1, threshold=0.2, name="relu")(x),
            layers.Softmax(axis=1, name="softmax_over_steps")(x),
            layers.Dense(3, activation=layers.LeakyReLU(negative_slope=0.3), name="dense_leaky")(x),
        ],
    )


@case
def activation_from_a_dict() -> Model:
    given = {"class_name": "LeakyReLU", "config": {"negative_slope": 0.25}, "module": "keras.layers"}
    return sequential(
        layers.SimpleRNN(4, return_sequences=True, name="rnn"), layers.Activation(given, name="activation"), dense()
    )


@case
def activations_given_as_operations() -> Model:
    x = Input((STEPS, 4), name="x")
    activated = [
        ops.gelu(x, approximate=True),
        ops.gelu(x, approximate=False),
        ops.leaky_relu(x, negative_slope=0.3),
        ops.elu(x, alpha=0.6),
        ops.celu(x, alpha=1.7),
        ops.softmax(x, axis=1),
        ops.threshold(x, 0.2, -0.4),
        ops.hard_shrink(x, 0.3),
        ops.soft_shrink(x, 0.3),
        ops.tanh(x),
        ops.sigmoid(x),
        ops.relu(x),
    ]
    return Model(x, [layers.Dense(2, name=f"dense_{index}")(value) for index, value in enumerate(activated)])
