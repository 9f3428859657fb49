"""Members of a zip archive, read into memory and never extracted."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable

from rnnscope.errors import UnreadableFile

MAX_MEMBERS = 10_000
MAX_NAME = 1_000
MAX_BYTES = 4 * 2**30
CHUNK = 2**20
ENCRYPTED = 0x1
MODE_SHIFT = 16
MAX_RATIO = 1032  # no deflate stream inflates further
HEADER, LENGTHS = 30, 26  # of a member: its size, and where the lengths of name and extras stand in it


def read_members(data: bytes, file: str, wanted: Callable[[str], bool]) -> dict[str, bytes]:
    """Name → bytes of every member that is `wanted`; the rest is checked and left alone.

    UnreadableFile for a damaged archive and for what no Keras or NumPy writes: duplicate, absolute or climbing names,
    links, encryption, overlapping members, and members that inflate beyond their stated size or the limit.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            _check(data, members, archive.start_dir, file)
            chosen = [member for member in members if wanted(member.filename)]
            if sum(member.file_size for member in chosen) > MAX_BYTES:
                raise UnreadableFile(
                    "the archive inflates to too much", file=file, expected=f"at most {MAX_BYTES:,} bytes"
                )
            return {member.filename: _inflate(archive, member, file) for member in chosen}
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError, RuntimeError) as error:
        raise UnreadableFile(f"a damaged zip archive: {error}", file=file) from None


def _check(data: bytes, members: list[zipfile.ZipInfo], directory: int, file: str) -> None:
    if len(members) > MAX_MEMBERS:
        raise UnreadableFile("too many members in the archive", file=file, found=len(members))
    names = [member.orig_filename for member in members]
    if len(set(names)) != len(names):
        raise UnreadableFile("two members of the archive have the same name", file=file)
    for member in members:
        if problem := _problem(member):
            raise UnreadableFile(f"the archive's member '{member.orig_filename[:200]}' {problem}", file=file)
    end = 0
    for member in sorted(members, key=lambda member: member.header_offset):
        if member.header_offset < end:
            raise UnreadableFile("members of the archive overlap", file=file)
        end = _end(data, member)
    if end > directory:
        raise UnreadableFile("a member of the archive overlaps its directory", file=file)


def _problem(member: zipfile.ZipInfo) -> str:
    name = member.orig_filename
    if len(name) > MAX_NAME or "\0" in name:
        return "has an unusable name"
    if "\\" in name or name.startswith("/") or {".", ".."} & set(name.split("/")) or name[1:2] == ":":
        return "has a path that leads out of the archive"
    if stat.S_IFMT(member.external_attr >> MODE_SHIFT) not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "is a link or a device"
    if member.flag_bits & ENCRYPTED:
        return "is encrypted"
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "is compressed by a method that is not read"
    if member.file_size > MAX_RATIO * member.compress_size:
        return f"declares {member.file_size:,} bytes and stores {member.compress_size:,}"
    return ""


def _end(data: bytes, member: zipfile.ZipInfo) -> int:
    """Where the member's bytes end; its own header, not the directory, says how long its name and extras are."""
    name, extra = struct.unpack_from("<HH", data, member.header_offset + LENGTHS)
    return int(member.header_offset + HEADER + name + extra + member.compress_size)


def _inflate(archive: zipfile.ZipFile, member: zipfile.ZipInfo, file: str) -> bytes:
    # zipfile gives no more than the stated size and checks the checksum at the end, so only too little can go unseen.
    parts, size = [], 0
    with archive.open(member) as stream:
        while chunk := stream.read(CHUNK):
            size += len(chunk)
            parts.append(chunk)
    if size != member.file_size:
        raise UnreadableFile(f"the archive's member '{member.filename[:200]}' is cut short", file=file)
    return b"".join(parts)
