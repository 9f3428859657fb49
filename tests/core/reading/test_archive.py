from __future__ import annotations

import io
import struct
import tracemalloc
import zipfile
import zlib

import pytest

from rnnscope.errors import UnreadableFile
from rnnscope.reading import archive as module
from rnnscope.reading.archive import read_members
from tests.core.reading.crafted import FILE, zipped

CONTENT = b"content of the member " * 40
CENTRAL, LOCAL = b"PK\x01\x02", b"PK\x03\x04"


def read(data: bytes) -> dict[str, bytes]:
    return read_members(data, FILE, lambda name: True)


def refused(data: bytes, match: str) -> None:
    with pytest.raises(UnreadableFile, match=match) as caught:
        read(data)
    assert str(caught.value).startswith(f"{FILE}: ")
    assert "\n" not in str(caught.value)


def patched(data: bytes, record: bytes, offset: int, new: bytes) -> bytes:
    """`data` with `new` written `offset` bytes into the last record of a kind."""
    at = data.rindex(record) + offset
    return data[:at] + new + data[at + len(new) :]


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_members_are_read_whole(compression: int) -> None:
    members = {"config.json": b"{}", "a/b.npy": CONTENT, "leer": b"", "Größe": b"1"}
    assert read(zipped(members, compression)) == members


def test_only_what_is_wanted_is_read() -> None:
    assert read_members(zipped({"a": "1", "b": "2"}), FILE, "b".__eq__) == {"b": b"2"}


def test_zip64_is_read() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive, archive.open("a", "w", force_zip64=True) as member:
        member.write(CONTENT)
    assert read(stream.getvalue()) == {"a": CONTENT}


def test_a_member_written_as_a_stream_is_read() -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    stream = Pipe()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", CONTENT)
        archive.writestr("b", CONTENT)
    assert read(stream.getvalue()) == {"a": CONTENT, "b": CONTENT}


def test_two_members_of_one_name_are_refused() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a", "1")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a", "2")
    refused(stream.getvalue(), "same name")


@pytest.mark.parametrize("name", ["../a", "a/../../b", "/etc/passwd", "..", r"a\b", r"\\host\share", "C:/a", "c:a"])
def test_names_that_leave_the_archive_are_refused_even_unread(name: str) -> None:
    data = zipped({"good": "1", name: "2"})
    refused(data, "leads out")
    with pytest.raises(UnreadableFile, match="leads out"):
        read_members(data, FILE, "good".__eq__)


def test_names_with_dots_that_stay_inside_are_read() -> None:
    assert list(read(zipped({"a..b/c...": "1", ".hidden": "2"}))) == ["a..b/c...", ".hidden"]


def test_a_name_with_a_zero_byte_is_refused() -> None:
    data = zipped({"config.json#a": "1"}).replace(b"config.json#a", b"config.json\0a")
    refused(data, "unusable name|damaged")


def test_a_long_name_is_refused() -> None:
    assert len(read(zipped({"n" * module.MAX_NAME: "1"}))) == 1
    refused(zipped({"n" * (module.MAX_NAME + 1): "1"}), "unusable name")


def with_mode(mode: int) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        info = zipfile.ZipInfo("a")
        info.external_attr = mode << 16
        archive.writestr(info, "/etc/passwd")
    return stream.getvalue()


def test_links_and_devices_are_refused_and_plain_modes_pass() -> None:
    refused(with_mode(0o120777), "link")
    refused(with_mode(0o020600), "link or a device")
    assert read(with_mode(0o100644)) == {"a": b"/etc/passwd"}
    assert read(with_mode(0)) == {"a": b"/etc/passwd"}


def test_encrypted_members_are_refused() -> None:
    refused(patched(zipped({"a": CONTENT}), CENTRAL, 8, b"\x01\x00"), "member 'a' is encrypted")
    both = patched(patched(zipped({"a": CONTENT}), CENTRAL, 8, b"\x41\x00"), LOCAL, 6, b"\x41\x00")
    refused(both, "member 'a' is encrypted")


