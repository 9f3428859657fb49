"""Good files with bytes cut or changed: whatever comes of them, it is an answer or one of our own errors."""

from __future__ import annotations

import io
import multiprocessing
import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnscope.errors import RnnscopeError, UnreadableFile
from rnnscope.inputs import load_input
from rnnscope.reading.archive import read_members
from rnnscope.reading.hdf5 import Hdf5File, open_hdf5
from rnnscope.reading.json_text import parse_json
from rnnscope.reading.npy import read_npy, read_npz
from rnnscope.reading.source import sniff
from rnnscope.reading.table import read_csv
from rnnscope.reference import load_reference
from tests.core.reading.crafted import FILE, hdf5, npy, source, zipped

VALUES = np.linspace(-1, 1, 600, dtype=np.float32).reshape(20, 30)
DAMAGED_FILES = 200


def filled(file: Any) -> None:
    file["layer/rnn/output/0"] = VALUES
    file.create_dataset("output/0", data=VALUES, chunks=(7, 11), compression="gzip", shuffle=True, fletcher32=True)
    file["layer/rnn/mask"] = VALUES > 0
    file["layer"].attrs["names"] = ["a", "bb"]
    file["layer"].attrs["fixed"] = np.array([b"a", b"bb"])
    file.create_dataset("meta", data='{"a": 1}', dtype=h5py.string_dtype())


def newest(file: bytes) -> bytes:
    """The same in HDF5's newest format, whose metadata carry checksums."""
    stream = io.BytesIO()
    with h5py.File(io.BytesIO(file), "r") as old, h5py.File(stream, "w", libver="latest") as new:
        for name in old:
            old.copy(name, new)
    return stream.getvalue()


def npz() -> bytes:
    return zipped({"output/0.npy": npy(VALUES), "meta.npy": npy(np.array('{"a": 1}'))}, 8)


def damaged(good: bytes) -> Iterator[bytes]:
    """`good` cut short, or with some bytes changed, mostly near the beginning where the structure lies."""
    chance = random.Random(1)
    for _ in range(DAMAGED_FILES):
        data = bytearray(good)
        if chance.random() < 0.2:
            del data[chance.randrange(len(data)) :]
        else:
            reach = min(len(data), chance.choice([100, 1000, 5000, len(data)]))
            for _ in range(chance.choice([1, 1, 2, 8])):
                data[chance.randrange(reach)] = chance.choice([0, 1, 127, 255, chance.randrange(256)])
        yield bytes(data)


def read_all(data: bytes) -> None:
    """Read a file in every way there is; any exception but our own, in one line, goes through."""
    for read in (load_input, load_reference):
        answers(partial(read, source(data)))
    answers(partial(read_members, data, FILE, lambda name: True))
    answers(partial(parse_json, data, FILE))


def answers(read: Callable[[], object]) -> None:
    """Let an answer pass, and any of our own errors that fits on a line."""
    line = ""
    try:
        read()
    except RnnscopeError as error:
        line = str(error)
    assert "\n" not in line


@given(st.binary(max_size=300), st.sampled_from([b"", b"\x93NUMPY\x01\x00", b"PK\x03\x04", b"\x89HDF\r\n\x1a\n", b"{"]))
def test_any_bytes_give_a_kind_and_nothing_but_our_own_errors(data: bytes, beginning: bytes) -> None:
    data = beginning + data
    assert sniff(data) in ("hdf5", "zip", "npy", "json", "text", "unknown")
    for read in (read_npy, read_npz, parse_json):
        answers(partial(read, data, FILE))
    answers(partial(read_csv, source(data)))


@pytest.mark.parametrize(
    "good",
    [npz(), zipped({"config.json": "{}", "x": bytes(100)}), npy(VALUES), b"a,b\n1,2\n3.5,nan\n", b'{"a": [1, "x"]}'],
    ids=["npz", "zip", "npy", "csv", "json"],
)
def test_damage_gives_an_answer_or_our_own_error(good: bytes) -> None:
    read_all(good)
    for data in damaged(good):
        read_all(data)


