"""LocallyConnected layers: against their definition, and the three ways in which TensorFlow's Keras stores a kernel."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from rnnscope.errors import ShapeMismatch, Unsupported
from rnnscope.layers.base import Operation
from rnnscope.types import Array
from tests.core.layering import called, layer

RANDOM = np.random.default_rng(0)
TF_KERAS = "2.2.4-tf"


def random(*shape: int) -> Array:
    return RANDOM.normal(size=shape).astype(np.float32)


def flat(*weights: Array, **options: object) -> Operation:
    """LocallyConnected1D with 2 filters over windows of 3 of 5 steps of 2 channels."""
    shape = (None, 2, 5) if options.get("data_format") == "channels_first" else (None, 5, 2)
    config = {"filters": 2, "kernel_size": [3], "activation": "linear", "use_bias": len(weights) > 1, **options}
    return layer("LocallyConnected1D", config, (shape,), weights, version=TF_KERAS)


@pytest.mark.parametrize("first", [False, True])
def test_each_place_has_its_own_kernel_and_bias(first: bool) -> None:
    x, kernel, bias = random(2, 4, 5, 3), random(3 * 2, 2 * 3 * 3, 4), random(3, 2, 4)
    options = {"filters": 4, "kernel_size": [2, 3], "strides": [1, 2], "activation": "tanh", "use_bias": True}
    options["data_format"] = "channels_first" if first else "channels_last"
    given = np.moveaxis(x, -1, 1) if first else x
    there = layer("LocallyConnected2D", options, ((None, *given.shape[1:]),), [kernel, bias], version="2.3.1")
    expected = np.empty((2, 3, 2, 4), np.float32)
    for row, column in np.ndindex(3, 2):
        window = x[:, row : row + 2, 2 * column : 2 * column + 3]
        # Under channels_first the channels come before the window, and the bias is read on in that shape.
        window = np.moveaxis(window, -1, 1) if first else window
        expected[:, row, column] = window.reshape(2, -1) @ kernel[2 * row + column]
    expected = np.moveaxis(expected, -1, 1) + bias.reshape(4, 3, 2) if first else expected + bias
    np.testing.assert_allclose(called(there, given).outputs[0], np.tanh(expected), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(("padding", "strides", "first"), [*product(["valid", "same"], [1, 2], [False, True])])
def test_a_matrix_and_its_connections_alone_are_the_same_kernel(padding: str, strides: int, first: bool) -> None:
    options = {"padding": padding, "strides": strides, "data_format": "channels_first" if first else "channels_last"}
    places = -(-5 // strides) if padding == "same" else 3 if strides == 1 else 2
    before = 1 if padding == "same" else 0
    dense = random(5, 2, places, 2)  # (steps, channels, places, filters)
    for step, place in np.ndindex(5, places):
        if not 0 <= step - (place * strides - before) < 3:
            dense[step, :, place] = 0
    matrix = dense.transpose(1, 0, 3, 2) if first else dense
    rows = matrix.reshape(10, -1).T  # by output, then by input
    x = random(3, 2, 5) if first else random(3, 5, 2)
    expected = (x.reshape(3, -1) @ matrix.reshape(10, -1)).reshape(3, *((2, places) if first else (places, 2)))
    noisy = np.where(matrix == 0, 9, matrix).astype(np.float32)
    for operation in (flat(noisy, implementation=2, **options), flat(rows[rows != 0], implementation=3, **options)):
        np.testing.assert_allclose(called(operation, x).outputs[0], expected, rtol=1e-4, atol=1e-6)


def test_sizes_that_no_weights_belong_to_are_refused() -> None:
    with pytest.raises(ShapeMismatch, match="known sizes"):
        layer("LocallyConnected1D", {"filters": 2, "kernel_size": [3]}, ((None, None, 2),), version=TF_KERAS)
    with pytest.raises(ShapeMismatch, match="nothing would be left"):
        layer("LocallyConnected1D", {"filters": 2, "kernel_size": [3]}, ((None, 2, 2),), version=TF_KERAS)
    with pytest.raises(ShapeMismatch, match="expected"):
        called(flat(random(3, 6, 2)), random(1, 6, 2))


def test_same_padding_needs_another_implementation() -> None:
    with pytest.raises(Unsupported, match="only with another implementation"):
        flat(random(5, 6, 2), padding="same", implementation=1)
