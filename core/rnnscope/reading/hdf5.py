"""HDF5 from a file nobody vouches for: every object is checked before it is read, and only hard links are followed."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from math import prod
from types import TracebackType
from typing import Any, Final, Self

import numpy as np

from rnnscope.errors import ShapeMismatch, UnreadableFile
from rnnscope.types import Array

# HDF5 would otherwise load compression plugins, which are code, from a folder that the environment names.
os.environ.setdefault("HDF5_PLUGIN_PRELOAD", "::")

MAX_OBJECTS: Final = 100_000
MAX_DEPTH: Final = 32
MAX_NAME: Final = 1_000
MAX_ATTRIBUTE: Final = 64 * 2**20
MAX_TOTAL: Final = 8 * 2**30
MAX_RATIO: Final = 1032  # no deflate stream inflates further
FILTERS: Final = {1: "gzip", 2: "shuffle", 3: "fletcher32"}
NUMBERS: Final = "biuf"


class Hdf5File:
    """An HDF5 file held in memory. Paths are slash-separated, from the root."""

    def __init__(self, data: bytes, file: str) -> None:
        import h5py

        self._h5py: Any = h5py
        self._name = file
        self._read_bytes = 0
        try:
            self._file: Any = h5py.File(io.BytesIO(data), "r")
        except (OSError, ValueError, RuntimeError, KeyError) as error:
            raise UnreadableFile(f"a damaged HDF5 file: {error}", file=file) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def has(self, path: str) -> bool:
        """Whether a group or dataset lies there."""
        return self._find(path) is not None

    def is_group(self, path: str) -> bool:
        return isinstance(self._find(path), self._h5py.Group)

    def names(self, path: str) -> tuple[str, ...]:
        """The names inside a group."""
        return tuple(self._guarded(lambda: list(self._group(path)), path))

    def attribute(self, path: str, name: str) -> object:
        """An attribute as text, a number, or a list of these; None when there is none.

        Long lists that Keras splits into ``name0``, ``name1`` … come back joined.
        """
        attributes = self._object(path).attrs
        if name in attributes:
            return self._attribute(attributes, name, path)
        parts: list[object] = []
        while f"{name}{len(parts)}" in attributes:
            parts.append(self._attribute(attributes, f"{name}{len(parts)}", path))
        return [item for part in parts if isinstance(part, list) for item in part] if parts else None

    def shape(self, path: str) -> tuple[int, ...]:
        return tuple(int(size) for size in self._dataset(path).shape)

    def read(self, path: str, shape: tuple[int, ...] | None = None) -> Array:
        """The array of a dataset, checked against `shape` and its own storage before anything is read."""
        dataset = self._dataset(path)
        if shape is not None and tuple(dataset.shape) != tuple(shape):
            raise ShapeMismatch(f"dataset '{path}'", file=self._name, expected=shape, found=tuple(dataset.shape))
        self._check_storage(dataset, path)
        if dataset.dtype.kind not in NUMBERS:
            raise self._refused(path, f"has type {dataset.dtype}, which is not a number")
        array = np.asarray(self._guarded(lambda: dataset[()], path))
        return np.array(array, array.dtype.newbyteorder("="), order="C")

    def read_text(self, path: str) -> str:
        """The text of a scalar dataset."""
        dataset = self._dataset(path)
        if dataset.shape != () or self._h5py.check_string_dtype(dataset.dtype) is None:
            raise self._refused(path, "is not a scalar text")
        return self._text(self._guarded(lambda: dataset[()], path), path)

    def datasets(self) -> Iterator[str]:
        """The path of every dataset; UnreadableFile when there are too many objects or they lie too deep."""
        seen: set[object] = set()
        waiting: list[tuple[str, Any, int]] = [("", self._file, 0)]
        while waiting:
            path, group, depth = waiting.pop()
            # Groups can link to themselves; each is walked once.
            address = self._h5py.h5o.get_info(group.id).addr
            if address in seen:
                continue
            seen.add(address)
            if len(seen) > MAX_OBJECTS or depth > MAX_DEPTH:
                raise UnreadableFile("too many or too deeply nested objects in the HDF5 file", file=self._name)
            for name in reversed(self._guarded(lambda group=group: list(group), path)):
                child_path = f"{path}/{name}" if path else name
                child = self._find(child_path)
                if isinstance(child, self._h5py.Group):
                    waiting.append((child_path, child, depth + 1))
                elif isinstance(child, self._h5py.Dataset):
                    yield child_path

    def _find(self, path: str) -> Any:
        """The object at `path`, reached over hard links alone; None when nothing is there."""
        here: Any = self._file
        for part in [part for part in path.split("/") if part]:
            if len(part) > MAX_NAME or part in (".", ".."):
                raise self._refused(path, "has an unusable name")
            if not isinstance(here, self._h5py.Group):
                return None
            group = here
            link = self._guarded(lambda group=group, part=part: group.get(part, getlink=True), path)
            if link is None:
                return None
            if not isinstance(link, self._h5py.HardLink):
                raise self._refused(path, "is a link to somewhere else")
            here = self._guarded(lambda group=group, part=part: group[part], path)
        return here

    def _object(self, path: str) -> Any:
        found = self._find(path)
        if found is None:
            raise UnreadableFile(f"the HDF5 file has no '{path}'", file=self._name)
        return found

    def _group(self, path: str) -> Any:
        found = self._object(path)
        if not isinstance(found, self._h5py.Group):
            raise self._refused(path, "is not a group")
        return found

    def _dataset(self, path: str) -> Any:
        found = self._object(path)
        if not isinstance(found, self._h5py.Dataset):
            raise self._refused(path, "is not a dataset")
        if found.shape is None:
            raise self._refused(path, "is empty")
        return found

    def _check_storage(self, dataset: Any, path: str) -> None:
        """Refuse data that lies elsewhere, unknown filters, and a stored size that cannot hold the declared one."""
        plist = dataset.id.get_create_plist()
        if plist.get_external_count() or dataset.is_virtual:
            raise self._refused(path, "keeps its data in another file")
        filters = [plist.get_filter(index)[0] for index in range(plist.get_nfilters())]
        if unknown := [str(code) for code in filters if code not in FILTERS]:
            raise self._refused(path, f"uses HDF5 filter {', '.join(unknown)}, which is not read")
        declared = prod(dataset.shape) * dataset.dtype.itemsize
        stored = dataset.id.get_storage_size()
        most = stored * MAX_RATIO if 1 in filters else stored + (stored // 16 if filters or dataset.chunks else 0)
        if declared > most:
            raise self._refused(path, f"declares {declared:,} bytes and stores {stored:,}")
        self._read_bytes += declared
        if self._read_bytes > MAX_TOTAL:
            raise UnreadableFile("the HDF5 file holds too much data", file=self._name)

    def _attribute(self, attributes: Any, name: str, path: str) -> object:
        def read() -> object:
            kind = attributes.get_id(name)
            if prod(kind.shape) * kind.dtype.itemsize > MAX_ATTRIBUTE:
                raise ValueError("it is too large")
            if kind.dtype.kind in "VO" and self._h5py.check_string_dtype(kind.dtype) is None:
                raise ValueError("its type is not read")
            return attributes[name]

        value = self._guarded(read, f"{path} attribute {name}")
        return self._plain(value, f"{path} attribute {name}")

    def _plain(self, value: object, path: str) -> object:
        if isinstance(value, np.ndarray):
            return [self._plain(item, path) for item in value.ravel().tolist()]
        if isinstance(value, np.generic):
            value = value.item()
        return self._text(value, path) if isinstance(value, bytes | str) else value

    def _text(self, value: object, path: str) -> str:
        if isinstance(value, bytes):
            try:
                value = value.decode("utf-8")
            except UnicodeDecodeError:
                raise self._refused(path, "is not UTF-8 text") from None
        if not isinstance(value, str) or len(value) > MAX_ATTRIBUTE:
            raise self._refused(path, "is not a usable text")
        return value

    def _guarded(self, read: Any, path: str) -> Any:
        """Call into the HDF5 library; whatever it makes of a damaged file becomes one clear error."""
        try:
            return read()
        except (
            OSError,
            ValueError,
            TypeError,
            RuntimeError,
            KeyError,
            OverflowError,
            MemoryError,
            UnicodeError,
        ) as error:
            raise self._refused(path, f"cannot be read: {error}") from None

    def _refused(self, path: str, problem: str) -> UnreadableFile:
        return UnreadableFile(f"HDF5 object '{path}' {problem}", file=self._name)


def open_hdf5(data: bytes, file: str) -> Hdf5File:
    """Open an HDF5 file from its bytes; `file` is its name for messages."""
    return Hdf5File(data, file)
