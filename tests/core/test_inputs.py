from __future__ import annotations

import io
import json
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from rnnscope import load_input, load_model, run
from rnnscope.errors import BadInput, RnnscopeError, ShapeMismatch, UnreadableFile
from rnnscope.layers.core import InputLayer
from rnnscope.types import Array
from tests.conftest import GOLDEN, Example
from tests.core.models import chain
from tests.core.reading.crafted import hdf5, npy, zipped

VALUES = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
TOKENS = np.array([[3, 1, 0], [2, 0, 0]])


def written(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def npz(**arrays: Any) -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    return stream.getvalue()


def one_line(error: RnnscopeError, name: str) -> None:
    assert str(error).startswith(f"{name}: ")
    assert "\n" not in str(error)


def test_the_example_loads(example: Example) -> None:
    np.testing.assert_array_equal(load_input(example.input), np.load(example.input))


@pytest.mark.parametrize("name", ["x.npy", "x.csv", "x.h5", "x"])
def test_the_bytes_decide_not_the_name(tmp_path: Path, name: str) -> None:
    np.testing.assert_array_equal(load_input(written(tmp_path, name, npy(VALUES))), VALUES)


def test_whole_numbers_and_booleans_keep_their_type(tmp_path: Path) -> None:
    for array in (TOKENS, TOKENS > 0, TOKENS.astype(">i4")):
        found = load_input(written(tmp_path, "x.npy", npy(array)))
        assert isinstance(found, np.ndarray)
        assert found.dtype == array.dtype.newbyteorder("=")
        np.testing.assert_array_equal(found, array)


def test_an_archive_gives_its_arrays_by_name(tmp_path: Path) -> None:
    found = load_input(written(tmp_path, "x.npz", npz(signals=VALUES, tokens=TOKENS)))
    assert isinstance(found, dict)
    assert list(found) == ["signals", "tokens"]
    np.testing.assert_array_equal(found["signals"], VALUES)


def test_an_archive_of_one_unnamed_array_gives_the_array(tmp_path: Path) -> None:
    stream = io.BytesIO()
    np.savez(stream, VALUES)
    found = load_input(written(tmp_path, "x.npz", stream.getvalue()))
    assert isinstance(found, np.ndarray)
    np.testing.assert_array_equal(found, VALUES)
    assert isinstance(load_input(written(tmp_path, "y.npz", npz(x=VALUES))), dict)


def test_hdf5_gives_its_arrays_by_path(tmp_path: Path) -> None:
    def build(file: Any) -> None:
        file["signals"] = VALUES
        file.create_dataset("text/tokens", data=TOKENS, compression="gzip")

    found = load_input(written(tmp_path, "x.h5", hdf5(build)))
    assert isinstance(found, dict)
    assert set(found) == {"signals", "text/tokens"}
    np.testing.assert_array_equal(found["text/tokens"], TOKENS)


def test_a_table_is_one_sample_without_a_batch_axis(tmp_path: Path) -> None:
    found = load_input(written(tmp_path, "x.csv", b"load,temperature\n1,2.5\n3,nan\n"))
    assert isinstance(found, np.ndarray)
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, [[1, 2.5], [3, np.nan]])


def test_a_table_with_decimal_commas_is_refused_with_advice(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"line 1, column 1: not a number; found '1,5'\. Write decimals") as caught:
        load_input(written(tmp_path, "x.csv", b"1,5;2,5\n"))
    one_line(caught.value, "x.csv")


@pytest.mark.parametrize(
    "array",
    [np.array(["a"], object), np.array([{}], object), np.zeros(2, np.complex64), np.zeros(2, [("a", "f4")])],
    ids=["texts as objects", "objects", "complex", "record"],
)
def test_arrays_of_other_things_than_numbers_are_refused(tmp_path: Path, array: Array) -> None:
    data = npy(array, allow_pickle=True)
    for name, content in (("x.npy", data), ("x.npz", zipped({"x.npy": data}))):
        with pytest.raises(UnreadableFile, match="type that is not read") as caught:
            load_input(written(tmp_path, name, content))
        one_line(caught.value, name)


WORDS = np.array([["the", "grün", ""], ["", "猫", "the"]])


