from __future__ import annotations

import pickle

import numpy as np
import pytest

from rnnscope.errors import Unsupported
from rnnscope.layers.activations import Activation, take_activation
from rnnscope.layers.config import Config
from rnnscope.layers.nonlinearities import ACTIVATIONS
from rnnscope.semantics import Semantics

EXTREME = np.array([[-1e4, -100.0, -1.0, -0.0, 0.5, 1.0, 100.0, 1e4]])


def config(value: object, version: str = "3.15.1") -> Config:
    return Config({"activation": value}, class_name="Dense", layer="dense", semantics=Semantics(version))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_type_is_kept_and_nothing_becomes_nan(name: str, dtype: type) -> None:
    with np.errstate(over="ignore"):
        y = Activation(name)(EXTREME.astype(dtype))
    assert y.dtype == dtype
    assert not np.isnan(y).any()


@pytest.mark.parametrize("name", ["softmax"])
def test_probabilities_add_up_to_one(name: str) -> None:
    x = np.random.default_rng(0).normal(size=(20, 5))
    y = Activation(name)(x)
    np.testing.assert_allclose(y.sum(axis=-1), 1)
    assert (y >= 0).all()


@pytest.mark.parametrize(
    ("version", "expected"),
    [("3.15.1", [0, 0.25, 0.5, 4 / 6, 1]), ("2.15.0", [0, 0.2, 0.5, 0.7, 1]), ("1.2.2", [0, 0.2, 0.5, 0.7, 1])],
)
def test_hard_sigmoid_is_that_of_the_keras_that_wrote_the_file(version: str, expected: list[float]) -> None:
    activation = take_activation(config("hard_sigmoid", version))
    np.testing.assert_allclose(activation(np.array([-4.0, -1.5, 0.0, 1.0, 4.0])), expected)
    assert activation.label == " hard_sigmoid"


@pytest.mark.parametrize("name", ["gelu", "leaky_relu", "hard_swish", "my_own"])
def test_a_name_that_keras_did_not_have_then_stands_for_a_function_of_the_user(name: str) -> None:
    with pytest.raises(Unsupported, match=f"activation='{name}'"):
        take_activation(config(name, "2.2.4"))


@pytest.mark.parametrize(("name", "taken"), [("swish", "silu"), ("relu6", "relu6"), ("softmax_v2", "softmax")])
def test_a_function_of_the_user_that_can_mean_one_thing_is_taken(name: str, taken: str) -> None:
    assert take_activation(config(name, "2.2.4")).name == taken


def test_an_activation_may_be_a_name_none_or_the_object_keras_writes() -> None:
    assert take_activation(config("tanh")).name == "tanh"
    assert take_activation(config(None)).name == "linear"
    written = {"module": "builtins", "class_name": "function", "config": "gelu", "registered_name": "function"}
    assert take_activation(config(written)).name == "gelu"


@pytest.mark.parametrize(
    "value", ["os.system", {"class_name": "Custom>mine", "config": {}}, 7, {"class_name": "function"}]
)
def test_an_unknown_activation_is_refused_by_name(value: object) -> None:
    with pytest.raises(Unsupported, match="layer 'dense': Dense with activation="):
        take_activation(config(value))


def test_an_activation_survives_pickling() -> None:
    assert pickle.loads(pickle.dumps(Activation("mish"))) == Activation("mish")


def test_along_several_axes_a_place_where_all_is_masked_has_ones_as_in_keras() -> None:
    far = np.full((1, 3, 5), -1e9, np.float32) + np.linspace(-1, 1, 15, dtype=np.float32).reshape(1, 3, 5)
    assert ACTIVATIONS["softmax"](far, axis=(1, 2)) == pytest.approx(np.ones((1, 3, 5)))
    near = np.random.default_rng(1).normal(size=(2, 3, 5)).astype(np.float32)
    assert ACTIVATIONS["softmax"](near, axis=(1, 2)).sum(axis=(1, 2)) == pytest.approx(np.ones(2), abs=1e-6)
