"""Model files → `Model`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass

from rnnscope.errors import RnnscopeError, UnreadableFile, Unsupported
from rnnscope.graph import Network, Tensor
from rnnscope.model import Model
from rnnscope.reading.architecture import Architecture, graph_of, parse_architecture, reading_of
from rnnscope.reading.archive import read_members
from rnnscope.reading.building import build, coarsest
from rnnscope.reading.hdf5 import Hdf5File, open_hdf5
from rnnscope.reading.inference import inferred_architecture
from rnnscope.reading.json_text import parse_json
from rnnscope.reading.shards import is_shard_index, open_shards
from rnnscope.reading.source import Readable, Source, read_source, sniff
from rnnscope.reading.stores import ArchiveStore, Store, store_of
from rnnscope.reading.weights import ArchiveIndex

ARCHIVE_MEMBERS = ("config.json", "metadata.json", "model.weights.h5")
ASSETS = "assets/"
VOCABULARY = re.compile(r"assets/(\w+/)+vocabulary\.txt", re.ASCII)
MAX_VOCABULARY_BYTES = 64 * 2**20
EXPECTED = "a .keras archive, an HDF5 (.h5) model, or an architecture in JSON with its weights"


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What one file gives: an architecture, weights, or both."""

    architecture: Architecture | None
    store: Store | None


def load_model(
    path: Readable,
    weights: Readable | None = None,
    *,
    keras_version: str | None = None,
    backend: str | None = None,
    infer: bool = False,
    bypass_lambda: bool = False,
) -> Model:
    """Read a model that any Keras wrote, whatever the file is called.

    path: a ``.keras`` archive, an HDF5 model, or an architecture in JSON that comes with `weights`: an HDF5 file, or
    the JSON index of sharded ones. Given with a whole model, `weights` take the place of its own.
    keras_version, backend: read the file by the rules of this Keras instead of the one it names; a ``.keras`` file
    does not name its backend, and TensorFlow is assumed.
    bypass_lambda: let Lambda layers, whose code is never run, pass their input on; the model's notes say which.
    infer: build the model of a file that holds weights alone from their shapes, where these leave no choice; what was
    assumed stands in the model's notes.

    Raises UnreadableFile for a damaged or unsafe file, Unsupported for a layer or option that is not computed,
    ShapeMismatch for weights that do not fit their layer.
    """
    source = read_source(path)
    given = None if weights is None else read_source(weights)
    with ExitStack() as stack:
        found = found_in(source, stack)
        if given is not None:
            other = found_in(given, stack)
            if found.architecture is None and other.architecture is not None:
                source, given, found, other = given, source, other, found  # whichever was named first
            found = joined(found, other, given)
        try:
            return _model(found, source, keras_version, backend, infer=infer, bypass_lambda=bypass_lambda)
        except RnnscopeError as error:
            raise error.located(file=source.name) from None


def found_in(source: Source, stack: ExitStack) -> Found:
    try:
        match sniff(source.data):
            case "zip":
                return _from_archive(source, stack)
            case "hdf5":
                return _from_hdf5(stack.enter_context(open_hdf5(source.data, source.name)), source)
            case "json":
                return _from_json(source, stack)
            case "text" if source.data[:1] == b'"':
                return Found(parse_architecture(source.data, source.name), None)
            case "text" if b"class_name:" in source.data[:65536]:
                raise Unsupported("an architecture in YAML is not read", advice="Save it with model.to_json()")
    except RnnscopeError as error:
        raise error.located(file=source.name) from None
    raise UnreadableFile("not a Keras model file", file=source.name, expected=EXPECTED)


def _from_archive(source: Source, stack: ExitStack) -> Found:
    members = read_members(source.data, source.name, _is_wanted)
    missing = [name for name in ARCHIVE_MEMBERS if name not in members]
    if missing:
        raise UnreadableFile("not a .keras archive", expected=", ".join(ARCHIVE_MEMBERS), found=f"no {missing[0]}")
    metadata = parse_json(members["metadata.json"], source.name)
    version = metadata.get("keras_version") if isinstance(metadata, dict) else None
    hdf5 = stack.enter_context(open_hdf5(members["model.weights.h5"], source.name))
    architecture = parse_architecture(members["config.json"], source.name).or_else(version, None)
    return Found(architecture, ArchiveStore(ArchiveIndex([hdf5], _assets(members, source)), set()))


