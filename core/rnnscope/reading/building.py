"""A graph and a way to its weights → layers ready to run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from rnnscope.errors import RnnscopeError, UnreadableFile, Unsupported
from rnnscope.graph import Call, Layer, Network, Tensor
from rnnscope.layers.base import Operation, Weights
from rnnscope.layers.config import FLOATS, MAX_SIZE, Circumstances, Config, dtype_policy
from rnnscope.layers.operations import read_operation
from rnnscope.layers.ops.shapes import bounded
from rnnscope.layers.registry import MODEL_CLASSES, read_layer
from rnnscope.layers.submodel import NestedModel, Submodel
from rnnscope.reading.entries import Entry, Graph
from rnnscope.reading.graph import read_graph
from rnnscope.reading.nesting import MAX_CALLS, flattened
from rnnscope.reading.weights import Tally, weights_inside
from rnnscope.types import Shape

MAX_RANK = 8
# What Python and NumPy make of a value that has its option's type and no meaning, as an axis 7 of two.
UNFORESEEN = (TypeError, ValueError, LookupError, ArithmeticError, AttributeError, RecursionError, MemoryError)
FINEST_FIRST = ("float64", "float32", "float16", "bfloat16")

# Opens one layer's weights: given its entry, and the tally to keep of what is taken.
Opener = Callable[[Entry, Tally], Weights]


@dataclass(slots=True)
class _Built:
    """What is known on the way through the graph."""

    layers: dict[str, Layer] = field(default_factory=dict)
    shapes: dict[Tensor, Shape] = field(default_factory=dict)
    dtypes: dict[str, str] = field(default_factory=dict)  # by the key of a call


def build(graph: Graph, circumstances: Circumstances, opener: Opener) -> Network:
    """Read every layer of a flattened graph, in the order of the calls, each once.

    Raises Unsupported, ShapeMismatch or UnreadableFile, with the layer's name.
    """
    circumstances.read_model = read_model
    entries = {entry.name: entry for entry in graph.entries}
    built = _Built()
    for call in graph.calls:
        try:
            _add(call, entries[call.layer], built, circumstances, opener)
        except RnnscopeError as error:
            raise error.located(layer=call.layer) from None
        except UNFORESEEN as error:
            raise UnreadableFile(f"the layer's settings are not usable: {error}", layer=call.layer) from error
    for tensor in graph.outputs:
        _shape_of(tensor, built, "the model")
    layers = [built.layers[entry.name] for entry in graph.entries if entry.name in built.layers]
    network = Network(_with_totals(layers, entries), graph.calls, graph.inputs, graph.outputs)
    if network.total_calls() > MAX_CALLS:
        raise UnreadableFile(
            "too many calls in the graph", expected=f"at most {MAX_CALLS:,}, those inside wrapped models among them"
        )
    return network


def coarsest(dtypes: Iterable[str]) -> str:
    """Of several floating-point types the one that rounds most; float32 when there are none."""
    return max((name for name in dtypes if name in FINEST_FIRST), key=FINEST_FIRST.index, default="float32")


def read_model(config: Config, entry: Mapping[str, object], weights: Weights, shapes: tuple[Shape, ...]) -> Operation:
    """Build the model that a wrapper's configuration holds as ``{"class_name": …, "config": {…}}``."""
    class_name, options = str(entry.get("class_name")), entry.get("config")
    if not isinstance(options, dict):
        raise UnreadableFile(f"{config.class_name} wraps a model without a configuration", layer=config.layer)
    graph = flattened(read_graph(class_name, options))
    if len(graph.inputs) != len(shapes):
        raise UnreadableFile(
            f"{config.class_name} calls a model with the wrong number of tensors",
            layer=config.layer,
            expected=len(graph.inputs),
            found=len(shapes),
        )
    inside = weights_inside(weights, graph)

    def opener(inner: Entry, tally: Tally) -> Weights:
        return inside(inner)

    graph = replace(graph, entries=tuple(_with_shape(inner, graph, shapes) for inner in graph.entries))
    network = build(graph, config.circumstances, opener)
    outputs = {layer.name: layer.output_shapes for layer in network.layers}
    keys = {call.key: call.layer for call in network.calls}
    return Submodel(network, tuple(outputs[keys[tensor.call]][tensor.output] for tensor in network.outputs))


def _with_shape(entry: Entry, graph: Graph, shapes: tuple[Shape, ...]) -> Entry:
    """An input of a wrapped model with the sizes that the wrapper gives it, where its own are unknown."""
    place = next((place for place, tensor in enumerate(graph.inputs) if tensor.call == entry.name), None)
    if place is None or place >= len(shapes):
        return entry
    return replace(entry, config={**entry.config, "batch_shape": list(_joined(_input_shape(entry), shapes[place]))})


