"""Convolutional cells, and stacks of cells where other layers have one."""

from __future__ import annotations

from keras import Input, Model, layers

from cases.registry import FEATURES, STEPS, case, jax_too, masked


@case
def conv_lstm_of_every_rank() -> Model:
    seen = Input((4,), dtype="bool", name="seen")
    lines, images, solids = (
        Input((4, *sizes), name=name)
        for name, sizes in (("lines", (5, 2)), ("images", (4, 3, 2)), ("solids", (3, 2, 3, 1)))
    )
    backwards = {"go_backwards": True, "return_sequences": True, "return_state": True}
    line = layers.ConvLSTM1D(2, 2, strides=2, name="line", **backwards)(lines, mask=seen)
    image = layers.ConvLSTM2D(2, (3, 2), padding="same", recurrent_activation="hard_sigmoid", name="image")
    sparse = layers.ConvLSTM2D(2, 2, dilation_rate=(2, 1), use_bias=False, name="sparse")
    solid = layers.ConvLSTM3D(2, (2, 1, 2), zero_output_for_mask=True, return_sequences=True, name="solid")
    read = [image(images, mask=seen), sparse(images), solid(solids, mask=seen)]
    return Model([seen, lines, images, solids], [*line, *read])


@case
def conv_lstm_both_directions() -> Model:
    seen = Input((4,), dtype="bool", name="seen")
    images = Input((4, 4, 3, 2), name="images")
    inner = layers.ConvLSTM2D(2, 2, padding="same", return_sequences=True, return_state=True)
    return Model([images, seen], layers.Bidirectional(inner, name="both")(images, mask=seen))


@case
def time_distributed_conv_lstm() -> Model:
    x = Input((3, 4, 5, 2), name="x")
    return Model(x, layers.TimeDistributed(layers.ConvLSTM1D(2, 2), name="every_step")(x))


@jax_too
def bidirectional_of_stacked_cells() -> Model:
    x, sequence = masked()
    inner = layers.RNN([layers.LSTMCell(2), layers.GRUCell(3)], return_sequences=True)
    return Model(x, layers.Bidirectional(inner, name="both")(sequence))


@jax_too
def stacked_cells_from_given_states() -> Model:
    x, sequence = masked()
    reader = layers.RNN([layers.GRUCell(2), layers.LSTMCell(3)], return_state=True, name="reader")
    _, *states = reader(sequence)
    y = Input((STEPS, FEATURES), name="y")
    writer = layers.RNN([layers.GRUCell(2), layers.LSTMCell(3)], return_sequences=True, name="writer")
    return Model([x, y], writer(y, initial_state=states))
