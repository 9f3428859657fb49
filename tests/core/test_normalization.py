"""Normalization by the rules of Kerases that are gone, and what does not fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from rnnscope import ShapeMismatch
from rnnscope.context import Context
from rnnscope.layers import read_layer
from rnnscope.layers.base import Arguments, Operation
from rnnscope.layers.config import Circumstances, Config
from rnnscope.semantics import Semantics
from rnnscope.types import Shape

Array = NDArray[Any]
GAMMA, BETA, MEAN, SPREAD = np.array([[2.0, 1.0], [0.5, -1.0], [1.0, 3.0], [4.0, 0.25]])
X = np.random.default_rng(0).normal(size=(6, 3, 2))
EPSILON = 0.1


class Stored:
    """Weights in the order in which a file holds them; those of other shapes than these are zeros."""

    def __init__(self, *weights: Array) -> None:
        self.left = list(weights)

    def at(self, part: str) -> Stored:
        return self

    def each(self, part: str, class_names: object) -> list[Stored]:
        return [self]

    def frozen(self) -> Stored:
        return self

    def peek_shape(self) -> tuple[int, ...] | None:
        return self.left[0].shape if self.left else None

    def named_shape(self, name: str) -> tuple[int, ...] | None:
        return None

    def text(self, name: str) -> str | None:
        return None

    def take(self, name: str, shape: tuple[int, ...], *, trainable: bool = True) -> Array:
        weight = self.left.pop(0) if self.left else np.arange(float(np.prod(shape, dtype=int))).reshape(shape)
        assert weight.shape == shape, name
        return weight


def layer(class_name: str, options: Mapping[str, object], shape: Shape, *weights: Array, version: str) -> Operation:
    circumstances = Circumstances(Semantics(version), [])
    config = Config({"dtype": "float64", **options}, class_name=class_name, layer="layer", circumstances=circumstances)
    return read_layer(config, Stored(*weights), (shape,))


def output(operation: Operation, x: Array, version: str) -> Array:
    context = Context(semantics=Semantics(version))
    context.enter("float64")
    return operation.call(Arguments((x,), masks=(None,)), context).outputs[0]


def batch_normalized(version: str, **options: object) -> Array:
    options = {"epsilon": EPSILON, **options}
    operation = layer("BatchNormalization", options, (None, 3, 2), GAMMA, BETA, MEAN, SPREAD, version=version)
    return output(operation, X, version)


def test_what_keras_1_calls_running_std_is_a_variance_from_1_0_6_on() -> None:
    by_variance = GAMMA * (X - MEAN) / np.sqrt(SPREAD + EPSILON) + BETA
    by_deviation = GAMMA * (X - MEAN) / (SPREAD + EPSILON) + BETA
    np.testing.assert_allclose(batch_normalized("1.0.6"), by_variance)
    np.testing.assert_allclose(batch_normalized("2.2.4"), by_variance)
    np.testing.assert_allclose(batch_normalized("1.0.5"), by_deviation)


def test_the_modes_of_keras_1_normalize_by_the_sample_and_by_the_batch() -> None:
    mean, variance = X.mean(axis=2, keepdims=True), X.var(axis=2, keepdims=True)
    by_sample = GAMMA * (X - mean) / (np.sqrt(variance + EPSILON) + EPSILON) + BETA
    np.testing.assert_allclose(batch_normalized("1.2.2", mode=1), by_sample)
    by_batch = GAMMA * (X - X.mean(axis=(0, 1))) / np.sqrt(X.var(axis=(0, 1)) + EPSILON) + BETA
    np.testing.assert_allclose(batch_normalized("1.2.2", mode=2), by_batch)


@pytest.mark.parametrize("scalars", [False, True])
def test_what_renormalization_keeps_for_training_is_passed_over(scalars: bool) -> None:
    kept = [MEAN, np.array(1.0), SPREAD, np.array(1.0)] if scalars else [SPREAD, MEAN, SPREAD]
    weights = (GAMMA, BETA, MEAN, SPREAD, *kept)
    operation = layer("BatchNormalization", {"renorm": True}, (None, 3, 2), *weights, version="2.2.4-tf")
    expected = GAMMA * (X - MEAN) / np.sqrt(SPREAD + 1e-3) + BETA
    np.testing.assert_allclose(output(operation, X, "2.2.4-tf"), expected)


def test_batch_normalization_along_several_axes_has_weights_of_full_rank() -> None:
    gamma = np.arange(1.0, 7.0).reshape(1, 3, 2)
    zeros, ones = np.zeros((1, 3, 2)), np.ones((1, 3, 2))
    options = {"axis": [1, 2], "epsilon": 0.0}
    weights = (gamma, zeros, zeros, ones)
    operation = layer("BatchNormalization", options, (None, 3, 2), *weights, version="2.15.0")
    np.testing.assert_allclose(output(operation, X, "2.15.0"), X * gamma)


@pytest.mark.parametrize(("version", "shape"), [("3.13.0", (2, 3)), ("3.14.0", (3, 2))])
def test_the_axes_of_layer_normalization_are_sorted_since_3_14(version: str, shape: tuple[int, int]) -> None:
    gamma, beta = np.arange(6.0).reshape(shape), np.zeros(shape)
    operation = layer("LayerNormalization", {"axis": [2, 1]}, (None, 3, 2), gamma, beta, version=version)
    mean, variance = X.mean(axis=(1, 2), keepdims=True), X.var(axis=(1, 2), keepdims=True)
    expected = gamma.reshape(3, 2) * (X - mean) / np.sqrt(variance + 1e-3)
    np.testing.assert_allclose(output(operation, X, version), expected)


def test_groups_heed_a_mask_in_late_tf_keras_alone() -> None:
    x, valid = X[:3, :, [0, 1, 0]], np.array([[True, True, False]] * 3)
    found = []
    for version in ("2.12.0", "2.13.0", "3.15.1"):
        operation = layer("GroupNormalization", {"groups": 1}, (None, 3, 3), version=version)
        context = Context(semantics=Semantics(version))
        context.enter("float64")
        found.append(operation.call(Arguments((x,), valid, valid, (valid,)), context).outputs[0])
    np.testing.assert_array_equal(found[0], found[2])
    assert not np.allclose(found[0], found[1])


@pytest.mark.parametrize(
    ("class_name", "options", "problem"),
    [
        ("LayerNormalization", {"axis": [1, 1]}, "axis"),
        ("LayerNormalization", {"axis": 3}, "axis"),
        ("GroupNormalization", {"groups": 5}, "5 groups"),
        ("GroupNormalization", {"groups": 2, "axis": 0}, "a channel axis"),
        ("RMSNormalization", {"axis": 1}, "fits the last axes"),
    ],
)
def test_what_does_not_fit_is_refused(class_name: str, options: dict[str, object], problem: str) -> None:
    with pytest.raises(ShapeMismatch, match=problem):
        layer(class_name, options, (None, 3, 2), version="3.15.1")