def _add(call: Call, entry: Entry, built: _Built, circumstances: Circumstances, opener: Opener) -> None:
    given = tuple(_shape_of(tensor, built, call.key) for tensor in call.inputs)
    first = call.layer not in built.layers
    if first:
        dtypes = [built.dtypes[tensor.call] for tensor in call.inputs]
        built.layers[call.layer] = _layer(entry, given, circumstances, opener, dtypes)
    elif getattr(built.layers[call.layer].operation, "stateful", False):
        raise Unsupported("a stateful layer that is called twice is not computed", layer=call.layer)
    layer = built.layers[call.layer]
    found = layer.operation.call_shapes(given, call.keywords)
    for shape in found:
        bounded(shape)
    if first:
        built.layers[call.layer] = replace(layer, output_shapes=found)
    built.shapes.update({Tensor(call.key, index): shape for index, shape in enumerate(found)})
    built.dtypes[call.key] = layer.dtype


def _layer(
    entry: Entry, shapes: tuple[Shape, ...], circumstances: Circumstances, opener: Opener, dtypes: list[str]
) -> Layer:
    config = Config(entry.config, class_name=entry.class_name, layer=entry.name, circumstances=circumstances)
    tally = Tally()
    dtype = coarsest(dtypes)
    if not entry.is_layer:
        operation: Operation = (bare := read_operation(config, entry.arguments, entry.keywords))
        if not shapes:
            raise Unsupported("an operation that reads no tensor of the graph is not computed", layer=entry.name)
        dtype = bare.result_dtype(dtype)
    elif entry.class_name in MODEL_CLASSES:
        operation = NestedModel()
    elif not shapes and entry.class_name != "InputLayer":
        raise UnreadableFile("the layer has no input", layer=entry.name)
    else:
        weights = opener(entry, tally)
        shapes = (_entrance(entry, shapes),) if entry.class_name == "InputLayer" else shapes
        operation = read_layer(config, weights, shapes)
        policy = config.policy or dtype_policy(entry.config.get("dtype"))
        dtype = policy.compute if policy is not None and policy.compute in FLOATS else "float32"
    trainable = tally.trainable if entry.config.get("trainable", True) is True else 0
    return Layer(
        name=entry.name,
        class_name=entry.class_name,
        operation=operation,
        output_shapes=(),
        parameters=tally.parameters - operation.repeated_parameters,
        trainable_parameters=trainable,
        is_layer=entry.is_layer,
        dtype=dtype,
        parent=entry.parent,
    )


def _with_totals(layers: list[Layer], entries: Mapping[str, Entry]) -> tuple[Layer, ...]:
    """Nested models with the parameters of all that is inside them; they stand behind it."""
    done: list[Layer] = []
    parts: dict[str, list[Layer]] = {}
    for layer in layers:
        if inside := parts.get(layer.name):
            trainable = entries[layer.name].config.get("trainable", True) is True
            layer = replace(
                layer,
                parameters=sum(other.parameters for other in inside),
                trainable_parameters=sum(other.trainable_parameters for other in inside) if trainable else 0,
            )
        done.append(layer)
        parts.setdefault(layer.parent, []).append(layer)
    return tuple(done)


def _entrance(entry: Entry, given: tuple[Shape, ...]) -> Shape:
    """An input's shape: its own, with what a model around it knows better."""
    own = _input_shape(entry)
    return _joined(own, given[0]) if given else own


def _joined(own: Shape, given: Shape) -> Shape:
    if len(own) != len(given):
        return own
    return tuple(mine if mine is not None else other for mine, other in zip(own, given, strict=True))


def _input_shape(entry: Entry) -> Shape:
    shape = entry.config.get("batch_shape", entry.config.get("batch_input_shape"))
    usable = isinstance(shape, list) and 0 < len(shape) <= MAX_RANK and all(_is_size(size) for size in shape)
    if not usable:
        raise UnreadableFile("the input's shape is not usable", layer=entry.name, found=repr(shape))
    return tuple(shape)  # type: ignore[arg-type]


def _is_size(size: object) -> bool:
    return size is None or (isinstance(size, int) and not isinstance(size, bool) and 0 < size <= MAX_SIZE)


def _shape_of(tensor: Tensor, built: _Built, reader: str) -> Shape:
    if tensor not in built.shapes:
        raise UnreadableFile(f"'{tensor.call}' has no output number {tensor.output}", layer=reader)
    return built.shapes[tensor]