@pytest.mark.parametrize("name", ["x.npy", "x.npz", "fixed.h5", "variable.h5", "compressed.h5"])
def test_texts_come_as_unicode_whatever_holds_them(tmp_path: Path, name: str) -> None:
    utf8, any_length = np.char.encode(WORDS, "utf-8"), h5py.string_dtype()
    data = {
        "x.npy": lambda: npy(WORDS),
        "x.npz": lambda: npz(x=WORDS),
        "fixed.h5": lambda: hdf5(lambda f: f.create_dataset("x", data=utf8)),
        "variable.h5": lambda: hdf5(lambda f: f.create_dataset("x", data=WORDS.astype(object), dtype=any_length)),
        "compressed.h5": lambda: hdf5(
            lambda f: f.create_dataset("x", data=WORDS.astype(object), dtype=any_length, compression="gzip")
        ),
    }[name]()
    found = load_input(written(tmp_path, name, data))
    array = found["x"] if isinstance(found, dict) else found
    assert array.dtype.kind == "U"
    np.testing.assert_array_equal(array, WORDS)


def test_texts_in_hdf5_that_are_not_utf_8_are_refused(tmp_path: Path) -> None:
    for kind in (h5py.string_dtype(), h5py.string_dtype(length=4)):
        data = hdf5(partial(_create, kind=kind))
        with pytest.raises(UnreadableFile, match="cannot be read") as caught:
            load_input(written(tmp_path, "x.h5", data))
        one_line(caught.value, "x.h5")


def _create(file: Any, kind: Any) -> None:
    file.create_dataset("x", data=[b"gr\xfcn"], dtype=kind)


@pytest.mark.parametrize("limit", ["rnnscope.texts.MAX_BYTES", "rnnscope.reading.hdf5.MAX_TEXTS"])
def test_one_long_text_for_many_items_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    texts = np.array(["x" * 2000, *["y"] * 500], object)
    data = hdf5(lambda f: f.create_dataset("x", data=texts, dtype=h5py.string_dtype()))
    assert len(load_input(written(tmp_path, "x.h5", data))) == 1
    monkeypatch.setattr(limit, 100_000)
    with pytest.raises(UnreadableFile, match=r"too much to hold|too long"):
        load_input(written(tmp_path, "x.h5", data))


def test_a_model_is_not_taken_for_an_input(tmp_path: Path, example: Example) -> None:
    for path in (written(tmp_path, "x.npz", zipped({"config.json": "{}", "metadata.json": "{}"})), example.model):
        with pytest.raises(BadInput, match="this is a Keras model, not arrays"):
            load_input(path)
    legacy = hdf5(lambda f: f.attrs.__setitem__("model_config", json.dumps({})))
    with pytest.raises(BadInput, match="a model, not an input"):
        load_input(written(tmp_path, "x.h5", legacy))


@pytest.mark.parametrize(
    ("name", "data", "match"),
    [
        ("x.npy", b"", "empty"),
        ("x.npy", b"\x89PNG\r\n\x1a\n\0\0", "not an input file"),
        ("x.json", b"[[1, 2], [3, 4]]", "not an input file"),
        ("x.h5", hdf5(lambda f: f.create_group("a")), "no arrays"),
        ("x.npz", zipped({}), "no arrays"),
        ("x.pkl", b"\x80\x04\x95\0\0.", "not an input file"),
    ],
)
def test_what_is_no_input_is_refused(tmp_path: Path, name: str, data: bytes, match: str) -> None:
    with pytest.raises(RnnscopeError, match=match) as caught:
        load_input(written(tmp_path, name, data))
    one_line(caught.value, name)


def test_a_file_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="no such file") as caught:
        load_input(tmp_path / "missing.npy")
    one_line(caught.value, "missing.npy")


def test_a_table_is_one_sample_of_a_sequence_and_a_sample_in_each_row_elsewhere(tmp_path: Path) -> None:
    table = written(tmp_path, "x.csv", "\n".join(["1,2,3"] * 6).encode())
    sequence = load_model(GOLDEN / "lstm_last.keras")
    assert run(sequence, load_input(table)).inputs["x"].shape == (1, 6, 3)
    flat = chain(("x", InputLayer((None, 3))))
    assert run(flat, load_input(table)).inputs["x"].shape == (6, 3)
    with pytest.raises(ShapeMismatch, match="batch axis is missing"):
        run(sequence, np.asarray(load_input(table)))
