"""HDF5 from a file nobody vouches for: every object is checked before it is read, and only hard links are followed."""

from __future__ import annotations

import io
import os
import zlib
from collections.abc import Iterator
from functools import partial
from math import prod
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np

from rnnscope.errors import ShapeMismatch, UnreadableFile
from rnnscope.reading.arrays import NUMBERS, bfloat16_to_float32, native
from rnnscope.reading.hdf5_storage import declared_bytes, location_problem, longest_text, storage_problem
from rnnscope.texts import as_texts
from rnnscope.types import Array, Shape

if TYPE_CHECKING:
    from collections.abc import Callable

# HDF5 would otherwise load compression plugins, which are code, from a folder that the environment names.
os.environ["HDF5_PLUGIN_PRELOAD"] = "::"

MAX_OBJECTS: Final = 100_000
MAX_DEPTH: Final = 32
MAX_NAME: Final = 1_000
MAX_TEXT: Final = 64 * 2**20
MAX_TEXTS: Final = 2 * 2**30
MAX_TOTAL: Final = 8 * 2**30
# What h5py raises for a damaged file, depending on where the damage lies.
LIBRARY_ERRORS: Final = (
    OSError,
    ValueError,
    TypeError,
    LookupError,
    RuntimeError,
    ArithmeticError,
    AttributeError,
    MemoryError,
    zlib.error,
)


