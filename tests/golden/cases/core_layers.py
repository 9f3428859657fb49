"""Layers that stand between the recurrent ones: merging, softmax under a mask, noise, weights of few bits."""

from __future__ import annotations

from keras import Input, Model, layers, quantizers, utils

from cases.registry import FEATURES, STEPS, VOCABULARY, case, masked


@case
def merged_tensors_of_different_rank() -> Model:
    x, sequence = masked()
    v = Input((FEATURES,), name="v")
    merging = (layers.Add, layers.Subtract, layers.Multiply, layers.Average, layers.Maximum, layers.Minimum)
    merged = [kind(name=kind.__name__.lower())([v, sequence]) for kind in merging]
    return Model(
        [x, v], [layers.GlobalAveragePooling1D(name=f"after_{index}")(value) for index, value in enumerate(merged)]
    )


@case
def merged_masks_of_three() -> Model:
    x, sequence = masked()
    y, other = masked(name="y")
    z = Input((STEPS, FEATURES), name="z")
    merging = (layers.Add, layers.Multiply, layers.Average, layers.Maximum, layers.Minimum, layers.Concatenate)
    both = [kind(name=f"{kind.__name__.lower()}_masked")([sequence, other]) for kind in merging]
    some = [kind(name=f"{kind.__name__.lower()}_partly")([sequence, z, other]) for kind in merging]
    along = layers.Concatenate(axis=1, name="one_after_the_other")([sequence, other])
    after = [layers.GlobalAveragePooling1D(name=f"after_{index}")(value) for index, value in enumerate([*both, *some])]
    return Model([x, y, z], [*after, layers.GRU(2, name="gru")(along)])


@case
def dot_products() -> Model:
    x, sequence = masked()
    y = Input((STEPS, FEATURES), name="y")
    v = Input((FEATURES,), name="v")
    pairs = {(2, 2): (sequence, y), (1, 1): (sequence, y), (2, 1): (sequence, v), (1, 2): (v, y), (-1, -1): (v, v)}
    products = [
        layers.Dot(list(axes), normalize=normalize, name=f"dot_{index}_{int(normalize)}")(list(pair))
        for index, (axes, pair) in enumerate(pairs.items())
        for normalize in (False, True)
    ]
    return Model([x, y, v], products)


@case
def softmax_under_a_mask() -> Model:
    scores = Input((STEPS,), name="scores")
    seen = Input((STEPS,), dtype="bool", name="seen")
    x = Input((STEPS, FEATURES), name="x")
    weights = layers.Softmax(name="weights")(scores, mask=seen)
    context = layers.Dot(1, name="context")([weights, x])
    return Model([scores, seen, x], [context, layers.Softmax(axis=[1, 2], name="over_both")(x)])


@case
def noise_and_identity() -> Model:
    x, sequence = masked()
    noisy = sequence
    for layer in (
        layers.GaussianNoise(0.3, name="noise"),
        layers.GaussianDropout(0.3, name="gaussian"),
        layers.AlphaDropout(0.2, name="alpha"),
        layers.SpatialDropout1D(0.4, name="spatial"),
        layers.ActivityRegularization(l1=0.1, l2=0.2, name="activity"),
        layers.Identity(name="identity"),
    ):
        noisy = layer(noisy)
    return Model(x, layers.LSTM(3, return_sequences=True, name="rnn")(noisy))


def _of_few_bits(config: object, name: str = "words") -> Model:
    utils.set_random_seed(7)
    words = Input((STEPS,), dtype="int32", name=name)
    embedded = layers.Embedding(VOCABULARY, 5, mask_zero=True, name="embedding")(words)
    sequence = layers.GRU(4, return_sequences=True, name="rnn")(embedded)
    hidden = layers.Dense(7, "tanh", name="hidden")(sequence)
    model = Model(words, layers.Dense(3, use_bias=False, name="dense")(hidden))
    model.quantize(config=config)
    return model


@case
def eight_bits() -> Model:
    return _of_few_bits(quantizers.Int8QuantizationConfig())


@case
def few_bits_at_each_step() -> Model:
    """TimeDistributed goes past the quantized call, and takes the whole numbers for the weights."""
    utils.set_random_seed(7)
    words = Input((STEPS, 2), dtype="int32", name="words")
    embedded = layers.TimeDistributed(layers.Embedding(VOCABULARY, 3), name="embedding")(words)
    flat = layers.TimeDistributed(layers.Flatten(), name="flat")(embedded)
    rnn = layers.GRU(4, return_sequences=True, name="rnn")(layers.Rescaling(0.01, name="small")(flat))
    model = Model(words, layers.TimeDistributed(layers.Dense(3, "tanh"), name="dense")(rnn))
    model.quantize("int8")
    return model


@case
def four_bits() -> Model:
    return _of_few_bits(quantizers.Int4QuantizationConfig(block_size=None))


@case
def four_bits_in_blocks() -> Model:
    return _of_few_bits(quantizers.Int4QuantizationConfig(block_size=3))


@case
def adapted_by_lora() -> Model:
    words = Input((STEPS,), dtype="int32", name="words")
    embedding = layers.Embedding(VOCABULARY, 4, mask_zero=True, name="embedding")
    sequence = layers.LSTM(4, return_sequences=True, name="rnn")(embedding(words))
    dense = layers.Dense(5, name="dense")
    model = Model(words, dense(sequence))
    embedding.enable_lora(2)
    dense.enable_lora(3, lora_alpha=2)
    return model


@case
def lambda_that_changes_nothing() -> Model:
    x, sequence = masked()
    passed = layers.Lambda(lambda value: 1.0 * value, name="lambda")(sequence)
    return Model(x, layers.LSTM(3, return_sequences=True, name="rnn")(passed))
