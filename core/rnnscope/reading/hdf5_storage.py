"""What must hold of an HDF5 dataset before its numbers are read: where they lie, and how much they expand to."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from itertools import product
from math import prod
from typing import Any, Final

# Numbers of the HDF5 format.
CHUNKED: Final = 2
VIRTUAL: Final = 3
GZIP: Final = 1
FILTERS: Final = {GZIP: "gzip", 2: "shuffle", 3: "fletcher32"}

MAX_RATIO: Final = 1032  # no deflate stream inflates further
MAX_CHUNK: Final = 64 * 2**20
CHECKSUM: Final = 4
TEXT_ITEM: Final = 16  # length, address of the heap, place in it
HEAP: Final = b"GCOL\x01"
HEAP_HEADER: Final = 16  # of a heap, and of each object in it


def location_problem(dataset: Any) -> str:
    """Why not even the shape may be asked for: other files would be opened; empty when all is well."""
    plist = dataset.id.get_create_plist()
    if plist.get_layout() == VIRTUAL or plist.get_external_count():
        return "keeps its data in another file"
    return ""


def storage_problem(dataset: Any) -> str:
    """Why the data cannot be what shape and type declare; empty when all is well. Holds one chunk at a time."""
    plist = dataset.id.get_create_plist()
    filters = [plist.get_filter(index)[0] for index in range(plist.get_nfilters())]
    if unknown := [str(code) for code in filters if code not in FILTERS]:
        return f"uses HDF5 filter {', '.join(unknown)}; only {', '.join(FILTERS.values())} are read"
    if filters.count(GZIP) > 1:
        return "is compressed more than once"
    declared = declared_bytes(dataset)
    stored = int(dataset.id.get_storage_size())
    chunked = plist.get_layout() == CHUNKED
    if declared > stored * (MAX_RATIO if GZIP in filters else 1) or (declared != stored and not chunked):
        return f"declares {declared:,} bytes and stores {stored:,}"
    return _chunk_problem(dataset, declared, filters) if chunked else ""


def declared_bytes(dataset: Any) -> int:
    """The bytes that shape and stored type ask for."""
    return int(prod(dataset.shape) * _item_bytes(dataset))


def longest_text(data: bytes) -> int:
    """An upper bound on the length of any variable-length text: the largest of the heaps that hold them.

    ValueError for a heap that is damaged: the library walks it from object to object, and never ends where one takes
    no room.
    """
    largest, objects, at = 0, 0, data.find(HEAP)
    while at >= 0:
        size, found = _walk_heap(data, at)
        largest, objects = max(largest, size), objects + found
        if objects > len(data) // HEAP_HEADER:
            raise ValueError("heaps of texts overlap")
        at = data.find(HEAP, at + 1)
    return largest


def _walk_heap(data: bytes, at: int) -> tuple[int, int]:
    """The size of a heap and the number of its objects."""
    size = int.from_bytes(data[at + 8 : at + 16], "little")
    place, end, objects = at + HEAP_HEADER, at + size, 0
    if end > len(data):
        raise ValueError("a heap of texts is cut short")
    while end - place >= HEAP_HEADER:
        number, length = struct.unpack_from("<H6xQ", data, place)
        # Number 0 is the free space at the end, whose length includes its header.
        step = HEAP_HEADER + (length + 7) // 8 * 8 if number else length
        if not HEAP_HEADER <= step <= end - place:
            raise ValueError("a heap of texts is damaged")
        place, objects = place + step, objects + 1
    return size, objects


def _item_bytes(dataset: Any) -> int:
    kind = dataset.id.get_type()
    # The library gives the size of a pointer in memory for a text of any length.
    is_any_text = hasattr(kind, "is_variable_str") and kind.is_variable_str()
    return TEXT_ITEM if is_any_text else int(kind.get_size())


def _chunk_problem(dataset: Any, declared: int, filters: list[int]) -> str:
    chunk = prod(dataset.chunks) * _item_bytes(dataset)
    if chunk > max(declared, MAX_CHUNK):
        return f"declares {declared:,} bytes in chunks of {chunk:,}"
    expected = prod(-(-size // step) for size, step in zip(dataset.shape, dataset.chunks, strict=True))
    if (found := int(dataset.id.get_num_chunks())) != expected:
        return f"lacks part of its data: {found:,} of {expected:,} chunks are stored"
    # The library inflates a chunk until its stream ends, whatever the chunk's declared size.
    if GZIP in filters:
        gzip_bit, limit = 1 << filters.index(GZIP), chunk + CHECKSUM
        if not all(_inflates_within(dataset, offset, gzip_bit, limit) for offset in _offsets(dataset)):
            return "has a chunk that inflates to more than it declares"
    return ""


def _offsets(dataset: Any) -> Iterator[tuple[int, ...]]:
    return product(*(range(0, size, step) for size, step in zip(dataset.shape, dataset.chunks, strict=True)))


def _inflates_within(dataset: Any, offset: tuple[int, ...], gzip_bit: int, limit: int) -> bool:
    # Deflate makes nothing noticeably larger, so a chunk that is stored larger is refused before it is loaded.
    if dataset.id.get_chunk_info_by_coord(offset).size > limit + limit // 100 + 64:
        return False
    skipped, raw = dataset.id.read_direct_chunk(offset)
    if skipped & gzip_bit:  # as incompressible chunks are
        return len(raw) <= limit
    return len(zlib.decompressobj().decompress(raw, limit + 1)) <= limit