class Hdf5File:
    """An HDF5 file held in memory. Paths are slash-separated, from the root.

    Every method raises UnreadableFile for a damaged object and for one that is refused: any link but a hard one, data
    kept in other files, types that are not numbers, unknown filters, and sizes that the stored bytes cannot hold.
    """

    def __init__(self, data: bytes, file: str) -> None:
        import h5py

        self._h5py: Any = h5py
        self._name = file
        self._data = data
        self._checked: dict[str, int] = {}
        self._datasets: dict[str, Any] = {}
        self._longest: int | None = None
        try:
            self._file: Any = h5py.File(io.BytesIO(data), "r")
        except LIBRARY_ERRORS as error:
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
        """Whether a group lies there."""
        return isinstance(self._find(path), self._h5py.Group)

    def names(self, path: str) -> tuple[str, ...]:
        """The names inside a group, in the order of their creation where the file keeps it."""
        return self._members(self._group(path), path)

    def attribute(self, path: str, name: str) -> object:
        """An attribute as text, a number, or a flat list of these; None when there is none.

        Long lists that Keras splits into ``name0``, ``name1`` … come back joined.
        """
        found = self._object(path)
        attributes = self._guarded(lambda: found.attrs, path)

        def has(part: str) -> bool:
            return bool(self._guarded(lambda: part in attributes, f"{path} attribute {part}"))

        if has(name):
            return self._attribute(attributes, name, path)
        parts: list[object] = []
        while has(f"{name}{len(parts)}"):
            parts.append(self._attribute(attributes, f"{name}{len(parts)}", path))
        if not all(isinstance(part, list) for part in parts):
            raise self._refused(f"{path} attribute {name}0", "is not a list")
        return [item for part in parts if isinstance(part, list) for item in part] if parts else None

    def shape(self, path: str) -> tuple[int, ...]:
        """The shape of a dataset."""
        return tuple(int(size) for size in self._dataset(path).shape)

    def number_type(self, path: str) -> np.dtype[Any]:
        """The type that `read` gives a dataset's numbers in."""
        return self._number_type(self._dataset(path), path)[0]

    def read(self, path: str, shape: Shape | None = None) -> Array:
        """The numbers of a dataset, in native byte order; nothing is read unless type, storage and `shape` allow it.

        shape: what the shape must be, None standing for any size; ShapeMismatch otherwise. bfloat16, which HDF5
        knows as two opaque bytes (marked by an attribute in archives of Keras 3 alone), comes back as float32.
        """
        dataset = self._dataset(path)
        if shape is not None and not _fits(dataset.shape, shape):
            raise ShapeMismatch(
                f"dataset '{path}' has the wrong shape", file=self._name, expected=shape, found=tuple(dataset.shape)
            )
        _, brain = self._number_type(dataset, path)
        self._check_storage(dataset, path)
        raw = np.asarray(self._guarded(lambda: dataset[()], path))
        return bfloat16_to_float32(raw) if brain else self._guarded(lambda: native(raw), path)

    def _number_type(self, dataset: Any, path: str) -> tuple[np.dtype[Any], bool]:
        """In what type the numbers come out, and whether they are stored as bfloat16."""
        dtype = self._guarded(lambda: dataset.dtype, path)
        if dtype == np.dtype("V2"):
            return np.dtype(np.float32), True
        if dtype.kind not in NUMBERS or self._h5py.check_enum_dtype(dtype) is not None:
            raise self._refused(path, f"has type {dtype}, which is not a number")
        return dtype.newbyteorder("="), False

    def read_any(self, path: str) -> Array:
        """The numbers of a dataset, or its texts as Unicode, whether their length is fixed or not."""
        dataset = self._dataset(path)
        text = self._h5py.check_string_dtype(self._guarded(lambda: dataset.dtype, path))
        if text is None:
            return self.read(path)
        # Every item may point at the same long text.
        if (
            text.length is None
            and prod(dataset.shape) * self._longest_text(path) > MAX_TEXTS
            and prod(dataset.shape) > 1
        ):
            raise self._refused(path, "is a list of texts that are too long")
        self._check_storage(dataset, path)
        texts: Array = self._guarded(lambda: as_texts(np.asarray(dataset[()])), path)
        return texts

    def read_text(self, path: str) -> str:
        """The text of a scalar dataset."""
        dataset = self._dataset(path)
        text = self._h5py.check_string_dtype(self._guarded(lambda: dataset.dtype, path))
        if dataset.shape != () or text is None:
            raise self._refused(path, "is not a scalar text")
        if text.length is None:
            self._longest_text(path)
        self._check_storage(dataset, path)
        return self._text(self._guarded(lambda: dataset[()], path), path)

    def datasets(self) -> Iterator[str]:
        """The path of every dataset, in the order of `names`; those of a group come before those of groups inside it.

        UnreadableFile when there are too many objects or they lie too deep.
        """
        return (path for path, found in self._objects() if isinstance(found, self._h5py.Dataset))

    def groups(self) -> Iterator[str]:
        """The path of every group; UnreadableFile as `datasets`."""
        return (path for path, found in self._objects() if isinstance(found, self._h5py.Group))

    def _objects(self) -> Iterator[tuple[str, Any]]:
        """Every group and dataset with its path, each group once."""
        seen: set[object] = set()
        objects = 0
        waiting: list[tuple[str, Any, int]] = [("", self._file, 0)]
        while waiting:
            path, group, depth = waiting.pop()
            # Groups can link to themselves; each is walked once.
            address = self._guarded(partial(self._h5py.h5o.get_info, group.id), path).addr
            if address in seen:
                continue
            seen.add(address)
            names = self._members(group, path)
            objects += len(names)
            if objects > MAX_OBJECTS or depth > MAX_DEPTH:
                raise UnreadableFile("too many or too deeply nested objects in the HDF5 file", file=self._name)
            groups: list[tuple[str, Any, int]] = []
            for child_path in [f"{path}/{name}" if path else name for name in names]:
                child = self._find(child_path)
                if isinstance(child, self._h5py.Group):
                    groups.append((child_path, child, depth + 1))
                yield child_path, child
            waiting += reversed(groups)

    def _members(self, group: Any, path: str) -> tuple[str, ...]:
        if self._guarded(lambda: len(group), path) > MAX_OBJECTS:
            raise self._refused(path, "has too many members")
        return tuple(self._text(name, f"{path}/{name[:80]}") for name in self._guarded(lambda: list(group), path))

    def _find(self, path: str) -> Any:
        """The object at `path`, reached over hard links alone; None when nothing is there."""
        here: Any = self._file
        for part in [part for part in path.split("/") if part]:
            if len(part) > MAX_NAME or part in (".", ".."):
                raise self._refused(path[:80], "has an unusable name")
            if not isinstance(here, self._h5py.Group):
                return None
            link = self._guarded(partial(here.get, part, getlink=True), path)
            if link is None:
                return None
            if not isinstance(link, self._h5py.HardLink):
                raise self._refused(path, "is a link to somewhere else")
            here = self._guarded(partial(here.__getitem__, part), path)
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
        if path in self._datasets:  # a legacy file's are asked for a dozen times each
            return self._datasets[path]
        found = self._object(path)
        if not isinstance(found, self._h5py.Dataset):
            raise self._refused(path, "is not a dataset")
        if problem := self._guarded(lambda: location_problem(found), path):
            raise self._refused(path, problem)
        if self._guarded(lambda: found.shape, path) is None:
            raise self._refused(path, "is empty")
        self._datasets[path] = found
        return found

    def _check_storage(self, dataset: Any, path: str) -> None:
        """Once per path, because a trace in a file is read again and again."""
        if path in self._checked:
            return
        if problem := self._guarded(lambda: storage_problem(dataset), path):
            raise self._refused(path, problem)
        self._checked[path] = declared_bytes(dataset)
        if sum(self._checked.values()) > MAX_TOTAL:
            raise UnreadableFile("the HDF5 file holds too much data", file=self._name)

    def _attribute(self, attributes: Any, name: str, path: str) -> object:
        where = f"{path} attribute {name}"
        kind = self._guarded(lambda: attributes.get_id(name), where)
        shape, dtype = self._guarded(lambda: (kind.shape, kind.dtype), where)
        if shape is None:
            return None
        text = self._h5py.check_string_dtype(dtype)
        if text is None and (dtype.kind not in NUMBERS or self._h5py.check_enum_dtype(dtype) is not None):
            raise self._refused(where, f"has type {dtype}, which is not read")
        count = prod(shape)
        if count * dtype.itemsize > MAX_TEXT:
            raise self._refused(where, "is too large")
        # Every item of a list may point at the same long text.
        if text is not None and text.length is None and count * self._longest_text(where) > MAX_TEXTS and count > 1:
            raise self._refused(where, "is a list of texts that are too long")
        return self._plain(self._guarded(lambda: attributes[name], where), where)

    def _longest_text(self, path: str) -> int:
        if self._longest is None:
            self._longest = int(self._guarded(lambda: longest_text(self._data), path))
        return self._longest

    def _plain(self, value: object, path: str) -> object:
        if isinstance(value, np.ndarray):
            return [self._plain(item, path) for item in value.ravel().tolist()]
        if isinstance(value, np.generic):
            value = value.item()
        return self._text(value, path) if isinstance(value, bytes | str) else value

    def _text(self, value: object, path: str) -> str:
        try:
            # h5py hides bytes that are not UTF-8 in lone surrogates, which do not encode.
            text = value.decode() if isinstance(value, bytes) else str(value).encode().decode()
        except UnicodeError:
            raise self._refused(path, "is not UTF-8 text") from None
        if len(text) > MAX_TEXT:
            raise self._refused(path, "is too long a text")
        return text

    def _guarded(self, read: Callable[[], Any], path: str) -> Any:
        """Call into the HDF5 library; whatever it makes of a damaged file becomes one clear error."""
        try:
            return read()
        except LIBRARY_ERRORS as error:
            raise self._refused(path, f"cannot be read: {str(error) or type(error).__name__}") from None

    def _refused(self, path: str, problem: str) -> UnreadableFile:
        return UnreadableFile(f"HDF5 object '{path}' {problem}", file=self._name)


def open_hdf5(data: bytes, file: str) -> Hdf5File:
    """Open an HDF5 file from its bytes; `file` is its name for messages."""
    return Hdf5File(data, file)


def _fits(found: tuple[int, ...], wanted: Shape) -> bool:
    return len(found) == len(wanted) and all(size in (None, actual) for size, actual in zip(wanted, found, strict=True))
