"""Weights alone: what they tell, what is offered, and what is not guessed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

import rnnscope
from rnnscope.errors import UnreadableFile
from rnnscope.reading.recognise import part_of_model, stack_in
from rnnscope.reading.source import Source
from tests.core.reading.crafted import hdf5, npy, source
from tests.core.reading.kerases import batch_norm, dense, numbers, weights_file

Shapes = Sequence[tuple[int, ...]]

LSTM: Shapes = ((3, 16), (4, 16), (16,))
TOLD = {
    "LSTM(4), Dense(2)": (("a", LSTM), ("b", ((4, 2), (2,)))),
    "GRU(4)": (("a", ((3, 12), (4, 12), (2, 12))),),
    "SimpleRNN(4), GRU(2)": (("a", ((3, 4), (4, 4), (4,))), ("b", ((4, 6), (2, 6), (6,)))),
    "CuDNNLSTM(4)": (("a", ((3, 16), (4, 16), (32,))),),
    "Bidirectional(8), Dense(1)": (("a", (*LSTM, *LSTM)), ("b", ((8, 1), (1,)))),
    "Embedding(3), LSTM(4)": (("embedding_1", ((9, 3),)), ("a", LSTM)),
    "LSTM(4), BatchNormalization(4), Dense(1)": (("a", LSTM), ("n", ((4,),) * 4), ("b", ((4, 1), (1,)))),
}
UNTOLD = {
    "no recurrent layer": (("a", ((3, 2), (2,))),),
    "nothing": (),
    "sizes that do not meet": (("a", LSTM), ("b", ((5, 2), (2,)))),
    "a kernel alone": (("a", LSTM), ("b", ((4, 2),))),
    "a convolution": (("c", ((3, 3, 4), (4,))), ("a", LSTM)),
    "an embedding last": (("a", LSTM), ("embedding", ((9, 4),))),
}


def file_of(layers: Sequence[tuple[str, Shapes]], version: str = "2.2.4") -> Source:
    stored = {
        name: [(f"{name}/{place}", numbers(*shape)) for place, shape in enumerate(shapes)] for name, shapes in layers
    }
    return weights_file(stored, keras_version=version, backend="tensorflow")


@pytest.mark.parametrize("stack", TOLD)
def test_a_plain_recurrent_stack_is_told_offered_and_built_when_asked_for(stack: str) -> None:
    file = file_of(TOLD[stack])
    assert stack_in(file) == stack
    with pytest.raises(UnreadableFile, match=r"weights alone.*infer=True.*--infer") as caught:
        rnnscope.load_model(file)
    assert stack in str(caught.value)
    model = rnnscope.load_model(file, infer=True)
    assert [layer.class_name for layer in model.layers][1:] == [word.split("(")[0] for word in stack.split(", ")]
    assert stack in model.notes[0]
    assert model.semantics.keras_version == "2.2.4"


@pytest.mark.parametrize("case", UNTOLD)
def test_what_leaves_a_choice_is_not_guessed(case: str) -> None:
    file = file_of(UNTOLD[case])
    assert stack_in(file) == ""
    for infer in (False, True):
        with pytest.raises(UnreadableFile, match=r"weights alone.*--weights") as caught:
            rnnscope.load_model(file, infer=infer)
        assert "infer=True" not in str(caught.value)


def test_an_inferred_model_computes() -> None:
    model = rnnscope.load_model(file_of(TOLD["Bidirectional(8), Dense(1)"]), infer=True)
    assert rnnscope.run(model, np.ones((2, 5, 3), np.float32)).outputs[0].shape == (2, 1)


def test_only_the_last_recurrent_layer_returns_its_last_step() -> None:
    model = rnnscope.load_model(file_of(TOLD["SimpleRNN(4), GRU(2)"]), infer=True)
    trace = rnnscope.run(model, np.ones((2, 5, 3), np.float32))
    assert (trace["a"].output.shape, trace["b"].output.shape) == ((2, 5, 4), (2, 2))


def by_path(**layers: Shapes) -> Source:
    paths = {
        f"layers/{name}/{'vars' if name == 'dense' else 'cell/vars'}/{place}": shape
        for name, shapes in layers.items()
        for place, shape in enumerate(shapes)
    }
    return source(hdf5(lambda file: [file.create_dataset(path, data=numbers(*shape)) for path, shape in paths.items()]))


def test_a_file_of_keras_3_is_told_where_its_folders_leave_no_choice() -> None:
    assert (
        stack_in(by_path(dense=((4, 2), (2,)), lstm=LSTM, lstm_1=((4, 16), (4, 16), (16,))))
        == "LSTM(4), LSTM(4), Dense(2)"
    )
    assert stack_in(by_path(gru=((3, 12), (4, 12), (2, 12)), lstm=((4, 16), (4, 16), (16,)))) == ""
    model = rnnscope.load_model(by_path(dense=((4, 2), (2,)), lstm=LSTM), infer=True)
    assert model.semantics.is_keras3


def test_each_file_is_recognised_by_its_bytes() -> None:
    assert part_of_model(file_of(TOLD["GRU(4)"])) == "weights"
    assert part_of_model(by_path(lstm=LSTM)) == "weights"
    assert part_of_model(source(b'{"class_name": "Sequential"}')) == "architecture"
    assert part_of_model(source(b'"{}"')) == "architecture"
    assert part_of_model(source(b'{"weight_map": {}}')) == "weights"
    for other in (npy(np.zeros(3)), b"1,2\n", hdf5(lambda file: file.create_dataset("output/0", data=1.0))):
        assert part_of_model(source(other)) is None


def test_dense_and_normalization_alone_make_no_recurrent_stack() -> None:
    assert stack_in(weights_file({"a": dense(3, 2), "n": batch_norm(2)})) == ""
