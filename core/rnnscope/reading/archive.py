"""Members of a zip archive, read into memory and never extracted."""

from __future__ import annotations

import io
import stat
import zipfile
import zlib
from collections.abc import Callable

from rnnscope.errors import UnreadableFile

MAX_MEMBERS = 10_000
MAX_NAME = 1_000
MAX_BYTES = 8 * 2**30
CHUNK = 2**20
ENCRYPTED = 0x1
SYMLINK_SHIFT = 16


def read_members(data: bytes, file: str, wanted: Callable[[str], bool]) -> dict[str, bytes]:
    """Name → bytes of every member that is `wanted`; the rest is checked and left alone.

    UnreadableFile for a damaged archive and for what no Keras or NumPy writes: duplicate, absolute or climbing names,
    links, encryption, overlapping members, and members that inflate beyond their stated size or the limit.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            _check(members, file)
            chosen = [member for member in members if wanted(member.filename)]
            if sum(member.file_size for member in chosen) > MAX_BYTES:
                raise UnreadableFile(
                    "the archive inflates to too much", file=file, expected=f"at most {MAX_BYTES:,} bytes"
                )
            return {member.filename: _inflate(archive, member, file) for member in chosen}
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, ValueError, RuntimeError) as error:
        raise UnreadableFile(f"a damaged zip archive: {error}", file=file) from None


def _check(members: list[zipfile.ZipInfo], file: str) -> None:
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
        end = member.header_offset + len(member.filename.encode()) + member.compress_size


def _problem(member: zipfile.ZipInfo) -> str:
    name = member.orig_filename
    if len(name) > MAX_NAME or "\0" in name:
        return "has an unusable name"
    if "\\" in name or name.startswith("/") or ".." in name.split("/") or name[1:2] == ":":
        return "has a path that leads out of the archive"
    if stat.S_ISLNK(member.external_attr >> SYMLINK_SHIFT):
        return "is a link"
    if member.flag_bits & ENCRYPTED:
        return "is encrypted"
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "is compressed by a method that is not read"
    return ""


def _inflate(archive: zipfile.ZipFile, member: zipfile.ZipInfo, file: str) -> bytes:
    parts, left = [], member.file_size
    with archive.open(member) as stream:
        while chunk := stream.read(CHUNK):
            left -= len(chunk)
            if left < 0:
                raise UnreadableFile(
                    f"the archive's member '{member.filename[:200]}' is larger than it says", file=file
                )
            parts.append(chunk)
    if left:
        raise UnreadableFile(f"the archive's member '{member.filename[:200]}' is cut short", file=file)
    return b"".join(parts)
