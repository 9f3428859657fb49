"""A model file → `Model`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from rnnscope.errors import RnnscopeError, UnreadableFile, Unsupported
from rnnscope.layers.base import Weights
from rnnscope.layers.config import Circumstances
from rnnscope.model import Model
from rnnscope.reading.archive import read_members
from rnnscope.reading.building import Opener, build, coarsest
from rnnscope.reading.entries import Entry, Graph
from rnnscope.reading.graph import read_graph
from rnnscope.reading.hdf5 import Hdf5File, open_hdf5
from rnnscope.reading.json_text import parse_json
from rnnscope.reading.nesting import flattened
from rnnscope.reading.source import Readable, Source, read_source, sniff
from rnnscope.reading.weights import ArchiveWeights, OrderedWeights, Tally, archive_folders, leftovers, ordered_paths
from rnnscope.semantics import Semantics

ARCHIVE_MEMBERS = ("config.json", "metadata.json", "model.weights.h5")


@dataclass(frozen=True, slots=True)
class Choice:
    """What the caller says about the file, where the file itself says nothing or something else."""

    keras_version: str | None
    backend: str | None


class Reading(NamedTuple):
    """The rules that a file is read by, and the Keras that wrote it."""

    semantics: Semantics
    written_by: Semantics


def load_model(path: Readable, *, keras_version: str | None = None, backend: str | None = None) -> Model:
    """Read a Keras 3 model from a ``.keras`` archive or a legacy ``.h5`` file, whatever the file is called.

    keras_version, backend: read the file by the rules of this Keras instead of the one it names; a ``.keras`` file
    does not name its backend, and TensorFlow is assumed.

    Raises UnreadableFile for a damaged or unsafe file, Unsupported for a layer or option that is not computed,
    ShapeMismatch for weights that do not fit their layer.
    """
    source = read_source(path)
    choice = Choice(keras_version, backend)
    try:
        match sniff(source.data):
            case "zip":
                return _from_archive(source, choice)
            case "hdf5":
                return _from_hdf5(source, choice)
    except RnnscopeError as error:
        raise error.located(file=source.name) from None
    raise UnreadableFile("not a Keras model file", file=source.name, expected="a .keras archive or an HDF5 (.h5) model")


def _from_archive(source: Source, choice: Choice) -> Model:
    members = read_members(source.data, source.name, ARCHIVE_MEMBERS.__contains__)
    missing = [name for name in ARCHIVE_MEMBERS if name not in members]
    if missing:
        raise UnreadableFile("not a .keras archive", expected=", ".join(ARCHIVE_MEMBERS), found=f"no {missing[0]}")
    metadata = parse_json(members["metadata.json"], source.name)
    version = metadata.get("keras_version") if isinstance(metadata, dict) else None
    reading = _semantics(version, None, choice)
    config = parse_json(members["config.json"], source.name)
    with open_hdf5(members["model.weights.h5"], source.name) as hdf5:
        root = "layers"
        graph, class_name, name = _graph(config)
        paths = archive_folders(graph)
        taken: set[str] = set()

        def opener(entry: Entry, tally: Tally) -> Weights:
            tally.paths = taken  # one set for all layers: what is left over at the end belongs to none
            return ArchiveWeights(hdf5, paths[entry.name], entry.name, tally)

        model = _model(graph, class_name, name, reading, source, opener)
        if unused := leftovers(hdf5, root, taken):
            raise Unsupported("the file holds weights that no layer here uses", found=unused[0])
    return model


def _from_hdf5(source: Source, choice: Choice) -> Model:
    with open_hdf5(source.data, source.name) as hdf5:
        text = hdf5.attribute("/", "model_config")
        if not isinstance(text, str):
            raise UnreadableFile(
                "this HDF5 file holds no model configuration",
                advice="It may hold weights alone; save the whole model with model.save()",
            )
        reading = _semantics(hdf5.attribute("/", "keras_version"), hdf5.attribute("/", "backend"), choice)
        graph, class_name, name = _graph(parse_json(text, source.name))
        return _model(graph, class_name, name, reading, source, _legacy_opener(hdf5))


def _legacy_opener(hdf5: Hdf5File) -> Opener:
    root = "model_weights"

    def opener(entry: Entry, tally: Tally) -> Weights:
        return OrderedWeights(hdf5, ordered_paths(hdf5, root, entry.name), entry.name, tally)

    return opener


def _semantics(version: object, backend: object, choice: Choice) -> Reading:
    """The rules to read by, and those that the file itself asks for."""
    if version is not None and not isinstance(version, str):
        raise UnreadableFile("the file's Keras version is not text", found=repr(version))
    if choice.keras_version is None and (version is None or not version.startswith("3.")):
        raise Unsupported(
            f"files of Keras {version or '1'} are not read",
            expected="a model saved by Keras 3",
            advice="Load it in its own Keras and rebuild it in Keras 3, or save it from there",
        )
    own = Semantics(str(version or choice.keras_version), str(backend or "tensorflow"))
    semantics = Semantics(choice.keras_version or own.keras_version, choice.backend or own.backend)
    if semantics.version < (3, 0):
        raise Unsupported(f"the rules of Keras {semantics.keras_version} are not computed", expected="Keras 3")
    return Reading(semantics, own)


def _graph(config: object) -> tuple[Graph, str, str]:
    """The graph with nested models put into it, the model's class, and its name."""
    match config:
        case {"class_name": str(class_name), "config": {"name": str(name)} as options}:
            return flattened(read_graph(class_name, dict(options))), class_name, name
    raise UnreadableFile("the model configuration has no class, name or options")


def _model(graph: Graph, class_name: str, name: str, reading: Reading, source: Source, opener: Opener) -> Model:
    circumstances = Circumstances(reading.semantics, [], written_by=reading.written_by)
    network = build(graph, circumstances, opener)
    return Model(
        name=name,
        class_name=class_name,
        layers=network.layers,
        calls=network.calls,
        inputs=network.inputs,
        outputs=network.outputs,
        semantics=reading.semantics,
        written_by=reading.written_by,
        dtype=coarsest(layer.dtype for layer in network.layers if layer.is_layer and layer.class_name != "InputLayer"),
        file=source.name,
        sha256=source.sha256,
        notes=tuple(circumstances.notes),
    )
