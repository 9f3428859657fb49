"""SimpleRNN, LSTM and GRU alone, and in stacks."""

from __future__ import annotations

from keras import Model, layers

from cases.registry import case, dense, jax_too, masked, sequential

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
