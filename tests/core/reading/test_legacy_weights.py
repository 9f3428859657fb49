"""Weights by order: in which layer's hands each array of an older file ends up."""

from __future__ import annotations

import io
import json
from typing import Any

import h5py
import numpy as np
import pytest

import rnnscope
from rnnscope.errors import RnnscopeError, ShapeMismatch, UnreadableFile, Unsupported
from rnnscope.model import Model
from rnnscope.reading.source import Source
from tests.core.reading.crafted import hdf5, source
from tests.core.reading.kerases import (
    Stored,
    batch_norm,
    dense,
    entrance,
    functional,
    layer,
    model_file,
    numbers,
    weights_file,
)

X = entrance("x", 4, 3)


def two_denses(first: str = "a", second: str = "b") -> dict[str, Any]:
    chain = [layer("Dense", first, [["x", 0, 0, {}]], units=2), layer("Dense", second, [[first, 0, 0, {}]], units=5)]
    return functional([X, *chain], [["x", 0, 0]], [[second, 0, 0]])


STORED: Stored = {"x": [], "a": dense(3, 2, "a"), "b": dense(2, 5, "b")}


def architecture(config: object, **said: str) -> Source:
    assert isinstance(config, dict)
    return source(json.dumps({**config, **said}).encode(), "m.json")


def weight(model: Model, name: str, part: str = "kernel") -> Any:
    return getattr(model[name].operation, part)


def refused(kind: type[RnnscopeError], match: str, *files: Source) -> RnnscopeError:
    with pytest.raises(kind, match=match) as caught:
        rnnscope.load_model(*files)
    return caught.value


def test_each_layer_gets_the_weights_of_its_name() -> None:
    model = rnnscope.load_model(model_file(two_denses(), STORED))
    np.testing.assert_array_equal(weight(model, "a"), STORED["a"][0][1])
    np.testing.assert_array_equal(weight(model, "b"), STORED["b"][0][1])
    assert not model.notes


def test_layers_of_other_names_get_weights_in_their_order_and_a_remark_says_so() -> None:
    model = rnnscope.load_model(architecture(two_denses("c", "d"), keras_version="2.2.4"), weights_file(STORED))
    np.testing.assert_array_equal(weight(model, "d"), STORED["b"][0][1])
    assert "in their order" in model.notes[-1]
    assert "'a' to 'c'" in model.notes[-1]


def test_an_architecture_and_its_weights_may_be_named_in_either_order() -> None:
    files = architecture(two_denses(), keras_version="2.2.4"), weights_file(STORED)
    assert rnnscope.load_model(*files).parameters == rnnscope.load_model(*reversed(files)).parameters == 23


def test_weights_given_with_a_whole_model_take_the_place_of_its_own() -> None:
    other: Stored = {"x": [], "a": dense(3, 2, "a", seed=9), "b": dense(2, 5, "b", seed=9)}
    model = rnnscope.load_model(model_file(two_denses(), STORED), weights_file(other))
    np.testing.assert_array_equal(weight(model, "a"), other["a"][0][1])


def nested(trainable: bool = True) -> dict[str, Any]:
    """A nested model whose middle layer has weights that nothing trains."""
    inside = [
        entrance("i", 4, 3),
        layer("BatchNormalization", "norm", [["i", 0, 0, {}]], axis=-1, trainable=trainable),
        layer("Dense", "d", [["norm", 0, 0, {}]], units=3),
    ]
    inner = functional(inside, [["i", 0, 0]], [["d", 0, 0]], "n")
    inner |= {"name": "n", "inbound_nodes": [[["x", 0, 0, {}]]]}
    return functional([X, inner], [["x", 0, 0]], [["n", 1, 0]])


def test_a_nested_model_has_all_that_it_trains_first() -> None:
    norm, inner = batch_norm(3), dense(3, 3, "d")
    model = rnnscope.load_model(model_file(nested(), {"x": [], "n": [*norm[:2], *inner, *norm[2:]]}))
    np.testing.assert_array_equal(weight(model, "n/d"), inner[0][1])
    np.testing.assert_array_equal(weight(model, "n/norm", "moving_variance"), norm[3][1])
    assert (model.parameters, model.trainable_parameters) == (24, 18)


def test_what_is_frozen_inside_stands_with_what_is_never_trained() -> None:
    norm, inner = batch_norm(3), dense(3, 3, "d")
    model = rnnscope.load_model(model_file(nested(trainable=False), {"x": [], "n": [*inner, *norm]}))
    np.testing.assert_array_equal(weight(model, "n/d"), inner[0][1])
    np.testing.assert_array_equal(weight(model, "n/norm", "moving_mean"), norm[2][1])
    assert model.trainable_parameters == 12


