"""Where a layer's weights lie: by path in a `.keras` archive, by order in a legacy `.h5`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from rnnscope.errors import ShapeMismatch, UnreadableFile, Unsupported
from rnnscope.reading.entries import Graph
from rnnscope.reading.hdf5 import Hdf5File
from rnnscope.types import Array

ROOT = "layers"
# Classes that Keras knows under another name than the one in the configuration; the folder bears their own.
OWN_NAMES = {"GroupQueryAttention": "GroupedQueryAttention"}


@dataclass(slots=True)
class Tally:
    """What has been taken for one layer: how many parameters, and from which places in the file."""

    parameters: int = 0
    trainable: int = 0
    paths: set[str] = field(default_factory=set)

    def count(self, path: str, array: Array, trainable: bool) -> Array:
        self.parameters += array.size
        self.trainable += array.size if trainable else 0
        self.paths.add(path)
        return array


@dataclass(slots=True)
class ArchiveWeights:
    """Weights of a `.keras` archive: ``<path>/vars/0``, ``<path>/vars/1`` … for each part of a layer."""

    hdf5: Hdf5File
    path: str
    layer: str
    tally: Tally
    taken: int = 0

    def at(self, part: str) -> ArchiveWeights:
        return ArchiveWeights(self.hdf5, f"{self.path}/{part}", self.layer, self.tally)

    def each(self, part: str, class_names: Sequence[str]) -> list[ArchiveWeights]:
        return [self.at(f"{part}/{name}") for name in archive_names(class_names)]

    def peek_shape(self) -> tuple[int, ...] | None:
        path = f"{self.path}/vars/{self.taken}"
        return self.hdf5.shape(path) if self.hdf5.has(path) else None

    def take(self, name: str, shape: tuple[int, ...], *, trainable: bool = True) -> Array:
        path = f"{self.path}/vars/{self.taken}"
        self.taken += 1
        return self.tally.count(path, _read(self.hdf5, path, name, self.layer, shape), trainable)


@dataclass(slots=True)
class OrderedWeights:
    """Weights of a legacy `.h5`: a layer's datasets in the order of its ``weight_names``, parts one after another."""

    hdf5: Hdf5File
    paths: Sequence[str]
    layer: str
    tally: Tally
    taken: int = 0

    def at(self, part: str) -> OrderedWeights:
        return self

    def each(self, part: str, class_names: Sequence[str]) -> list[OrderedWeights]:
        return [self] * len(class_names)

    def peek_shape(self) -> tuple[int, ...] | None:
        return self.hdf5.shape(self.paths[self.taken]) if self.taken < len(self.paths) else None

    def take(self, name: str, shape: tuple[int, ...], *, trainable: bool = True) -> Array:
        if self.taken >= len(self.paths):
            raise UnreadableFile(
                f"weight '{name}' is missing",
                layer=self.layer,
                expected=shape,
                found=f"{len(self.paths)} weights in all",
            )
        path = self.paths[self.taken]
        self.taken += 1
        return self.tally.count(path, _read(self.hdf5, path, name, self.layer, shape), trainable)

    def finish(self) -> None:
        """Refuse weights that the layer did not ask for: they would change the numbers unseen."""
        if self.taken < len(self.paths):
            raise Unsupported(
                f"the file holds {len(self.paths)} weights for this layer, its options imply {self.taken}",
                layer=self.layer,
            )


def archive_folders(graph: Graph) -> dict[str, str]:
    """Where each layer's weights lie in a `.keras` archive: ``layers/lstm_1``, ``layers/functional/layers/dense``."""
    paths: dict[str, str] = {}
    # A nested model stands behind what is inside it, so the file's order backwards is from the outside in.
    for parent in dict.fromkeys(entry.parent for entry in reversed(graph.entries)):
        layers = [entry for entry in graph.entries if entry.is_layer and entry.parent == parent]
        folders = archive_names([entry.class_name for entry in layers])
        below = f"{paths[parent]}/{ROOT}" if parent else ROOT
        paths |= {entry.name: f"{below}/{folder}" for entry, folder in zip(layers, folders, strict=True)}
    return paths


def archive_names(class_names: Sequence[str]) -> list[str]:
    """The folder of each layer in a `.keras` archive: its class in snake case, counted from the second on."""
    seen: dict[str, int] = {}
    names = []
    for class_name in class_names:
        folder = snake_case(OWN_NAMES.get(class_name, class_name))
        count = seen.get(folder, 0)
        seen[folder] = count + 1
        names.append(folder if count == 0 else f"{folder}_{count}")
    return names


def snake_case(name: str) -> str:
    """``SimpleRNN`` → ``simple_rnn``, ``TimeDistributed`` → ``time_distributed``, as Keras names folders."""
    words = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", name))
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", words).lower()


def ordered_paths(hdf5: Hdf5File, root: str, layer: str) -> list[str]:
    """The datasets of one layer in a legacy file, in the order that its ``weight_names`` attribute states."""
    group = f"{root}/{layer}"
    names = hdf5.attribute(group, "weight_names") if hdf5.is_group(group) else []
    if not isinstance(names, list):
        raise UnreadableFile("the layer's weight_names are not a list", layer=layer, found=repr(names))
    return [f"{group}/{name}" for name in names]


def leftovers(hdf5: Hdf5File, root: str, taken: set[str]) -> list[str]:
    """Datasets below `root` that no layer asked for; the state of random generators does not count."""
    return [
        path
        for path in hdf5.datasets()
        if path.startswith(f"{root}/") and path not in taken and "seed_generator" not in path
    ]


def _read(hdf5: Hdf5File, path: str, name: str, layer: str, shape: tuple[int, ...]) -> Array:
    if not hdf5.has(path):
        raise UnreadableFile(f"weight '{name}' is missing", layer=layer, expected=f"{path} of shape {shape}")
    found = hdf5.shape(path)
    if found != shape:
        raise ShapeMismatch(f"weight '{name}' has the wrong shape", layer=layer, expected=shape, found=found)
    return hdf5.read(path, shape)
