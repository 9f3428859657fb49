"""What real Keras computes for a model: outputs of every layer, states and gates at every step, the masks used.

Nothing here knows a formula. Outputs come from one `predict`; the state after a step is where the same layer ends when
its input is cut off there; a gate is what the cell hands to its activation functions when that one step is run.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

Array = NDArray[Any]
Arrays = dict[str, Array]

GATES = {
    "LSTMCell": {"recurrent_activation": ("i", "f", "o"), "activation": ("g",)},
    "ConvLSTMCell": {"recurrent_activation": ("i", "f", "o"), "activation": ("g",)},
    "GRUCell": {"recurrent_activation": ("z", "r"), "activation": ("hh",)},
}
MASK_USERS = (layers.RNN, layers.Bidirectional, layers.GlobalAveragePooling1D)


@dataclass(eq=False)
class Called:
    """One call of a layer as it happened; `parts` are the calls that a wrapper made of the layers inside it."""

    layer: layers.Layer
    arguments: dict[str, Any]
    outputs: list[Array] = field(default_factory=list)
    parts: list[Called] = field(default_factory=list)


def record(model: keras.Model, inputs: Arrays, batch_size: int) -> Arrays:
    """Everything, under the keys of stored Keras values."""
    given: Array | Arrays = inputs if len(inputs) > 1 else next(iter(inputs.values()))
    predicted = keras.tree.flatten(model.predict(given, batch_size=batch_size, verbose=0))
    recorded = {f"output/{index}": np.asarray(value) for index, value in enumerate(predicted)}
    recorded |= graph_outputs(model, given, batch_size)
    for key, called in keyed(watch(model, given).parts):
        for index, output in enumerate(called.outputs):
            stored = recorded.setdefault(f"layer/{key}/output/{index}", output)
            np.testing.assert_allclose(output, stored, rtol=1e-4, atol=1e-5, err_msg=f"{key}: eager and predict differ")
        recorded |= {f"layer/{key}/{name}": value for name, value in quantities(called).items()}
    return recorded


def graph_outputs(model: keras.Model, inputs: Array | Arrays, batch_size: int) -> Arrays:
    """The outputs of every layer in the model's own graph, from one `predict`."""
    graph = model._functional if isinstance(model, keras.Sequential) else model
    nodes = [node for depth in sorted(graph._nodes_by_depth, reverse=True) for node in graph._nodes_by_depth[depth]]
    nodes = [node for node in nodes if isinstance(node.operation, layers.Layer)]
    if isinstance(model, keras.Sequential):
        nodes = [node for node in nodes if not isinstance(node.operation, layers.InputLayer)]
    keys = list(numbered([node.operation.name for node in nodes]))
    tensors = {key: list(node.outputs) for key, node in zip(keys, nodes, strict=True)}
    values = keras.Model(graph.inputs, tensors).predict(inputs, batch_size=batch_size, verbose=0)
    return {
        f"layer/{key}/output/{index}": np.asarray(value)
        for key in keys
        for index, value in enumerate(keras.tree.flatten(values[key]))
    }


def numbered(names: Sequence[str]) -> Iterator[str]:
    """``rnn``, ``rnn@1``, ``rnn@2`` … for the uses of one layer."""
    for position, name in enumerate(names):
        uses = names[:position].count(name)
        yield f"{name}@{uses}" if uses else name


def keyed(calls: list[Called], outer: str = "") -> Iterator[tuple[str, Called]]:
    """Calls with their keys, those inside a nested model as ``outer/inner``."""
    for name, called in zip(numbered([called.layer.name for called in calls]), calls, strict=True):
        yield outer + name, called
        if isinstance(called.layer, keras.Model):
            yield from keyed(called.parts, f"{outer}{name}/")


# Watching the calls of one eager run.


def watch(model: keras.Model, inputs: Array | Arrays) -> Called:
    """Run the model once, eagerly, and note how each layer in it is called and what it returns."""
    root = Called(model, {})
    open_calls = [root]
    watched = [layer for layer in model._flatten_layers(include_self=False) if not _passed_over(layer)]
    with replaced([(layer, "call", _watching(layer, open_calls)) for layer in watched]):
        model(inputs, training=False)
    return root


def _passed_over(layer: layers.Layer) -> bool:
    """Inputs compute nothing, and cells run inside the layer's own loop."""
    is_cell = hasattr(layer, "state_size") and not isinstance(layer, layers.RNN)
    return is_cell or isinstance(layer, layers.InputLayer)


def _watching(layer: layers.Layer, open_calls: list[Called]) -> Callable[..., Any]:
    real = layer.call
    signature = inspect.signature(real)

    def call(*args: Any, **kwargs: Any) -> Any:
        called = Called(layer, dict(signature.bind(*args, **kwargs).arguments))
        open_calls[-1].parts.append(called)
        open_calls.append(called)
        result = real(*args, **kwargs)
        open_calls.pop()
        called.outputs = [np.asarray(output) for output in keras.tree.flatten(result)]
        return result

    call.__signature__ = signature  # type: ignore[attr-defined]
    return call


@contextmanager
def replaced(changes: list[tuple[Any, str, Any]]) -> Iterator[None]:
    """Give objects other attributes for a while."""
    before = [(owner, name, vars(owner).get(name)) for owner, name, _ in changes]
    for owner, name, value in changes:
        object.__setattr__(owner, name, value)
    yield
    for owner, name, value in before:
        object.__delattr__(owner, name) if value is None else object.__setattr__(owner, name, value)


# States, gates and masks of one call.


def quantities(called: Called) -> Arrays:
    """``mask``, ``state/…`` and ``gate/…`` of one call, as far as it has them."""
    inner = called.layer.layer if isinstance(called.layer, layers.TimeDistributed) else called.layer
    found = recurrent_quantities(called)
    mask = called.arguments.get("mask")
    if mask is not None and isinstance(inner, MASK_USERS):
        found["mask"] = np.asarray(mask)
    return found


