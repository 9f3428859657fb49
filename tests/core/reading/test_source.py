from __future__ import annotations

import hashlib
import os
import socket
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from rnnscope.errors import UnreadableFile
from rnnscope.reading.source import Source, read_source, sniff
from tests.core.reading.crafted import hdf5, npy, zipped


def test_a_file_is_read_whole_with_its_checksum(tmp_path: Path) -> None:
    (tmp_path / "a.npy").write_bytes(b"1,2\n")
    found = read_source(tmp_path / "a.npy")
    assert found == Source("a.npy", b"1,2\n", hashlib.sha256(b"1,2\n").hexdigest())
    assert read_source(str(tmp_path / "a.npy")) == found


def test_what_was_read_already_is_not_read_again() -> None:
    source = Source("gone.npy", b"x", "")
    assert read_source(source) is source


def test_a_link_to_a_file_is_followed_because_the_user_chose_it(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    (tmp_path / "link").symlink_to(tmp_path / "a")
    assert read_source(tmp_path / "link").data == b"x"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in the file system")
def test_a_pipe_is_refused_and_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    code = "import sys; from rnnscope.reading.source import read_source; read_source(sys.argv[1])"
    command = [sys.executable, "-c", code, str(tmp_path / "pipe")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False, env=environment())
    assert "pipe: not a regular file; found a pipe" in done.stderr


def environment() -> dict[str, str]:
    core = str(Path(sys.modules["rnnscope"].__file__ or "").parents[1])
    return {**os.environ, "PYTHONPATH": core}


def test_folders_devices_and_sockets_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"found a folder|cannot be opened|permission"):
        read_source(tmp_path)
    if Path("/dev/zero").exists():
        with pytest.raises(UnreadableFile, match="zero: not a regular file"):
            read_source("/dev/zero")
    if hasattr(socket, "AF_UNIX"):
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(tmp_path / "s"))
            with pytest.raises(UnreadableFile):
                read_source(tmp_path / "s")


@pytest.mark.parametrize("name", ["missing.keras", "a\0b", "n" * 5000, "new\nline", ""])
def test_a_name_that_leads_nowhere_is_one_clear_line(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnreadableFile) as caught:
        read_source(f"{tmp_path}/{name}")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


def test_a_file_without_permission_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(UnreadableFile, match="no permission"):
        read_source(tmp_path / "a")


def test_a_read_that_fails_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_bytes(b"x")

    def fail(descriptor: int) -> os.stat_result:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fstat", fail)
        with pytest.raises(UnreadableFile, match="a: cannot be opened: Input/output error"):
            read_source(tmp_path / "a")


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    with pytest.raises(UnreadableFile, match="empty"):
        read_source(tmp_path / "a")


def test_a_file_may_be_as_large_as_the_limit_and_no_larger(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(bytes(100))
    assert len(read_source(tmp_path / "a", limit=100).data) == 100
    with pytest.raises(UnreadableFile, match="too large; expected at most 99 bytes, found 100"):
        read_source(tmp_path / "a", limit=99)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no files that grow when they are read")
def test_a_file_that_holds_more_than_its_size_says_is_refused_too() -> None:
    with pytest.raises(UnreadableFile, match="too large"):
        read_source("/proc/self/status", limit=10)


def test_the_bytes_decide_what_a_file_is() -> None:
    h5 = hdf5(lambda f: f.create_group("a"))
    assert sniff(h5) == "hdf5"
    assert sniff(bytes(512) + h5) == sniff(bytes(1024) + h5) == "hdf5"
    assert sniff(zipped({"a": "b"})) == sniff(zipped({})) == "zip"
    assert sniff(npy(np.zeros(3))) == "npy"
    assert sniff(b' \n{"a": 1}') == sniff(b"[1]") == sniff(b'\xef\xbb\xbf{"a": 1}') == "json"
    assert sniff(b"1,2\n3,4\n") == sniff("ä;ö\n".encode()) == sniff(b"\xef\xbb\xbf1,2\n") == "text"
    assert sniff(b"\x89PNG\0\0") == sniff(bytes(5000)) == "unknown"


def test_a_small_file_takes_little_memory_to_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    tracemalloc.start()
    try:
        read_source(tmp_path / "a")
        assert tracemalloc.get_traced_memory()[1] < 2**26
    finally:
        tracemalloc.stop()
