"""Where a mistake in the machinery would make the proof empty."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest
from numpy.typing import NDArray

from rnnscope.layers.registry import LAYERS
from tests.parity import shrink
from tests.parity.check import AGREES, REFUSED, WRONG, Outcome, Verdict, archive, check_case, difference
from tests.parity.data import PATTERNS, make_inputs
from tests.parity.description import Json, classes_in, ref, references, without_unused
from tests.parity.proposals import PROPOSALS
from tests.parity.report import checked_layers, refusal, table

GOLDEN = Path(__file__).parents[1] / "golden"

# In the registry, and not for a generator that asks Keras 3 and tf-keras.
NOT_PROPOSED = {
    "InputLayer": "every model has them",
    "CenterCrop": "no part of recurrent models",
    "CuDNNLSTM": "runs on a graphics card only",
    "CuDNNGRU": "runs on a graphics card only",
    "AtrousConvolution1D": "Keras 1",
    "AtrousConvolution2D": "Keras 1",
    "Convolution1D": "Keras 1",
    "Convolution2D": "Keras 1",
    "Convolution3D": "Keras 1",
    "Deconvolution2D": "Keras 1",
    "SeparableConvolution2D": "Keras 1",
    "Highway": "Keras 1",
    "MaxoutDense": "Keras 1",
    "Merge": "Keras 1",
    "TimeDistributedDense": "Keras 1",
    "GroupQueryAttention": "another name of GroupedQueryAttention",
    "ParametricSoftplus": "Keras 1",
    "SReLU": "Keras 1",
    "LocallyConnected1D": "Keras 1 and 2",
    "LocallyConnected2D": "Keras 1 and 2",
    "ConvRNN2D": "the base of ConvLSTM2D; no file holds one",
    "Lambda": "code in a file is never run",
}


@pytest.fixture
def case(tmp_path: Path) -> Path:
    """A golden case in the layout of a recorded one."""
    name = "lstm_sequences_and_state"
    shutil.copy(GOLDEN / f"{name}.keras", tmp_path / "model.keras")
    shutil.copy(GOLDEN / f"{name}.input.npz", tmp_path / "inputs.npz")
    recorded = archive(GOLDEN / f"{name}.keras.npz")
    del recorded["meta"]
    recorded["layer/lstm/output_mask"] = recorded["layer/lstm/mask"]
    recorded["layer/masking/output_mask"] = recorded["layer/lstm/mask"]
    np.savez(tmp_path / "keras.npz", **recorded)  # type: ignore[arg-type]
    model = {"nodes": [{"name": "lstm", "layer": "LSTM"}]}
    description: Json = {"oracle": "tensorflow", "policy": "float32", "batch": 6, "model": model}
    about: Json = {"description": description, "keras_version": "3.15.1", "backend": "tensorflow", "notes": []}
    about |= {"files": [["model.keras"]], "watched": ["masking", "lstm"], "stateful": False}
    (tmp_path / "case.json").write_text(json.dumps(about))
    return tmp_path


def change(case: Path, **changes: NDArray[Any] | None) -> None:
    recorded = archive(case / "keras.npz") | changes
    np.savez(case / "keras.npz", **{key: value for key, value in recorded.items() if value is not None})  # type: ignore[arg-type]


def test_what_keras_recorded_agrees(case: Path) -> None:
    outcome = check_case(case)
    assert [verdict.result for verdict in outcome.verdicts] == [AGREES]
    assert not outcome.fails


@pytest.mark.parametrize(
    "key",
    ["output/0", "layer/lstm/output/0", "layer/lstm/output/2", "layer/lstm/state/c", "layer/lstm/gate/f",
     "layer/masking/output/0"],
)  # fmt: skip
def test_a_planted_number_fails_the_check(case: Path, key: str) -> None:
    planted = archive(case / "keras.npz")[key]
    planted[0, -1] += 4e-5
    change(case, **{key: planted})
    outcome = check_case(case)
    assert outcome.fails
    assert [found.key for found in outcome.worst.differences] == [key]


@pytest.mark.parametrize("key", ["layer/lstm/mask", "layer/lstm/output_mask", "layer/masking/output_mask"])
def test_a_planted_mask_fails_the_check(case: Path, key: str) -> None:
    planted = archive(case / "keras.npz")[key]
    planted[0, 0] = not planted[0, 0]
    change(case, **{key: planted})
    assert [found.key for found in check_case(case).worst.differences] == [key]


@pytest.mark.parametrize("key", ["layer/lstm/mask", "layer/lstm/output_mask"])
def test_a_mask_that_keras_has_not_fails_the_check(case: Path, key: str) -> None:
    change(case, **{key: None})
    assert [(found.kind, found.key) for found in check_case(case).worst.differences] == [("mask", key)]


def test_a_quantity_that_we_do_not_compute_fails_the_check(case: Path) -> None:
    change(case, **{"layer/other/output/0": np.zeros((6, 2), np.float32)})
    assert [found.kind for found in check_case(case).worst.differences] == ["missing"]


def test_a_file_that_cannot_be_read_fails_the_check(case: Path) -> None:
    (case / "model.keras").write_bytes(b"PK nothing")
    outcome = check_case(case)
    assert (outcome.worst.result, outcome.fails) == (WRONG, True)


def test_a_refusal_that_nobody_expects_fails() -> None:
    verdicts = (Verdict(("a.keras",), AGREES), Verdict(("a.h5",), REFUSED, "layers of class Odd are not computed"))
    assert Outcome("a", "jax", {"model": {}}, verdicts).fails


def test_shapes_and_types_count() -> None:
    ones = np.ones((2, 3), np.float32)
    assert difference(ones, np.ones((2, 1), np.float32), 1.0)
    assert difference(ones, np.ones((2, 3), np.int32), 1.0)
    assert difference(ones.astype(np.int32), np.ones((2, 3), np.int32) * 2, 5.0)
    assert difference(ones, np.full((2, 3), np.nan, np.float32), 1.0)
    assert not difference(ones * np.nan, ones * np.nan, 1e-5)
    assert not difference(ones * 1e6, ones * (1e6 + 5), 1e-5)


def test_every_layer_of_the_registry_is_proposed() -> None:
    missing = set(LAYERS) - set(PROPOSALS) - set(NOT_PROPOSED)
    assert missing == set()


def test_every_exception_is_one() -> None:
    assert {name for name in NOT_PROPOSED if name in PROPOSALS} == set()


def test_layers_are_counted_only_where_everything_agrees() -> None:
    model = {"nodes": [{"layer": "TimeDistributed", "config": {"layer": {"layer": "Dense", "config": {}}}}]}

    def outcome(oracle: str, *results: str) -> Outcome:
        return Outcome("a", oracle, {"model": model}, tuple(Verdict(("f",), result) for result in results))

    outcomes = [outcome("jax", AGREES, REFUSED), outcome("jax", AGREES, WRONG), outcome("tensorflow", REFUSED)]
    assert checked_layers(outcomes) == {"Dense": {"jax": 1}, "TimeDistributed": {"jax": 1}}
    assert "wrong" in table(outcomes, Counter())


def test_refusals_are_counted_without_names() -> None:
    first = refusal("model.h5: layer 'a': layers of class X are not computed. Supported: A, B")
    assert first == refusal("model.keras: layer 'b': layers of class X are not computed. Supported: A")


# Shrinking.

LONG: Json = {
    "kind": "functional",
    "inputs": [
        {"name": "x", "size": [4, 3], "dtype": "float32", "fill": {"kind": "values", "rows": ["none", "all"]}},
        {"name": "y", "size": [4, 3], "dtype": "float32", "fill": {"kind": "values", "rows": ["none", "all"]}},
    ],
    "nodes": [
        {"name": "a", "layer": "Dense", "config": {"units": 3}, "args": [ref("x")], "kwargs": {}},
        {"name": "b", "layer": "Add", "config": {}, "args": [[ref("a"), ref("y")]], "kwargs": {}},
        {"name": "c", "layer": "GRU", "config": {"units": 4, "unroll": True}, "args": [ref("b")], "kwargs": {}},
        {"name": "d", "layer": "Dense", "config": {"units": 2}, "args": [ref("c")], "kwargs": {}},
    ],
    "outputs": [ref("d"), ref("a")],
}


class FailingWhenUnrolled:
    """An oracle for which every GRU that is unrolled is a mistake of ours."""

    def __init__(self, oracle: object, log: object) -> None:
        self.asked = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self.asked > 10

    def ask(self, request: Json) -> Json:
        self.asked += 1
        nodes = request["description"]["model"]["nodes"]
        fails = any(node["config"].get("unroll") for node in nodes if node["layer"] == "GRU")
        folder = Path(request["folder"])
        folder.mkdir(parents=True)
        (folder / "fails").write_text(str(fails))
        return {"case": {}}


def outcome_of(folder: Path) -> Outcome:
    fails = (folder / "fails").read_text() == "True"
    return Outcome("a", "jax", {}, (Verdict(("f",), WRONG if fails else AGREES),))


def test_a_failure_shrinks_to_the_layer_and_the_option_that_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shrink, "Conversation", FailingWhenUnrolled)
    monkeypatch.setattr(shrink, "check_case", outcome_of)
    whole = {"policy": "float16", "batch": 2, "fixed_batch": True, "model": LONG}
    outcome = Outcome("a", "jax", whole, (Verdict(("f",), WRONG),))
    found = shrink.shrink(outcome, tmp_path / "scratch", tmp_path / "log")
    assert [node["config"] for node in found["model"]["nodes"]] == [{"unroll": True}]
    assert (found["policy"], found["batch"], found["fixed_batch"]) == ("float32", 1, False)
    assert [entry["size"] for entry in found["model"]["inputs"]] == [[1, 1]]


def test_every_smaller_description_is_whole() -> None:
    for model in shrink.smaller_models(LONG):
        made = {entry["name"] for entry in model["inputs"]} | {node["name"] for node in model["nodes"]}
        assert all(found["ref"] in made for node in model["nodes"] for found in references(node["args"]))


# Descriptions and their data.


def test_nodes_that_no_output_needs_are_left_out() -> None:
    kept = without_unused(LONG | {"outputs": [ref("a")]})
    assert [node["name"] for node in kept["nodes"]] == ["a"]
    assert [entry["name"] for entry in kept["inputs"]] == ["x"]


def test_classes_are_found_inside_wrappers() -> None:
    node = {"layer": "RNN", "config": {"cell": [{"layer": "GRUCell", "config": {}}]}, "args": []}
    assert set(classes_in([node, {"op": "add"}])) == {"RNN", "GRUCell", "op:add"}


def test_inputs_have_every_shape_of_mask() -> None:
    rows = list(PATTERNS)
    fill = {"kind": "values", "mask_value": -1.0, "rows": rows}
    model = {"inputs": [{"name": "x", "size": [6, 3], "dtype": "float32", "fill": fill}]}
    x = make_inputs({"seed": "s", "batch": len(rows), "model": model})["x"]
    seen = dict(zip(rows, (x != -1.0).any(axis=-1), strict=True))
    assert seen["none"].all()
    assert not seen["all"].any()
    assert (x[rows.index("partly")] == -1.0).any()
    assert not np.any(np.diff(seen["trailing"].astype(int)) > 0)
    assert not np.any(np.diff(seen["leading"].astype(int)) < 0)
