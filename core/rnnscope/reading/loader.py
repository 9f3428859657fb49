"""A model file → `Model`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rnnscope.errors import RnnscopeError, UnreadableFile, Unsupported
from rnnscope.layers.base import Operation, Weights
from rnnscope.layers.config import MAX_SIZE, Config
from rnnscope.layers.operations import read_operation
from rnnscope.layers.registry import read_layer
from rnnscope.model import Layer, Model, Tensor
from rnnscope.reading.archive import read_members
from rnnscope.reading.graph import Entry, Graph, read_graph
from rnnscope.reading.hdf5 import Hdf5File, open_hdf5
from rnnscope.reading.json_text import parse_json
from rnnscope.reading.source import Readable, Source, read_source, sniff
from rnnscope.reading.weights import ArchiveWeights, OrderedWeights, Tally, archive_names, leftovers, ordered_paths
from rnnscope.semantics import Semantics
from rnnscope.types import Shape

ARCHIVE_MEMBERS = ("config.json", "metadata.json", "model.weights.h5")
MAX_RANK = 8
# What Python and NumPy make of a value that has its option's type and no meaning, as an axis 7 of two.
UNFORESEEN = (TypeError, ValueError, LookupError, ArithmeticError, AttributeError, RecursionError, MemoryError)

# Opens one layer's weights: given its entry, and the tally to keep of what is taken.
Opener = Callable[[Entry, Tally], Weights]


@dataclass(frozen=True, slots=True)
class Choice:
    """What the caller says about the file, where the file itself says nothing or something else."""

    keras_version: str | None
    backend: str | None


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
    semantics = _semantics(version, None, choice)
    config = parse_json(members["config.json"], source.name)
    with open_hdf5(members["model.weights.h5"], source.name) as hdf5:
        root = "layers"
        graph, class_name, name = _graph(config)
        layers = [entry for entry in graph.entries if entry.is_layer]
        folders = archive_names([entry.class_name for entry in layers])
        paths = {entry.name: f"{root}/{folder}" for entry, folder in zip(layers, folders, strict=True)}
        taken: set[str] = set()

        def opener(entry: Entry, tally: Tally) -> Weights:
            tally.paths = taken  # one set for all layers: what is left over at the end belongs to none
            return ArchiveWeights(hdf5, paths[entry.name], entry.name, tally)

        model = _build(graph, class_name, name, semantics, source, opener)
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
        semantics = _semantics(hdf5.attribute("/", "keras_version"), hdf5.attribute("/", "backend"), choice)
        graph, class_name, name = _graph(parse_json(text, source.name))
        return _build(graph, class_name, name, semantics, source, _legacy_opener(hdf5))


def _legacy_opener(hdf5: Hdf5File) -> Opener:
    root = "model_weights"

    def opener(entry: Entry, tally: Tally) -> Weights:
        return OrderedWeights(hdf5, ordered_paths(hdf5, root, entry.name), entry.name, tally)

    return opener


def _semantics(version: object, backend: object, choice: Choice) -> Semantics:
    if version is not None and not isinstance(version, str):
        raise UnreadableFile("the file's Keras version is not text", found=repr(version))
    if choice.keras_version is None and (version is None or not version.startswith("3.")):
        raise Unsupported(
            f"files of Keras {version or '1'} are not read",
            expected="a model saved by Keras 3",
            advice="Load it in its own Keras and rebuild it in Keras 3, or save it from there",
        )
    semantics = Semantics(choice.keras_version or str(version), choice.backend or str(backend or "tensorflow"))
    if semantics.version < (3, 0):
        raise Unsupported(f"the rules of Keras {semantics.keras_version} are not computed", expected="Keras 3")
    return semantics


def _graph(config: object) -> tuple[Graph, str, str]:
    """The graph, the model's class, and its name."""
    match config:
        case {"class_name": str(class_name), "config": {"name": str(name)} as options}:
            return read_graph(class_name, dict(options)), class_name, name
    raise UnreadableFile("the model configuration has no class, name or options")