def test_a_gru_behind_untrained_weights_is_still_told_by_its_bias() -> None:
    inside = [
        layer("BatchNormalization", "norm", axis=-1, batch_input_shape=[None, 4, 3]),
        layer("GRU", "g", units=2, trainable=False),
    ]
    config = {
        "class_name": "Sequential",
        "config": [{"class_name": "Sequential", "config": inside}, layer("Dense", "y", units=1)],
    }
    norm = batch_norm(3)
    gru = [("k", numbers(3, 6)), ("r", numbers(2, 6)), ("b", numbers(2, 6, seed=3))]
    stored: Stored = {"sequential_1": [*norm[:2], *norm[2:], *gru], "y": dense(2, 1, "y")}
    model = rnnscope.load_model(model_file(config, stored, "2.4.3"))
    assert model["sequential_1/g"].parameters == 18 + 12 + 12


def test_keras_3_counts_all_inside_a_frozen_model_as_untrained_in_its_own_order() -> None:
    config = nested()
    inner = config["config"]["layers"][1]
    inner["config"]["trainable"] = False
    norm, inside = batch_norm(3), dense(3, 3, "d")
    in_order: Stored = {"x": [], "n": [*norm, *inside]}
    model = rnnscope.load_model(model_file(config, in_order, "3.9.0"))
    np.testing.assert_array_equal(weight(model, "n/d"), inside[0][1])
    trained_first: Stored = {"x": [], "n": [*norm[:2], *inside, *norm[2:]]}
    model = rnnscope.load_model(model_file(config, trained_first, "2.2.4"))
    np.testing.assert_array_equal(weight(model, "n/d"), inside[0][1])


def test_weights_of_keras_up_to_1_0_have_numbers_for_names() -> None:
    def build(file: Any) -> None:
        file.attrs["nb_layers"] = 2
        for place, weights in enumerate((dense(3, 2), dense(2, 5))):
            group = file.create_group(f"layer_{place}")
            group.attrs["nb_params"] = 2
            for number, (_, array) in enumerate(weights):
                group.create_dataset(f"param_{number}", data=array)

    chain = [layer("Dense", "a", output_dim=2, batch_input_shape=[None, 3]), layer("Dense", "b", output_dim=5)]
    config = architecture({"class_name": "Sequential", "config": chain}, keras_version="1.0.1")
    model = rnnscope.load_model(config, source(hdf5(build), "w.h5"))
    assert model.parameters == 23
    assert model.semantics.is_keras1


def test_long_lists_of_names_may_be_split() -> None:
    def split(file: Any) -> None:
        names = file["model_weights"].attrs["layer_names"]
        del file["model_weights"].attrs["layer_names"]
        file["model_weights"].attrs["layer_names0"] = names[:1]
        file["model_weights"].attrs["layer_names1"] = names[1:]

    stream = io.BytesIO(model_file(two_denses(), STORED).data)
    with h5py.File(stream, "r+") as file:
        split(file)
    assert rnnscope.load_model(source(stream.getvalue(), "crafted.h5")).parameters == 23


@pytest.mark.parametrize(("version", "suffix", "backend"), [
    (None, "", "theano"), ("1.2.2", "", "theano"), ("1.2.2", ":0", "tensorflow"), ("2.0.0", "", "tensorflow")
])  # fmt: skip
def test_keras_1_betrays_its_backend_by_the_names_of_weights(version: str | None, suffix: str, backend: str) -> None:
    chain = [layer("Dense", "a", output_dim=2, batch_input_shape=[None, 3])]
    stored = {"a": [(f"a_W{suffix}", numbers(3, 2)), (f"a_b{suffix}", numbers(2))]}
    model = rnnscope.load_model(model_file({"class_name": "Sequential", "config": chain}, stored, version))
    assert model.semantics.backend == backend
    assert model.semantics.is_keras1 == (version != "2.0.0")


@pytest.mark.parametrize("version", [None, "1.2.2"])
def test_a_file_that_names_no_keras_is_keras_1s(version: str | None) -> None:
    chain = [layer("Dense", "a", output_dim=2, batch_input_shape=[None, 3])]
    stored: Stored = {"a": [("a_W", numbers(3, 2)), ("a_b", numbers(2))]}
    model = rnnscope.load_model(model_file({"class_name": "Sequential", "config": chain}, stored, version))
    assert model.semantics.keras_version == "1.2.2"
    assert any("does not say which Keras" in note for note in model.notes) == (version is None)


@pytest.mark.parametrize(("version", "entry"), [
    ("3.15.1", layer("InputLayer", "x", batch_shape=[None, 3], dtype="float32", ragged=False)),
    ("2.15.0", layer("InputLayer", "x", batch_input_shape=[None, 3], dtype="float32", ragged=False)),
    ("2.2.4", layer("InputLayer", "x", batch_input_shape=[None, 3], dtype="float32")),
])  # fmt: skip
def test_a_file_that_names_no_keras_is_read_as_the_one_whose_options_it_has(version: str, entry: object) -> None:
    chain = {"layers": [entry, layer("Dense", "a", units=2)], "name": "stack"}
    stored: Stored = {"a": [("a/kernel:0", numbers(3, 2)), ("a/bias:0", numbers(2))]}
    model = rnnscope.load_model(model_file({"class_name": "Sequential", "config": chain}, stored, None))
    assert model.semantics.keras_version == version
    assert any(f"it is read as Keras {version}" in note for note in model.notes)


