"""Layers that prepare numbers: scales, bins, categories, vocabularies."""

from __future__ import annotations

from keras import Input, Model, layers

from cases.registry import STEPS, VOCABULARY, WORDS, case, masked


@case
def scales_and_bins() -> Model:
    x, sequence = masked()
    adapted = layers.Normalization(axis=(1, 2), mean=[1.0, 2.0, 3.0], variance=[4.0, 0.0, 2.0], name="given")(sequence)
    back = layers.Normalization(axis=None, mean=0.5, variance=2.0, invert=True, name="back")(adapted)
    scaled = layers.Rescaling([0.5, -1.0, 2.0], offset=0.25, name="rescaling")(back)
    bins = [
        layers.Discretization([-0.5, 0.0, 0.25, 1.0], output_mode=mode, name=mode)(sequence)
        for mode in ("int", "one_hot", "multi_hot", "count")
    ]
    return Model(x, [scaled, *bins, layers.SimpleRNN(2, name="after")(scaled)])


@case
def categories_of_whole_numbers() -> Model:
    words, weights = Input((STEPS,), dtype="int32", name="words"), Input((STEPS,), name="weights")
    known = list(range(VOCABULARY - 3, 0, -1))
    index = layers.IntegerLookup(vocabulary=known, mask_token=0, num_oov_indices=2, name="index")(words)
    read = layers.Embedding(len(known) + 3, 3, mask_zero=True, name="embedding")(index)
    outputs = [
        layers.LSTM(2, name="lstm")(read),
        layers.IntegerLookup(vocabulary=known, mask_token=0, output_mode="count", name="counted")(words),
        layers.IntegerLookup(vocabulary=known, invert=True, oov_token=-7, name="token")(index),
        layers.CategoryEncoding(VOCABULARY, name="multi_hot")(words),
        layers.CategoryEncoding(VOCABULARY, output_mode="one_hot", name="one_hot")(words),
        layers.CategoryEncoding(VOCABULARY, output_mode="count", name="weighted")(words, count_weights=weights),
    ]
    return Model([words, weights], outputs)


@case
def words_read_by_an_lstm() -> Model:
    words = Input((STEPS,), dtype="string", name="words")
    known = list(WORDS[:-1])
    index = layers.StringLookup(vocabulary=known, mask_token="", name="index")(words)
    read = layers.Embedding(len(known) + 2, 3, mask_zero=True, name="embedding")(index)
    outputs = [
        layers.LSTM(2, name="lstm")(read),
        layers.StringLookup(vocabulary=known, mask_token="", invert=True, name="word")(index),
        layers.StringLookup(vocabulary=list(WORDS), mask_token="", num_oov_indices=0, name="closed")(words),
        layers.StringLookup(vocabulary=known, mask_token="", output_mode="one_hot", name="one_hot")(words),
        layers.StringLookup(vocabulary=known, output_mode="multi_hot", name="multi_hot")(words),
        layers.StringLookup(vocabulary=known, output_mode="count", max_tokens=8, pad_to_max_tokens=True, name="padded")(
            words
        ),
        layers.StringLookup(vocabulary=known, output_mode="tf_idf", idf_weights=[0.25, 0.5, 1, 2], name="tf_idf")(
            words
        ),
    ]
    return Model(words, outputs)


@case
def vocabularies_in_files_of_their_own() -> Model:
    """Adapted layers keep their vocabulary beside the weights; an ``.h5`` loses it."""
    texts = Input((STEPS,), dtype="string", name="texts")
    numbers = Input((STEPS,), dtype="int64", name="numbers")
    seen, counted = [list(WORDS[:3]), list(WORDS[1:4])], [[7, 2, 5], [5, 2, 3]]
    adapted = [
        (layers.StringLookup(mask_token="", name="index"), seen, texts),
        (layers.StringLookup(output_mode="tf_idf", max_tokens=7, pad_to_max_tokens=True, name="tf_idf"), seen, texts),
        (layers.IntegerLookup(mask_token=0, name="place"), counted, numbers),
        (layers.IntegerLookup(output_mode="tf_idf", name="weighted"), counted, numbers),
    ]
    for layer, examples, _ in adapted:
        layer.adapt(examples)
    index, *others = [layer(x) for layer, _, x in adapted]
    read = layers.Embedding(8, 3, mask_zero=True, name="embedding")(index)
    return Model([texts, numbers], [layers.GRU(2, name="gru")(read), *others])


@case
def middle_of_a_picture() -> Model:
    x = Input((5, 6, 2), name="x")
    return Model(x, layers.CenterCrop(4, 3, name="crop")(x))
