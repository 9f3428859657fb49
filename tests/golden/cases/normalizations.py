"""Normalization along every axis, by what training gathered or by each sample."""

from __future__ import annotations

from keras import Input, Model, layers

from cases.registry import STEPS, case


def wide() -> tuple[object, object]:
    x = Input((STEPS, 4), name="x")
    return x, layers.Masking(-1.0, name="masking")(x)


@case
def normalized_along_axes() -> Model:
    x, sequence = wide()
    outputs = [
        layers.BatchNormalization(axis=1, scale=False, name="batch_steps")(sequence),
        layers.BatchNormalization(renorm=True, name="renormalized")(sequence),
        layers.LayerNormalization(axis=[2, 1], name="layer_both")(sequence),
        layers.LayerNormalization(axis=1, rms_scaling=True, name="layer_variance")(sequence),
        layers.RMSNormalization(name="rms")(sequence),
        layers.UnitNormalization(axis=[1, 2], name="unit")(sequence),
        layers.GroupNormalization(2, name="groups")(sequence),
        layers.GroupNormalization(-1, axis=1, center=False, name="steps_alone")(sequence),
    ]
    unmasked = layers.SimpleRNN(2, name="unmasked")(outputs[4])
    return Model(x, [*outputs, unmasked, layers.SimpleRNN(2, name="masked")(outputs[6])])


@case
def spectral_normalization() -> Model:
    x, sequence = wide()
    dense = layers.SpectralNormalization(layers.Dense(3, "tanh", name="dense"), name="spectral")(sequence)
    return Model(x, [dense, layers.SimpleRNN(2, name="rnn")(dense)])
