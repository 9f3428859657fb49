"""A model file taken apart: its own words for each layer, and a way to the weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from rnnscope.errors import UnreadableFile, Unsupported
from rnnscope.layers.registry import MODEL_CLASSES
from rnnscope.reading.architecture import Architecture, Reading, reading_of
from rnnscope.reading.dialects import to_keras3
from rnnscope.reading.entries import Graph
from rnnscope.reading.graph import read_graph
from rnnscope.reading.legacy_graph import first_nodes, is_legacy
from rnnscope.reading.loader import found_in, joined
from rnnscope.reading.source import Readable, Source, read_source, sniff
from rnnscope.reading.stores import ArchiveStore, Store
from rnnscope.semantics import Semantics

Json = dict[str, object]


@dataclass(frozen=True, slots=True, eq=False)
class ModelFile:
    """A whole model as its file has it.

    tree: the configuration, untouched. layers: name → the configuration of each layer of the outermost model.
    graph: the same layers and their calls; nested models stand in it as one call.
    sources: the files that were read: one that holds all, or an architecture and its weights.
    first_nodes: layer → the number by which its first call goes in the file; None where calls are as Keras 3's.
    """

    sources: tuple[Source, ...]
    tree: Json
    layers: Mapping[str, Json]
    graph: Graph
    store: Store
    reading: Reading
    first_nodes: Mapping[str, int] | None

    @property
    def written_by(self) -> Semantics:
        return self.reading.written_by

    @property
    def suffix(self) -> str:
        """What a file is called that holds weights as this one does."""
        return ".keras" if isinstance(self.store, ArchiveStore) else ".h5"

    @property
    def is_sequential(self) -> bool:
        return self.tree.get("class_name") == "Sequential"

    @property
    def options(self) -> Json:
        """The outermost model's own options; Keras up to 2.2 wrote a Sequential as a bare list."""
        options = self.tree.get("config")
        return options if isinstance(options, dict) else {"layers": options}

    @property
    def writes_modules(self) -> bool:
        """Whether layers say the module that they come from, as they do since Keras 2.12 in ``.keras`` files."""
        return any("module" in layer for layer in self.layers.values())


@contextmanager
def opened(path: Readable, weights: Readable | None = None, *, bypass_lambda: bool = False) -> Iterator[ModelFile]:
    """The file at `path`, with its `weights` where it holds none; its weights can be read inside the block.

    Raises what `load_model` raises, and Unsupported where layers cannot be told from one another.
    """
    source = read_source(path)
    given = None if weights is None else read_source(weights)
    with ExitStack() as stack:
        found = found_in(source, stack)
        if given is not None:
            other = found_in(given, stack)
            if found.architecture is None and other.architecture is not None:
                source, given, found, other = given, source, other, found
            found = joined(found, other, given)
        if found.architecture is None or found.store is None:
            raise UnreadableFile("only part of a model", file=source.name, expected="its architecture and its weights")
        whole = given is None and sniff(source.data) in ("zip", "hdf5")
        sources = (source,) if whole or given is None else (source, given)
        yield _taken_apart(found.architecture, found.store, sources, bypass_lambda)


def _taken_apart(
    architecture: Architecture, store: Store, sources: tuple[Source, ...], bypass_lambda: bool
) -> ModelFile:
    tree = architecture.tree
    reading = reading_of(architecture, None, None, [])._replace(bypass_lambda=bypass_lambda)
    match to_keras3(tree):
        case {"class_name": str(class_name), "config": {"layers": list(listed), **rest}} if class_name in MODEL_CLASSES:
            options: dict[str, object] = {"layers": listed, **{str(key): value for key, value in rest.items()}}
            graph = read_graph(class_name, options)
        case _:
            raise Unsupported("only Sequential and Functional models can be cut", file=sources[0].name)
    if not isinstance(tree, dict):
        raise UnreadableFile("the model configuration is not an object", file=sources[0].name)
    config = tree.get("config")
    own = config.get("layers") if isinstance(config, dict) else config
    if class_name != "Sequential":
        first = first_nodes(options, listed) if is_legacy(listed) else None
    else:
        nested = {entry.name: int(entry.inner is not None) for entry in graph.entries}
        first = None if reading.written_by.is_keras3 else nested
    layers = _by_name(own if isinstance(own, list) else [], graph)
    return ModelFile(sources, tree, layers, graph, store, reading, first)


def _by_name(listed: list[object], graph: Graph) -> dict[str, Json]:
    """The configuration of each layer under the name that the graph has for it, which stands in the same order."""
    layers = [layer for layer in listed if isinstance(layer, dict)]
    names = [entry.name for entry in graph.entries]
    if len(names) == len(layers) + 1:  # the input that a Sequential model leaves unsaid
        names = names[1:]
    if len(names) != len(layers):
        raise Unsupported("a model that is opened by a Merge cannot be cut")
    return dict(zip(names, layers, strict=True))
