"""Nodes of TensorFlow's operations, as Keras 2.4–2.15 and tf-keras write them."""

from __future__ import annotations

import pytest

from rnnscope.errors import UnreadableFile, Unsupported
from rnnscope.graph import Tensor
from rnnscope.layers.operations import Slot
from rnnscope.reading.op_lambda import operation_call

LAYERS = {"x", "y", "op"}


def call(nodes: object, function: str = "math.add") -> tuple[tuple[Tensor, ...], tuple[object, ...], dict[str, object]]:
    read, arguments, keywords = operation_call("op", "TFOpLambda", {"function": function}, nodes, LAYERS)
    return read.inputs, arguments, keywords


def test_a_tensor_and_a_constant() -> None:
    tensors, arguments, keywords = call([["x", 0, 0, {"y": 2.0, "name": None}]])
    assert (tensors, arguments, keywords) == ((Tensor("x", 0),), (Slot(0),), {"y": 2.0, "name": None})


def test_a_constant_and_a_tensor() -> None:
    tensors, arguments, keywords = call([["_CONSTANT_VALUE", -1, 1.0, {"y": ["x", 1, 2]}]])
    assert (tensors, arguments, keywords) == ((Tensor("x@1", 2),), (1.0,), {"y": Slot(0)})


def test_a_list_of_tensors_stays_a_list_even_of_one() -> None:
    nodes = [[["x", 0, 0, {"axis": -1}], ["y", 0, 0, {"axis": -1}]]]
    assert call(nodes, "concat")[1:] == (([Slot(0), Slot(1)],), {"axis": -1})
    assert call([[["x", 0, 0, {}]]], "concat")[1] == ([Slot(0)],)
    assert call([[["x", 0, 0, {}]]], "math.exp")[1] == (Slot(0),)


def test_slices_hold_tensors_and_ellipses() -> None:
    key = [{"class_name": "__ellipsis__"}, {"start": None, "stop": ["y", 0, 0], "step": None}, None]
    tensors, _, keywords = call([["x", 0, 0, {"slice_spec": key}]], "__operators__.getitem")
    assert tensors == (Tensor("x", 0), Tensor("y", 0))
    assert keywords == {"slice_spec": [Ellipsis, slice(None, Slot(1), None), None]}


def test_a_list_that_begins_with_a_word_is_a_tensor_only_when_a_layer_is_called_so() -> None:
    assert call([["x", 0, 0, {"words": ["SAME", 1, 2]}]])[2] == {"words": ["SAME", 1, 2]}


def test_another_way_of_numbering_calls_is_handed_in() -> None:
    read, _, _ = operation_call(
        "op", "TFOpLambda", {}, [["x", 3, 0, {}]], LAYERS, lambda layer, node, output: Tensor(f"{layer}-{node}", output)
    )
    assert read.inputs == (Tensor("x-3", 0),)


@pytest.mark.parametrize(
    "nodes", [None, [], [None], [["x", 0]], [["x", -1, 0, {}]], [["x", 0, True, {}]], [["x", 0, 0, []]], [[[]] * 3, 7]]
)
def test_what_is_no_call_is_refused(nodes: object) -> None:
    with pytest.raises((UnreadableFile, Unsupported)):
        call(nodes)


def test_depth_is_bounded() -> None:
    deep: object = 1.0
    for _ in range(100):
        deep = [deep]
    with pytest.raises(UnreadableFile):
        call([["x", 0, 0, {"y": deep}]])


def test_objects_of_other_classes_are_refused_by_name() -> None:
    with pytest.raises(Unsupported, match="TypeSpec"):
        call([["x", 0, 0, {"y": {"class_name": "TypeSpec", "serialized": []}}]])
