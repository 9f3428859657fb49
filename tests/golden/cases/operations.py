"""Bare operations among the layers: arithmetic, comparison, reductions, shapes, slices, products."""

from __future__ import annotations

import numpy as np
from keras import Input, Model, layers, ops

from cases.registry import FEATURES, STEPS, VOCABULARY, case, jax_too, masked


@jax_too
def operations_by_number() -> Model:
    x, y = Input((3, FEATURES), name="x"), Input((3, FEATURES), name="y")
    results = [
        (x + y) * 2.0 - y / 3.0,
        1.5 - x**2,
        x // 0.3 + x % 0.7,
        ops.where(ops.logical_and(x > 0.0, y < 0.5), x, -1.0),
        ops.clip(ops.exp(x) - ops.sqrt(ops.abs(y)), -0.5, 0.5),
        ops.maximum(ops.sign(x), ops.round(y)),
        ops.select([x > 0.5, x > 0.0], [x, y], 0.0),
        ops.cast(x * 3.0, "int32") / 2,
        ops.cast(ops.not_equal(x, y), "float32") + ops.sigmoid(x),
        ops.arctan2(x, y) + ops.erf(x) + ops.logaddexp(x, y),
        ops.silu(x) + ops.hard_silu(y) + ops.leaky_relu(x, 0.1) + ops.gelu(y, approximate=False),
        ops.nan_to_num(ops.log(x), nan=2.0, neginf=-3.0),
    ]
    return Model([x, y], results)


@jax_too
def operations_over_axes() -> Model:
    x, y = Input((4, FEATURES), name="x"), Input((4, FEATURES), name="y")
    values, indices = ops.top_k(x, 2)
    mean, variance = ops.moments(y, axes=[1], keepdims=True)
    results = [
        ops.sum(x, axis=(1, 2)),
        ops.mean(ops.cast(x * 5.0, "int32"), axis=1),
        ops.max(x, axis=-1, keepdims=True) - ops.min(x, axis=-1, keepdims=True),
        ops.any(x > 0.5, axis=1),
        ops.std(x, axis=1) + ops.var(y, axis=1) + ops.prod(x, axis=1),
        ops.argmax(x, axis=1),
        ops.cumsum(x, axis=1) * ops.cumprod(y, axis=1),
        ops.logsumexp(x, axis=-1) + ops.count_nonzero(y > 0.0, axis=-1),
        values,
        indices,
        ops.take_along_axis(x, ops.argsort(y, axis=1), axis=1),
        ops.sort(x, axis=1) + ops.median(y, axis=1, keepdims=True),
        (y - mean) / ops.sqrt(variance + 1e-3),
        ops.softmax(x, axis=1) + ops.normalize(y, axis=-1) + ops.layer_normalization(x, epsilon=0.1),
    ]
    return Model([x, y], results)


@case
def operations_on_shapes() -> Model:
    x, y = Input((4, FEATURES), name="x"), Input((4, FEATURES), name="y")
    words = Input((STEPS,), dtype="int32", name="words")
    first, second = ops.split(x, [1], axis=1)
    results = [
        ops.reshape(ops.transpose(x, (0, 2, 1)), (-1, 2, 6)),
        ops.concatenate([first, ops.tile(second, (1, 1, 2))[..., :FEATURES]], axis=1),
        ops.stack([x, ops.flip(y, axis=1)], axis=2),
        ops.squeeze(ops.expand_dims(x, -1), -1)[:, -1],
        x[:, ::-2, 1:],
        x[:, 1:3, None] + ops.roll(y, 1, axis=1)[:, 0:2, None],
        ops.pad(x, ((0, 0), (2, 1), (0, 0)), mode="reflect"),
        ops.repeat(ops.swapaxes(x, 1, 2), 2, axis=1),
        ops.unstack(y, axis=1)[2],
        ops.take(x, [0, -1], axis=1),
        ops.one_hot(words, VOCABULARY, dtype="int32"),
        ops.take(np.arange(2 * VOCABULARY, dtype="float32").reshape(VOCABULARY, 2), words, axis=0),
        ops.matmul(x, ops.swapaxes(y, 1, 2)),
        ops.einsum("bij,bkj->bik", x, y),
        ops.tensordot(x, np.ones((FEATURES, 2), "float32"), axes=1),
        ops.full_like(x, 0.25) + ops.zeros_like(y),
    ]
    return Model([x, y, words], results)


@jax_too
def operations_that_hand_back_their_tensor() -> Model:
    x, sequence = masked()
    kept = [
        ops.cast(sequence, "float32"),
        ops.convert_to_tensor(sequence),
        ops.array(sequence),
        sequence[:, :],
        ops.reshape(sequence, (-1, STEPS, FEATURES)),
        sequence * 1.0,
    ]
    return Model(x, [layers.SimpleRNN(2, name=f"rnn_{place}")(tensor) for place, tensor in enumerate(kept)])
