from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from rnnscope.errors import RnnscopeError, UnreadableFile, Unsupported
from rnnscope.graph import Tensor
from rnnscope.layers.operations import Slot
from rnnscope.reading import graph as module
from rnnscope.reading.entries import Graph
from rnnscope.reading.graph import read_graph


def tensor(layer: object, node: object = 0, index: object = 0) -> dict[str, object]:
    return {"class_name": "__keras_tensor__", "config": {"keras_history": [layer, node, index]}}


def node(*args: object, **kwargs: object) -> dict[str, object]:
    return {"args": list(args), "kwargs": kwargs}


def layer(name: str, *nodes: object, class_name: str = "Dense", **more: object) -> dict[str, Any]:
    return {
        "module": "keras.layers",
        "class_name": class_name,
        "config": {"name": name, "trainable": True},
        "name": name,
        "inbound_nodes": list(nodes),
        **more,
    }


def functional(*layers: object, inputs: object = ("x", 0, 0), outputs: object = ("y", 0, 0)) -> Graph:
    def listed(ends: object) -> object:
        return list(ends) if isinstance(ends, tuple) else ends

    config = {"layers": list(layers), "input_layers": listed(inputs), "output_layers": listed(outputs)}
    return read_graph("Functional", config)


X = layer("x", class_name="InputLayer")


def refused(kind: type[RnnscopeError], match: str, *layers: object, **ends: object) -> None:
    with pytest.raises(kind, match=match):
        functional(*layers, **ends)


def test_calls_come_in_an_order_that_can_be_run() -> None:
    graph = functional(layer("y", node(tensor("a"))), layer("a", node(tensor("x"))), X)
    assert [call.key for call in graph.calls] == ["x", "a", "y"]
    assert [entry.name for entry in graph.entries] == ["y", "a", "x"]
    assert graph.inputs == (Tensor("x", 0),)
    assert graph.outputs == (Tensor("y", 0),)


def test_each_use_of_a_layer_is_a_call_of_its_own() -> None:
    graph = functional(X, layer("y", node(tensor("x")), node(tensor("y"))), outputs=[["y", 1, 0]])
    assert [call.key for call in graph.calls] == ["x", "y", "y@1"]
    assert graph.outputs == (Tensor("y@1", 0),)


def test_masks_and_states_by_hand_are_part_of_the_call() -> None:
    call = node(tensor("x"), mask=tensor("m"), initial_state=[tensor("h"), tensor("c")], training=False)
    others = [layer(name, class_name="InputLayer") for name in "mhc"]
    found = functional(X, *others, layer("y", call, class_name="LSTM"), inputs=[[n, 0, 0] for n in "xmhc"]).calls[-1]
    assert found.mask == (Tensor("m", 0),)
    assert found.keywords["initial_state"] == [Tensor("h", 0), Tensor("c", 0)]
    assert found.tensors() == (Tensor("x", 0), Tensor("m", 0), Tensor("h", 0), Tensor("c", 0))


def test_an_operation_keeps_its_constants_and_marks_its_tensors() -> None:
    constant = {"class_name": "__numpy__", "config": {"value": [1, 2], "dtype": "float32"}}
    operation = layer("y", node([tensor("x"), constant], 3.0, axis=-1), class_name="Concatenate")
    operation |= {"module": "keras.src.ops.numpy"}
    entry = functional(X, operation).entries[1]
    arguments: Any = entry.arguments
    (slot, array), number = arguments
    assert slot == Slot(0)
    assert array.tolist() == [1.0, 2.0]
    assert (number, dict(entry.keywords)) == (3.0, {"axis": -1})


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        ([1, [2]], "float32"),
        ("x", "float32"),
        ([1], "object"),
        ([1], "no type"),
        ([1], "O"),
        (None, "float32"),
        ({}, "float32"),
        ([10**400], "float32"),
        ([300], "uint8"),
        ([1], None),
        (["a"], "U5000000"),
        ([1], "f4," * 10),
        ([1], "V10"),
    ],
)
def test_a_constant_that_is_not_numbers_is_refused(value: object, dtype: object) -> None:
    constant = {"class_name": "__numpy__", "config": {"value": value, "dtype": dtype}}
    operation = layer("y", node(tensor("x"), constant), class_name="Add") | {"module": "keras.src.ops.numpy"}
    refused(RnnscopeError, ".", X, operation)


