"""What must hold for every array, text and table, not only for the ones that somebody thought of."""

from __future__ import annotations

import json
import zipfile
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from rnnscope.reading.archive import read_members
from rnnscope.reading.arrays import bfloat16_to_float32, native
from rnnscope.reading.hdf5 import open_hdf5
from rnnscope.reading.json_text import parse_json
from rnnscope.reading.npy import read_npy, read_npz
from rnnscope.reading.table import read_csv
from rnnscope.types import Array
from tests.core.reading.crafted import FILE, hdf5, npy, source, zipped

NUMBERS = st.one_of(
    arrays.boolean_dtypes(), arrays.integer_dtypes(), arrays.unsigned_integer_dtypes(), arrays.floating_dtypes()
)
ANY_ARRAY = arrays.arrays(NUMBERS, arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5))
FLOATS = st.floats(allow_nan=True, allow_infinity=True)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def same(found: Array, given_: Array) -> None:
    """Equal to the last bit, in this machine's own form."""
    assert found.dtype == given_.dtype.newbyteorder("=")
    assert found.shape == given_.shape
    assert found.flags.c_contiguous
    assert found.flags.writeable
    np.testing.assert_array_equal(found, given_)


@given(ANY_ARRAY, st.sampled_from([(1, 0), (2, 0), (3, 0)]), st.booleans())
def test_any_array_survives_an_npy_file(array: Array, version: tuple[int, int], fortran: bool) -> None:
    array = np.asfortranarray(array) if fortran else array
    same(read_npy(npy(array, version), FILE), array)


@given(
    st.dictionaries(st.from_regex(r"[a-z_]{1,8}(/[a-z0-9]{1,4})?", fullmatch=True), ANY_ARRAY, min_size=1, max_size=3)
)
def test_any_arrays_survive_an_npz_file(given_: dict[str, Array]) -> None:
    found = read_npz(zipped({f"{name}.npy": npy(array) for name, array in given_.items()}), FILE)
    assert list(found) == list(given_)
    for name, array in given_.items():
        same(found[name], array)


@given(ANY_ARRAY, st.sampled_from([{}, {"chunks": True}, {"compression": "gzip", "shuffle": True, "fletcher32": True}]))
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_any_array_survives_an_hdf5_file(array: Array, options: dict[str, Any]) -> None:
    options = options if array.size and array.ndim else {}
    with open_hdf5(hdf5(lambda f: f.create_dataset("a/x", data=array, **options)), FILE) as file:
        same(file.read("a/x", array.shape), array)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), min_size=1, max_size=5))
def test_any_texts_survive_an_attribute(texts: list[str]) -> None:
    with open_hdf5(
        hdf5(lambda f: f.attrs.create("names", np.array(texts, object), dtype=h5py.string_dtype())), FILE
    ) as file:
        assert file.attribute("/", "names") == texts


@given(JSON)
def test_any_json_survives(value: Any) -> None:
    for text in (json.dumps(value), json.dumps(value, ensure_ascii=False)):
        assert parse_json(text, FILE) == value
        assert parse_json(text.encode(), FILE) == value


@given(
    arrays.arrays(np.float64, arrays.array_shapes(min_dims=2, max_dims=2, max_side=6), elements=FLOATS),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
def test_any_table_survives_a_csv_file(table: Array, separator: str, end: str, heading: bool) -> None:
    rows = [[f"column {index}" for index in range(table.shape[1])]] if heading else []
    rows += [[repr(float(value)) for value in row] for row in table]
    found = read_csv(source(end.join(separator.join(row) for row in rows).encode()))
    np.testing.assert_array_equal(found, table)


@given(st.dictionaries(st.from_regex(r"[a-z]{1,8}(/[a-z]{1,8})?", fullmatch=True), st.binary(max_size=500), max_size=4))
@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_any_members_survive_an_archive(compression: int, members: dict[str, bytes]) -> None:
    assert read_members(zipped(members, compression), FILE, lambda name: True) == members


@given(arrays.arrays(np.float32, arrays.array_shapes(min_dims=0, max_side=4), elements=st.floats(width=32)))
def test_bfloat16_is_the_upper_half_of_float32(array: Array) -> None:
    upper = (np.atleast_1d(array).view(np.uint32) >> 16).astype("<u2").reshape(array.shape)
    widened = bfloat16_to_float32(np.asarray(upper.reshape(-1).view("V2")).reshape(array.shape))
    assert widened.shape == array.shape
    np.testing.assert_array_equal(np.atleast_1d(widened).view(np.uint32) >> 16, np.atleast_1d(upper))
    assert not (np.atleast_1d(widened).view(np.uint32) & 0xFFFF).any()


@given(ANY_ARRAY)
def test_what_is_native_already_stays_equal_and_is_a_copy(array: Array) -> None:
    same(native(native(array)), array)
    assert not np.shares_memory(native(array), array)
