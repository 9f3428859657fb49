from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from rnnscope import load_reference
from rnnscope.errors import BadInput, RnnscopeError, UnreadableFile
from tests.conftest import Example
from tests.core.reading.crafted import hdf5, npy

OUTPUT = np.arange(6, dtype=np.float32).reshape(2, 3)
META = {"keras_version": "3.15.1", "backend": "tensorflow", "batch_size": 32}
ARRAYS: dict[str, Any] = {
    "output/0": OUTPUT,
    "output/1": OUTPUT + 1,
    "layer/rnn/output/0": OUTPUT,
    "layer/rnn/state/h": OUTPUT,
    "layer/rnn/gate/forward/i": OUTPUT,
    "layer/outer/inner@1/state/0/c": OUTPUT,
    "layer/rnn/mask": OUTPUT > 2,
}


def npz(folder: Path, **arrays: Any) -> Path:
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    (folder / "keras.npz").write_bytes(stream.getvalue())
    return folder / "keras.npz"


def h5(folder: Path, build: Any) -> Path:
    (folder / "keras.h5").write_bytes(hdf5(build))
    return folder / "keras.h5"


def filled(file: Any) -> None:
    for key, array in ARRAYS.items():
        file[key] = array


def check(path: Path, meta: object) -> None:
    found = load_reference(path)
    assert set(found.arrays) == set(ARRAYS)
    for key, array in ARRAYS.items():
        np.testing.assert_array_equal(found.arrays[key], array)
    assert found.arrays["layer/rnn/mask"].dtype == np.bool_
    assert found.meta == meta
    assert found.file == path.name


def test_the_example_loads(example: Example) -> None:
    found = load_reference(example.reference)
    assert found.get("output/0") is not None
    assert found.get("layer/nowhere/output/0") is None
    assert isinstance(found.meta["keras_version"], str)


def test_an_archive_of_stored_values_is_read(tmp_path: Path) -> None:
    check(npz(tmp_path, meta=np.array(json.dumps(META)), **ARRAYS), META)
    check(npz(tmp_path, **ARRAYS), {})


def test_hdf5_with_meta_as_an_attribute_is_read(tmp_path: Path) -> None:
    def build(file: Any) -> None:
        filled(file)
        file.attrs["meta"] = json.dumps(META)

    check(h5(tmp_path, build), META)


@pytest.mark.parametrize("dtype", [h5py.string_dtype(), h5py.string_dtype(length=200)], ids=["any length", "fixed"])
def test_hdf5_with_meta_as_a_text_dataset_is_read(tmp_path: Path, dtype: Any) -> None:
    def build(file: Any) -> None:
        filled(file)
        file.create_dataset("meta", data=json.dumps(META), dtype=dtype)

    check(h5(tmp_path, build), META)


def test_the_recorded_inputs_are_left_out(tmp_path: Path) -> None:
    check(npz(tmp_path, **{"input/x": OUTPUT}, **ARRAYS), {})


def test_a_bare_array_or_table_is_the_first_output(tmp_path: Path) -> None:
    (tmp_path / "y.npy").write_bytes(npy(OUTPUT))
    (tmp_path / "y.csv").write_text("\n".join(",".join(map(str, row)) for row in OUTPUT))
    for name in ("y.npy", "y.csv"):
        found = load_reference(tmp_path / name)
        assert list(found.arrays) == ["output/0"]
        np.testing.assert_array_equal(found.arrays["output/0"], OUTPUT)
        assert found.meta == {}


KEYS = ["predictions", "arr_0", "output/first", "layer/rnn", "layer/rnn/weights", "layer//mask", "output/0/x", "Meta"]


@pytest.mark.parametrize("key", KEYS)
def test_a_key_of_another_layout_is_refused_and_the_layout_said(tmp_path: Path, key: str) -> None:
    with pytest.raises(BadInput, match="expected keys such as output/0, layer/<name>/output/0") as caught:
        load_reference(npz(tmp_path, **{"output/0": OUTPUT, key: OUTPUT}))
    assert f"found '{key}'" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_foreign_keys_in_hdf5_are_refused_before_anything_is_read(tmp_path: Path) -> None:
    path = h5(tmp_path, lambda f: f.create_dataset("weights", (2**40,), np.float32))
    with pytest.raises(BadInput, match=r"not stored Keras values.*found 'weights'"):
        load_reference(path)


@pytest.mark.parametrize("text", ["[1]", "3", '"text"', "null"])
def test_meta_that_is_no_object_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadInput, match="meta is not a JSON object"):
        load_reference(npz(tmp_path, meta=np.array(text), **ARRAYS))


@pytest.mark.parametrize("text", ["{", '{"a": NaN}', '{"a": 1, "a": 2}'])
def test_meta_that_is_damaged_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(UnreadableFile, match=r"keras\.npz: meta: the JSON text is not usable"):
        load_reference(npz(tmp_path, meta=np.array(text), **ARRAYS))


@pytest.mark.parametrize(
    "meta",
    [np.array(["{}", "{}"]), np.array(2.0), np.array("x" * 300_000)],
    ids=["several", "number", "too long"],
)
def test_meta_is_one_text_of_bounded_length(tmp_path: Path, meta: Any) -> None:
    with pytest.raises(UnreadableFile, match="meta is not one text of up to"):
        load_reference(npz(tmp_path, meta=meta, **ARRAYS))


def test_outputs_may_be_texts(tmp_path: Path) -> None:
    words = np.array([["the"], ["grün"]])
    kept = {"data": words.astype(object), "dtype": h5py.string_dtype()}
    for path in (
        npz(tmp_path, **{"output/0": words}),
        h5(tmp_path, lambda f: f.create_dataset("output/0", **kept)),
    ):
        np.testing.assert_array_equal(load_reference(path).arrays["output/0"], words)


def test_meta_kept_in_another_file_is_refused(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b'{"key": "secret"}')

    def build(file: Any) -> None:
        filled(file)
        file.create_dataset("meta", (1,), "S17", external=[(str(secret), 0, 17)])

    with pytest.raises(UnreadableFile, match="another file"):
        load_reference(h5(tmp_path, build))


@pytest.mark.parametrize("data", [b'{"output": [1]}', b"\x89PNG\r\n\x1a\n\0\0"])
def test_other_files_are_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x").write_bytes(data)
    with pytest.raises(RnnscopeError, match=r"not stored Keras values; expected \.npz, \.h5, \.npy or \.csv"):
        load_reference(tmp_path / "x")