def _build(graph: Graph, class_name: str, name: str, semantics: Semantics, source: Source, opener: Opener) -> Model:
    shapes: dict[Tensor, Shape] = {}
    layers: dict[str, Layer] = {}
    entries = {entry.name: entry for entry in graph.entries}
    for call in graph.calls:
        given = tuple(_shape_of(tensor, shapes, call.key) for tensor in call.inputs)
        try:
            if call.layer not in layers:
                layers[call.layer] = _layer(entries[call.layer], given, semantics, opener)
            elif getattr(layers[call.layer].operation, "stateful", False):
                raise Unsupported("a stateful layer that is called twice is not computed", layer=call.layer)
            found = layers[call.layer].operation.output_shapes(given)
        except RnnscopeError as error:
            raise error.located(layer=call.layer) from None
        except UNFORESEEN as error:
            raise UnreadableFile(f"the layer's settings are not usable: {error}", layer=call.layer) from error
        shapes.update({Tensor(call.key, index): shape for index, shape in enumerate(found)})
    for tensor in graph.outputs:
        _shape_of(tensor, shapes, "the model")
    return Model(
        name=name,
        class_name=class_name,
        layers=tuple(layers[entry.name] for entry in graph.entries),
        calls=graph.calls,
        inputs=graph.inputs,
        outputs=graph.outputs,
        semantics=semantics,
        dtype=_common_dtype(graph),
        file=source.name,
        sha256=source.sha256,
    )


def _layer(entry: Entry, shapes: tuple[Shape, ...], semantics: Semantics, opener: Opener) -> Layer:
    config = Config(entry.config, class_name=entry.class_name, layer=entry.name, semantics=semantics)
    tally = Tally()
    if not entry.is_layer:
        operation: Operation = read_operation(config, entry.arguments, entry.keywords)
    elif not shapes and entry.class_name != "InputLayer":
        raise UnreadableFile("the layer has no input", layer=entry.name)
    else:
        weights = opener(entry, tally)
        operation = read_layer(config, weights, shapes or (_input_layer_shape(entry),))
        if isinstance(weights, OrderedWeights):
            weights.finish()
    trainable = tally.trainable if entry.config.get("trainable", True) is True else 0
    output_shapes = operation.output_shapes(shapes)
    return Layer(entry.name, entry.class_name, operation, output_shapes, tally.parameters, trainable, entry.is_layer)


def _input_layer_shape(entry: Entry) -> Shape:
    shape = entry.config.get("batch_shape", entry.config.get("batch_input_shape"))
    usable = isinstance(shape, list) and 0 < len(shape) <= MAX_RANK and all(_is_size(size) for size in shape)
    if not usable:
        raise UnreadableFile("the input's shape is not usable", layer=entry.name, found=repr(shape))
    return tuple(shape)  # type: ignore[arg-type]


def _is_size(size: object) -> bool:
    return size is None or (isinstance(size, int) and not isinstance(size, bool) and 0 < size <= MAX_SIZE)


def _shape_of(tensor: Tensor, shapes: Mapping[Tensor, Shape], reader: str) -> Shape:
    if tensor not in shapes:
        raise UnreadableFile(f"'{tensor.call}' has no output number {tensor.output}", layer=reader)
    return shapes[tensor]


def _common_dtype(graph: Graph) -> str:
    """The floating-point type that all layers compute in; a mixture is refused."""
    found = {
        name
        for entry in graph.entries
        if entry.is_layer and entry.class_name != "InputLayer"
        for name in [_dtype_name(entry.config.get("dtype", "float32"))]
    }
    if len(found) > 1:
        raise Unsupported(f"layers of different types ({', '.join(sorted(found))}) in one model are not computed")
    return found.pop() if found else "float32"


def _dtype_name(dtype: object) -> str:
    match dtype:
        case {"config": {"name": str(name)}} | str(name):
            return name
    return "float32"