def _is_wanted(name: str) -> bool:
    return name in ARCHIVE_MEMBERS or VOCABULARY.fullmatch(name) is not None


def _assets(members: Mapping[str, bytes], source: Source) -> dict[str, str]:
    """The path of each vocabulary, as the weights of its layer have it, and its text."""
    assets: dict[str, str] = {}
    for name, content in members.items():
        if VOCABULARY.fullmatch(name) is None:
            continue
        if len(content) > MAX_VOCABULARY_BYTES:
            raise UnreadableFile(
                f"the vocabulary '{name}' is too large", expected=f"at most {MAX_VOCABULARY_BYTES:,} bytes"
            )
        try:
            assets[name.removeprefix(ASSETS)] = content.decode("utf-8")
        except UnicodeDecodeError as error:
            raise UnreadableFile(f"the vocabulary '{name}' is not UTF-8 text: {error}", file=source.name) from None
    return assets


def _from_hdf5(hdf5: Hdf5File, source: Source) -> Found:
    store = store_of(hdf5)
    text = hdf5.attribute("", "model_config")
    if text is None:
        return Found(None, store)
    if not isinstance(text, str):
        raise UnreadableFile("the model's configuration is not text", found=type(text).__name__)
    version, backend = store.origin()
    return Found(parse_architecture(text, source.name).or_else(version, backend), store)


def _from_json(source: Source, stack: ExitStack) -> Found:
    value = parse_json(source.data, source.name)
    if is_shard_index(value):
        return Found(None, ArchiveStore(ArchiveIndex(open_shards(value, source, stack)), set()))
    return Found(parse_architecture(source.data, source.name), None)


def joined(found: Found, other: Found, weights: Source) -> Found:
    """The architecture of one file with the weights of the other."""
    if other.store is None:
        raise UnreadableFile("the file holds no weights", file=weights.name, expected="an HDF5 file with weights")
    if found.architecture is None:
        raise UnreadableFile("neither file holds an architecture", file=weights.name, expected="one of them in JSON")
    version, backend = other.store.origin()
    return Found(found.architecture.or_else(version, backend), other.store)


def _all_of_the_last(network: Network) -> tuple[Tensor, ...]:
    """Everything that the last layer of a Sequential model returns: with its states, where it returns them."""
    last = network.outputs[0].call
    key = next(call.layer for call in network.calls if call.key == last)
    layer = next(layer for layer in network.layers if layer.name == key)
    return tuple(Tensor(last, index) for index in range(len(layer.output_shapes)))


def _model(
    found: Found, source: Source, keras_version: str | None, backend: str | None, *, infer: bool, bypass_lambda: bool
) -> Model:
    notes: list[str] = []
    architecture, store = found.architecture, found.store
    if store is None:
        raise UnreadableFile(
            "this file holds an architecture without weights",
            advice=f"Give both: load_model('{source.name}', weights='…'), or --weights FILE on the command line",
        )
    if architecture is None:
        architecture = inferred_architecture(store, source.name, notes, wanted=infer)
    reading = reading_of(architecture, keras_version, backend, notes)._replace(bypass_lambda=bypass_lambda)
    graph, class_name, name = graph_of(architecture)
    opener, remark = store.opener(
        graph, lambda rehearsed: build(graph, reading.circumstances([]), rehearsed), written_by=reading.written_by
    )
    circumstances = reading.circumstances(notes)
    network = build(graph, circumstances, opener)
    store.finish()
    return Model(
        name=name,
        class_name=class_name,
        layers=network.layers,
        calls=network.calls,
        inputs=network.inputs,
        outputs=_all_of_the_last(network) if class_name == "Sequential" else network.outputs,
        semantics=reading.semantics,
        written_by=reading.written_by,
        dtype=coarsest(layer.dtype for layer in network.layers if layer.is_layer and layer.class_name != "InputLayer"),
        file=source.name,
        sha256=source.sha256,
        notes=(*notes, *([remark] if remark else [])),
    )
