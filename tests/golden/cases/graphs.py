"""Several inputs and outputs, shared and nested layers, layers applied to every step."""

from __future__ import annotations

from keras import Input, Model, Sequential, layers

from cases.registry import FEATURES, STEPS, case, dense, jax_too, masked, sequential

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


# Types other than float32.


@case
def integer_features() -> Model:
    counts = Input((STEPS, FEATURES), dtype="int32", name="counts")
    seen = layers.Masking(0.0, name="masking")(counts)
    read = [
        layers.SimpleRNN(3, name="simple")(seen),
        layers.LSTM(3, name="lstm")(seen),
        layers.Bidirectional(layers.GRU(2), name="both")(seen),
        layers.GlobalAveragePooling1D(name="average")(seen),
        layers.Dense(2, name="every_step")(counts),
        layers.LayerNormalization(name="normal")(counts),
        layers.BatchNormalization(name="scaled")(counts),
    ]
    return Model(counts, read)


@case
def boolean_features() -> Model:
    flags = Input((STEPS, FEATURES), dtype="bool", name="flags")
    return Model(flags, [layers.SimpleRNN(3, name="simple")(flags), layers.Dense(2, name="every_step")(flags)])


@case
def double_precision() -> Model:
    x = Input((STEPS, FEATURES), dtype="float64", name="x")
    seen = layers.Masking(-1.0, name="masking", dtype="float64")(x)
    hidden = layers.LSTM(3, return_sequences=True, name="lstm", dtype="float64")(seen)
    return Model(x, layers.Dense(2, "tanh", name="dense", dtype="float64")(hidden))


@case
def fixed_batch() -> Model:
    x = Input(batch_shape=(6, STEPS, FEATURES), name="x")
    return Model(x, layers.GRU(3, name="gru")(layers.Masking(-1.0, name="masking")(x)))


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
        "largest": layers.Maximum(name="maximum")([first, second]),
        "smallest": layers.Minimum(name="minimum")([first, second]),
        "half_masked": layers.Maximum(name="maximum_of_one_masked")([first, z]),
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
