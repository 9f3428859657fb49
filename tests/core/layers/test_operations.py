"""Bare operations: the one table, how arguments are bound, what is refused, and what never gets memory."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from rnnscope.context import Context, Decisions
from rnnscope.errors import RnnscopeError, ShapeMismatch, UnreadableFile, Unsupported
from rnnscope.layers.base import Arguments
from rnnscope.layers.config import Config
from rnnscope.layers.operations import BareOperation, Slot, read_operation
from rnnscope.layers.ops.shapes import MAX_RESULT, Dims, joined, sizes
from rnnscope.layers.ops.table import FAMILIES, KERAS, ROWS, TENSORFLOW
from rnnscope.semantics import Semantics

Array = NDArray[Any]
X = np.arange(-6.0, 6.0, dtype=np.float32).reshape(2, 2, 3)


def keras(
    class_name: str, *arguments: object, config: dict[str, object] | None = None, **keywords: object
) -> BareOperation:
    settings = Config({"name": "op", **(config or {})}, class_name=class_name, layer="op")
    return read_operation(settings, arguments, keywords)


def tensorflow(function: str, *arguments: object, **keywords: object) -> BareOperation:
    settings = Config({"name": "op", "function": function}, class_name="TFOpLambda", layer="op")
    return read_operation(settings, arguments, keywords)


def raw(op: str, *tensors: object, constants: dict[str, object] | None = None, **attributes: object) -> BareOperation:
    node = {"op": op, "attr": attributes}
    settings = Config({"node_def": node, "constants": constants}, class_name="TensorFlowOpLayer", layer="op")
    return read_operation(settings, tensors, {})


def computed(operation: BareOperation, *tensors: Array, context: Context | None = None) -> Array:
    masks = (None,) * len(tensors)
    return operation.call(Arguments(tensors, masks=masks), context or Context(semantics=Semantics())).outputs[0]


def test_a_name_stands_in_the_table_once() -> None:
    assert len(KERAS) == sum(row.keras is not None for row in ROWS)
    assert len(TENSORFLOW) == sum(len(row.tensorflow) for row in ROWS)
    assert sum(len(rows) for rows in FAMILIES.values()) == len(ROWS)


def test_both_kerases_share_a_function() -> None:
    assert KERAS["Add"].function is TENSORFLOW["math.add"].function is TENSORFLOW["__operators__.add"].function


@pytest.mark.parametrize("function", ["os.system", "nn.dropout", "__class__", "map_fn"])
def test_a_function_that_is_not_in_the_table_is_refused_by_name(function: str) -> None:
    with pytest.raises(Unsupported, match=f"TensorFlow operation {function} is not computed"):
        tensorflow(function, Slot(0))


def test_an_unknown_class_is_refused_by_name() -> None:
    with pytest.raises(Unsupported, match="operations of class Nonzero are not computed"):
        keras("Nonzero", Slot(0))


def test_an_option_that_is_not_known_is_refused_by_name() -> None:
    with pytest.raises(Unsupported, match="wobble"):
        keras("Sum", Slot(0), config={"axis": 1, "wobble": 3})
    with pytest.raises(Unsupported, match="wobble"):
        tensorflow("math.reduce_sum", Slot(0), wobble=1)


def test_an_option_that_must_be_off_may_be_off() -> None:
    assert tensorflow("transpose", Slot(0), conjugate=False).arguments == {"x": Slot(0)}
    with pytest.raises(Unsupported, match="conjugate=True"):
        tensorflow("transpose", Slot(0), conjugate=True)


def test_an_argument_that_the_file_lacks_is_named() -> None:
    with pytest.raises(Unsupported, match=r"does not hold the argument y of __operators__\.eq"):
        tensorflow("__operators__.eq", Slot(0))
    with pytest.raises(Unsupported, match="does not hold the argument inputs of einsum"):
        tensorflow("einsum", "ij->ji")


def test_too_many_arguments_are_refused() -> None:
    with pytest.raises(UnreadableFile, match="3 arguments"):
        keras("Add", Slot(0), Slot(1), 2.0)


def test_an_operation_survives_pickling() -> None:
    operation = keras("Clip", Slot(0), config={"x_min": -1.0, "x_max": 2.0})
    copy = pickle.loads(pickle.dumps(operation))
    np.testing.assert_array_equal(computed(copy, X), np.clip(X, -1, 2))


def test_whole_numbers_meet_floats_in_the_floats_type() -> None:
    counts = np.array([[1, 2, 3]], np.int32)
    assert computed(keras("Add", Slot(0), 2.5), counts).dtype == np.float32
    assert computed(keras("Add", Slot(0), 2), counts).dtype == np.int32
    assert computed(keras("TrueDivide", Slot(0), 2), counts).dtype == np.float32
    assert computed(keras("Multiply", Slot(0), Slot(1)), X[0], counts).dtype == np.float32


def test_tensorflows_mean_of_whole_numbers_is_whole() -> None:
    counts = np.array([[1, 2, 2]], np.int32)
    assert computed(tensorflow("math.reduce_mean", Slot(0), axis=1), counts).tolist() == [1]
    assert computed(keras("Mean", Slot(0), config={"axis": 1, "keepdims": False}), counts) == pytest.approx(5 / 3)


def test_two_negative_remainders_have_the_signs_that_keras_gives_them() -> None:
    x = np.array([-5.0, 5.0], np.float32)
    assert computed(keras("Mod", Slot(0), 3.0), x).tolist() == [1.0, 2.0]
    assert computed(keras("Fmod", Slot(0), 3.0), x).tolist() == [-2.0, 2.0]


def test_argmax_counts_minus_zero_as_less() -> None:
    zeros = np.array([[-0.0, 0.0]], np.float32)
    assert computed(keras("Argmax", Slot(0), config={"axis": 1, "keepdims": False}), zeros).tolist() == [1]


@pytest.mark.parametrize(
    ("class_name", "config", "arguments"),
    [
        ("Floor", {}, ()),
        ("Round", {"decimals": 0}, ()),
        ("Sign", {}, ()),
        ("Greater", {}, (0.5,)),
        ("Argmax", {"axis": 1, "keepdims": False}, ()),
        ("Argsort", {"axis": 1}, ()),
        ("FloorDivide", {}, (0.5,)),
        ("Where", {}, (1.0, 0.0)),
    ],
)
def test_discrete_decisions_are_replayed(
    class_name: str, config: dict[str, object], arguments: tuple[object, ...]
) -> None:
    operation = keras(class_name, Slot(0), *arguments, config=config)
    steady = Decisions()
    x = np.array([[0.49, 0.51, -0.2]], np.float32)
    first = computed(operation, x, context=Context(semantics=Semantics(), decisions=steady))
    shaken = computed(operation, -x, context=Context(semantics=Semantics(), decisions=steady.replay()))
    np.testing.assert_array_equal(first, shaken)


def test_a_remainder_drifts_with_the_noise_and_does_not_jump() -> None:
    operation, steady = keras("Mod", Slot(0), 1.0), Decisions()
    context = Context(semantics=Semantics(), requested=np.dtype(np.float64), decisions=steady)
    first = computed(operation, np.array([2.0 + 1e-9]), context=context)
    replay = Context(semantics=Semantics(), requested=np.dtype(np.float64), decisions=steady.replay())
    assert abs(computed(operation, np.array([2.0 - 1e-9]), context=replay) - first) < 1e-8


@pytest.mark.parametrize(
    "operation",
    [
        keras("Repeat", Slot(0), config={"repeats": 2**40, "axis": 1}),
        keras("Tile", Slot(0), config={"repeats": [1, 2**20, 2**20]}),
        keras("BroadcastTo", Slot(0), config={"shape": [2**20, 2**20, 2, 2, 3]}),
        keras("Pad", Slot(0), config={"pad_width": [[0, 0], [2**40, 0], [0, 0]], "mode": "constant"}),
        keras("OneHot", Slot(0), config={"num_classes": 2**40, "axis": -1}),
        keras("Reshape", Slot(0), config={"newshape": [2**40, -1]}),
        keras("Unstack", Slot(0), config={"num": 2**40, "axis": 0}),
        keras("Add", Slot(0), np.zeros((2**15, 1, 1), np.int8)),
        tensorflow("fill", [2**20, 2**20], value=1.0),
        tensorflow("zeros", [2**40]),
        tensorflow("range", 2**40),
        tensorflow("one_hot", Slot(0), depth=2**40),
        tensorflow("sequence_mask", Slot(0), maxlen=2**40),
        tensorflow("linalg.diag", Slot(0)),
    ],
    ids=lambda operation: operation.name,
)
def test_a_result_that_asks_for_memory_is_refused_before_it_gets_any(operation: BareOperation) -> None:
    shape = (None, 2**15, 2**15) if operation.name in ("linalg.diag", "Add") else (None, 2, 3)
    with pytest.raises((Unsupported, ShapeMismatch)):
        operation.output_shapes((shape,))


def test_sizes_known_only_at_the_run_are_held_to_the_limit_there() -> None:
    operation = tensorflow("tile", Slot(0), multiples=[1, Slot(1)])
    assert operation.output_shapes(((None, 3), ())) == ((None, None),)
    with pytest.raises(Unsupported, match="too large"):
        computed(operation, np.ones((2, 3), np.float32), np.asarray(2**30))


def test_sizes_made_of_sizes_are_known_before_the_run() -> None:
    (shape,) = tensorflow("shape", Slot(0)).output_shapes(((None, 4, 5),))
    assert shape == (3,)
    (batch,) = tensorflow("__operators__.getitem", Slot(0), slice_spec=0).output_shapes((shape,))
    (steps,) = tensorflow("__operators__.getitem", Slot(0), slice_spec=1).output_shapes((shape,))
    (double,) = tensorflow("math.multiply", Slot(0), y=2).output_shapes((steps,))
    reshaped = tensorflow("reshape", Slot(0), shape=[Slot(1), Slot(2), -1])
    assert reshaped.output_shapes(((None, 4, 5), batch, double)) == ((None, 8, None),)
    assert pickle.loads(pickle.dumps(steps)).numbers() == (4,)


@given(st.lists(st.lists(st.sampled_from([1, 2, 3]), max_size=4), min_size=1, max_size=3))
def test_broadcasting_known_shapes_is_numpys(shapes: list[list[int]]) -> None:
    try:
        expected: tuple[int, ...] | None = np.broadcast_shapes(*map(tuple, shapes))
    except ValueError:
        expected = None
    try:
        assert joined([tuple(shape) for shape in shapes]) == expected
    except ShapeMismatch:
        assert expected is None


def test_an_unknown_size_gives_way_to_a_known_one() -> None:
    assert joined([(None, 1), (3,)]) == (None, 3)
    assert joined([(None, None), (6, 3)]) == (6, 3)
    assert sizes([2, Dims(), None]) == (2, None, None)
    assert MAX_RESULT == 2**28


def test_a_key_is_made_of_slices_and_whole_numbers() -> None:
    operation = keras("GetItem", Slot(0), [Ellipsis, slice(1, None), None])
    assert operation.output_shapes(((None, 2, 3),)) == ((None, 2, 2, 1),)
    np.testing.assert_array_equal(computed(operation, X), X[..., 1:, None])
    with pytest.raises(RnnscopeError, match="square brackets"):
        tensorflow("__operators__.getitem", Slot(0), slice_spec=Slot(1)).output_shapes(((None, 3), (None, 3)))
    with pytest.raises(ShapeMismatch, match="no index 7 among 2"):
        keras("GetItem", Slot(0), [slice(None), 7]).output_shapes(((None, 2, 3),))


def test_a_raw_operation_takes_its_constants_and_attributes() -> None:
    mean = raw("Mean", Slot(0), constants={"1": 1}, keep_dims={"b": True}, T={"type": "DT_FLOAT"})
    np.testing.assert_allclose(computed(mean, X), X.mean(1, keepdims=True))
    cut = raw(
        "StridedSlice",
        Slot(0),
        constants={"1": [0, 1, 0], "2": [0, 2, 0], "3": [1, 1, 1]},
        begin_mask={"i": "5"},
        end_mask={"i": "5"},
        shrink_axis_mask={"i": "2"},
    )
    np.testing.assert_array_equal(computed(cut, X), X[:, 1])
    np.testing.assert_array_equal(computed(raw("Sub", Slot(0), constants={"0": 1.0}), X), 1 - X)


def test_a_raw_operation_is_refused_by_name() -> None:
    with pytest.raises(Unsupported, match="raw operation ReadFile"):
        raw("ReadFile", Slot(0))
    with pytest.raises(Unsupported, match="Mul with surprise"):
        raw("Mul", Slot(0), Slot(1), surprise={"b": True})
    with pytest.raises(Unsupported, match="not written in JSON"):
        read_operation(Config({"node_def": "\x08\x01"}, class_name="TensorFlowOpLayer", layer="op"), (Slot(0),), {})
    with pytest.raises(UnreadableFile, match="number of inputs"):
        raw("Mul", Slot(0))
