"""Where a layer's weights lie in a `.keras` archive or a ``.weights.h5``: by path, whatever the layer is called."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from rnnscope.errors import ShapeMismatch, UnreadableFile
from rnnscope.layers.base import Weights
from rnnscope.reading.entries import Entry, Graph
from rnnscope.reading.hdf5 import Hdf5File
from rnnscope.types import Array

ROOT = "layers"
# Classes that Keras knows under another name than the one in the configuration; the folder bears their own.
OWN_NAMES = {"GroupQueryAttention": "GroupedQueryAttention"}
# tf-keras before 2.14 called a model's layers so, and counted each layer that has weights twice.
DOUBLED_ROOT = "_layer_checkpoint_dependencies"
# Kept beside the weights of layers, and no part of what a model computes.
HARMLESS = ("optimizer", "seed_generator", "metrics", "_metrics", "compile_metrics", "_compile_metrics", "loss_tracker")


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


class ArchiveIndex:
    """The datasets of one or several HDF5 files by path. Windows wrote backslashes into the names of groups."""

    def __init__(self, files: Sequence[Hdf5File], assets: Mapping[str, str] | None = None) -> None:
        """assets: path of each text file beside the weights → its content."""
        self._files = files
        self.assets = assets or {}
        self._places: dict[str, tuple[Hdf5File, str]] = {}
        for file in files:
            for path in file.datasets():
                plain = path.replace("\\", "/")
                if plain in self._places:
                    raise UnreadableFile("two weights of the file lie at the same place", found=plain)
                self._places[plain] = file, path

    @property
    def root(self) -> str:
        """What the file calls the list of a model's layers."""
        doubled = any(path.startswith(f"{DOUBLED_ROOT}/") for path in self._places)
        return DOUBLED_ROOT if doubled else ROOT

    def has(self, path: str) -> bool:
        return path in self._places

    def holds(self, folder: str) -> bool:
        """Whether any dataset lies below."""
        return any(path.startswith(f"{folder}/") for path in self._places)

    def shape(self, path: str) -> tuple[int, ...]:
        file, place = self._places[path]
        return file.shape(place)

    def kept_name(self, folder: str) -> object:
        """The name of the layer whose weights lie there, as Keras 3.6 and later note it; None elsewhere."""
        group = f"{folder}/vars"
        return next((file.attribute(group, "name") for file in self._files if file.is_group(group)), None)

    def read(self, path: str, shape: tuple[int, ...]) -> Array:
        file, place = self._places[path]
        return file.read(place, shape)

    def below(self, folder: str) -> dict[str, Array]:
        """Every array below a folder, by its path."""
        chosen = {path: place for path, place in self._places.items() if path.startswith(f"{folder}/")}
        return {path: file.read(place) for path, (file, place) in chosen.items()}

    def groups(self) -> set[str]:
        """The paths of all groups, those that hold nothing among them."""
        return {path.replace("\\", "/") for file in self._files for path in file.groups()}

    def leftovers(self, taken: set[str]) -> list[str]:
        """Datasets that no layer asked for; what belongs to training or to random generators does not count."""
        return [path for path in self._places if path not in taken and not set(HARMLESS) & set(path.split("/"))]

    def layers(self) -> dict[str, list[str]]:
        """Folder of each layer of the outermost model → its datasets, a forward part before a backward one."""
        found: dict[str, list[str]] = {}
        for path in sorted(self._places, key=lambda path: path.replace("/backward_layer/", "/~/")):
            root, _, rest = path.partition("/")
            if root == self.root:
                found.setdefault(rest.partition("/")[0], []).append(path)
        return found