def test_a_sequential_model_is_a_chain_with_an_input_before_it() -> None:
    config = {"build_input_shape": [None, 3], "layers": [layer("a"), layer("a_input")]}
    graph = read_graph("Sequential", config)
    assert [call.key for call in graph.calls] == ["a_input_", "a", "a_input"]
    assert graph.entries[0].config["batch_shape"] == [None, 3]


def test_a_sequential_model_without_a_shape_is_refused() -> None:
    with pytest.raises(Unsupported, match="does not say its input shape"):
        read_graph("Sequential", {"layers": [layer("a")]})


@pytest.mark.parametrize("class_name", ["MyModel", "Graph", "os.system"])
def test_other_models_are_refused_by_name(class_name: str) -> None:
    with pytest.raises(Unsupported, match=f"models of class {class_name} "):
        read_graph(class_name, {"layers": [X]})


@pytest.mark.parametrize("layers", [None, [], {}, "x", 3, [None], ["x"], [{}], [{"class_name": "Dense"}], [[]]])
@pytest.mark.parametrize("class_name", ["Sequential", "Functional"])
def test_an_unusable_list_of_layers_is_refused(class_name: str, layers: object) -> None:
    with pytest.raises(UnreadableFile):
        read_graph(class_name, {"layers": layers})


def test_the_number_of_layers_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_LAYERS", 2)
    good = (X, layer("y", node(tensor("x"))))
    assert len(functional(*good).entries) == 2
    refused(UnreadableFile, "list of layers", *good, layer("z", node(tensor("y"))))


@pytest.mark.parametrize("name", [None, "", 3, ["y"], {}])
def test_a_layer_without_a_usable_name_is_refused(name: object) -> None:
    damaged = layer("y", node(tensor("x"))) | {"name": name, "config": {"name": name}}
    refused(UnreadableFile, "has no name", X, damaged)


def test_two_layers_of_one_name_are_refused() -> None:
    refused(UnreadableFile, "same name", X, layer("y", node(tensor("x"))), layer("y", node(tensor("x"))))


@pytest.mark.parametrize(
    "custom",
    [
        {"registered_name": "Custom>Mine"},
        {"module": "my.code"},
        {"module": "os"},
        {"module": "kerasx.layers"},
        {"module": 3},
        {"registered_name": []},
    ],
)
def test_a_class_that_is_not_keras_own_is_refused_by_name(custom: dict[str, Any]) -> None:
    refused(Unsupported, "class Dense is not one of Keras's own", X, layer("y", node(tensor("x")), **custom))


@pytest.mark.parametrize("length", [1, 2, 50])
def test_a_cycle_is_refused(length: int) -> None:
    names = [f"n{number}" for number in range(length)] + ["y"]
    ring: Sequence[object] = [layer(name, node(tensor(names[place - 1]))) for place, name in enumerate(names)]
    refused(UnreadableFile, "cycle", X, *ring)


def test_a_long_chain_needs_no_recursion_and_little_time() -> None:
    names = ["x", *(f"n{number}" for number in range(9_000)), "y"]
    chain = [layer(name, node(tensor(before))) for before, name in pairwise(names)]
    assert len(functional(*reversed(chain), X).calls) == len(names)