def test_a_backend_that_is_unknown_here_counts_as_tensorflow_with_a_remark() -> None:
    model = rnnscope.load_model(model_file(two_denses(), STORED, backend="mxnet"))
    assert model.semantics.backend == "tensorflow"
    assert any("mxnet" in note for note in model.notes)


def test_a_weight_too_many_names_the_layer() -> None:
    stored: Stored = {**STORED, "b": [*STORED["b"], ("more", numbers(2))]}
    error = refused(
        Unsupported, "holds 3 weights for this layer, its options imply 2", model_file(two_denses(), stored)
    )
    assert error.layer == "b"


def test_a_weight_too_few_is_named_with_its_shape() -> None:
    error = refused(UnreadableFile, "'bias' is missing", model_file(two_denses(), {**STORED, "b": STORED["b"][:1]}))
    assert (error.layer, error.expected) == ("b", (5,))


def test_a_layer_too_many_and_one_too_few_are_named() -> None:
    refused(
        Unsupported,
        "weights for 3 layers, the model has 2.*'more'",
        model_file(two_denses(), {**STORED, "more": dense(1, 1)}),
    )
    refused(UnreadableFile, "layer 'b'.*is missing", model_file(two_denses(), {"x": [], "a": STORED["a"]}))


@pytest.mark.parametrize("shape", [(2, 6), (3, 5), (2,), (2, 5, 1), (5, 2)])
def test_a_weight_of_another_shape_is_named_with_both(shape: tuple[int, ...]) -> None:
    stored: Stored = {**STORED, "b": [("b/kernel:0", numbers(*shape)), STORED["b"][1]]}
    error = refused(ShapeMismatch, "weight 'kernel' has the wrong shape", model_file(two_denses(), stored))
    assert (error.layer, error.expected, error.found) == ("b", (2, 5), shape)


@pytest.mark.parametrize("units", [2**31 - 1, 2**20])
def test_units_beyond_all_that_is_stored_are_refused_before_memory_is_asked_for(units: int) -> None:
    config = two_denses()
    config["config"]["layers"][2] = layer("LSTM", "b", [["a", 0, 0, {}]], units=units)
    stored: Stored = {**STORED, "b": [("k", numbers(2, 8)), ("r", numbers(2, 8)), ("b", numbers(8))]}
    error = refused(ShapeMismatch, "wrong shape", model_file(config, stored))
    assert error.layer == "b"


def test_one_name_for_two_weights_is_refused() -> None:
    stored: Stored = {**STORED, "b": [STORED["b"][0], STORED["b"][0]]}
    refused(UnreadableFile, "two weights of the layer have one name", model_file(two_denses(), stored))


def test_weights_of_the_model_itself_are_refused() -> None:
    stored: Stored = {**STORED, "top_level_model_weights": [("scale", numbers(1))]}
    refused(RnnscopeError, "weights", model_file(two_denses(), stored))


@pytest.mark.parametrize("value", [-1, 10**9, 1.5, "2", [2]])
def test_an_impossible_number_of_layers_is_refused(value: object) -> None:
    def build(file: Any) -> None:
        file.attrs["nb_layers"] = value
        file.create_group("layer_0").attrs["nb_params"] = 0

    refused(UnreadableFile, "holds no Keras weights", architecture(two_denses()), source(hdf5(build), "w.h5"))


@pytest.mark.parametrize("value", [-1, 10**9, "2", None])
def test_an_impossible_number_of_weights_is_refused(value: object) -> None:
    def build(file: Any) -> None:
        file.attrs["nb_layers"] = 1
        group = file.create_group("layer_0")
        if value is not None:
            group.attrs["nb_params"] = value

    refused(UnreadableFile, "nb_params", architecture(two_denses()), source(hdf5(build), "w.h5"))


def test_a_link_in_place_of_weights_is_refused() -> None:
    def build(file: Any) -> None:
        file.attrs["layer_names"] = [b"a"]
        group = file.create_group("a")
        group.attrs["weight_names"] = [b"k", b"b"]
        group["k"] = h5py.ExternalLink("/etc/passwd", "/k")
        group["b"] = h5py.SoftLink("/a/k")

    chain = {"class_name": "Sequential", "config": [layer("Dense", "a", units=2, batch_input_shape=[None, 3])]}
    refused(UnreadableFile, "link to somewhere else", architecture(chain), source(hdf5(build), "w.h5"))


def test_an_architecture_alone_asks_for_its_weights() -> None:
    refused(UnreadableFile, r"without weights.*--weights", architecture(two_denses()))


def test_two_architectures_and_two_files_of_weights_are_refused() -> None:
    refused(UnreadableFile, "holds no weights", architecture(two_denses()), architecture(two_denses()))
    refused(UnreadableFile, "neither file holds an architecture", weights_file(STORED), weights_file(STORED))


def test_yaml_is_refused_by_name() -> None:
    text = source(b"backend: tensorflow\nclass_name: Sequential\nconfig: []\n", "m.yaml")
    refused(Unsupported, r"YAML is not read.*to_json", text, weights_file(STORED))
