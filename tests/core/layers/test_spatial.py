"""What the golden files cannot say of the spatial layers: other Kerases, other backends, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pytest

import rnnscope
from rnnscope.context import Context
from rnnscope.layers import read_layer
from rnnscope.layers.base import Arguments, Operation, Result, Weights
from rnnscope.layers.config import Config
from rnnscope.semantics import Semantics
from rnnscope.types import Array, Mask

KERAS1, KERAS2 = Semantics("1.2.2", "theano"), Semantics("2.3.1", "theano")


@dataclass
class Stored:
    """Weights in the order of a file."""

    left: list[Array]

    def at(self, part: str) -> Weights:
        return self

    def each(self, part: str, class_names: Sequence[str]) -> Sequence[Weights]:
        return [self for _ in class_names]

    def frozen(self) -> Stored:
        return self

    def peek_shape(self) -> tuple[int, ...] | None:
        return self.left[0].shape if self.left else None

    def named_shape(self, name: str) -> tuple[int, ...] | None:
        return None

    def text(self, name: str) -> str | None:
        return None

    def take(self, name: str, shape: tuple[int, ...], *, trainable: bool = True) -> Array:
        assert self.left[0].shape == shape, name
        return self.left.pop(0)


def read(
    class_name: str,
    options: Mapping[str, object],
    x: Array,
    *weights: Array,
    semantics: Semantics | None = None,
) -> Operation:
    config = Config(options, class_name=class_name, layer="it", semantics=semantics or Semantics())
    return read_layer(config, Stored(list(weights)), (x.shape,))


def call(operation: Operation, x: Array, *, semantics: Semantics | None = None, mask: Mask | None = None) -> Result:
    context = Context(semantics or Semantics(), np.dtype(np.float64))
    return operation.call(Arguments((x,), mask, mask, layer="it"), context)


def computed(
    class_name: str, options: Mapping[str, object], x: Array, *weights: Array, semantics: Semantics | None = None
) -> Array:
    operation = read(class_name, options, x, *weights, semantics=semantics)
    output = call(operation, x, semantics=semantics).outputs[0]
    assert operation.output_shapes((x.shape,)) == (output.shape,)
    return output


def line(*values: float) -> Array:
    return np.array(values, np.float64).reshape(1, -1, 1)


def kernel(*values: float) -> Array:
    return np.array(values, np.float64).reshape(-1, 1, 1)


SIGNAL, WINDOW = (1.0, 2.0, 4.0, 8.0, 16.0), (1.0, 3.0, 5.0)
CONV = {"filters": 1, "kernel_size": [3], "use_bias": False}


def test_theano_turns_kernels_round_and_tensorflow_does_not() -> None:
    x = line(*SIGNAL)
    assert computed("Conv1D", CONV, x, kernel(*WINDOW)).ravel().tolist() == list(np.correlate(SIGNAL, WINDOW))
    turned = computed("Conv1D", CONV, x, kernel(*WINDOW), semantics=KERAS2)
    assert turned.ravel().tolist() == list(np.convolve(SIGNAL, WINDOW, "valid"))


def test_theano_pads_half_a_window_before_whatever_the_stride() -> None:
    options = CONV | {"padding": "same", "strides": [2]}
    half = computed("Conv1D", options, line(1, 2, 4, 8), kernel(*WINDOW[::-1]), semantics=KERAS2)
    whole = np.convolve((1, 2, 4, 8), WINDOW[::-1], "same")
    assert half.ravel().tolist() == list(whole[::2])
    assert computed("Conv1D", options, line(1, 2, 4, 8), kernel(*WINDOW)).ravel().tolist() == [27, 28]


def test_full_padding_of_keras_1_takes_every_window_that_touches() -> None:
    stored = kernel(*WINDOW).reshape(3, 1, 1, 1)
    full = computed("Conv1D", CONV | {"padding": "full"}, line(*SIGNAL), stored, semantics=KERAS1)
    assert full.ravel().tolist() == list(np.convolve(SIGNAL, WINDOW, "full"))


def test_the_kernels_of_keras_1_come_in_each_of_its_layouts() -> None:
    random = np.random.default_rng(0)
    tensorflow1 = Semantics("1.0.8", "tensorflow")
    x, plain = random.normal(size=(2, 7, 3)), random.normal(size=(4, 3, 2))
    options = {"filters": 2, "kernel_size": 4, "use_bias": False}
    expected = computed("Conv1D", options, x, plain)
    newer, older = plain[:, np.newaxis], plain[:, np.newaxis].transpose(3, 2, 0, 1)
    for stored in (newer, older):
        np.testing.assert_array_equal(computed("Conv1D", options, x, stored, semantics=tensorflow1), expected)

    image, square = random.normal(size=(2, 3, 5, 6)), random.normal(size=(2, 3, 3, 4))
    flat = {"filters": 4, "kernel_size": [2, 3], "use_bias": False, "data_format": "channels_first"}
    expected = computed("Conv2D", flat, image, square)
    stored = square.transpose(3, 2, 0, 1)
    np.testing.assert_array_equal(computed("Conv2D", flat, image, stored, semantics=tensorflow1), expected)


def test_a_deconvolution_of_keras_1_has_the_output_shape_that_it_says() -> None:
    x, stored = np.ones((1, 3, 3, 1)), np.ones((2, 2, 1, 1))
    options = {"filters": 1, "kernel_size": [2, 2], "strides": [2, 2], "output_shape": [None, 7, 6, 1]}
    output = computed(
        "Deconvolution2D", options | {"use_bias": False}, x, stored, semantics=Semantics("1.2.2", "tensorflow")
    )
    assert output.shape == (1, 7, 6, 1)
    assert output[0, :, 0, 0].tolist() == [1, 1, 1, 1, 1, 1, 0]


def test_a_kernel_adapted_by_lora_is_told_from_a_merged_one() -> None:
    random = np.random.default_rng(0)
    x, merged = random.normal(size=(2, 7, 3)), random.normal(size=(4, 3, 2))
    bias, first, second = random.normal(size=2), random.normal(size=(4, 3, 1)), random.normal(size=(1, 2))
    options = {"filters": 2, "kernel_size": 4, "lora_rank": 1, "lora_alpha": 3}
    expected = computed("Conv1D", options, x, merged, bias)
    apart = computed("Conv1D", options, x, bias, first, second, merged - 3 * first @ second)
    np.testing.assert_allclose(apart, expected, rtol=1e-9)


def test_pooling_the_same_starts_earlier_on_theano() -> None:
    options = {"pool_size": [2], "strides": [2], "padding": "same"}
    x = line(1, 2, 3, 4, 5)
    assert computed("MaxPooling1D", options, x).ravel().tolist() == [2, 4, 5]
    assert computed("MaxPooling1D", options, x, semantics=KERAS2).ravel().tolist() == [1, 3, 5]
    assert computed("AveragePooling1D", options, x, semantics=KERAS2).ravel().tolist() == [1, 2.5, 4.5]


def test_bilinear_enlarging_starts_from_the_corner_before_tensorflow_2() -> None:
    x, options = np.arange(3.0).reshape(1, 1, 3, 1), {"size": [1, 2], "interpolation": "bilinear"}
    corner = computed("UpSampling2D", options, x, semantics=Semantics("2.3.1", "tensorflow"))
    assert corner.ravel().tolist() == [0, 0.5, 1, 1.5, 2, 2]
    assert computed("UpSampling2D", options, x).ravel().tolist() == [0, 0.25, 0.75, 1.25, 1.75, 2]


def test_the_average_over_steps_heeds_a_mask_from_keras_2_2_3_on() -> None:
    x, mask = line(1, 3, 100), np.array([[True, True, False]])
    operation = read("GlobalAveragePooling1D", {}, x)
    for version, average in (("3.15.1", 2), ("2.2.4-tf", 2), ("2.2.4", 2), ("2.2.2", 104 / 3), ("1.2.2", 104 / 3)):
        result = call(operation, x, semantics=Semantics(version, "tensorflow"), mask=mask)
        assert result.outputs[0].item() == pytest.approx(average), version
        assert (result.mask is None) == (average != 2)


def test_the_average_over_a_channels_first_sequence_has_its_mask_along_the_last_axis() -> None:
    x, mask = np.array([[[1.0, 3.0, 100.0], [2.0, 4.0, 100.0]]]), np.array([[True, True, False]])
    operation = read("GlobalAveragePooling1D", {"data_format": "channels_first", "keepdims": True}, x)
    assert call(operation, x, mask=mask).outputs[0].tolist() == [[[2.0], [3.0]]]


@pytest.mark.parametrize(
    ("class_name", "options"),
    [
        ("Permute", {"dims": [2, 1]}),
        ("Reshape", {"target_shape": [3, 2]}),
        ("Flatten", {}),
        ("Cropping1D", {"cropping": [1, 0]}),
        ("ZeroPadding1D", {"padding": 1}),
        ("UpSampling1D", {"size": 2}),
        ("MaxPooling1D", {}),
    ],
)
def test_what_only_moves_numbers_keeps_integers_and_drops_the_mask(
    class_name: str, options: Mapping[str, object]
) -> None:
    x = np.arange(6).reshape(1, 2, 3)
    operation = read(class_name, options, x)
    assert operation.keeps_integers
    result = call(operation, x, mask=np.ones((1, 2), bool))
    assert result.outputs[0].dtype == x.dtype
    assert result.masks == (None,)


@pytest.mark.parametrize("padding", [[1, 2], [[1, 1], [2, 2]], [1, 1, 2, 2], {"top_pad": 1, "bottom_pad": 1}])
def test_zeros_are_put_on_every_side_however_they_are_written(padding: object) -> None:
    output = computed("ZeroPadding2D", {"padding": padding}, np.ones((1, 1, 1, 1)))
    wide = 1 if isinstance(padding, dict) else 5
    assert output.shape == (1, 3, wide, 1)
    assert output.sum() == output[0, 1, wide // 2, 0] == 1


def test_a_shape_with_an_unknown_size_is_found_when_it_runs() -> None:
    operation = read("Reshape", {"target_shape": [-1, 2]}, np.ones((1, 3, 4)))
    assert operation.output_shapes(((None, None, 4),)) == ((None, None, 2),)
    assert operation.output_shapes(((None, 3, 4),)) == ((None, 6, 2),)
    assert call(operation, np.ones((5, 7, 4))).outputs[0].shape == (5, 14, 2)


def test_axes_before_the_last_ones_are_batches_to_a_convolution_of_tf_keras() -> None:
    tf_keras, x = Semantics("2.15.0", "tensorflow"), np.random.default_rng(0).normal(size=(2, 3, 5, 1))
    options = {"filters": 1, "kernel_size": 3, "use_bias": False}
    output = computed("Conv1D", options, x, kernel(*WINDOW), semantics=tf_keras)
    np.testing.assert_array_equal(output[1], computed("Conv1D", options, x[1], kernel(*WINDOW)))


def test_whole_numbers_are_averaged_and_enlarged_as_each_keras_does() -> None:
    numbers, tf_keras = np.array([1, 2, 5, -7, -9]).reshape(1, 5, 1), Semantics("2.15.0", "tensorflow")
    average = read("GlobalAveragePooling1D", {}, numbers)
    assert call(average, numbers).outputs[0].tolist() == [[-1.6]]
    assert call(average, numbers, semantics=tf_keras).outputs[0].tolist() == [[-1]]
    image = np.arange(4).reshape(1, 2, 2, 1)
    enlarged = computed("UpSampling2D", {"size": 2, "interpolation": "bilinear"}, image)
    assert enlarged.ravel()[:8].tolist() == [0, 0, 1, 1, 0, 1, 1, 2]


@pytest.mark.parametrize(
    ("class_name", "options", "message"),
    [
        ("Conv1D", CONV | {"kernel_size": [9]}, "too small"),
        ("Conv1D", CONV | {"groups": 2}, "groups"),
        ("Conv1D", CONV | {"padding": "reflect"}, "padding"),
        ("Conv1D", CONV | {"data_format": "channels_middle"}, "data_format"),
        ("Conv1D", CONV | {"kernel_size": [3, 3]}, "kernel_size"),
        ("Conv1D", CONV | {"strides": [0]}, "strides"),
        ("Conv2D", CONV | {"kernel_size": [3, 3]}, "4 axes"),
        ("Conv1DTranspose", CONV | {"groups": 2}, "groups"),
        ("Cropping1D", {"cropping": [3, 2]}, "too small"),
        ("ZeroPadding1D", {"padding": [-1, 2]}, "padding"),
        ("Reshape", {"target_shape": [-1, -1]}, "target_shape"),
        ("Reshape", {"target_shape": [2, 2]}, "cannot be reshaped"),
        ("Permute", {"dims": [1, 1]}, "dims"),
        ("UpSampling1D", {"size": 0}, "size"),
        ("Flatten", {"data_format": "channels_middle"}, "data_format"),
        ("MaxPooling1D", {"ceil_mode": True}, "ceil_mode"),
        ("MaxPooling1D", {"pool_size": 2**31 - 1, "padding": "same"}, "pool_size"),
        ("AdaptiveMaxPooling1D", {"output_size": 2**31 - 1}, "output_size"),
    ],
)
def test_what_cannot_be_computed_is_refused_by_name(
    class_name: str, options: Mapping[str, object], message: str
) -> None:
    x = line(*SIGNAL)
    with pytest.raises(rnnscope.RnnscopeError, match=message):
        read(class_name, options, x, np.ones((9, 1, 1)), kernel(*WINDOW)).output_shapes((x.shape,))


@pytest.mark.parametrize(
    ("class_name", "options"),
    [
        ("UpSampling2D", {"size": 2, "interpolation": "bilinear"}),
        ("Conv2DTranspose", {"filters": 1, "kernel_size": 2, "padding": "same"}),
        ("SeparableConv2D", {"filters": 1, "kernel_size": 2, "padding": "same"}),
        ("MaxPooling3D", {"pool_size": [2, 1, 2], "padding": "same"}),
    ],
)
def test_what_theano_does_on_its_own_is_refused(class_name: str, options: Mapping[str, object]) -> None:
    x = np.ones((1, *(4,) * int(class_name[class_name.index("D") - 1]), 1))
    with pytest.raises(rnnscope.Unsupported, match="Theano"):
        read(class_name, options, x, np.ones((2, 2, 1, 1)), semantics=KERAS2)
