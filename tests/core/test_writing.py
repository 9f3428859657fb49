"""A file is there whole, or as it was before."""

from __future__ import annotations

import os
import stat
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


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"old")
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "real")
    write_whole(link, b"new", "report")
    assert link.is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


def test_no_file_takes_the_place_of_a_device_or_a_folder(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BadInput, match="cannot write the report: this is no file; found a device or a pipe"):
        write_whole(tmp_path / "pipe", b"", "report")
    with pytest.raises(BadInput, match="cannot write the report: this is no file; found a folder"):
        write_whole(tmp_path, b"", "report")
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


def test_a_circle_of_links_is_an_error_in_words(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with pytest.raises(BadInput, match="cannot write the report"):
        write_whole(tmp_path / "a", b"", "report")
