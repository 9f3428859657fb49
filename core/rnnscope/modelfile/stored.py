"""What a model file keeps for some of its layers: weights, and texts beside them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rnnscope.modelfile.raw import ModelFile
from rnnscope.reading.building import Opener, build
from rnnscope.reading.hdf5 import Hdf5File
from rnnscope.reading.legacy_weights import MODEL_WEIGHTS, stored_for
from rnnscope.reading.nesting import flattened
from rnnscope.reading.stores import ArchiveStore, LegacyStore
from rnnscope.reading.weights import DOUBLED_ROOT, ArchiveIndex, archive_folders, archive_names, doubled_names
from rnnscope.types import Array

UNPLAIN = re.compile(r"[^\w.:-]|^\.+$", re.ASCII)


@dataclass(frozen=True, slots=True, eq=False)
class Stored:
    """What is kept for some layers, where it is to lie in a file of theirs alone.

    arrays: path → array. texts: path → text, beside the weights. lists: layer's new name → its arrays' paths in order,
    for files that know their weights by order; empty elsewhere. groups: what has to be
    there even if it holds nothing.
    """

    arrays: Mapping[str, Array]
    texts: Mapping[str, str]
    lists: Mapping[str, tuple[str, ...]]
    groups: tuple[str, ...] = ()


def stored(file: ModelFile, names: Mapping[str, str], inputs: int) -> Stored:
    """What the file keeps for layers; names: layer → its new name, in the order in which Keras will list them.

    inputs: how many inputs the part has.
    """
    if isinstance(file.store, ArchiveStore):
        return _by_path(file, file.store, list(names), inputs)
    return _by_order(file, file.store, names)


def _by_path(file: ModelFile, store: ArchiveStore, layers: Sequence[str], inputs: int) -> Stored:
    index = store.index
    old = archive_folders(flattened(file.graph), index)
    classes = {entry.name: entry.class_name for entry in file.graph.entries if entry.is_layer}
    numbered = [layer for layer in layers if layer in classes]
    if index.root == DOUBLED_ROOT:
        folders = doubled_names(
            [classes[layer] for layer in numbered], lambda place, _: index.holds(old[numbered[place]])
        )
    else:
        folders = archive_names([classes[layer] for layer in numbered])
    arrays: dict[str, Array] = {}
    texts: dict[str, str] = {}
    groups = _of_inputs(index, inputs)
    there = sorted(index.groups())
    for layer, folder in zip(numbered, folders, strict=True):
        start, place = f"{old[layer]}/", f"{index.root}/{folder}/"
        found = index.below(old[layer])
        arrays |= {place + path.removeprefix(start): array for path, array in found.items()}
        assets = index.assets.items()
        texts |= {place + path.removeprefix(start): text for path, text in assets if path.startswith(start)}
        groups += [place + path.removeprefix(start) for path in there if path.startswith(start)]
    return Stored(arrays, texts, {}, tuple(groups))


def _of_inputs(index: ArchiveIndex, inputs: int) -> list[str]:
    """The empty groups that Keras up to 3.5 wants for the model and its inputs, where it wrote such."""
    if "vars" not in index.groups():
        return []
    names = archive_names(["InputLayer"] * inputs)
    return ["vars", *(f"{index.root}/{name}/vars" for name in names)]


def _by_order(file: ModelFile, store: LegacyStore, names: Mapping[str, str]) -> Stored:
    graph = flattened(file.graph)

    def read(opener: Opener) -> object:
        return build(graph, file.reading.circumstances([]), opener)

    found = stored_for(store.hdf5, graph, read, frozen_hides=file.written_by.is_keras3)
    arrays: dict[str, Array] = {}
    lists: dict[str, tuple[str, ...]] = {}
    for layer, name in names.items():
        paths = found[layer].paths if layer in found else ()
        lists[name] = tuple(_plain(path, place) for place, path in enumerate(paths))
        arrays |= _read(store.hdf5, name, lists[name], paths)
    return Stored(arrays, {}, lists)


def _read(hdf5: Hdf5File, name: str, new: Sequence[str], old: Sequence[str]) -> dict[str, Array]:
    return {f"{MODEL_WEIGHTS}/{name}/{path}": hdf5.read(before) for path, before in zip(new, old, strict=True)}


def _plain(path: str, place: int) -> str:
    """A name for an array that nothing can mistake for a way to elsewhere: ``2_bias:0``."""
    return f"{place}_{UNPLAIN.sub('_', path.rpartition('/')[2])}"
