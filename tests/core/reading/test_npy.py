from __future__ import annotations

import io
import zipfile
from typing import Any

import numpy as np
import pytest

from rnnscope.errors import UnreadableFile
from rnnscope.reading.npy import read_npy, read_npz
from tests.core.reading.crafted import FILE, npy, npy_header, zipped

GOOD = np.arange(24.0).reshape(2, 3, 4)


def refused(data: bytes, match: str = ".") -> None:
    with pytest.raises(UnreadableFile, match=match) as caught:
        read_npy(data, FILE)
    assert str(caught.value).startswith(FILE)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0), None])
def test_every_version_of_the_format_is_read(version: tuple[int, int] | None) -> None:
    np.testing.assert_array_equal(read_npy(npy(GOOD, version), FILE), GOOD)


@pytest.mark.parametrize("dtype", ["<f4", ">f4", ">f8", "<i8", ">i2", "u1", "?", "f2"])
def test_numbers_come_back_in_native_byte_order(dtype: str) -> None:
    given = np.array([[0, 1], [1, 0]], dtype)
    found = read_npy(npy(given), FILE)
    np.testing.assert_array_equal(found, given)
    assert found.dtype == given.dtype.newbyteorder("=")
    assert found.dtype.isnative
    assert found.flags.writeable


def test_fortran_order_scalars_and_empty_arrays_are_read() -> None:
    found = read_npy(npy(np.asfortranarray(GOOD)), FILE)
    np.testing.assert_array_equal(found, GOOD)
    assert found.flags.c_contiguous
    assert read_npy(npy(np.array(2.5)), FILE).shape == ()
    assert read_npy(npy(np.zeros((0, 3))), FILE).shape == (0, 3)


def test_a_small_file_that_asks_for_gigabytes_is_refused() -> None:
    data = npy_header("{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296,), }")
    assert len(data) < 100
    refused(data, "expected 34,359,738,368 bytes of data, found 0")


@pytest.mark.parametrize("shape", ["(2, 3, 5)", "(2, 3)", "(-1,)", "(-24, -1)", "(True, 24)", f"(24,{'1,' * 40})"])
def test_a_shape_that_the_data_does_not_have_is_refused(shape: str) -> None:
    refused(npy_header(f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}}}", GOOD.tobytes()))


def test_trailing_and_missing_bytes_are_refused() -> None:
    refused(npy(GOOD) + b"\0", "lies about shape")
    refused(npy(GOOD)[:-1], "cut short")


@pytest.mark.parametrize(
    "array",
    [
        np.array([{}, []], object),
        np.zeros(2, [("a", "f4"), ("b", "O")]),
    ],
    ids=["object", "object in a record"],
)
def test_pickles_are_refused_unread(array: np.ndarray[Any, Any]) -> None:
    refused(npy(array, allow_pickle=True), "type that is not read")


@pytest.mark.parametrize(
    "array",
    [
        np.zeros(2, [("a", "f4")]),
        np.zeros(2, np.complex64),
        np.array(["2020-01-01"], "M8[D]"),
        np.zeros(2, "V4"),
    ],
    ids=["record", "complex", "date", "void"],
)
def test_what_is_neither_number_nor_text_is_refused(array: np.ndarray[Any, Any]) -> None:
    refused(npy(array), "numbers, booleans or texts")


TEXTS = np.array([["the", "grün", ""], ["", "猫", "🐈"]])


@pytest.mark.parametrize(
    "array",
    [TEXTS, TEXTS.astype(TEXTS.dtype.newbyteorder(">")), np.asfortranarray(TEXTS), np.char.encode(TEXTS, "utf-8")],
    ids=["native", "other byte order", "Fortran order", "UTF-8"],
)
def test_texts_of_a_fixed_width_are_read_as_unicode(array: np.ndarray[Any, Any]) -> None:
    found = read_npy(npy(array), FILE)
    assert found.dtype.kind == "U"
    assert found.dtype.isnative
    assert found.flags.writeable
    assert found.flags.c_contiguous
    np.testing.assert_array_equal(found, TEXTS)


@pytest.mark.parametrize(
    ("descr", "data", "match"),
    [
        ("<U1", b"\xff\xff\xff\xff", "Unicode does not have"),
        ("<U1", b"\x00\xd8\x00\x00", "half a character"),
        ("|S1", b"\xff", "not usable"),
        ("<U2", b"a\0\0\0", "lies about shape"),
        ("<U0", b"", "type that is not read"),
    ],
)
def test_texts_that_are_none_are_refused(descr: str, data: bytes, match: str) -> None:
    refused(npy_header(f"{{'descr': '{descr}', 'fortran_order': False, 'shape': (1,)}}", data), match)


