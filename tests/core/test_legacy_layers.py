"""Layers that only Keras 1 had, each against the arithmetic of its own source (1.2.2), and both orders of weights."""

from __future__ import annotations

import numpy as np
import pytest

from rnnscope.errors import ShapeMismatch, Unsupported
from rnnscope.layers.base import Result
from rnnscope.types import Array, Mask, Shape
from tests.core.layering import called, layer

VERSION = "1.2.2"
RANDOM = np.random.default_rng(0)
SEEN: Mask = np.array([[True, True, False], [False, True, True]])
RAW: dict[str, object] = {"mode_type": "raw", "output_shape": None, "output_shape_type": "raw", "arguments": {}}


def random(*shape: int) -> Array:
    return RANDOM.normal(size=shape).astype(np.float32)


def merged(mode: object, *tensors: Array, masks: tuple[Mask | None, ...] = (), **options: object) -> Result:
    shapes: tuple[Shape, ...] = tuple((None, *x.shape[1:]) for x in tensors)
    merge = layer("Merge", {"concat_axis": -1, "dot_axes": -1, **RAW, "mode": mode, **options}, shapes, version=VERSION)
    return called(merge, *tensors, masks=masks, version=VERSION)


@pytest.mark.parametrize("order", ["1.2", "1.1"])
def test_highway(order: str) -> None:
    x, w, carry, b, carry_b = random(2, 3), random(3, 3), random(3, 3), random(3), random(3)
    weights = [w, carry, b, carry_b] if order == "1.2" else [w, b, carry, carry_b]
    highway = layer("Highway", {"activation": "tanh", "use_bias": True}, ((None, 3),), weights, version=VERSION)
    t = 1 / (1 + np.exp(-(x @ carry + carry_b)))
    expected = t * np.tanh(x @ w + b) + (1 - t) * x
    np.testing.assert_allclose(called(highway, x, version=VERSION).outputs[0], expected, rtol=1e-5)


def test_maxout_takes_the_largest_piece() -> None:
    x, w, b = random(2, 3), random(4, 3, 5), random(4, 5)
    maxout = layer("MaxoutDense", {"units": 5, "nb_feature": 4}, ((None, 3),), [w, b], version=VERSION)
    expected = np.max([x @ w[k] + b[k] for k in range(4)], axis=0)
    np.testing.assert_allclose(called(maxout, x, version=VERSION).outputs[0], expected, rtol=1e-5, atol=1e-6)


def test_time_distributed_dense_is_a_dense_at_every_step() -> None:
    x, w, b = random(2, 4, 3), random(3, 5), random(5)
    options = {"units": 5, "activation": "relu"}
    result = called(layer("TimeDistributedDense", options, ((None, 4, 3),), [w, b], version=VERSION), x)
    np.testing.assert_allclose(result.outputs[0], np.maximum(x @ w + b, 0), rtol=1e-5, atol=1e-6)


def test_trained_activations_share_axes_as_the_stored_arrays_say() -> None:
    x = random(2, 4, 3)
    alpha, beta = random(1, 3), random(1, 3)
    softplus = layer(
        "ParametricSoftplus", {"alpha_init": 0.2, "beta_init": 5.0}, ((None, 4, 3),), [alpha, beta], version=VERSION
    )
    np.testing.assert_allclose(called(softplus, x).outputs[0], alpha * np.log1p(np.exp(beta * x)), rtol=1e-5, atol=1e-6)
    left, low, right, high = (np.full((1, 1), value, np.float32) for value in (-0.5, 0.1, -1.0, 2.0))
    srelu = layer("SReLU", {}, ((None, 4, 3),), [left, low, right, high], version=VERSION)
    expected = np.where(x < -0.5, -0.5 + 0.1 * (x + 0.5), np.where(x > 0.5, 0.5 + 2 * (x - 0.5), x))
    np.testing.assert_allclose(called(srelu, x).outputs[0], expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("mode", "function"), [("sum", np.add), ("mul", np.multiply), ("max", np.maximum)])
def test_merge_element_by_element(mode: str, function: np.ufunc) -> None:
    x, y = random(2, 3, 4), random(2, 3, 4)
    result = merged(mode, x, y, masks=(SEEN, None))
    np.testing.assert_array_equal(result.outputs[0], function(x, y))
    np.testing.assert_array_equal(result.masks[0], SEEN)
    np.testing.assert_allclose(merged("ave", x, y, x).outputs[0], (x + y + x) / 3, rtol=1e-6)


def test_merge_one_after_the_other_and_by_products() -> None:
    x, y = random(2, 3, 4), random(2, 3, 4)
    np.testing.assert_array_equal(merged("concat", x, y, concat_axis=1).outputs[0], np.concatenate([x, y], axis=1))
    np.testing.assert_allclose(
        merged("dot", x, y, dot_axes=[2, 2]).outputs[0], x @ y.transpose(0, 2, 1), rtol=1e-5, atol=1e-6
    )
    a, b = random(2, 4), random(2, 4)
    cosine = (a * b).sum(axis=1) / np.sqrt((a * a).sum(axis=1) * (b * b).sum(axis=1))
    np.testing.assert_allclose(merged("cos", a, b, dot_axes=1).outputs[0], cosine[:, None, None], rtol=1e-5)


def test_a_cosine_whose_square_is_negative_is_divided_by_epsilon() -> None:
    # Keras 1.2.2 clips below at zero before it takes the root.
    a, b = np.array([[[1, 2], [-3, 1]]], np.float32), np.array([[[1, 0], [1, 2]]], np.float32)
    product, across = np.einsum("bts,btu->bsu", a, b), [np.einsum("bts,btu->bsu", x, x) for x in (a, b)]
    squares = across[0] * across[1]
    assert squares.min() < 0
    expected = product / np.maximum(np.sqrt(np.maximum(squares, 0)), 1e-7)
    np.testing.assert_allclose(merged("cos", a, b, dot_axes=1).outputs[0][:, 0], expected, rtol=1e-5)


def test_a_merge_by_code_is_refused() -> None:
    with pytest.raises(Unsupported, match="a function of the user's"):
        merged(["4wEA", None, None], random(2, 3), random(2, 3), mode_type="lambda")
    with pytest.raises(ShapeMismatch, match="two tensors"):
        merged("dot", random(2, 3), random(2, 3), random(2, 3))


@pytest.mark.parametrize(("backend", "lifted"), [("tensorflow", 2.7), ("theano", 0.9)])
def test_a_negative_left_slope_of_srelu_is_capped_on_theano(backend: str, lifted: float) -> None:
    # Keras 1.1.2 and 1.2.2: K.relu(x − t_left, a_left, t_right) takes the minimum last on Theano only.
    weights = [np.full((1,), value, np.float32) for value in (0.7, -0.8, -0.2, 1.5)]
    srelu = layer("SReLU", {"t_left_init": "zero"}, ((None, 1),), weights, version=VERSION, backend=backend)
    x = np.array([[-1.8], [0.8], [2.0]], np.float32)
    expected = np.array([[lifted], [0.8], [0.9 + 1.1 * 1.5]])
    np.testing.assert_allclose(called(srelu, x, backend=backend).outputs[0], expected, rtol=1e-5)


def test_a_merge_whose_mask_is_a_function_is_refused() -> None:
    options = {**RAW, "mode": "sum", "concat_axis": -1, "dot_axes": -1, "output_mask": "mask_of"}
    with pytest.raises(Unsupported, match="output_mask='mask_of' is not computed"):
        layer("Merge", options, ((None, 3), (None, 3)), version=VERSION)
