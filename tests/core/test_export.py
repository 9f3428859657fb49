"""What is exported comes back as it was."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

import rnnscope
from rnnscope import BadInput, Cancelled
from rnnscope.export import as_text, export
from rnnscope.types import Array

NUMBERS = np.random.default_rng(0).standard_normal((2, 3, 4)).astype(np.float32)


def table(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))


def test_a_csv_gives_every_number_back_exactly(tmp_path: Path) -> None:
    export({"state/h": NUMBERS}, tmp_path / "h.csv")
    header, *body = table(tmp_path / "h.csv")
    assert header == ["sample", "step", "unit 0", "unit 1", "unit 2", "unit 3"]
    assert [row[:2] for row in body] == [[str(i), str(t)] for i in range(2) for t in range(3)]
    back = np.array([row[2:] for row in body], np.float32).reshape(NUMBERS.shape)
    np.testing.assert_array_equal(back, NUMBERS)


@pytest.mark.parametrize(
    ("array", "axes", "first"),
    [
        (np.array([1.5, np.nan]), ("sample",), ["0", "1.5"]),
        (np.array([[True, False]]), ("sample", "step"), ["0", "True", "False"]),
        (np.zeros((1, 1, 2, 2)), ("sample", "step", "row"), ["0", "0", "0", "0.0", "0.0"]),
        (np.array([["a,b", "ü"]]), ("sample", "step"), ["0", "a,b", "ü"]),
    ],
)
def test_any_rank_and_kind_has_a_table(tmp_path: Path, array: Array, axes: tuple[str, ...], first: list[str]) -> None:
    export({"x": array}, tmp_path / "x.csv", axes=axes)
    assert table(tmp_path / "x.csv")[1] == first


@pytest.mark.parametrize("suffix", ["npz", "h5"])
def test_several_arrays_are_read_again_as_stored_values(tmp_path: Path, suffix: str) -> None:
    arrays = {"output/0": NUMBERS[:, 0], "layer/a/b/state/h": NUMBERS}
    export(arrays, tmp_path / f"data.{suffix}")
    back = rnnscope.load_reference(tmp_path / f"data.{suffix}").arrays
    assert set(back) == set(arrays)
    for key, array in arrays.items():
        np.testing.assert_array_equal(back[key], array)


def test_one_array_as_npy(tmp_path: Path) -> None:
    export({"x": NUMBERS}, tmp_path / "x.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "x.npy", allow_pickle=False), NUMBERS)


def test_the_clipboard_s_table_has_tabs() -> None:
    assert as_text(np.array([[0.5, 1.0]], np.float32), ("step", "unit")) == "step\tunit 0\tunit 1\n0\t0.5\t1.0\n"


def test_stopping_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(Cancelled):
        export({"x": NUMBERS}, tmp_path / "x.csv", cancelled=lambda: True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("name", "arrays"), [("x.xlsx", 1), ("x.csv", 2), ("nowhere/x.npy", 1)])
def test_what_cannot_be_written_is_one_clear_error(tmp_path: Path, name: str, arrays: int) -> None:
    with pytest.raises(BadInput, match=Path(name).name):
        export({str(index): NUMBERS for index in range(arrays)}, tmp_path / name)
