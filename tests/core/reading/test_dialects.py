from __future__ import annotations

import copy
from typing import Any

import pytest

from rnnscope.reading.dialects import keras3_options, to_keras3


@pytest.mark.parametrize(
    ("class_name", "old", "new"),
    [
        ("LSTM", {"output_dim": 3, "inner_activation": "x", "dropout_W": 0.1, "dropout_U": 0.2},
         {"units": 3, "recurrent_activation": "x", "dropout": 0.1, "recurrent_dropout": 0.2}),
        ("GRU", {"output_dim": 3, "input_dim": 2, "input_length": None, "consume_less": "gpu"},
         {"units": 3, "implementation": 2}),
        ("Dense", {"output_dim": 1, "init": "x", "bias": False, "W_constraint": None}, {"units": 1, "use_bias": False}),
        ("Embedding", {"input_dim": 9, "output_dim": 3, "input_length": 4, "dropout": 0.5, "input_dtype": "int32"},
         {"input_dim": 9, "output_dim": 3}),
        ("Embedding", {"input_dim": 9, "output_dim": 3, "dtype": "int32"}, {"input_dim": 9, "output_dim": 3}),
        ("Conv1D", {"nb_filter": 4, "filter_length": 3, "border_mode": "same", "subsample_length": 2},
         {"filters": 4, "kernel_size": 3, "padding": "same", "strides": 2}),
        ("Conv2D", {"nb_filter": 4, "nb_row": 3, "nb_col": 2, "subsample": [1, 2], "dim_ordering": "th"},
         {"filters": 4, "kernel_size": [3, 2], "strides": [1, 2], "data_format": "channels_first"}),
        ("Conv3D", {"kernel_dim1": 1, "kernel_dim2": 2, "kernel_dim3": 3, "dim_ordering": "tf"},
         {"kernel_size": [1, 2, 3], "data_format": "channels_last"}),
        ("MaxPooling1D", {"pool_length": 2, "stride": None}, {"pool_size": 2, "strides": None}),
        ("Dropout", {"p": 0.5}, {"rate": 0.5}),
        ("GaussianNoise", {"sigma": 0.5}, {"stddev": 0.5}),
        ("UpSampling1D", {"length": 2}, {"size": 2}),
        ("LeakyReLU", {"alpha": 0.1}, {"negative_slope": 0.1}),
        ("ELU", {"alpha": 0.1}, {"alpha": 0.1}),
        ("InputLayer", {"batch_input_shape": [None, 3], "input_dtype": "int32"},
         {"batch_shape": [None, 3], "dtype": "int32"}),
        ("BatchNormalization", {"mode": 0, "epsilon": 1e-5}, {"epsilon": 1e-5}),
        ("BatchNormalization", {"mode": 2}, {"mode": 2}),
        ("ZeroPadding1D", {"padding": {"left_pad": 1, "right_pad": 2}}, {"padding": [1, 2]}),
        ("ZeroPadding2D", {"padding": [1, 2]}, {"padding": [[1, 1], [2, 2]]}),
        ("ZeroPadding2D", {"padding": [1, 2, 3, 4]}, {"padding": [[1, 2], [3, 4]]}),
        ("ZeroPadding2D", {"padding": [[1, 2], [3, 4]]}, {"padding": [[1, 2], [3, 4]]}),
        ("ZeroPadding3D", {"padding": [1, 2, 3]}, {"padding": [[1, 1], [2, 2], [3, 3]]}),
    ],
)  # fmt: skip
def test_old_words_become_keras_3s(class_name: str, old: dict[str, Any], new: dict[str, Any]) -> None:
    assert keras3_options(class_name, old) == new


def test_an_option_that_nobody_knows_stays_to_be_refused() -> None:
    assert keras3_options("LSTM", {"unheard_of": 1}) == {"unheard_of": 1}


def test_where_a_file_says_both_the_newer_word_stands() -> None:
    assert keras3_options("LSTM", {"units": 3, "output_dim": 4}) == {"units": 3}


def test_parts_at_every_depth_are_translated() -> None:
    cell = {"class_name": "LSTM", "config": {"output_dim": 2}}
    wrapper = {"class_name": "Bidirectional", "config": {"layer": cell, "merge_mode": "sum"}}
    tree = {"class_name": "Sequential", "config": [{"class_name": "TimeDistributed", "config": {"layer": wrapper}}]}
    before = copy.deepcopy(tree)
    found: Any = to_keras3(tree)
    inner = found["config"]["layers"][0]["config"]["layer"]["config"]["layer"]
    assert inner == {"class_name": "LSTM", "config": {"units": 2}}
    assert tree == before


def test_classes_have_keras_3s_names() -> None:
    names = {"Model": "Functional", "Convolution1D": "Conv1D", "UnifiedLSTM": "LSTM", "Merge": "Merge"}
    for old, new in names.items():
        found: Any = to_keras3({"class_name": old, "config": {}})
        assert found["class_name"] == new


@pytest.mark.parametrize(
    "written", [{"class_name": "__tuple__", "items": [1, 2]}, {"class_name": "__tuple__", "config": {"value": [1, 2]}}]
)
def test_a_tuple_is_read_as_a_list_in_options_and_left_alone_in_calls(written: object) -> None:
    entry = {"class_name": "Reshape", "config": {"target_shape": written}, "inbound_nodes": [{"args": [written]}]}
    found: Any = to_keras3(entry)
    assert found["config"]["target_shape"] == [1, 2]
    assert found["inbound_nodes"] == entry["inbound_nodes"]


def test_the_axes_of_layers_that_say_no_order_follow_those_that_do() -> None:
    convolution = {"class_name": "Convolution2D", "config": {"dim_ordering": "th"}}
    padding = {"class_name": "ZeroPadding2D", "config": {}}
    found: Any = to_keras3([convolution, padding])
    assert found[1]["config"] == {"data_format": "channels_first"}
    mixed: Any = to_keras3([convolution, padding, {"class_name": "MaxPooling2D", "config": {"dim_ordering": "tf"}}])
    assert mixed[1]["config"] == {}


def test_a_sequential_model_learns_its_input_shape_from_what_keras_notes_beside_it() -> None:
    tree = {"class_name": "Sequential", "config": {"layers": []}, "build_config": {"input_shape": [None, 3]}}
    found: Any = to_keras3(tree)
    assert found["config"]["build_input_shape"] == [None, 3]