def recurrent_quantities(called: Called) -> Arrays:
    match called.layer:
        case layers.RNN():
            return unrolled(called)
        case layers.Bidirectional():
            directions = zip(("forward", "backward"), called.parts, strict=True)
            return {
                f"{kind}/{direction}/{name}": value
                for direction, part in directions
                for (kind, _, name), value in _split_names(unrolled(part))
            }
        case layers.TimeDistributed():
            steps = [recurrent_quantities(part) for part in called.parts]
            return {name: np.stack([step[name] for step in steps], axis=1) for name in steps[0]} if steps else {}
    return {}


def _split_names(arrays: Arrays) -> Iterator[tuple[tuple[str, str, str], Array]]:
    for name, value in arrays.items():
        yield name.partition("/"), value


def unrolled(called: Called) -> Arrays:
    """States and gates of a recurrent layer at every step, (batch, steps, …), indexed by the input's time."""
    sequences = np.asarray(called.arguments["sequences"])
    mask = None if called.arguments.get("mask") is None else np.asarray(called.arguments["mask"])
    initial = called.arguments.get("initial_state")
    layer, steps = called.layer, range(sequences.shape[1])

    cuts = [slice(step, None) if layer.go_backwards else slice(step + 1) for step in steps]
    masks = [None if mask is None else mask[:, cut] for cut in cuts]
    probe = _probe(layer, sequences.shape)
    ends = [
        probe(sequences[:, cut], mask=part, initial_state=initial)[1:] for cut, part in zip(cuts, masks, strict=True)
    ]
    ends = [keras.tree.map_structure(np.asarray, list(end)) for end in ends]

    first = initial if initial is not None else layer.get_initial_state(len(sequences))
    first = keras.tree.map_structure(np.asarray, list(first) if isinstance(first, (list, tuple)) else [first])
    before = [*ends[1:], first] if layer.go_backwards else [first, *ends[:-1]]
    gates = [step_gates(layer.cell, sequences[:, step], before[step]) for step in steps]

    names = state_names(layer.cell, first)
    flat = [keras.tree.flatten(end) for end in ends]
    recorded = {f"state/{name}": np.stack([end[index] for end in flat], axis=1) for index, name in enumerate(names)}
    recorded |= {f"gate/{name}": np.stack([gate[name] for gate in gates], axis=1) for name in gates[0]}
    check(called, mask, recorded, names)
    return recorded


def _probe(layer: layers.RNN, shape: tuple[int, ...]) -> layers.RNN:
    """The same layer with the same weights, returning where its states end."""
    probe = type(layer).from_config(layer.get_config() | {"return_sequences": False, "return_state": True})
    probe.build(shape)
    probe.set_weights(layer.get_weights())
    return probe


def cells_of(cell: Any) -> list[tuple[str, Any]]:
    """The cells with the prefix of their states: ``0/``, ``1/`` … in a stack, none for a single cell."""
    if isinstance(cell, layers.StackedRNNCells):
        return [(f"{index}/", inner) for index, inner in enumerate(cell.cells)]
    return [("", cell)]


def state_names(cell: Any, states: list[Any]) -> list[str]:
    """``h``, or ``h`` and ``c``, of each cell."""
    own = states if isinstance(cell, layers.StackedRNNCells) else [states]
    counts = [len(keras.tree.flatten(state)) for state in own]
    return [prefix + name for (prefix, _), count in zip(cells_of(cell), counts, strict=True) for name in "hc"[:count]]


def step_gates(cell: Any, inputs: Array, states: list[Any]) -> Arrays:
    """The gates of one step: what the cell's activation functions return, in the order in which it calls them."""
    recorded: Arrays = {}
    with replaced([change for prefix, inner in cells_of(cell) for change in _listening(inner, prefix, recorded)]):
        cell(inputs, states)
    return recorded


def _listening(cell: Any, prefix: str, recorded: Arrays) -> Iterator[tuple[Any, str, Any]]:
    for attribute, names in GATES.get(type(cell).__name__, {}).items():
        yield cell, attribute, _noting(getattr(cell, attribute), [prefix + name for name in names], recorded)


def _noting(real: Callable[[Any], Any], names: list[str], recorded: Arrays) -> Callable[[Any], Any]:
    waiting = iter(names)

    def activation(value: Any) -> Any:
        result = real(value)
        if (name := next(waiting, None)) is not None:
            recorded[name] = np.asarray(result)
        return result

    return activation


def check(called: Called, mask: Array | None, recorded: Arrays, names: list[str]) -> None:
    """The record must agree with what the layer itself returned."""
    layer, outputs = called.layer, called.outputs
    close = {"rtol": 1e-6, "atol": 1e-6}
    last = 0 if layer.go_backwards else -1
    if layer.return_state:
        for name, returned in zip(names, outputs[1:], strict=True):
            np.testing.assert_allclose(recorded[f"state/{name}"][:, last], returned, **close)
    top = recorded["state/" + [name for name in names if name.endswith("h")][-1]]
    if not layer.return_sequences:
        seen_last = np.ones(len(top), bool) if mask is None else mask[:, last]
        np.testing.assert_allclose(top[seen_last, last], outputs[0][seen_last], **close)
        return
    in_order = top[:, ::-1] if layer.go_backwards else top
    seen = np.ones(top.shape[:2], bool) if mask is None else (mask[:, ::-1] if layer.go_backwards else mask)
    if not (layer.unroll and layer.go_backwards and layer.zero_output_for_mask):  # TensorFlow zeroes the wrong steps
        np.testing.assert_allclose(in_order[seen], outputs[0][seen], **close)
