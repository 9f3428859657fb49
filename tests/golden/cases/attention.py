"""Attention of every kind, and projections along any axes."""

from __future__ import annotations

from typing import Any

from keras import Input, Model, layers

from cases.registry import FEATURES, STEPS, VOCABULARY, case, jax_too, masked


@jax_too
def attention_scores() -> Model:
    x, query = masked()
    y, value = masked(name="y", steps=STEPS + 1)
    outputs = [
        *layers.Attention(name="dot")([query, value], return_attention_scores=True),
        layers.Attention(use_scale=True, name="scaled")([query, value, value]),
        layers.Attention(use_scale=True, score_mode="concat", dropout=0.3, name="concat")([query, value]),
        layers.AdditiveAttention(name="additive")([query, value], use_causal_mask=True),
        layers.AdditiveAttention(use_scale=False, name="bare")([query, y]),
    ]
    return Model([x, y], [*outputs, layers.SimpleRNN(2, name="after")(outputs[0])])


@case
def attention_with_masks_by_hand() -> Model:
    x, y = Input((STEPS, FEATURES), name="x"), Input((STEPS, FEATURES), name="y")
    seen, heard = Input((STEPS,), dtype="bool", name="seen"), Input((STEPS,), dtype="bool", name="heard")
    attended = layers.Attention(name="attention")([x, y], mask=[seen, heard])
    by_hand = layers.GroupQueryAttention(2, 2, 1, name="heads")(
        x, y, query_mask=seen, value_mask=heard, use_causal_mask=True
    )
    outputs = [
        attended,
        layers.SimpleRNN(2, name="after")(attended),
        by_hand,
        layers.SimpleRNN(2, name="heard_all")(by_hand),
    ]
    return Model([x, y, seen, heard], outputs)


@case
def attention_between_recurrences() -> Model:
    words = Input((STEPS,), dtype="int32", name="words")
    read = layers.Embedding(VOCABULARY, 3, mask_zero=True, name="embedding")(words)
    encoded = layers.LSTM(2, return_sequences=True, name="encoder")(read)
    decoded = layers.GRU(2, return_sequences=True, name="decoder")(read)
    context = layers.AdditiveAttention(name="attention")([decoded, encoded])
    both = layers.Concatenate(name="both")([decoded, context])
    return Model(words, layers.GlobalAveragePooling1D(name="pooling")(both))


def block(sequence: Any, name: str, dropout: float = 0.0) -> Any:
    """A transformer's encoder block without its dense part."""
    attended = layers.MultiHeadAttention(2, 2, dropout=dropout, name=name)(sequence, sequence)
    return layers.LayerNormalization(name=f"{name}_norm")(layers.Add(name=f"{name}_sum")([sequence, attended]))


@jax_too
def attention_blocks_forget_the_mask() -> Model:
    """MultiHeadAttention takes the mask off its tensors, so the sum has none, nor has the second block."""
    x, sequence = masked()
    kept = layers.Dropout(0.5, name="dropout")(sequence)
    first = block(kept, "first")
    beside = layers.MultiHeadAttention(1, 2, name="beside")(sequence, first)
    second = block(first, "second", dropout=0.2)
    return Model(x, [beside, second, layers.LSTM(2, name="lstm")(second)])


@case
def attention_of_heads() -> Model:
    x, query = masked()
    y, value = masked(name="y", steps=STEPS + 1)
    allowed = Input((STEPS, STEPS + 1), dtype="bool", name="allowed")
    plain = layers.MultiHeadAttention(2, 2, name="plain")(query, value, key=y, attention_mask=allowed)
    gated = layers.MultiHeadAttention(1, 3, value_dim=2, use_gate=True, sliding_window=3, name="gated")(plain, value)
    bare = layers.MultiHeadAttention(2, 2, use_bias=False, dropout=0.2, output_shape=(2, 2), name="bare")(gated, y)
    scores = layers.GroupQueryAttention(2, 4, 2, name="grouped")(query, x, return_attention_scores=True)
    return Model([x, y, allowed], [plain, gated, bare, *scores, layers.SimpleRNN(2, name="after")(scores[0])])


@case
def attention_along_axes() -> Model:
    x = Input((2, 4, 3), name="x")
    along = layers.MultiHeadAttention(2, 2, attention_axes=(2,), name="along")(x, x)
    return Model(x, layers.MultiHeadAttention(1, 2, name="across")(along, along))


@case
def biases_along_what_looks_like_channels() -> Model:
    """Keras adds these along another axis than was meant, on TensorFlow: as many steps as heads, rows as channels."""
    x = Input((STEPS, FEATURES), name="x")
    heads = layers.MultiHeadAttention(STEPS, 1, name="heads")(x, x)
    einsum = layers.EinsumDense("abc,cde->abde", (STEPS, STEPS, 1), bias_axes="d", name="einsum")(x)
    separable = layers.SeparableConv1D(FEATURES, 1, data_format="channels_first", name="separable")(x)
    return Model(x, [heads, einsum, separable])


@case
def einsum_dense() -> Model:
    x, sequence = masked()
    heads = layers.EinsumDense("abc,cde->abde", (STEPS, 2, 3), bias_axes="e", name="heads")(sequence)
    joined = layers.EinsumDense("...de,def->...f", 4, bias_axes="f", activation="tanh", name="joined")(heads)
    turned = layers.EinsumDense("abc,bd->adc", (5, FEATURES), bias_axes="dc", name="turned")(sequence)
    ahead = layers.EinsumDense("ab...,bd->ad...", 5, bias_axes="d", name="ahead")(sequence)
    return Model(x, [layers.SimpleRNN(2, name="after")(joined), turned, ahead])
