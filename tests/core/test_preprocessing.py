"""Layers that prepare numbers: vocabularies, encodings, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnscope import BadInput, RnnscopeError
from rnnscope.layers.categories import Encoding
from tests.core.test_normalization import layer, output

V = [12, 36, 1138, 42]


@given(mode=st.sampled_from(["one_hot", "multi_hot", "count"]), shape=st.sampled_from([(4, 1), (4, 3), (2, 3, 4)]))
def test_an_encoding_has_the_shape_that_it_says(mode: str, shape: tuple[int, ...]) -> None:
    encoding, indices = Encoding(mode, 5), np.random.default_rng(0).integers(0, 7, shape)
    encoded = encoding.encode(indices)
    assert encoded.shape == encoding.shape_of(shape)
    if mode == "count":
        assert encoded.sum() == (indices < 5).sum()


def test_a_vocabulary_may_begin_with_its_special_tokens() -> None:
    x = np.array([[12, 0, 42, 7]])
    shape = (None, 4)
    for vocabulary in (V, [0, -1, *V]):
        lookup = layer("IntegerLookup", {"vocabulary": vocabulary, "mask_token": 0}, shape, version="3.15.1")
        assert output(lookup, x, "3.15.1").tolist() == [[2, 0, 5, 1]]


def test_a_token_outside_a_closed_vocabulary_is_named() -> None:
    lookup = layer("IntegerLookup", {"vocabulary": V, "num_oov_indices": 0}, (None, 2), version="3.15.1")
    with pytest.raises(BadInput, match="token 99"):
        output(lookup, np.array([[12, 99]]), "3.15.1")


def test_discretization_counts_the_boundaries_reached() -> None:
    bins = layer("Discretization", {"bin_boundaries": [0.0, 1.0]}, (None, 4), version="2.15.0")
    found = output(bins, np.array([[-0.1, 0.0, 0.9, 1.0]]), "2.15.0")
    assert found.tolist() == [[0, 1, 1, 2]]
    assert found.dtype == np.dtype(np.int64)


@pytest.mark.parametrize(
    ("class_name", "options", "problem"),
    [
        ("IntegerLookup", {"vocabulary": V, "output_mode": "tf_idf"}, "idf_weights"),
        ("IntegerLookup", {"vocabulary": V, "num_oov_indices": 2, "oov_method": "farmhash"}, "farmhash"),
        ("IntegerLookup", {"vocabulary": None}, "not in this file"),
        ("IntegerLookup", {"vocabulary": [1, 1]}, "one twice"),
        ("Discretization", {"num_bins": 3}, "boundaries"),
        ("Discretization", {"bin_boundaries": [1.0, 0.0]}, "ascend"),
        ("CategoryEncoding", {"num_tokens": 3, "sparse": True}, "sparse=True"),
        ("Normalization", {"axis": -1, "mean": [1.0, 2.0, 3.0], "variance": [1.0, 2.0, 3.0]}, "mean or variance"),
        ("Discretization", {"bin_boundaries": [0.0], "output_mode": "count", "sparse": True}, "sparse=True"),
        ("Hashing", {"num_bins": 3}, r"layers of class Hashing.*a vocabulary"),
        ("HashedCrossing", {}, r"layers of class HashedCrossing.*a vocabulary"),
        ("TextVectorization", {}, r"layers of class TextVectorization.*split it before"),
    ],
)
def test_what_is_not_computed_is_refused_by_name(class_name: str, options: dict[str, object], problem: str) -> None:
    with pytest.raises(RnnscopeError, match=problem):
        layer(class_name, options, (None, 4), version="3.15.1")


def test_a_picture_that_keras_would_enlarge_is_refused() -> None:
    with pytest.raises(RnnscopeError, match=r"at least \(4, 3\)"):
        layer("CenterCrop", {"height": 4, "width": 3}, (None, 3, 3, 1), version="3.15.1")


def test_bins_in_whole_numbers_stand_in_a_wrapper_that_computes_in_floats() -> None:
    inner = {"class_name": "Discretization", "config": {"name": "bins", "dtype": "int64", "bin_boundaries": [0.0, 1.0]}}
    bins = layer("TimeDistributed", {"dtype": "float32", "layer": inner}, (None, 2, 3), version="2.15.0")
    found = output(bins, np.array([[[-1.0, 0.5, 2.0], [0.0, 1.0, -3.0]]], np.float32), "2.15.0")
    assert found.tolist() == [[[0, 1, 2], [1, 2, 0]]]
