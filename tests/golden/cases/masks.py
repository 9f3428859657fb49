"""Where masks begin and end, and masks and states handed in."""

from __future__ import annotations

from keras import Input, Model, Sequential, layers, ops

from cases.registry import FEATURES, STEPS, VOCABULARY, case, dense, jax_too, masked, sequential

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


@jax_too
def mask_and_states_by_hand_for_both_directions() -> Model:
    x, seen = Input((STEPS, FEATURES), name="x"), Input((STEPS,), dtype="bool", name="seen")
    given = [Input((3,), name="h_forward"), Input((3,), name="h_backward")]
    sequences = layers.Bidirectional(layers.SimpleRNN(3, return_sequences=True), name="both")
    last = layers.Bidirectional(layers.GRU(3, return_state=True), name="both_last")
    outputs = [sequences(x, initial_state=given, mask=seen), last(x, initial_state=given, mask=seen)]
    return Model([x, *given, seen], outputs)


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
