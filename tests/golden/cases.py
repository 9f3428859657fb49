"""The models that the golden files hold: small, and between them every rule that the engine has to know.

A function decorated with `case` builds one model; its name is the case's name. Under `backends` stand those on which
the case is recorded: TensorFlow unless told; the JAX ones are those whose answers differ there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras import Input, Model, Sequential, layers, ops

Builder = Callable[[], Model]
CASES: dict[str, dict[str, Builder]] = {"tensorflow": {}, "jax": {}}

STEPS, FEATURES, VOCABULARY = 6, 3, 9


def case(build: Builder) -> Builder:
    CASES["tensorflow"][build.__name__] = build
    return build


def jax_too(build: Builder) -> Builder:
    CASES["jax"][f"jax_{build.__name__}"] = build
    return case(build)


def masked(value: float = -1.0, name: str = "x", steps: int | None = STEPS) -> tuple[Any, Any]:
    """An input and what Masking makes of it."""
    x = Input((steps, FEATURES), name=name)
    return x, layers.Masking(value, name="masking" if name == "x" else f"masking_{name}")(x)


def sequential(*stack: layers.Layer, value: float | None = -1.0, steps: int | None = STEPS) -> Sequential:
    front = [Input((steps, FEATURES), name="x")]
    if value is not None:
        front.append(layers.Masking(value, name="masking"))
    return Sequential([*front, *stack])


def dense(units: int = 2, activation: str | None = None) -> layers.Dense:
    return layers.Dense(units, activation, name="dense")


# One recurrent layer.


@case
def simple_rnn_last() -> Model:
    return sequential(layers.SimpleRNN(4, name="rnn"), dense(2, "tanh"), value=-99.0)


@jax_too
def simple_rnn_sequences_and_state() -> Model:
    x, sequence = masked(-99.0)
    return Model(x, layers.SimpleRNN(4, return_sequences=True, return_state=True, name="rnn")(sequence))


@case
def simple_rnn_relu_without_bias() -> Model:
    return sequential(layers.SimpleRNN(5, activation="relu", use_bias=False, name="rnn"), dense())


@case
def lstm_last() -> Model:
    return sequential(layers.LSTM(4, name="lstm"), dense(3, "softmax"), value=-99.0)


@jax_too
def lstm_sequences_and_state() -> Model:
    x, sequence = masked()
    return Model(x, layers.LSTM(3, return_sequences=True, return_state=True, name="lstm")(sequence))


@case
def lstm_state_only() -> Model:
    x, sequence = masked(2.5)
    _, h, c = layers.LSTM(3, return_state=True, name="lstm")(sequence)
    return Model(x, [dense()(c), h])


@case
def lstm_hard_sigmoid() -> Model:
    return sequential(layers.LSTM(4, recurrent_activation="hard_sigmoid", return_sequences=True, name="lstm"))


@case
def lstm_softmax_gates() -> Model:
    return sequential(layers.LSTM(4, recurrent_activation="softmax", name="lstm"), dense())


@case
def lstm_relu_gates() -> Model:
    return sequential(layers.LSTM(4, activation="softsign", recurrent_activation="relu6", name="lstm"), dense())


@case
def lstm_without_bias() -> Model:
    return sequential(layers.LSTM(3, use_bias=False, return_sequences=True, name="lstm"))


@case
def lstm_implementation_1() -> Model:
    return sequential(layers.LSTM(3, implementation=1, return_sequences=True, name="lstm"))


@case
def gru_last() -> Model:
    return sequential(layers.GRU(4, name="gru"), dense(2, "sigmoid"), value=-99.0)


@jax_too
def gru_sequences_and_state() -> Model:
    x, sequence = masked()
    return Model(x, layers.GRU(3, return_sequences=True, return_state=True, name="gru")(sequence))


@case
def gru_reset_before() -> Model:
    return sequential(layers.GRU(4, reset_after=False, return_sequences=True, name="gru"))


@case
def gru_reset_before_without_bias() -> Model:
    return sequential(layers.GRU(4, reset_after=False, use_bias=False, name="gru"), dense())


@case
def gru_reset_before_implementation_1() -> Model:
    return sequential(layers.GRU(3, reset_after=False, implementation=1, return_sequences=True, name="gru"))


@case
def gru_without_bias() -> Model:
    return sequential(layers.GRU(4, use_bias=False, return_sequences=True, name="gru"))


@case
def gru_hard_sigmoid() -> Model:
    return sequential(layers.GRU(4, "softplus", "hard_sigmoid", name="gru"), dense())


# Activations, wherever they may stand.


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
GATE = ("sigmoid", "hard_sigmoid", "tanh", "softsign", "softmax", "relu", "hard_tanh", "sparse_sigmoid", "linear")


@case
def dense_activations() -> Model:
    x = Input((5,), name="x")
    return Model(x, [layers.Dense(5, name, name=f"dense_{name}")(x) for name in (*ELEMENT_WISE, *ROW_WISE)])


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
    gates = [layers.GRU(3, recurrent_activation=name, name=f"gru_gate_{name}")(sequence) for name in GATE[:-1]]
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


# Directions, zeros for masked steps, unrolled loops.


@case
def simple_rnn_backwards_last() -> Model:
    return sequential(layers.SimpleRNN(4, go_backwards=True, name="rnn"), dense())


@jax_too
def lstm_backwards_sequences() -> Model:
    return sequential(layers.LSTM(3, go_backwards=True, return_sequences=True, name="lstm"))


@case
def gru_backwards_state() -> Model:
    x, sequence = masked()
    return Model(x, layers.GRU(3, go_backwards=True, return_sequences=True, return_state=True, name="gru")(sequence))


@case
def lstm_backwards_without_mask() -> Model:
    return sequential(layers.LSTM(3, go_backwards=True, return_sequences=True, name="lstm"), value=None)


@jax_too
def gru_zero_output_sequences() -> Model:
    return sequential(layers.GRU(3, zero_output_for_mask=True, return_sequences=True, name="gru"))


@case
def lstm_zero_output_last() -> Model:
    x, sequence = masked()
    return Model(x, layers.LSTM(3, zero_output_for_mask=True, return_state=True, name="lstm")(sequence))


@case
def simple_rnn_zero_output_backwards() -> Model:
    layer = layers.SimpleRNN(4, go_backwards=True, zero_output_for_mask=True, return_sequences=True, name="rnn")
    return sequential(layer)


@case
def simple_rnn_zero_output_backwards_last() -> Model:
    return sequential(layers.SimpleRNN(4, go_backwards=True, zero_output_for_mask=True, name="rnn"))


@case
def lstm_unrolled() -> Model:
    return sequential(layers.LSTM(3, unroll=True, name="lstm"), dense())


@jax_too
def gru_unrolled_sequences() -> Model:
    return sequential(layers.GRU(3, unroll=True, return_sequences=True, name="gru"))


@case
def simple_rnn_unrolled_backwards() -> Model:
    return sequential(layers.SimpleRNN(4, unroll=True, go_backwards=True, return_sequences=True, name="rnn"))


@jax_too
def lstm_unrolled_zero_output() -> Model:
    return sequential(layers.LSTM(3, unroll=True, zero_output_for_mask=True, return_sequences=True, name="lstm"))


@case
def lstm_unrolled_zero_output_last() -> Model:
    return sequential(layers.LSTM(3, unroll=True, zero_output_for_mask=True, name="lstm"))


@jax_too
def gru_unrolled_zero_output_backwards() -> Model:
    x, sequence = masked()
    options = {"unroll": True, "go_backwards": True, "zero_output_for_mask": True}
    outputs = [
        layers.GRU(3, return_sequences=True, name="gru", **options)(sequence),
        layers.GRU(3, name="gru_last", **options)(sequence),
    ]
    return Model(x, outputs)


# Stacks.


@case
def stacked_lstm_and_gru() -> Model:
    return sequential(
        layers.LSTM(4, return_sequences=True, name="lstm"),
        layers.Dropout(0.3, name="dropout"),
        layers.Dense(3, "tanh", name="dense_every_step"),
        layers.GRU(3, name="gru"),
        dense(),
    )


@case
def stacked_cells() -> Model:
    cells = [layers.LSTMCell(3), layers.GRUCell(4), layers.SimpleRNNCell(2)]
    x, sequence = masked()
    return Model(x, layers.RNN(cells, return_sequences=True, return_state=True, name="rnn")(sequence))


@case
def rnn_of_one_cell() -> Model:
    return sequential(
        layers.RNN(layers.GRUCell(3, reset_after=False), return_sequences=True, name="gru"),
        layers.RNN(layers.LSTMCell(4), name="lstm"),
    )


@case
def dropout_everywhere() -> Model:
    options = {"dropout": 0.4, "recurrent_dropout": 0.3, "return_sequences": True}
    return sequential(
        layers.LSTM(3, name="lstm", **options),
        layers.SpatialDropout1D(0.5, name="spatial"),
        layers.GRU(3, name="gru", **options),
        layers.GaussianNoise(0.2, name="noise"),
        layers.SimpleRNN(3, name="rnn", **options),
        layers.GaussianDropout(0.2, name="gaussian"),
        dense(),
    )


# Both directions.


@jax_too
def bidirectional_concat() -> Model:
    inner = layers.LSTM(3, return_sequences=True)
    return sequential(layers.Bidirectional(inner, merge_mode="concat", name="both"), dense())


@case
def bidirectional_concat_last() -> Model:
    return sequential(layers.Bidirectional(layers.LSTM(3), name="both"), dense(2, "tanh"), value=-99.0)


@case
def bidirectional_sum() -> Model:
    return sequential(layers.Bidirectional(layers.GRU(3), merge_mode="sum", name="both"), dense())


@case
def bidirectional_average() -> Model:
    inner = layers.SimpleRNN(3, return_sequences=True)
    return sequential(layers.Bidirectional(inner, merge_mode="ave", name="both"))


@case
def bidirectional_product() -> Model:
    inner = layers.GRU(3, reset_after=False, return_sequences=True)
    return sequential(layers.Bidirectional(inner, merge_mode="mul", name="both"))


@case
def bidirectional_unmerged() -> Model:
    x, sequence = masked()
    return Model(x, layers.Bidirectional(layers.LSTM(3, return_sequences=True), merge_mode=None, name="both")(sequence))


@case
def bidirectional_states() -> Model:
    x, sequence = masked()
    inner = layers.LSTM(3, return_sequences=True, return_state=True)
    return Model(x, layers.Bidirectional(inner, name="both")(sequence))


@case
def bidirectional_unmerged_states() -> Model:
    x, sequence = masked()
    inner = layers.GRU(3, return_state=True)
    return Model(x, layers.Bidirectional(inner, merge_mode=None, name="both")(sequence))


@case
def bidirectional_own_backward_layer() -> Model:
    forward = layers.LSTM(3, return_sequences=True)
    backward = layers.LSTM(
        3, "softsign", "hard_sigmoid", use_bias=False, go_backwards=True, return_sequences=True, name="reader"
    )
    return sequential(layers.Bidirectional(forward, backward_layer=backward, name="both"), dense())


@case
def bidirectional_of_two_kinds() -> Model:
    backward = layers.SimpleRNN(3, go_backwards=True)
    return sequential(layers.Bidirectional(layers.GRU(3), backward_layer=backward, merge_mode="sum", name="both"))


@case
def bidirectional_without_mask() -> Model:
    inner = layers.LSTM(3, return_sequences=True)
    return sequential(layers.Bidirectional(inner, name="both"), value=None)


@case
def bidirectional_stacked() -> Model:
    return sequential(
        layers.Bidirectional(layers.GRU(2, return_sequences=True), name="lower"),
        layers.Bidirectional(layers.LSTM(3), name="upper"),
        dense(),
    )


@jax_too
def bidirectional_initial_state() -> Model:
    x, sequence = masked()
    given = [Input((3,), name=name) for name in ("h_forward", "c_forward", "h_backward", "c_backward")]
    inner = layers.LSTM(3, return_sequences=True, return_state=True)
    return Model([x, *given], layers.Bidirectional(inner, name="both")(sequence, initial_state=given))


# States handed in, masks handed in.


def encoder_decoder(kind: type[layers.RNN]) -> Model:
    """Sequence to sequence; the decoder, called with a tensor as initial state, does not see its mask."""
    source = Input((STEPS,), dtype="int32", name="source")
    target = Input((STEPS,), dtype="int32", name="target")
    read = layers.Embedding(VOCABULARY, 4, mask_zero=True, name="embedding_source")(source)
    _, *states = kind(3, return_state=True, name="encoder")(read)
    written = layers.Embedding(VOCABULARY, 4, mask_zero=True, name="embedding_target")(target)
    sequence, *_ = kind(3, return_sequences=True, return_state=True, name="decoder")(written, initial_state=states)
    return Model([source, target], dense(VOCABULARY, "softmax")(sequence))


@jax_too
def encoder_decoder_lstm() -> Model:
    return encoder_decoder(layers.LSTM)


@case
def encoder_decoder_gru() -> Model:
    return encoder_decoder(layers.GRU)


@case
def initial_state_from_dense() -> Model:
    x, about = Input((STEPS, FEATURES), name="x"), Input((2,), name="about")
    start = layers.Dense(4, "tanh", name="start")(about)
    return Model([x, about], layers.SimpleRNN(4, return_sequences=True, name="rnn")(x, initial_state=start))


@case
def initial_state_ignores_mask() -> Model:
    x, sequence = masked()
    start = Input((3,), name="start")
    after = layers.GRU(3, return_sequences=True, name="gru")(sequence, initial_state=start)
    return Model([x, start], layers.SimpleRNN(3, name="still_masked")(after))


@jax_too
def initial_state_and_mask_by_hand() -> Model:
    x, start = Input((STEPS, FEATURES), name="x"), Input((3,), name="start")
    seen = Input((STEPS,), dtype="bool", name="seen")
    options = {"return_sequences": True, "return_state": True}
    outputs = [
        layers.SimpleRNN(3, name="rnn", **options)(x, initial_state=start, mask=seen),
        layers.SimpleRNN(3, go_backwards=True, name="backwards", **options)(x, initial_state=start, mask=seen),
        layers.SimpleRNN(3, unroll=True, name="unrolled", **options)(x, initial_state=start, mask=seen),
        layers.GRU(3, return_state=True, name="gru_last")(x, initial_state=start, mask=seen),
    ]
    return Model([x, start, seen], outputs)


@case
def mask_input() -> Model:
    x, seen = Input((STEPS, FEATURES), name="x"), Input((STEPS,), dtype="bool", name="seen")
    sequence = layers.LSTM(3, return_sequences=True, name="lstm")(x, mask=seen)
    return Model([x, seen], layers.GRU(3, name="gru")(sequence))


@case
def mask_by_operations() -> Model:
    x = Input((STEPS, FEATURES), name="x")
    seen = ops.any(ops.not_equal(x, -1.0), axis=-1)
    sequence = layers.GRU(3, return_sequences=True, name="gru")(x, mask=seen)
    return Model(x, dense()(sequence))


@case
def mask_by_hand_for_both_directions() -> Model:
    x, seen = Input((STEPS, FEATURES), name="x"), Input((STEPS,), dtype="bool", name="seen")
    inner = layers.SimpleRNN(3, return_sequences=True)
    return Model([x, seen], layers.Bidirectional(inner, name="both")(x, mask=seen))


# Layers applied to every step.


@case
def time_distributed_dense() -> Model:
    return sequential(
        layers.LSTM(3, return_sequences=True, name="lstm"),
        layers.TimeDistributed(layers.Dense(4, "relu"), name="every_step"),
        layers.GRU(3, name="gru"),
    )


@jax_too
def time_distributed_lstm() -> Model:
    x = Input((4, 5, FEATURES), name="x")
    inner = layers.LSTM(3, return_sequences=True)
    return Model(x, layers.TimeDistributed(inner, name="every_step")(x))


@case
def time_distributed_masked_gru() -> Model:
    x = Input((4, 5, FEATURES), name="x")
    sequence = layers.Masking(-1.0, name="masking")(x)
    return Model(x, layers.TimeDistributed(layers.GRU(3), name="every_step")(sequence))


@case
def time_distributed_both_directions() -> Model:
    x = Input((4, 5, FEATURES), name="x")
    inner = layers.Bidirectional(layers.LSTM(2), merge_mode="concat")
    return Model(x, layers.TimeDistributed(inner, name="every_step")(x))


# Where masks begin, and where they end.


@case
def embedding() -> Model:
    words = Input((STEPS,), dtype="int32", name="words")
    sequence = layers.Embedding(VOCABULARY, 4, name="embedding")(words)
    return Model(words, layers.LSTM(3, return_sequences=True, name="lstm")(sequence))


@case
def embedding_mask_zero() -> Model:
    return Sequential(
        [
            Input((STEPS,), dtype="int32", name="words"),
            layers.Embedding(VOCABULARY, 4, mask_zero=True, name="embedding"),
            layers.GRU(3, return_sequences=True, name="gru"),
            layers.LSTM(3, name="lstm"),
            dense(1, "sigmoid"),
        ]
    )


@case
def embedding_of_float_indices() -> Model:
    words = Input((STEPS,), dtype="float32", name="words")
    sequence = layers.Embedding(VOCABULARY, 4, mask_zero=True, name="embedding")(words)
    return Model(words, layers.SimpleRNN(3, return_sequences=True, name="rnn")(sequence))


@case
def masking_zero() -> Model:
    return sequential(layers.GRU(3, return_sequences=True, name="gru"), value=0.0)


@case
def masking_a_value_that_floats_cannot_hold() -> Model:
    return sequential(layers.SimpleRNN(3, return_sequences=True, name="rnn"), value=0.1)


@case
def masking_after_relu() -> Model:
    return Sequential(
        [
            Input((STEPS, FEATURES), name="x"),
            layers.Dense(2, "relu", name="often_zero"),
            layers.Masking(0.0, name="masking"),
            layers.LSTM(3, return_sequences=True, name="lstm"),
        ]
    )


@case
def flatten_after_rnn() -> Model:
    return sequential(layers.LSTM(3, return_sequences=True, name="lstm"), layers.Flatten(name="flatten"), dense())


@case
def pooling_under_a_mask() -> Model:
    x, sequence = masked()
    hidden = layers.SimpleRNN(3, return_sequences=True, name="rnn")(sequence)
    pooled = [layers.GlobalAveragePooling1D(name="mean")(hidden), layers.GlobalMaxPooling1D(name="max")(hidden)]
    return Model(x, pooled)


@case
def normalized_steps() -> Model:
    return sequential(
        layers.BatchNormalization(name="batch"),
        layers.GRU(4, return_sequences=True, name="gru"),
        layers.LayerNormalization(name="layer"),
        layers.LSTM(3, name="lstm"),
    )


@case
def dense_on_every_step() -> Model:
    return sequential(layers.Dense(4, "tanh", name="every_step"), layers.GRU(3, name="gru"), dense())


@case
def variable_length() -> Model:
    return sequential(layers.LSTM(4, return_sequences=True, name="lstm"), layers.GRU(3, name="gru"), steps=None)


@case
def repeat_vector() -> Model:
    return sequential(
        layers.GRU(3, name="encoder"),
        layers.RepeatVector(4, name="repeat"),
        layers.LSTM(3, return_sequences=True, name="decoder"),
    )


# Graphs.


@case
def several_outputs() -> Model:
    x, sequence = masked()
    hidden = layers.LSTM(4, return_sequences=True, name="lstm")(sequence)
    last = layers.GRU(3, name="gru")(hidden)
    outputs = [layers.Dense(2, name="every_step")(hidden), layers.Dense(1, "sigmoid", name="verdict")(last), last]
    return Model(x, outputs)


@case
def several_inputs() -> Model:
    x, first = masked()
    y, second = masked(0.0, name="y")
    about = Input((2,), name="about")
    read = [layers.LSTM(3, name="lstm")(first), layers.GRU(3, name="gru")(second)]
    joined = layers.Concatenate(name="join")([*read, layers.Dense(2, "tanh", name="aside")(about)])
    return Model([x, y, about], dense()(joined))


@case
def merged_masks() -> Model:
    x, first = masked()
    y, second = masked(0.0, name="y")
    z = Input((STEPS, FEATURES), name="z")
    merged = {
        "added": layers.Add(name="add")([first, second]),
        "multiplied": layers.Multiply(name="multiply")([first, second]),
        "joined": layers.Concatenate(name="side_by_side")([first, second]),
        "unmasked": layers.Average(name="average")([first, z]),
    }
    return Model([x, y, z], [layers.SimpleRNN(3, name=name)(value) for name, value in merged.items()])


@case
def shared_layer() -> Model:
    x, first = masked()
    y, second = masked(0.0, name="y")
    reader = layers.LSTM(3, name="reader")
    return Model([x, y], layers.Subtract(name="apart")([reader(first), reader(second)]))


@case
def sliced_sequence() -> Model:
    x, sequence = masked()
    hidden = layers.GRU(3, return_sequences=True, name="gru")(sequence)
    return Model(x, dense()(hidden[:, -1] * 2.0 + hidden[:, 0]))


@case
def nested_functional() -> Model:
    inside = Input((STEPS, FEATURES), name="inside")
    body = layers.LSTM(3, return_sequences=True, name="lstm")(layers.Masking(-1.0, name="masking")(inside))
    inner = Model(inside, layers.Dense(3, "tanh", name="dense_inside")(body), name="inner")
    x = Input((STEPS, FEATURES), name="x")
    return Model(x, layers.GRU(3, name="gru")(inner(x)))


@case
def nested_sequential() -> Model:
    inner = Sequential([layers.GRU(4, return_sequences=True, name="gru"), layers.LSTM(3, name="lstm")], name="inner")
    x, sequence = masked()
    return Model(x, dense()(inner(sequence)))


@case
def conv_lstm() -> Model:
    x = Input((4, 5, 4, 2), name="x")
    sequence = layers.ConvLSTM2D(3, (3, 2), padding="same", return_sequences=True, name="first")(x)
    last = layers.ConvLSTM2D(2, 3, strides=2, recurrent_activation="hard_sigmoid", name="second")(sequence)
    return Model(x, last)


@case
def trained() -> Model:
    """As people have them: compiled and fitted, with the optimizer's variables in the file."""
    model = sequential(layers.LSTM(4, name="lstm"), dense(1, "tanh"), value=-99.0)
    model.compile("adam", "mse", metrics=["mae"])
    return model