@dataclass(slots=True)
class ArchiveWeights:
    """Weights of a `.keras` archive: ``<path>/vars/0``, ``<path>/vars/1`` … for each part of a layer, some by name."""

    index: ArchiveIndex
    path: str
    layer: str
    tally: Tally
    trained: bool = True
    taken: int = 0

    def at(self, part: str) -> ArchiveWeights:
        return ArchiveWeights(self.index, f"{self.path}/{part}", self.layer, self.tally, self.trained)

    def each(self, part: str, class_names: Sequence[str]) -> list[ArchiveWeights]:
        return [self.at(f"{part}/{name}") for name in archive_names(class_names)]

    def frozen(self) -> ArchiveWeights:
        return replace(self, trained=False)

    def peek_shape(self) -> tuple[int, ...] | None:
        return self.named_shape(str(self.taken))

    def named_shape(self, name: str) -> tuple[int, ...] | None:
        path = f"{self.path}/vars/{name}"
        return self.index.shape(path) if self.index.has(path) else None

    def text(self, name: str) -> str | None:
        return self.index.assets.get(f"{self.path}/{name}")

    def take(self, name: str, shape: tuple[int, ...], *, trainable: bool = True) -> Array:
        path = f"{self.path}/vars/{name}"
        if not self.index.has(path):
            path = f"{self.path}/vars/{self.taken}"
            self.taken += 1
        if not self.index.has(path):
            raise UnreadableFile(f"weight '{name}' is missing", layer=self.layer, expected=f"{path} of shape {shape}")
        found = self.index.shape(path)
        if found != shape:
            raise ShapeMismatch(f"weight '{name}' has the wrong shape", layer=self.layer, expected=shape, found=found)
        return self.tally.count(path, self.index.read(path, shape), trainable and self.trained)


def weights_inside(weights: Weights, graph: Graph) -> Callable[[Entry], Weights]:
    """What gives the weights of each layer of a model that stands inside a layer with these weights."""
    if not isinstance(weights, ArchiveWeights):
        return lambda entry: weights
    folders = archive_folders(graph, weights.index, weights.path)
    return lambda entry: replace(weights, path=folders[entry.name], taken=0)


def archive_folders(graph: Graph, index: ArchiveIndex, around: str = "") -> dict[str, str]:
    """Where each layer's weights lie in a `.keras` archive: ``layers/lstm_1``, ``layers/functional/layers/dense``.

    around: the folder that the whole model lies in. In archives of tf-keras before 2.14 the numbers hang on which
    layers have weights.
    """
    root = index.root
    paths: dict[str, str] = {}
    # A nested model stands behind what is inside it, so the file's order backwards is from the outside in.
    for parent in dict.fromkeys(entry.parent for entry in reversed(graph.entries)):
        layers = [entry for entry in graph.entries if entry.is_layer and entry.parent == parent]
        outer = paths[parent] if parent else around
        below = f"{outer}/{root}" if outer else root
        classes = [entry.class_name for entry in layers]
        folders = _stored_doubled(classes, below, index) if root == DOUBLED_ROOT else archive_names(classes)
        paths |= {entry.name: f"{below}/{folder}" for entry, folder in zip(layers, folders, strict=True)}
    return paths


def archive_names(class_names: Sequence[str]) -> list[str]:
    """The folder of each layer in a `.keras` archive: its class in snake case, counted from the second on."""
    seen: dict[str, int] = {}
    names = []
    for class_name in class_names:
        folder = _folder(class_name)
        count = seen.get(folder, 0)
        seen[folder] = count + 1
        names.append(_numbered(folder, count))
    return names


def _stored_doubled(class_names: Sequence[str], below: str, index: ArchiveIndex) -> list[str]:
    return doubled_names(class_names, lambda _, folder: index.holds(f"{below}/{folder}"))


def doubled_names(class_names: Sequence[str], holds: Callable[[int, str], bool]) -> list[str]:
    """The same where each layer that has weights was counted twice: once as a layer, once as one with weights.

    holds: tells of the layer at a place, whose folder would be called so, whether it has weights.
    """
    seen: dict[str, int] = {}
    names = []
    for place, class_name in enumerate(class_names):
        folder = _folder(class_name)
        names.append(_numbered(folder, seen.get(folder, 0)))
        seen[folder] = seen.get(folder, 0) + (2 if holds(place, names[-1]) else 1)
    return names


def _folder(class_name: str) -> str:
    return snake_case(OWN_NAMES.get(class_name, class_name))


def _numbered(folder: str, count: int) -> str:
    return folder if count == 0 else f"{folder}_{count}"


def snake_case(name: str) -> str:
    """``SimpleRNN`` → ``simple_rnn``, ``TimeDistributed`` → ``time_distributed``, as Keras names folders."""
    words = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", name))
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", words).lower()