def test_a_header_that_asks_for_too_much_text_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rnnscope.texts.MAX_BYTES", 4 * TEXTS.size)
    refused(npy(TEXTS), "too much to hold")
    refused(npy(np.char.encode(TEXTS, "utf-8")), "too much to hold")


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '<f8', 'fortran_order': False, 'shape': (24,)} + {}",
        "__import__('os').system('true')",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (open('/etc/passwd'),)}",
        "{'descr': '<f8', 'fortran_order': 0, 'shape': (24,)}",
        "{'descr': '<f8', 'fortran_order': False}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (24,), 'more': 1}",
        "{'descr': '<q9', 'fortran_order': False, 'shape': (24,)}",
        "{'descr': [('a', '<f8'), ('a', '<f8')], 'fortran_order': False, 'shape': (12,)}",
        "{'descr': None, 'fortran_order': False, 'shape': (24,)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': 24}",
        r"{'descr': '\d', 'fortran_order': False, 'shape': (24,)}",
        "{'descr': 'a8', 'fortran_order': False, 'shape': (24,)}",
        "{'descr': ('<f8', (2,)), 'fortran_order': False, 'shape': (12,)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (" + "9" * 5000 + ",)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999999,)}",
        "(" * 500 + ")" * 500,
        "[" * 5000,
        "{'descr': '''<f8",
        "{(",
        "\0",
        "",
        "None",
    ],
)
@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_header_that_is_not_numpys_own_is_refused_without_a_warning(header: str, version: int) -> None:
    refused(npy_header(header, GOOD.tobytes(), version))


def test_a_header_as_python_2_wrote_it_gives_no_warning() -> None:
    data = npy_header("{'descr': '<f8', 'fortran_order': False, 'shape': (24L,)}", GOOD.tobytes())
    try:
        np.testing.assert_array_equal(read_npy(data, FILE), GOOD.ravel())
    except UnreadableFile:
        return


@pytest.mark.parametrize("data", [b"\x93NUMPY", b"\x93NUMPY\x04\x00", b"\x93NUMPY\x01\x01", b"\x93NUMPX\x01\x00", b""])
def test_a_damaged_beginning_is_refused(data: bytes) -> None:
    refused(data + b"\x10\0" if len(data) == 8 else data)


def test_a_boolean_that_is_neither_true_nor_false_is_refused() -> None:
    refused(npy_header("{'descr': '|b1', 'fortran_order': False, 'shape': (2,)}", b"\x01\x07"))


def test_the_arrays_of_an_archive_are_read_by_name() -> None:
    stream = io.BytesIO()
    np.savez_compressed(stream, **{"output/0": GOOD, "mask": np.array([True])})  # type: ignore[arg-type]
    found = read_npz(stream.getvalue(), FILE)
    assert set(found) == {"output/0", "mask"}
    np.testing.assert_array_equal(found["output/0"], GOOD)


def test_an_archive_may_hold_texts() -> None:
    stream = io.BytesIO()
    np.savez(stream, meta=np.array("{}"), x=GOOD)
    assert str(read_npz(stream.getvalue(), FILE)["meta"]) == "{}"


@pytest.mark.parametrize(
    ("members", "match"),
    [
        ({"a.npy": npy(GOOD), "readme.txt": b"x"}, "'readme.txt' is not an array"),
        ({"a.npy": b"not an array"}, "a: a damaged"),
        ({"a.npy": npy(GOOD)[:-8]}, "cut short"),
        ({"../a.npy": npy(GOOD)}, "leads out"),
        ({}, "no arrays"),
    ],
)
def test_members_that_are_not_arrays_are_refused(members: dict[str, bytes], match: str) -> None:
    with pytest.raises(UnreadableFile, match=match):
        read_npz(zipped(members), FILE)


def test_an_archived_array_that_inflates_too_far_is_refused() -> None:
    data = zipped({"a.npy": npy_header("{'descr': '|u1', 'fortran_order': False, 'shape': (9,)}", bytes(2**24))}, 8)
    assert zipfile.ZIP_DEFLATED == 8
    with pytest.raises(UnreadableFile, match="lies about shape"):
        read_npz(data, FILE)
