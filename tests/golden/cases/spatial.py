"""Convolution, pooling and resizing of sequences, images and volumes; the layer behind shows where a mask ends."""

from __future__ import annotations

from keras import Input, Model, Sequential, layers

from cases.registry import FEATURES, STEPS, case, jax_only


def read_by_rnns(x: object, *stack: layers.Layer) -> Model:
    """Each layer on the same masked sequence, and a recurrent layer behind each."""
    sequence = layers.Masking(-1.0, name="masking")(x)
    return Model(x, [layers.SimpleRNN(2, name=f"after_{layer.name}")(layer(sequence)) for layer in stack])


@case
def convolutions_of_sequences() -> Model:
    return read_by_rnns(
        Input((STEPS, FEATURES), name="x"),
        layers.Conv1D(4, 2, padding="causal", dilation_rate=2, activation="tanh", name="causal"),
        layers.Conv1D(4, 3, padding="same", strides=2, name="same"),
        layers.Conv1D(6, 2, groups=3, use_bias=False, name="grouped"),
        layers.DepthwiseConv1D(3, depth_multiplier=2, padding="same", name="depthwise"),
        layers.SeparableConv1D(4, 2, depth_multiplier=2, dilation_rate=2, name="separable"),
        layers.Conv1DTranspose(2, 3, strides=2, padding="same", output_padding=0, name="transposed"),
    )


@case
def pooling_of_sequences() -> Model:
    return read_by_rnns(
        Input((STEPS, FEATURES), name="x"),
        layers.MaxPooling1D(2, strides=1, padding="same", name="largest"),
        layers.AveragePooling1D(4, strides=3, padding="same", name="average"),
        layers.AdaptiveMaxPooling1D(4, name="adaptive_largest"),
        layers.AdaptiveAveragePooling1D(5, name="adaptive_average"),
        layers.UpSampling1D(2, name="repeated"),
        layers.Cropping1D((1, 2), name="cropped"),
        layers.ZeroPadding1D((2, 1), name="padded"),
        layers.Reshape((-1, 2), name="reshaped"),
        layers.Permute((2, 1), name="permuted"),
    )


@case
def images() -> Model:
    x = Input((5, 4, 4), name="x")
    return Model(
        x,
        [
            layers.Conv2D(4, (3, 2), strides=(2, 1), padding="same", groups=2, activation="relu", name="grouped")(x),
            layers.Conv2D(3, 2, dilation_rate=(3, 2), activation="softmax", name="dilated")(x),
            layers.DepthwiseConv2D((2, 3), depth_multiplier=2, name="depthwise")(x),
            layers.SeparableConv2D(3, 2, strides=2, padding="same", name="separable")(x),
            layers.Conv2DTranspose(2, (3, 2), strides=(3, 2), padding="same", name="transposed")(x),
            layers.MaxPooling2D((2, 3), padding="same", name="largest")(x),
            layers.AveragePooling2D((3, 2), strides=(2, 1), padding="same", name="average")(x),
            layers.GlobalMaxPooling2D(keepdims=True, name="largest_of_all")(x),
            layers.GlobalAveragePooling2D(name="average_of_all")(x),
            layers.Flatten(data_format="channels_first", name="flattened")(x),
        ],
    )


@case
def images_enlarged() -> Model:
    x = Input((3, 4, 2), name="x")
    kinds = ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")
    enlarged = [layers.UpSampling2D((3, 2), interpolation=kind, name=kind)(x) for kind in kinds]
    first = layers.UpSampling2D(2, data_format="channels_first", name="channels_first")(x)
    bordered = layers.Cropping2D(((1, 0), (0, 2)), name="cropped")(layers.ZeroPadding2D((2, 1), name="padded")(x))
    return Model(x, [*enlarged, first, bordered])


@case
def volumes() -> Model:
    x = Input((4, 3, 5, 2), name="x")
    return Model(
        x,
        [
            layers.Conv3D(3, (2, 3, 2), strides=(2, 1, 1), padding="same", name="same")(x),
            layers.Conv3DTranspose(2, 2, strides=(1, 2, 1), name="transposed")(x),
            layers.MaxPooling3D(2, padding="same", name="largest")(x),
            layers.AveragePooling3D((3, 2, 2), strides=1, padding="same", name="average")(x),
            layers.AdaptiveAveragePooling3D((3, 2, 2), name="adaptive")(x),
            layers.GlobalAveragePooling3D(name="average_of_all")(x),
            layers.UpSampling3D((1, 2, 1), name="repeated")(x),
            layers.Cropping3D(((1, 1), (0, 1), (2, 0)), name="cropped")(x),
            layers.ZeroPadding3D((0, 1, 1), name="padded")(x),
        ],
    )


@case
def frames_read_by_an_lstm() -> Model:
    """What such layers are for beside recurrent ones: every frame convolved, pooled and flattened on its way."""
    front = Sequential(
        [
            Input((4, 6, 5, 1), name="x"),
            layers.TimeDistributed(layers.Conv2D(2, 3, activation="relu"), name="convolved"),
            layers.TimeDistributed(layers.MaxPooling2D(2), name="pooled"),
            layers.TimeDistributed(layers.Flatten(), name="flattened"),
        ]
    )
    return Model(front.inputs, layers.LSTM(3, name="lstm")(front.outputs[0]))


@jax_only
def channels_first() -> Model:
    x, first = Input((3, 4, 3), name="x"), {"data_format": "channels_first"}
    line = layers.Reshape((4, 9), name="line")(x)
    return Model(
        x,
        [
            layers.Conv2D(2, 2, padding="same", strides=2, activation="softmax", name="convolved", **first)(x),
            layers.DepthwiseConv2D(2, name="depthwise", **first)(x),
            layers.SeparableConv2D(2, 2, name="separable", **first)(x),
            layers.Conv2DTranspose(2, 3, strides=2, name="transposed", **first)(x),
            layers.Conv2DTranspose(2, 2, dilation_rate=(1, 2), padding="same", name="spread", **first)(x),
            layers.AveragePooling2D(2, padding="same", name="average", **first)(x),
            layers.GlobalMaxPooling2D(name="largest_of_all", **first)(x),
            layers.UpSampling2D(2, interpolation="bicubic", name="enlarged", **first)(x),
            layers.ZeroPadding2D(((1, 0), (0, 2)), name="padded", **first)(x),
            layers.Conv1D(3, 3, padding="causal", dilation_rate=2, name="causal", **first)(line),
            layers.GlobalAveragePooling1D(keepdims=True, name="average_of_line", **first)(line),
        ],
    )


@case
def volumes_pooled_with_gaps() -> Model:
    """Strides longer than the window: TensorFlow begins later, with volumes alone."""
    x = Input((6, 8, 4, 2), name="x")
    pooled = [
        layers.MaxPooling3D(1, strides=3, padding="same", name="largest")(x),
        layers.AveragePooling3D((2, 1, 1), strides=(4, 5, 3), padding="same", name="average")(x),
    ]
    y = Input((6, 8, 2), name="y")
    return Model([x, y], [*pooled, layers.MaxPooling2D(1, strides=3, padding="same", name="flat")(y)])


@case
def sequential_that_ends_in_states() -> Model:
    inner = layers.GRU(2, return_sequences=True, return_state=True)
    both = layers.Bidirectional(inner, name="both")
    return Sequential([Input((STEPS, FEATURES), name="x"), layers.Masking(-1.0, name="masking"), both])
