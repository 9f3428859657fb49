"""A file is there whole, or as it was before."""

from __future__ import annotations

from pathlib import Path

import pytest

from rnnscope import BadInput
from rnnscope.writing import whole_file, write_whole


def test_what_is_written_takes_the_place_of_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "report.txt"
    path.write_bytes(b"old")
    write_whole(path, b"new", "report")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_what_breaks_off_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "report.txt"
    path.write_bytes(b"old")
    with pytest.raises(KeyError):
        break_off(path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def break_off(path: Path) -> None:
    with whole_file(path, "report") as temporary:
        temporary.write_bytes(b"half")
        raise KeyError


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"nowhere.report\.txt: cannot write the report: No such file"):
        write_whole(tmp_path / "nowhere" / "report.txt", b"", "report")
