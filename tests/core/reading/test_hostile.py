"""Small files that ask for more time or memory than there is."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import rnnscope
from rnnscope.errors import BadInput, UnreadableFile, Unsupported
from rnnscope.reading.hdf5 import open_hdf5
from rnnscope.reading.legacy_plan import Plan, Request, StoredLayer
from tests.core.reading.crafted import hdf5, source

WEIGHTLESS = hdf5(lambda file: file.attrs.create("layer_names", np.zeros(0, "S1")))
LARGEST = 2**31 - 1


def loaded(config: object) -> rnnscope.Model:
    return rnnscope.load_model(source(json.dumps(config).encode()), weights=source(WEIGHTLESS))


def layer(class_name: str, name: str, nodes: object = (), **options: object) -> dict[str, Any]:
    return {"class_name": class_name, "name": name, "config": {"name": name, **options}, "inbound_nodes": nodes}


def sequential(shape: list[int | None], *layers: tuple[str, dict[str, object]]) -> rnnscope.Model:
    listed = [layer(kind, f"layer_{place}", **options) for place, (kind, options) in enumerate(layers)]
    listed[0]["config"]["batch_input_shape"] = shape
    return loaded({"class_name": "Sequential", "config": {"name": "s", "layers": listed}})


def functional(layers: list[object], inputs: list[str], output: list[object]) -> dict[str, Any]:
    ends = {"input_layers": [[name, 0, 0] for name in inputs], "output_layers": [output]}
    return {"class_name": "Functional", "config": {"name": "m", "layers": layers, **ends}}


def entrance(name: str, shape: list[int | None]) -> dict[str, Any]:
    return layer("InputLayer", name, [], batch_input_shape=shape)


def test_models_in_wrappers_that_multiply_their_calls_are_refused() -> None:
    inner: dict[str, Any] = {"class_name": "Activation", "config": {"name": "a", "activation": "linear"}}
    for rank in (3, 4, 5):
        nodes = [[["i", 0, 0, {}]], *[[["t", place, 0, {}]] for place in range(29)]]
        wrapper = layer("TimeDistributed", "t", nodes, layer=inner)
        inner = functional([entrance("i", [None] + [1] * rank), wrapper], ["i"], ["t", 29, 0])
    with pytest.raises(UnreadableFile, match="too many calls"):
        loaded(inner)


def test_a_wrapped_model_is_called_with_as_many_tensors_as_it_takes() -> None:
    add = layer("Add", "add", [[["a", 0, 0, {}], ["b", 0, 0, {}]]])
    inner = functional([entrance("a", [None, 3]), entrance("b", [None, 3]), add], ["a", "b"], ["add", 0, 0])
    wrapper = layer("TimeDistributed", "t", [[["i", 0, 0, {}]]], layer=inner)
    with pytest.raises(UnreadableFile, match="wrong number of tensors"):
        loaded(functional([entrance("i", [None, 2, 3]), wrapper], ["i"], ["t", 0, 0]))


@pytest.mark.parametrize(
    ("kind", "options"), [("RepeatVector", {"n": LARGEST}), ("CategoryEncoding", {"num_tokens": LARGEST})]
)
def test_an_output_of_impossible_size_is_refused_when_it_is_read(kind: str, options: dict[str, object]) -> None:
    with pytest.raises(Unsupported, match="too large"):
        sequential([None, 1], (kind, options))


@pytest.mark.parametrize(
    "layers",
    [
        [("ZeroPadding1D", {"padding": [LARGEST, LARGEST]})],
        [("UpSampling1D", {"size": 2**20}), ("UpSampling1D", {"size": 2**12})],
    ],
)
def test_an_output_that_grows_beyond_all_proportion_is_refused_when_it_runs(
    layers: list[tuple[str, dict[str, object]]],
) -> None:
    model = sequential([None, None, 1], *layers)
    with pytest.raises(Unsupported, match="too large"):
        rnnscope.run(model, np.ones((1, 2, 1), np.float32))


def test_a_vocabulary_with_more_unknown_tokens_than_memory_is_read() -> None:
    options: dict[str, object] = {"vocabulary": [1, 2], "num_oov_indices": LARGEST}
    assert sequential([None, 1], ("IntegerLookup", options)).layers[-1].label == "IntegerLookup(2 tokens)"


def test_tensors_that_do_not_fit_at_a_run_are_told_with_the_layer() -> None:
    join = layer("Concatenate", "join", [[["a", 0, 0, {}], ["b", 0, 0, {}]]], axis=-1)
    shape: list[int | None] = [None, None, 1]
    model = loaded(functional([entrance("a", shape), entrance("b", shape), join], ["a", "b"], ["join", 0, 0]))
    with pytest.raises((BadInput, rnnscope.ShapeMismatch), match="join"):
        rnnscope.run(model, [np.ones((1, 2, 1)), np.ones((1, 3, 1))])


def test_layers_of_other_names_than_the_files_are_planned_in_one_pass_over_them() -> None:
    """Thousands of layers, each with its place in the file found without looking at all the others."""
    count = 3_000
    stored = [StoredLayer(f"file_{place}", (f"{place}/kernel", f"{place}/bias")) for place in range(count)]
    plan = Plan(open_hdf5(WEIGHTLESS, "x"), stored, {f"layer_{place}": f"layer_{place}" for place in range(count)})
    for place in range(count):
        for part in ("kernel", "bias"):
            assert plan.guess(f"layer_{place}", True) == f"{place}/{part}"
            plan.ask(f"layer_{place}", Request(part, (1,), True))
    assert plan.asking() == [f"layer_{place}" for place in range(count)]
