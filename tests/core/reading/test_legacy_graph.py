"""Functional and Sequential configurations as Keras 1, 2 and tf-keras write them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest

from rnnscope.errors import RnnscopeError, UnreadableFile, Unsupported
from rnnscope.graph import Tensor
from rnnscope.reading.architecture import Architecture, graph_of, parse_architecture
from rnnscope.reading.entries import Graph
from tests.core.reading.kerases import entrance, functional, layer

X = entrance("x", 4, 3)


def read(layers: Sequence[object], inputs: object, outputs: object) -> Graph:
    return graph_of(Architecture(functional(layers, inputs, outputs)))[0]


def sequential(layers: object) -> Graph:
    return graph_of(Architecture({"class_name": "Sequential", "config": layers}))[0]


def reads(graph: Graph) -> dict[str, tuple[str, ...]]:
    return {call.key: tuple(tensor.call for tensor in call.inputs) for call in graph.calls}


def refused(kind: type[RnnscopeError], match: str, layers: Sequence[object], outputs: object = (("y", 0, 0),)) -> None:
    ends = [list(end) for end in outputs] if isinstance(outputs, tuple) else outputs
    with pytest.raises(kind, match=match):
        read(layers, [["x", 0, 0]], ends)


@pytest.mark.parametrize(
    "node",
    [[["x", 0, 0, {}]], [["x", 0, 0]], ["x", 0, 0, {}], [["x", 0, 0, {"training": None}]], {"only": ["x", 0, 0]}],
)
def test_a_call_may_be_written_in_every_form_that_a_keras_used(node: object) -> None:
    others = [layer("Dense", "z", [["y", 0, 0, {}]])]
    graph = read([X, layer("Dense", "y", node), *others], [["x", 0, 0]], [["z", 0, 0]])
    assert reads(graph) == {"x": (), "y": ("x",), "z": ("y",)}


@pytest.mark.parametrize("ends", [["y", 0, 0], [["y", 0, 0]], {"only": ["y", 0, 0]}])
def test_ends_may_be_one_triple_or_a_list_or_an_object(ends: object) -> None:
    graph = read([X, layer("Dense", "y", [["x", 0, 0, {}]])], ["x", 0, 0], ends)
    assert (graph.inputs, graph.outputs) == ((Tensor("x", 0),), (Tensor("y", 0),))


def test_a_layer_that_is_called_twice_has_a_call_for_each() -> None:
    shared = layer("Dense", "y", [["x", 0, 0, {}]], [["y", 0, 0, {}]])
    assert reads(read([X, shared], [["x", 0, 0]], [["y", 1, 0]])) == {"x": (), "y": ("x",), "y@1": ("y",)}


def test_what_stands_behind_a_recurrent_input_is_states_and_then_constants() -> None:
    states = [entrance("h", 5), entrance("c", 5), entrance("k", 2)]
    call: list[object] = [[name, 0, 0, {}] for name in ("x", "h", "c", "k")]
    inputs = [[name, 0, 0] for name in ("x", "h", "c", "k")]
    graph = read([X, *states, layer("RNN", "y", call, num_constants=1)], inputs, [["y", 0, 0]])
    (found,) = [call for call in graph.calls if call.key == "y"]
    assert found.inputs == (Tensor("x", 0),)
    assert found.keywords == {"initial_state": (Tensor("h", 0), Tensor("c", 0)), "constants": (Tensor("k", 0),)}


@pytest.mark.parametrize("constants", [-1, 5, "1", True, 1.0])
def test_an_impossible_number_of_constants_is_refused(constants: object) -> None:
    call: list[object] = [["x", 0, 0, {}], ["x", 0, 0, {}]]
    refused(UnreadableFile, "num_constants", [X, layer("RNN", "y", call, num_constants=constants)])


def test_a_mask_passed_by_hand_is_a_tensor_of_the_graph() -> None:
    mask = entrance("m", 4)
    inputs = [["x", 0, 0], ["m", 0, 0]]
    graph = read([X, mask, layer("LSTM", "y", [["x", 0, 0, {"mask": ["m", 0, 0]}]])], inputs, [["y", 0, 0]])
    assert graph.calls[-1].mask == (Tensor("m", 0),)


def test_a_list_that_begins_with_a_word_is_a_tensor_only_where_a_layer_has_that_name() -> None:
    refused(Unsupported, "called with size", [X, layer("Dense", "y", [["x", 0, 0, {"size": ["q", 0, 0]}]])])


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("class_name", ["Model", "Sequential"])
def test_the_calls_of_a_nested_model_are_counted_from_0_or_from_1(class_name: str, first: int) -> None:
    inside = [entrance("i", 4, 3), layer("Dense", "d", [["i", 0, 0, {}]])]
    nested = functional(inside, [["i", 0, 0]], [["d", 0, 0]], "n") if class_name == "Model" else {
        "class_name": "Sequential", "config": [inside[0], layer("Dense", "d")]
    }  # fmt: skip
    nested |= {"name": "n", "inbound_nodes": [[["x", 0, 0, {}]], [["n", first, 0, {}]]]}
    graph = read([X, nested], [["x", 0, 0]], [["n", first + 1, 0]])
    found = reads(graph)
    assert found["n/i"] == ("x",)
    assert found["n@1/i"] == ("n",)
    assert graph.outputs == (Tensor("n@1", 0),)


@pytest.mark.parametrize(
    "reference",
    [["x", -1, 0], ["x", 0, -1], ["x", 0.0, 0], ["x", None, 0], ["x"], ["x", 0], ["x", "0", 0], ["x", 0, 0, 3]],
)
def test_a_damaged_reference_is_refused(reference: object) -> None:
    refused(RnnscopeError, ".", [X, layer("Dense", "y", [reference])])


@pytest.mark.parametrize("reference", [["gone", 0, 0, {}], ["x", 1, 0, {}], ["y", 7, 0, {}]])
def test_a_reference_to_what_is_not_there_is_refused(reference: list[object]) -> None:
    refused(UnreadableFile, "not there", [X, layer("Dense", "y", [reference])])


def test_a_cycle_and_a_name_twice_are_refused() -> None:
    ring = [layer("Dense", "y", [["z", 0, 0, {}]]), layer("Dense", "z", [["y", 0, 0, {}]])]
    refused(UnreadableFile, "cycle", [X, *ring])
    refused(UnreadableFile, "same name", [X, X, layer("Dense", "y", [["x", 0, 0, {}]])])


@pytest.mark.parametrize("ends", [None, [], {}, 3, [[]], [None]])
def test_unusable_ends_are_refused(ends: object) -> None:
    refused(UnreadableFile, "no usable inputs or outputs", [X, layer("Dense", "y", [["x", 0, 0, {}]])], ends)


def test_a_constant_in_place_of_a_tensor_is_refused_by_a_layer() -> None:
    refused(Unsupported, "not a tensor", [X, layer("Dense", "y", [["x", 0, 0, {}], ["_CONSTANT_VALUE", -1, 2.0, {}]])])


def test_a_long_chain_needs_no_recursion() -> None:
    names = ["x", *(f"n{place}" for place in range(5_000)), "y"]
    chain = [layer("Dense", name, [[before, 0, 0, {}]]) for before, name in pairwise(names)]
    assert len(read([X, *reversed(chain)], [["x", 0, 0]], [["y", 0, 0]]).calls) == len(names)


def test_a_sequential_may_be_a_bare_list_whose_first_layer_says_the_shape() -> None:
    graph = sequential([layer("LSTM", "a", batch_input_shape=[None, 4, 3]), layer("Dense", "b")])
    assert [(entry.name, entry.class_name) for entry in graph.entries] == [
        ("a_input", "InputLayer"), ("a", "LSTM"), ("b", "Dense")
    ]  # fmt: skip
    assert graph.entries[0].config["batch_shape"] == [None, 4, 3]


def test_a_nested_model_may_open_a_sequential_one_and_need_no_name() -> None:
    inner = {"class_name": "Sequential", "config": [layer("LSTM", "a", batch_input_shape=[None, 4, 3])]}
    graph = sequential([inner, layer("Dense", "b")])
    assert reads(graph) == {
        "sequential_1_input": (),
        "sequential_1/a_input": ("sequential_1_input",),
        "sequential_1/a": ("sequential_1/a_input",),
        "sequential_1": ("sequential_1/a",),
        "b": ("sequential_1",),
    }  # fmt: skip


def branch(*layers: dict[str, Any]) -> dict[str, Any]:
    return {"class_name": "Sequential", "config": [*layers]}


def test_a_merge_opens_a_sequential_model_with_a_branch_for_each_input() -> None:
    left = branch(layer("LSTM", "left", batch_input_shape=[None, 4, 3]))
    right = branch(layer("GRU", "right", batch_input_shape=[None, 5, 2]), layer("Dropout", "drop", p=0.5))
    graph = sequential([layer("Merge", "merge", layers=[left, right], mode="concat"), layer("Dense", "y")])
    assert reads(graph) == {
        "left_input": (), "left": ("left_input",), "right_input": (), "right": ("right_input",), "drop": ("right",),
        "merge": ("left", "drop"), "y": ("merge",),
    }  # fmt: skip
    assert [tensor.call for tensor in graph.inputs] == ["left_input", "right_input"]
    assert all(not entry.parent for entry in graph.entries)


def test_branches_of_a_merge_share_a_layer_of_one_name_and_the_input_that_it_opens() -> None:
    # Keras 1.2.2: a layer that opens a second Sequential keeps the one input that it has.
    shared, drop = layer("LSTM", "shared", batch_input_shape=[None, 4, 3]), layer("Dropout", "drop", p=0.5)
    left = layer("GRU", "left", batch_input_shape=[None, 4, 3])
    inner = layer("Merge", "inner", layers=[branch(left), branch(shared)], mode="mul")
    graph = sequential([layer("Merge", "merge", layers=[branch(inner, drop), branch(shared, drop)], mode="sum")])
    assert [tensor.call for tensor in graph.inputs] == ["left_input", "shared_input"]
    assert reads(graph)["inner"] == ("left", "shared")
    assert reads(graph)["merge"] == ("drop", "drop@1")
    assert reads(graph)["drop@1"] == ("shared",)
    other = layer("GRU", "shared", batch_input_shape=[None, 4, 3], units=9)
    with pytest.raises(UnreadableFile, match="same name"):
        sequential([layer("Merge", "merge", layers=[branch(shared), branch(other)], mode="sum")])


@pytest.mark.parametrize("branches", [[], None, 3, {}])
def test_a_merge_of_nothing_is_refused(branches: object) -> None:
    with pytest.raises(UnreadableFile, match="no usable list of models"):
        sequential([layer("Merge", "merge", layers=branches, mode="sum")])


def test_a_sequential_model_of_unknown_shape_is_refused() -> None:
    with pytest.raises(Unsupported, match="does not say its input shape"):
        sequential([layer("LSTM", "a")])


@pytest.mark.parametrize("text", ['"{\\"class_name\\": \\"Sequential\\", \\"config\\": []}"', '[{"class_name": "x"}]'])
def test_json_inside_json_and_a_bare_list_are_architectures(text: str) -> None:
    tree: Any = parse_architecture(text, "m.json").tree
    assert tree["class_name"] == "Sequential"


@pytest.mark.parametrize("text", ["3", "null", "{}", '"text"', '"\\"{}\\""', '{"layers": 3}'])
def test_json_of_something_else_is_no_architecture(text: str) -> None:
    with pytest.raises(UnreadableFile):
        parse_architecture(text, "m.json")
