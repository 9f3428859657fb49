"""States, gates and masks of one call of a layer, at every step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tests.recording.keras_api import IS_KERAS3, Array, Arrays, backend_name, layers, to_numpy, to_tensor, tree
from tests.recording.watching import Called, replaced

GATES = {
    "LSTMCell": {"recurrent_activation": ("i", "f", "o"), "activation": ("g",)},
    "ConvLSTMCell": {"recurrent_activation": ("i", "f", "o"), "activation": ("g",)},
    "GRUCell": {"recurrent_activation": ("z", "r"), "activation": ("hh",)},
}
MASK_USERS = (layers.RNN, layers.Bidirectional, layers.GlobalAveragePooling1D)


def quantities(called: Called) -> Arrays:
    """``mask``, ``state/…`` and ``gate/…`` of one call, as far as it has them."""
    inner = called.layer.layer if isinstance(called.layer, layers.TimeDistributed) else called.layer
    found = recurrent_quantities(called)
    mask = called.arguments.get("mask")
    if mask is not None and isinstance(inner, MASK_USERS):
        found["mask"] = to_numpy(mask)
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
            return _of_every_outer_step(called)
    return {}


def _of_every_outer_step(called: Called) -> Arrays:
    """(batch, outer steps, …): tf-keras folds the steps into the batch of one call, Keras 3 makes a call for each."""
    outer_steps = to_numpy(called.first).shape[1]
    parts = [recurrent_quantities(part) for part in called.parts[-outer_steps:]]
    if not parts:
        return {}
    if len(parts) == 1:
        return {name: value.reshape(-1, outer_steps, *value.shape[1:]) for name, value in parts[0].items()}
    return {name: np.stack([part[name] for part in parts], axis=1) for name in parts[0]}


def _split_names(arrays: Arrays) -> Iterator[tuple[tuple[str, str, str], Array]]:
    for name, value in arrays.items():
        yield name.partition("/"), value


def unrolled(called: Called) -> Arrays:
    """States and gates of a recurrent layer at every step, (batch, steps, …), indexed by the input's time."""
    sequences = to_numpy(called.first)
    given_mask = called.arguments.get("mask")
    mask = None if given_mask is None else to_numpy(given_mask)
    layer, steps = called.layer, range(sequences.shape[1])
    first = _first_states(called, sequences)

    cuts = [slice(step, None) if layer.go_backwards else slice(step + 1) for step in steps]
    masks = [None if mask is None else mask[:, cut] for cut in cuts]
    probe = _probe(layer, sequences.shape)
    ends = [
        list(probe(computed(sequences[:, cut], layer), mask=part, initial_state=computed(first, layer))[1:])
        for cut, part in zip(cuts, masks, strict=True)
    ]
    ends = [tree.map_structure(to_numpy, end) for end in ends]

    before = [*ends[1:], first] if layer.go_backwards else [first, *ends[:-1]]
    gates = [step_gates(layer.cell, sequences[:, step], before[step]) for step in steps]

    names = state_names(layer.cell, first)
    flat = [tree.flatten(end) for end in ends]
    recorded = {f"state/{name}": np.stack([end[index] for end in flat], axis=1) for index, name in enumerate(names)}
    recorded |= {f"gate/{name}": np.stack([gate[name] for gate in gates], axis=1) for name in gates[0]}
    check(called, mask, recorded, names)
    return recorded


def _first_states(called: Called, sequences: Array) -> list[Any]:
    """The states before the first step: handed in, kept from an earlier call, or the layer's own zeros."""
    given = called.arguments.get("initial_state")
    if given is None:
        given = called.kept
    if given is None:
        own = called.layer.get_initial_state
        given = own(len(sequences)) if IS_KERAS3 else own(computed(sequences, called.layer))
    return tree.map_structure(to_numpy, list(given) if isinstance(given, (list, tuple)) else [given])


def computed(value: Any, layer: Any) -> Any:
    """Arrays as tensors of the type that the layer computes in."""
    return tree.map_structure(lambda array: to_tensor(array, layer.compute_dtype), value)


def _probe(layer: Any, shape: tuple[int, ...]) -> Any:
    """The same layer with the same weights, returning where its states end."""
    changed = {"return_sequences": False, "return_state": True, "stateful": False}
    if backend_name == "jax" and not type(layer).__name__.startswith("Conv"):
        changed["unroll"] = True  # or each of the lengths is compiled
    probe = type(layer).from_config(layer.get_config() | changed)
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
    counts = [len(tree.flatten(state)) for state in own]
    return [prefix + name for (prefix, _), count in zip(cells_of(cell), counts, strict=True) for name in "hc"[:count]]


def step_gates(cell: Any, inputs: Array, states: list[Any]) -> Arrays:
    """The gates of one step: what the cell's activation functions return, in the order in which it calls them."""
    recorded: Arrays = {}
    with replaced([change for prefix, inner in cells_of(cell) for change in _listening(inner, prefix, recorded)]):
        cell(computed(inputs, cell), computed(states, cell))
    return recorded


def _listening(cell: Any, prefix: str, recorded: Arrays) -> Iterator[tuple[Any, str, Any]]:
    for attribute, names in GATES.get(type(cell).__name__, {}).items():
        yield cell, attribute, _noting(getattr(cell, attribute), [prefix + name for name in names], recorded)


def _noting(real: Callable[[Any], Any], names: list[str], recorded: Arrays) -> Callable[[Any], Any]:
    waiting = iter(names)

    def activation(value: Any) -> Any:
        result = real(value)
        if (name := next(waiting, None)) is not None:
            recorded[name] = to_numpy(result)
        return result

    return activation


def check(called: Called, mask: Array | None, recorded: Arrays, names: list[str]) -> None:
    """The record must agree with what the layer itself returned."""
    layer, outputs = called.layer, called.outputs
    tolerance = {"float16": 2e-2, "bfloat16": 1e-1}.get(layer.compute_dtype, 1e-6)
    close = {"rtol": tolerance, "atol": tolerance}
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
    zeroed = getattr(layer, "zero_output_for_mask", False)
    if not (layer.unroll and layer.go_backwards and zeroed):  # TensorFlow zeroes the wrong steps
        np.testing.assert_allclose(in_order[seen], outputs[0][seen], **close)
