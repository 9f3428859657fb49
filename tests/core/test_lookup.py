"""Vocabularies, against tf-keras (`tests/golden/keras2/make_lookups.py`) and where Keras says no."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import rnnscope
from rnnscope import BadInput, RnnscopeError, UnreadableFile, Unsupported
from rnnscope.reading.loader import MAX_VOCABULARY_BYTES
from tests.core.reading.crafted import zipped
from tests.core.test_normalization import Stored, output
from tests.core.test_normalization import layer as read

GOLDEN = Path(__file__).parents[1] / "golden"
KERAS2 = GOLDEN / "keras2"
ADAPTED = "vocabularies_in_files_of_their_own"
MEMBER = "assets/layers/string_lookup/vocabulary.txt"
WORDS = ["the", "cat", "grün"]
NEWEST = "3.15.1"


def lookup(options: dict[str, object], *, class_name: str = "StringLookup", version: str = NEWEST) -> Any:
    return read(class_name, options, (None, 3), version=version)


def adapted(tmp_path: Path, **members: bytes | None) -> Path:
    """The adapted golden model with these members of the archive in place of its own, or without them."""
    with zipfile.ZipFile(GOLDEN / f"{ADAPTED}.keras") as archive:
        content: dict[str, bytes | None] = {name: archive.read(name) for name in archive.namelist()}
    path = tmp_path / "model.keras"
    path.write_bytes(zipped({name: data for name, data in (content | members).items() if data is not None}))
    return path


@pytest.mark.parametrize("file", ["lookups.keras", "lookups.h5", "adapted.keras"])
def test_tf_keras_looks_up_the_same(file: str) -> None:
    with np.load(KERAS2 / f"{Path(file).stem}.npz") as stored:
        inputs = [stored[f"input/{name}"] for name in ("texts", "numbers")]
        trace = rnnscope.run(rnnscope.load_model(KERAS2 / file), inputs)
        assert len(trace.outputs) == len(stored.files) - len(inputs)
        for place, ours in enumerate(trace.outputs):
            theirs = stored[f"output/{place}"]
            assert ours.dtype.kind == theirs.dtype.kind, place
            if theirs.dtype.kind == "U":
                np.testing.assert_array_equal(ours, theirs)
            else:
                np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6, err_msg=str(place))


@given(st.lists(st.lists(st.sampled_from([*WORDS, ""]), min_size=3, max_size=3), min_size=1))
def test_looking_up_and_back_gives_the_words_again(texts: list[list[str]]) -> None:
    options: dict[str, object] = {"vocabulary": WORDS, "mask_token": ""}
    there, back = lookup(options), lookup(options | {"invert": True})
    index = output(there, np.array(texts), NEWEST)
    assert output(back, index, NEWEST).tolist() == texts


def test_texts_outside_have_one_index_or_are_refused() -> None:
    x = np.array([["the", "dog", "grün"]])
    assert output(lookup({"vocabulary": WORDS}), x, NEWEST).tolist() == [[1, 0, 3]]
    with pytest.raises(BadInput, match=r"token 'dog' is outside the vocabulary.*num_oov_indices=0"):
        output(lookup({"vocabulary": WORDS, "num_oov_indices": 0}), x, NEWEST)


def test_what_is_outside_weighs_the_average_unless_it_is_told() -> None:
    x, options = np.array([["dog", "dog", "cat"]]), {"output_mode": "tf_idf"}
    plain = lookup(options | {"vocabulary": WORDS, "idf_weights": [0.5, 0.25, 0.75]})
    assert output(plain, x, NEWEST).tolist() == [[1.0, 0, 0.25, 0]]
    told = lookup(options | {"vocabulary": ["[UNK]", *WORDS], "idf_weights": [2.0, 0.5, 0.25, 0.75]})
    assert output(told, x, NEWEST).tolist() == [[4.0, 0, 0.25, 0]]
    padded = lookup(
        options | {"vocabulary": WORDS, "idf_weights": [0.5, 0.25, 0.75], "max_tokens": 6, "pad_to_max_tokens": True}
    )
    assert output(padded, x, NEWEST).tolist() == [[1.0, 0, 0.25, 0, 0, 0]]


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"num_oov_indices": 2}, "num_oov_indices=2.*hash of texts"),
        ({"sparse": True, "output_mode": "count"}, "sparse=True"),
        ({"output_mode": "ragged"}, "output_mode='ragged'"),
        ({"vocabulary": None}, "not in this file.*as .keras"),
        ({"vocabulary": "/elsewhere/words.txt"}, "the file '/elsewhere/words.txt', outside the model"),
        ({"vocabulary": []}, "not a list of texts"),
        ({"vocabulary": ["a", 1]}, "not a list of texts"),
        ({"vocabulary": ["a", "a"]}, "one twice"),
        ({"vocabulary": ["a", "\ud800"]}, "half a character"),
        ({"vocabulary": ["a", "m"], "mask_token": "m"}, "special token 'm'"),
        ({"vocabulary": ["a", "[UNK]"], "invert": True}, r"special token '\[UNK\]'"),
        ({"mask_token": 0}, "'mask_token' is not usable"),
        ({"oov_token": True}, "'oov_token' is not usable"),
        ({"invert": True, "output_mode": "count"}, "invert=True, output_mode='count'"),
        ({"invert": True, "oov_token": None}, "oov_token=None"),
        ({"max_tokens": 3}, "larger than max_tokens=3; found 4"),
        ({"pad_to_max_tokens": True}, "has none"),
        ({"output_mode": "count", "vocabulary_size": 9}, "expected 9, found 4"),
        ({"output_mode": "tf_idf"}, "idf_weights do not fit"),
        ({"output_mode": "tf_idf", "idf_weights": [1.0]}, r"expected \(3,\), found \(1,\)"),
    ],
)
def test_what_keras_would_not_take_or_we_do_not_compute_is_refused(options: dict[str, object], problem: str) -> None:
    with pytest.raises(RnnscopeError, match=problem):
        lookup({"vocabulary": WORDS} | options)


def test_a_hash_is_refused_only_where_one_is_needed() -> None:
    hashed: dict[str, object] = {"vocabulary": [3, 5], "oov_method": "farmhash", "salt": 7}
    assert output(lookup(hashed, class_name="IntegerLookup"), np.array([[5, 9, 3]]), NEWEST).tolist() == [[2, 0, 1]]
    back = lookup({"vocabulary": WORDS, "num_oov_indices": 2, "invert": True})
    assert output(back, np.array([[1, 2, 9]]), NEWEST).tolist() == [["[UNK]", "the", "[UNK]"]]


def test_numbers_are_no_texts() -> None:
    with pytest.raises(BadInput, match="takes text, and is given numbers"):
        output(lookup({"vocabulary": ["1"]}), np.array([[1, 2, 3]]), NEWEST)


def test_weights_of_the_layer_itself_win() -> None:
    class Named(Stored):
        def named_shape(self, name: str) -> tuple[int, ...] | None:
            return (4,) if name == "idf_weights" else None

    from rnnscope.layers import read_layer
    from rnnscope.layers.config import Config
    from rnnscope.semantics import Semantics

    options = {"vocabulary": WORDS, "output_mode": "tf_idf", "idf_weights": [1.0, 1.0, 1.0]}
    config = Config(options, class_name="StringLookup", layer="x", semantics=Semantics(NEWEST))
    made = read_layer(config, Named(np.array([4.0, 3.0, 2.0, 1.0])), ((None, 3),))
    assert output(made, np.array([["the", "dog", "grün"]]), NEWEST).tolist() == [[4.0, 3.0, 0.0, 1.0]]


def test_a_vocabulary_that_an_h5_has_lost_is_asked_for() -> None:
    with pytest.raises(Unsupported, match="layer 'index': StringLookup whose vocabulary is not in this file"):
        rnnscope.load_model(GOLDEN / f"{ADAPTED}.h5")


@pytest.mark.parametrize(
    ("member", "error", "problem"),
    [
        (b"\n[UNK]\ncat\nth\xe9", UnreadableFile, "not UTF-8"),
        (None, Unsupported, "not in this file"),
        (b"x" * (MAX_VOCABULARY_BYTES + 1), UnreadableFile, "too large"),
        (b"\n[UNK]\ncat\ncat", UnreadableFile, "one twice"),
        (b"", UnreadableFile, "no tokens"),
    ],
    ids=["latin-1", "missing", "large", "twice", "empty"],
)
def test_a_vocabulary_file_that_is_none_is_refused(
    tmp_path: Path, member: bytes | None, error: type[RnnscopeError], problem: str
) -> None:
    with pytest.raises(error, match=problem):
        rnnscope.load_model(adapted(tmp_path, **{MEMBER: member}))


def test_lines_may_end_as_windows_ends_them(tmp_path: Path) -> None:
    words = ["", "[UNK]", "sat", "the", "cat"]
    texts, numbers = np.array([["sat", "cat", "dog", "", "", ""]]), np.zeros((1, 6), int)
    found = [
        rnnscope.run(rnnscope.load_model(adapted(tmp_path, **{MEMBER: end.join(words).encode()})), [texts, numbers])
        for end in ("\n", "\r\n")
    ]
    assert all(trace["index"].output.tolist() == [[2, 4, 1, 0, 0, 0]] for trace in found)


@pytest.mark.parametrize(("version", "index"), [("3.13.2", 2), ("3.14.0", 0)])
def test_an_empty_last_line_was_a_token_once(version: str, index: int) -> None:
    class Beside(Stored):
        def text(self, name: str) -> str | None:
            return "[UNK]\na\n" if name == "vocabulary.txt" else None

    from rnnscope.layers import read_layer
    from rnnscope.layers.config import Config
    from rnnscope.semantics import Semantics

    config = Config({"vocabulary": None}, class_name="StringLookup", layer="x", semantics=Semantics(version))
    made = read_layer(config, Beside(), ((None, 1),))
    assert output(made, np.array([[""]]), version).tolist() == [[index]]
