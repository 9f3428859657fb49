"""Layers that read backwards or both ways, zeros for masked steps, unrolled loops."""

from __future__ import annotations

from keras import Input, Model, layers

from cases.registry import case, dense, jax_too, masked, sequential

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