@pytest.mark.parametrize("history", [["nowhere", 0, 0], ["x", 1, 0], ["y", 7, 0]])
def test_a_reference_to_a_call_that_is_not_there_is_refused(history: list[object]) -> None:
    refused(UnreadableFile, "not there", X, layer("y", node(tensor(*history))))
    refused(UnreadableFile, "end of the graph", X, layer("y", node(tensor("x"))), outputs=[history])


@pytest.mark.parametrize(
    "history", [None, [], ["x"], ["x", -1, 0], ["x", 0, -1], ["x", 0.0, 0], [0, 0, 0], ["x", None, 0], {"x": 0}]
)
def test_a_reference_of_another_form_is_refused(history: object) -> None:
    damaged = {"class_name": "__keras_tensor__", "config": {"keras_history": history}}
    refused(UnreadableFile, "reference", X, layer("y", node(damaged)))


@pytest.mark.parametrize(
    ("inputs", "match"),
    [
        ([["x", 0, 0], ["x", 0, 0]], "listed twice"),
        ([["x", 0, 1]], "listed twice, or is none"),
        ([["y", 0, 0]], "listed twice, or is none"),
        ([["x", 0, 0]], "is no input"),
    ],
)
def test_the_inputs_of_a_graph_are_those_that_read_nothing(inputs: object, match: str) -> None:
    refused(
        UnreadableFile, match, X, layer("other", class_name="InputLayer"), layer("y", node(tensor("x"))), inputs=inputs
    )


@pytest.mark.parametrize("ends", [None, [], "x", 3, [[]], [None], [["x", 0]], {"a": 1}, [["x", True, 0]]])
def test_unusable_ends_are_refused(ends: object) -> None:
    good = (X, layer("y", node(tensor("x"))))
    refused(UnreadableFile, ".", *good, inputs=ends)
    refused(UnreadableFile, ".", *good, outputs=ends)


@pytest.mark.parametrize("call", [None, [], {}, {"args": 1, "kwargs": {}}, {"args": [], "kwargs": []}])
def test_a_call_of_another_form_is_refused(call: object) -> None:
    refused(UnreadableFile, "as Keras 3 does", X, layer("y", call))


def test_nodes_that_are_no_list_are_refused() -> None:
    refused(UnreadableFile, "not a list", X, layer("y") | {"inbound_nodes": {"a": 1}})


@pytest.mark.parametrize(
    "call",
    [
        node(),
        node(3.0),
        node([tensor("x"), 3.0]),
        node([]),
        node(tensor("x"), None, None),
        node(tensor("x"), surprise=1),
        node(tensor("x"), mask=5),
        node(tensor("x"), mask=[]),
        node({"class_name": "Lambda", "config": {}}),
        node({"class_name": "__lambda__", "config": {"value": "4wEAAAA="}}),
        node({}),
    ],
)
def test_arguments_that_a_layer_does_not_take_are_refused(call: object) -> None:
    refused(Unsupported, ".", X, layer("y", call))


def test_an_operation_that_is_used_twice_is_refused() -> None:
    operation = layer("y", node(tensor("x")), node(tensor("x")), class_name="Any") | {"module": "keras.src.ops.numpy"}
    refused(Unsupported, "several times", X, operation)


def test_a_constant_is_read_as_its_type() -> None:
    constant = {"class_name": "__tensor__", "config": {"value": [[0.5]], "dtype": "float32"}}
    operation = layer("y", node(tensor("x"), constant), class_name="Add") | {"module": "keras.src.ops.numpy"}
    found = functional(X, operation).entries[1].arguments[1]
    assert isinstance(found, np.ndarray)
    assert found.dtype == np.float32


def test_an_operation_that_reads_no_tensor_is_left_to_whoever_knows_it() -> None:
    alone = layer("y", node(2.0), class_name="Exp") | {"module": "keras.src.ops.numpy"}
    entries = functional(X, layer("z", node(tensor("x"))), alone, outputs=[["z", 0, 0]]).entries
    assert [entry.name for entry in entries] == ["x", "z", "y"]
