"""The places where weights lie, whatever the format: each gives an opener for the layers of a graph."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rnnscope.errors import UnreadableFile, Unsupported
from rnnscope.layers.base import Weights
from rnnscope.reading.building import Opener
from rnnscope.reading.entries import Entry, Graph
from rnnscope.reading.hdf5 import Hdf5File
from rnnscope.reading.legacy_weights import MODEL_WEIGHTS, legacy_opener, stored_layers
from rnnscope.reading.weights import DOUBLED_ROOT, ROOT, ArchiveIndex, ArchiveWeights, Tally, archive_folders
from rnnscope.semantics import Semantics

# Reads a whole model with an opener, and throws it away.
Rehearsal = Callable[[Opener], object]


@dataclass(slots=True)
class LegacyStore:
    """Weights by order, as in HDF5 files of Keras 1 and 2 and in Keras 3's ``.h5``."""

    hdf5: Hdf5File

    def opener(self, graph: Graph, rehearsal: Rehearsal, *, written_by: Semantics) -> tuple[Opener, str]:
        return legacy_opener(self.hdf5, graph, rehearsal, frozen_hides=written_by.is_keras3)

    def origin(self) -> tuple[object, object]:
        """The Keras version and the backend that wrote the weights; None where the file does not say."""
        groups = [group for group in ("", MODEL_WEIGHTS) if self.hdf5.is_group(group)]
        said = {name: [self.hdf5.attribute(group, name) for group in groups] for name in ("keras_version", "backend")}
        version, backend = (next((word for word in words if word is not None), None) for words in said.values())
        return version, backend or self._told_backend(version)

    def shapes(self) -> list[tuple[str, tuple[tuple[int, ...], ...]]]:
        """Each layer that has weights, with their shapes, in order."""
        return [
            (layer.name, tuple(map(self.hdf5.shape, layer.paths))) for layer in stored_layers(self.hdf5) if layer.paths
        ]

    def _told_backend(self, version: object) -> str | None:
        """Keras 1 does not say its backend, but TensorFlow marks the names of weights: ``dense_1_W:0``."""
        names = [path for layer in stored_layers(self.hdf5) for path in layer.paths]
        if not names or str(version or "1")[:1] != "1" or names[0].rpartition("/")[2].startswith("param_"):
            return None
        return "tensorflow" if all(name.endswith(":0") for name in names) else "theano"

    def finish(self) -> None:
        """Everything was matched before anything was read."""


@dataclass(slots=True)
class ArchiveStore:
    """Weights by path, as in `.keras` archives, ``.weights.h5`` and its shards."""

    index: ArchiveIndex
    taken: set[str]

    def opener(self, graph: Graph, rehearsal: Rehearsal, *, written_by: Semantics) -> tuple[Opener, str]:
        folders = archive_folders(graph, self.index)
        names = _neighbours(graph, folders)

        def opener(entry: Entry, tally: Tally) -> Weights:
            _check_name(self.index, folders[entry.name], names)
            tally.paths = self.taken  # one set for all layers: what is left over at the end belongs to none
            return ArchiveWeights(self.index, folders[entry.name], entry.name, tally)

        return opener, ""

    def origin(self) -> tuple[object, object]:
        """Such files do not say who wrote them."""
        return None, None

    def shapes(self) -> list[tuple[str, tuple[tuple[int, ...], ...]]]:
        """Each layer that has weights, with their shapes.

        The file does not keep the order of layers of different classes: embeddings come first, then one class of
        recurrent layers, then the others. Unsupported where there are more.
        """
        layers = self.index.layers()
        classes = {name.rstrip("0123456789").rstrip("_") for name in layers}
        if len(classes - {"embedding", "dense", "batch_normalization"}) > 1:
            raise Unsupported("the file does not keep the order of its layers")
        ordered = sorted(layers, key=_usual_place)
        return [(name, tuple(map(self.index.shape, layers[name]))) for name in ordered]

    def finish(self) -> None:
        """Refuse weights that no layer asked for: the model is not the one that they were saved for."""
        if unused := self.index.leftovers(self.taken):
            raise Unsupported("the file holds weights that no layer here uses", found=unused[0])


Store = LegacyStore | ArchiveStore


def store_of(hdf5: Hdf5File) -> Store:
    """The weights of an HDF5 file, by the way they lie in it; UnreadableFile when it holds none of Keras's."""
    by_order = any(hdf5.attribute("", name) is not None for name in ("layer_names", "nb_layers"))
    if by_order or hdf5.is_group(MODEL_WEIGHTS):
        return LegacyStore(hdf5)
    if any(name.replace("\\", "/").split("/")[0] in (ROOT, DOUBLED_ROOT) for name in hdf5.names("")):
        return ArchiveStore(ArchiveIndex([hdf5]), set())
    raise UnreadableFile("the HDF5 file holds no Keras weights", expected="layer_names, or a group 'layers'")


def _neighbours(graph: Graph, folders: dict[str, str]) -> dict[str, dict[str, str]]:
    """Folder of a model's layers → folder of each → the layer's own name."""
    found: dict[str, dict[str, str]] = {}
    for entry in graph.entries:
        if entry.name in folders:
            model = folders[entry.name].rpartition("/")[0]
            found.setdefault(model, {})[folders[entry.name]] = entry.name[len(entry.parent) :].removeprefix("/")
    return found


def _check_name(index: ArchiveIndex, folder: str, names: dict[str, dict[str, str]]) -> None:
    """Refuse a file that notes another layer of the model at a layer's place: weights would change hands unseen."""
    own, kept = names[folder.rpartition("/")[0]], index.kept_name(folder)
    if kept != own[folder] and kept in own.values():
        raise UnreadableFile(
            f"the weights at '{folder}' are marked as another layer's", expected=own[folder], found=kept
        )


def _usual_place(folder: str) -> tuple[int, int]:
    """Where a layer of a plain stack stands, told from its folder: by class, then by number."""
    kind, _, number = folder.rpartition("_")
    kind, place = (kind, int(number)) if number.isdecimal() else (folder, 0)
    return {"embedding": 0, "batch_normalization": 2, "dense": 3}.get(kind, 1), place
