"""Everything that Keras computes for one model and one input, under the keys of stored Keras values."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.recording.keras_api import (
    Array,
    Arrays,
    fed,
    graph_of,
    keras,
    layers,
    nodes_in_order,
    operation_of,
    to_numpy,
    tree,
)
from tests.recording.states import quantities
from tests.recording.watching import Called, keyed, watch

EAGER = {"rtol": 1e-4, "atol": 1e-5}


def record(model: Any, inputs: Arrays, batch_size: int) -> Arrays:
    """What golden files hold: the outputs, every layer's outputs, states and gates, and the masks that layers used."""
    given = one_or_all(inputs)
    predicted = tree.flatten(model.predict(given, batch_size=batch_size, verbose=0))
    recorded = {f"output/{index}": to_numpy(value) for index, value in enumerate(predicted)}
    recorded |= graph_outputs(model, given, batch_size)
    for key, called in keyed(watch(model, given)):
        if isinstance(called.layer, layers.Layer):
            add_call(recorded, key, called)
    return recorded


def one_or_all(inputs: Arrays) -> Array | Arrays:
    given = fed(inputs)
    return given if len(given) > 1 else next(iter(given.values()))


def add_call(recorded: Arrays, key: str, called: Called) -> None:
    """One call's outputs, where `predict` did not give them already, and its other quantities."""
    for index, output in enumerate(called.outputs):
        stored = recorded.setdefault(f"layer/{key}/output/{index}", output)
        if output.dtype.kind == "U":
            np.testing.assert_array_equal(output, stored, err_msg=f"{key}: eager and predict differ")
        else:
            np.testing.assert_allclose(output, stored, **EAGER, err_msg=f"{key}: eager and predict differ")
    recorded |= {f"layer/{key}/{name}": value for name, value in quantities(called).items()}


def graph_outputs(model: Any, inputs: Array | Arrays, batch_size: int, *, operations: bool = False) -> Arrays:
    """From one `predict`, the outputs of all layers in the model's graph, of bare operations too where asked for."""
    graph = graph_of(model)
    tensors = {
        key: list(tree.flatten(node.outputs))
        for key, node in nodes_in_order(model)
        if wanted(model, operation_of(node), operations)
    }
    values = keras.Model(graph.inputs, tensors).predict(inputs, batch_size=batch_size, verbose=0)
    return {
        f"layer/{key}/output/{index}": to_numpy(value)
        for key in tensors
        for index, value in enumerate(tree.flatten(values[key]))
    }


def wanted(model: Any, operation: Any, operations: bool) -> bool:
    """Files of Sequential models show no input layer, and bare operations are layers in tf-keras only."""
    if isinstance(operation, layers.InputLayer):
        return not isinstance(model, keras.Sequential)
    return operations or isinstance(operation, layers.Layer)