def read_all_hdf5(file: Hdf5File) -> None:
    paths = ["/", "layer", "meta"]
    with suppress(RnnscopeError):
        paths += file.datasets()
    for path in paths:
        for read in (file.has, file.is_group, file.names, file.shape, file.read, file.read_text):
            answers(partial(read, path))
        for name in ("names", "fixed", "dtype"):
            answers(partial(file.attribute, path, name))


def read_damaged_hdf5(good: bytes) -> None:
    for data in damaged(good):
        read_all(data)
        with suppress(RnnscopeError), open_hdf5(data, FILE) as file:
            read_all_hdf5(file)


@pytest.mark.parametrize("form", ["oldest", "newest"])
def test_damage_to_hdf5_gives_an_answer_or_our_own_error(form: str) -> None:
    good = hdf5(filled) if form == "oldest" else newest(hdf5(filled))
    # In a process of its own, because the library itself may crash or never come back.
    child = multiprocessing.get_context("spawn").Process(target=read_damaged_hdf5, args=(good,))
    child.start()
    child.join(120)
    if child.is_alive():
        child.kill()
        child.join()
        pytest.fail("reading a damaged file did not end")
    assert child.exitcode is not None
    if child.exitcode < 0:
        pytest.skip("this HDF5 library crashes on a damaged file, which is why the window reads in a child process")
    assert child.exitcode == 0


def heap_of_texts(file: bytes | bytearray) -> int:
    return file.index(b"GCOL\x01")


def test_the_files_to_be_damaged_are_good() -> None:
    for data in (hdf5(filled), newest(hdf5(filled))):
        with open_hdf5(data, FILE) as file:
            np.testing.assert_array_equal(file.read("output/0"), VALUES)
            assert file.attribute("layer", "names") == ["a", "bb"]
    for data in (hdf5(filled), npz()):
        assert load_reference(source(data)).meta == {"a": 1}


@pytest.mark.parametrize(("number", "length"), [(0, 0), (0, 8), (1, 2**40), (1, 2**64 - 1), (0, 2**63)], ids=str)
def test_a_heap_of_texts_that_the_library_would_walk_forever_is_refused(number: int, length: int) -> None:
    data = bytearray(hdf5(filled))
    place = heap_of_texts(data) + 16
    data[place : place + 16] = number.to_bytes(8, "little") + length.to_bytes(8, "little")
    with open_hdf5(bytes(data), FILE) as file:
        for read in (partial(file.attribute, "layer", "names"), partial(file.read_text, "meta")):
            with pytest.raises(UnreadableFile, match="heap of texts is damaged"):
                read()
        assert file.attribute("layer", "fixed") == ["a", "bb"]


def test_heaps_of_texts_that_hide_in_one_another_are_refused() -> None:
    count, texts = 200, b""
    for place in range(count):
        size = 32 * (count - place - 1) + 16
        texts += (1).to_bytes(8, "little") + (16).to_bytes(8, "little") + b"GCOL\x01\0\0\0" + size.to_bytes(8, "little")
    with open_hdf5(hdf5(filled) + texts, FILE) as file, pytest.raises(UnreadableFile, match="heaps of texts overlap"):
        file.attribute("layer", "names")


def test_a_heap_of_texts_that_is_cut_short_is_refused() -> None:
    data = bytearray(hdf5(filled))
    place = heap_of_texts(data) + 8
    data[place : place + 8] = (2**40).to_bytes(8, "little")
    with open_hdf5(bytes(data), FILE) as file, pytest.raises(UnreadableFile, match="cut short"):
        file.attribute("layer", "names")


def test_every_truncation_of_a_small_file_is_read_or_refused() -> None:
    for good in (npy(np.arange(3)), npz()[-400:], zipped({"x.npy": npy(np.arange(3))})):
        for end in range(len(good)):
            read_all(good[:end])
