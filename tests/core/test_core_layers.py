"""Rules of the layers between the recurrent ones that differ from Keras to Keras; each was seen in the Keras named."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import rnnscope
from rnnscope.errors import BadInput, ShapeMismatch, Unsupported
from rnnscope.layers.config import Circumstances
from rnnscope.layers.core import InputLayer
from rnnscope.run import run
from rnnscope.semantics import Semantics
from rnnscope.types import Array, Mask
from tests.conftest import GOLDEN
from tests.core.layering import called, layer
from tests.core.models import chain

KERAS_3, TF_KERAS, KERAS_2, KERAS_1 = "3.15.1", "2.21.0", "2.2.4", "1.2.2"
SEEN: Mask = np.array([[True, True, False], [False, False, False]])
OTHER: Mask = np.array([[True, False, False], [False, True, False]])
X: Array = np.random.default_rng(0).normal(size=(2, 3, 4)).astype(np.float32)
Y: Array = np.random.default_rng(1).normal(size=(2, 3, 4)).astype(np.float32)
SHAPE = (None, 3, 4)


@pytest.mark.parametrize(
    ("version", "all_masked"), [(KERAS_3, 0.0), ("3.9.0", 1 / 3), (TF_KERAS, 1 / 3), (KERAS_2, None)]
)
def test_softmax_under_a_mask(version: str, all_masked: float | None) -> None:
    scores = X[:, :, 0]
    result = called(
        layer("Softmax", {"axis": -1}, ((None, 3),), version=version), scores, masks=[SEEN], version=version
    )
    e = np.exp(scores)
    if all_masked is None:  # before TensorFlow 2.4 the layer was not handed its mask
        np.testing.assert_allclose(result.outputs[0], e / e.sum(axis=1, keepdims=True), rtol=1e-5)
        return
    np.testing.assert_allclose(result.outputs[0][0, :2], e[0, :2] / e[0, :2].sum(), rtol=1e-5)
    assert result.outputs[0][0, 2] == 0
    np.testing.assert_allclose(result.outputs[0][1], all_masked, rtol=1e-6)


def test_a_mask_that_does_not_fit_a_softmax_is_named() -> None:
    with pytest.raises(ShapeMismatch, match="the mask does not fit"):
        called(layer("Softmax", {}, (SHAPE,)), X, masks=[SEEN])


def test_softmax_along_several_axes_adds_up_to_one() -> None:
    y = called(layer("Softmax", {"axis": [1, 2]}, (SHAPE,)), X).outputs[0]
    np.testing.assert_allclose(y.sum(axis=(1, 2)), 1, rtol=1e-6)


@pytest.mark.parametrize(("version", "passes"), [(KERAS_3, True), (TF_KERAS, False)])
def test_identity_passes_its_mask_in_keras_3_only(version: str, passes: bool) -> None:
    result = called(layer("Identity", {}, (SHAPE,), version=version), X, masks=[SEEN], version=version)
    assert (result.masks[0] is not None) == passes


@pytest.mark.parametrize(("version", "value"), [(KERAS_3, 0.0), (TF_KERAS, np.nan), (KERAS_1, np.nan)])
def test_what_a_masked_infinity_becomes(version: str, value: float) -> None:
    x = np.full((1, 2, 2), np.inf, np.float32)
    masking = layer("Masking", {"mask_value": 1e39}, (SHAPE,))
    result = called(masking, x, version=version)
    assert not result.masks[0].any()  # type: ignore[union-attr]
    np.testing.assert_array_equal(result.outputs[0], value)


@pytest.mark.parametrize(
    ("version", "backend", "equal"),
    [(KERAS_3, "tensorflow", False), (KERAS_3, "jax", True), (TF_KERAS, "tensorflow", True)],
)
def test_a_mask_value_that_float16_cannot_hold(version: str, backend: str, equal: bool) -> None:
    """Keras 3 on TensorFlow compares in float32, so that −0.1 rounded to float16 is another number."""
    x = np.full((1, 2, 2), -0.1, np.float16).astype(np.float32)
    masking = layer("Masking", {"mask_value": -0.1}, (SHAPE,), version=version, backend=backend)
    mask = called(masking, x, version=version, backend=backend, layer_dtype="float16").masks[0]
    assert mask is not None
    assert (~mask).all() == equal


@pytest.mark.parametrize(("version", "backend"), [(KERAS_3, "tensorflow"), (KERAS_2, "theano")])
def test_index_minus_one_is_the_last_row(version: str, backend: str) -> None:
    table = np.arange(6, dtype=np.float32).reshape(3, 2)
    options = {"input_dim": 3, "output_dim": 2}
    embedding = layer("Embedding", options, ((None, 2),), [table], version=version, backend=backend)
    rows = called(embedding, np.array([[-1, 2]]), version=version, backend=backend).outputs[0]
    np.testing.assert_array_equal(rows[0], [table[2], table[2]])


def test_index_minus_one_is_an_error_in_tensorflow_itself() -> None:
    embedding = layer("Embedding", {"input_dim": 3, "output_dim": 2}, ((None, 1),), [np.zeros((3, 2))])
    with pytest.raises(BadInput, match="token id -1"):
        called(embedding, np.array([[-1]]), version=TF_KERAS)


@pytest.mark.parametrize(("version", "expected"), [(KERAS_3, SEEN | OTHER), ("3.3.3", None), (KERAS_2, SEEN & OTHER)])
@pytest.mark.parametrize("name", ["Add", "Concatenate"])
def test_merged_masks(name: str, version: str, expected: Mask | None) -> None:
    result = called(layer(name, {}, (SHAPE, SHAPE), version=version), X, Y, masks=[SEEN, OTHER], version=version)
    assert (result.masks[0] is None) == (expected is None)
    if expected is not None:
        np.testing.assert_array_equal(result.masks[0], expected)


@pytest.mark.parametrize(("version", "mask"), [(KERAS_3, None), (KERAS_2, SEEN)])
def test_an_unmasked_tensor_ends_the_mask_in_keras_3_only(version: str, mask: Mask | None) -> None:
    result = called(layer("Multiply", {}, (SHAPE, SHAPE), version=version), X, Y, masks=[SEEN, None], version=version)
    np.testing.assert_array_equal(result.masks[0], mask)
    factor = np.where(SEEN[..., None], X, 1) if version == KERAS_3 else X
    np.testing.assert_array_equal(result.outputs[0], factor * Y)


def test_tensors_of_lower_rank_are_repeated_along_the_first_axes() -> None:
    v = Y[:, 0]
    np.testing.assert_array_equal(called(layer("Add", {}, ((None, 4), SHAPE)), v, X).outputs[0], v[:, None] + X)


def test_subtract_takes_two_and_dot_axes_that_fit() -> None:
    with pytest.raises(ShapeMismatch, match="two tensors"):
        layer("Subtract", {}, (SHAPE,) * 3)
    with pytest.raises(ShapeMismatch, match="Dot"):
        called(layer("Dot", {"axes": [1, 2]}, (SHAPE, SHAPE)), X, Y)
    with pytest.raises(Unsupported, match="more than three axes"):
        layer("Dot", {"axes": 1}, ((None, 3, 4, 5), SHAPE), version=KERAS_2)


def test_a_lambda_is_shown_and_not_run() -> None:
    circumstances = Circumstances(Semantics(), [])
    options = {"function": {"class_name": "__lambda__", "config": {"code": "4wEA"}}, "arguments": {}}
    inert = layer("Lambda", {**options, "output_shape": [7]}, (SHAPE,), circumstances=circumstances)
    assert inert.output_shapes((SHAPE,)) == ((None, 7),)
    assert circumstances.notes == ["layer 'it': code present, not run; running the model stops here"]
    with pytest.raises(Unsupported, match="bypass_lambda=True"):
        called(layer("Lambda", options, (SHAPE,)), X)


def test_a_bypassed_lambda_lets_its_input_through_and_says_so() -> None:
    circumstances = Circumstances(Semantics(), [], bypass_lambda=True)
    bypassed = layer("Lambda", {"function": "f", "output_shape": [7]}, (SHAPE,), circumstances=circumstances)
    np.testing.assert_array_equal(called(bypassed, X, masks=[SEEN]).outputs[0], X)
    assert bypassed.label == " (bypassed)"
    assert "bypassed" in circumstances.notes[0]


def test_a_16_bit_layer_is_handed_numbers_of_its_own_type() -> None:
    """Keras casts the float32 input first: 1.0004 is 1 in float16, and a thousand times that is 1000, not 1000.5."""
    dense = layer("Dense", {"units": 1, "use_bias": False}, ((None, 1),), [np.full((1, 1), 1000, np.float32)])
    model = chain(("x", InputLayer((None, 1))), ("dense", dense))
    halved = replace(model, layers=(model.layers[0], replace(model.layers[1], dtype="float16")))
    assert run(halved, np.array([[1.0004]], np.float32)).outputs[0] == 1000


def test_indices_beyond_16_bits_are_read_as_they_are() -> None:
    table = np.arange(5000, dtype=np.float32).reshape(5000, 1)
    embedding = layer("Embedding", {"input_dim": 5000, "output_dim": 1}, ((None, 1),), [table])
    model = chain(("x", InputLayer((None, 1))), ("embedding", embedding))
    halved = replace(model, layers=(model.layers[0], replace(model.layers[1], dtype="float16")))
    assert run(halved, np.array([[2050.0]], np.float32)).outputs[0] == 2050
    assert run(halved, np.array([[2049.0]], np.float32)).outputs[0] == 2048  # row 2049, rounded


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_a_model_with_a_lambda_opens_and_stops_there_when_it_is_run(suffix: str) -> None:
    path = GOLDEN / f"lambda_that_changes_nothing{suffix}"
    model = rnnscope.load_model(path)
    assert "Lambda" in model.summary()
    assert "code present, not run" in model.summary()
    x = rnnscope.load_input(path.with_name(f"{path.stem}.input.npz"))
    with pytest.raises(Unsupported, match="layer 'lambda': a Lambda layer is Python code in the file"):
        run(model, x)


def test_a_wrapper_of_whole_numbers_in_tensorflow_1_computes_as_its_layer_does() -> None:
    # TensorFlow 1.15 writes the type of what TimeDistributed is given as its own: characters of words, say.
    table = np.arange(6, dtype=np.float32).reshape(3, 2)
    config: dict[str, object] = {"name": "e", "input_dim": 3, "output_dim": 2, "dtype": "float32"}
    inner = {"class_name": "Embedding", "config": config}
    wrapper = layer("TimeDistributed", {"dtype": "int32", "layer": inner}, ((None, 2, 3),), [table], version="2.2.4-tf")
    x = np.array([[[0, 1, 2], [2, 2, 0]]])
    np.testing.assert_array_equal(called(wrapper, x, version="2.2.4-tf").outputs[0], table[x])
    config["dtype"] = "float64"
    with pytest.raises(Unsupported, match="a part that computes in float64"):
        layer("TimeDistributed", {"dtype": "int32", "layer": inner}, ((None, 2, 3),), [table], version="2.2.4-tf")