def test_an_encrypted_member_is_refused_even_unread() -> None:
    data = patched(zipped({"good": "1", "a": CONTENT}), CENTRAL, 8, b"\x01\x00")
    with pytest.raises(UnreadableFile, match="is encrypted"):
        read_members(data, FILE, "good".__eq__)


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compressions_are_refused(compression: int) -> None:
    refused(zipped({"a": CONTENT}, compression), "method")
    refused(patched(zipped({"a": CONTENT}), CENTRAL, 10, b"\x63\x00"), "method|damaged")


def test_overlapping_members_are_refused() -> None:
    data = zipped({"a": CONTENT, "b": CONTENT})
    # The second member's place in the directory points at the first member.
    refused(patched(data, CENTRAL, 42, bytes(4)), "overlap|damaged")


def test_a_member_that_reaches_into_the_next_is_refused() -> None:
    data = zipped({"a": CONTENT, "b": CONTENT})
    at = data.index(CENTRAL)
    sizes = struct.pack("<II", 2 * len(CONTENT), 2 * len(CONTENT))
    refused(data[: at + 20] + sizes + data[at + 28 :], "overlap")


def test_a_member_that_reaches_into_the_directory_is_refused() -> None:
    data = zipped({"good": "1", "a": CONTENT})
    data = patched(data, CENTRAL, 20, struct.pack("<II", len(CONTENT) + 1, len(CONTENT) + 1))
    with pytest.raises(UnreadableFile, match="overlaps its directory"):
        read_members(data, FILE, "good".__eq__)


def test_a_wrong_checksum_is_refused() -> None:
    refused(zipped({"a": CONTENT}).replace(b"content", b"kontent"), "damaged")


@pytest.mark.parametrize("stated", [0, 1, len(CONTENT) - 1, len(CONTENT) + 1, 10 * len(CONTENT)])
@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_stated_size_that_is_wrong_is_refused(stated: int, compression: int) -> None:
    data = zipped({"a": CONTENT}, compression)
    refused(patched(data, CENTRAL, 24, struct.pack("<I", stated)), ".")


def test_a_stated_size_that_no_deflate_stream_reaches_is_refused_before_inflating() -> None:
    data = zipped({"a": CONTENT}, zipfile.ZIP_DEFLATED)
    refused(patched(data, CENTRAL, 24, struct.pack("<I", 2**31)), "declares 2,147,483,648 bytes")


def test_a_member_that_inflates_beyond_its_stated_size_stops_early() -> None:
    bomb = zipped({"a": bytes(256 * 2**20)}, zipfile.ZIP_DEFLATED)
    lying = patched(bomb, CENTRAL, 24, struct.pack("<I", 1000))
    tracemalloc.start()
    refused(lying, ".")
    assert tracemalloc.get_traced_memory()[1] < 64 * 2**20
    tracemalloc.stop()


def test_the_archive_as_a_whole_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    data = zipped({"a": CONTENT, "b": CONTENT}, zipfile.ZIP_DEFLATED)
    monkeypatch.setattr(module, "MAX_BYTES", 2 * len(CONTENT))
    assert len(read(data)) == 2
    monkeypatch.setattr(module, "MAX_BYTES", 2 * len(CONTENT) - 1)
    refused(data, "too much")


def test_the_number_of_members_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_MEMBERS", 2)
    assert len(read(zipped({"a": "", "b": ""}))) == 2
    refused(zipped({"a": "", "b": "", "c": ""}), "too many members")


@pytest.mark.parametrize("cut", [4, 40, 400, -1, -23])
def test_a_truncated_archive_is_called_damaged(cut: int) -> None:
    refused(zipped({"a": CONTENT})[:cut], "damaged")


def test_damaged_deflate_data_is_called_damaged() -> None:
    data = zipped({"a": CONTENT}, zipfile.ZIP_DEFLATED)
    body = zlib.compress(CONTENT)[2:10]
    refused(data.replace(body, b"\xff" * 8) if body in data else patched(data, LOCAL, 31, b"\xff" * 8), "damaged")
