"""Weights that Keras 3 split over several HDF5 files, with a JSON index that says which file holds what."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from rnnscope.errors import UnreadableFile
from rnnscope.reading.hdf5 import Hdf5File, open_hdf5
from rnnscope.reading.source import Source, read_source

MAX_SHARDS = 1_000
MAX_TOTAL = 8 * 2**30
ENDING = ".weights.h5"


def is_shard_index(value: object) -> bool:
    """Whether JSON is such an index."""
    return isinstance(value, dict) and "weight_map" in value and "class_name" not in value


def open_shards(index: object, source: Source, stack: ExitStack) -> list[Hdf5File]:
    """Every file that the index names, opened until `stack` closes; they must lie beside it, under plain names.

    UnreadableFile for names that lead elsewhere, for links, and for a file that is missing.
    """
    names = _names(index, source.name)
    if not source.folder:
        raise UnreadableFile("sharded weights are read from their folder only", file=source.name)
    files, total = [], 0
    for name in names:
        path = Path(source.folder) / name
        if path.is_symlink():
            raise UnreadableFile("a shard of the weights is a link", file=source.name, found=name)
        shard = read_source(path)
        total += len(shard.data)
        if total > MAX_TOTAL:
            raise UnreadableFile("the shards of the weights hold too much", file=source.name)
        files.append(stack.enter_context(open_hdf5(shard.data, shard.name)))
    return files


def _names(index: object, file: str) -> list[str]:
    places = index.get("weight_map") if isinstance(index, dict) else None
    if not isinstance(places, dict):
        raise UnreadableFile("the index of the weights names no files", file=file)
    listed = [name for place in places.values() for name in (place if isinstance(place, list) else [place])]
    names = list(dict.fromkeys(name for name in listed if isinstance(name, str)))
    if len(names) > MAX_SHARDS or not all(isinstance(name, str) for name in listed):
        raise UnreadableFile("the index of the weights is not usable", file=file)
    for name in names:
        plain = name == Path(name).name and not set(name) & set("/\\:\0") and name.endswith(ENDING)
        if not plain or name.startswith("."):
            raise UnreadableFile(
                "the index of the weights names a file that may lie elsewhere",
                file=file,
                expected=f"a plain name that ends in {ENDING}",
                found=name[:80],
            )
    return names
