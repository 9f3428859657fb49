"""Part of a model as a file of its own."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

import rnnscope
from rnnscope.graph import Call, Tensor
from rnnscope.model import Model
from rnnscope.modelfile.cut import Cut, Entrance, whole
from rnnscope.modelfile.order import layer_order
from rnnscope.modelfile.raw import opened
from rnnscope.modelfile.write import cut_out
from rnnscope.reading.source import Source
from rnnscope.reducing.naming import entrances_of
from tests.conftest import GOLDEN

CASES = [
    "lstm_last.keras",
    "lstm_last.h5",
    "nested_functional.keras",
    "nested_sequential.h5",
    "shared_layer.keras",
    "several_inputs.h5",
    "mask_by_operations.keras",
    "bidirectional_stacked.keras",
    "vocabularies_in_files_of_their_own.keras",
    "keras2/op_lambda.h5",
    "keras2/op_lambda.keras",
]


def read(data: bytes, suffix: str) -> Model:
    return rnnscope.load_model(Source(f"part{suffix}", data, hashlib.sha256(data).hexdigest()))


def written(path: Path, cut: Cut | None = None) -> tuple[bytes, str]:
    model = rnnscope.load_model(path)
    with opened(path) as file:
        chosen = cut or whole(file.graph, entrances_of(model), model.outputs)
        return cut_out(file, chosen, lambda tensor: model[tensor.call].output_shapes[tensor.output]), file.suffix


@pytest.mark.parametrize("case", CASES)
def test_a_whole_model_written_again_computes_the_same(case: str) -> None:
    path = GOLDEN / case
    stem = GOLDEN / case.rpartition(".")[0]
    model, again = rnnscope.load_model(path), read(*written(path))
    random = np.random.default_rng(0)
    stored = Path(f"{stem}.input.npz")
    x = (
        rnnscope.load_input(stored)
        if stored.exists()
        else [abs(random.normal(size=[size or 3 for size in shape])).astype("f4") for shape in model.input_shapes]
    )
    for ours, theirs in zip(rnnscope.run(model, x).outputs, rnnscope.run(again, x).outputs, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("case", ["lstm_last.keras", "lstm_last.h5"])
def test_the_same_cut_gives_the_same_bytes(case: str) -> None:
    assert written(GOLDEN / case) == written(GOLDEN / case)


@pytest.mark.parametrize("case", ["lstm_last.keras", "lstm_last.h5"])
def test_one_layer_is_cut_out_with_a_mask_handed_over(case: str) -> None:
    entrances = (Entrance("x", (None, 6, 3), "float32"), Entrance("valid", (None, 6), "bool"))
    cut = Cut(("lstm",), entrances, {Tensor("masking", 0): "x"}, (Tensor("lstm", 0),), {"lstm": "valid"})
    part = read(*written(GOLDEN / case, cut))
    assert [layer.class_name for layer in part.layers] == ["InputLayer", "InputLayer", "LSTM"]
    whole_run = rnnscope.run(rnnscope.load_model(GOLDEN / case), rnnscope.load_input(GOLDEN / "lstm_last.input.npz"))
    mask = whole_run["lstm"].mask
    assert mask is not None
    run = rnnscope.run(part, {"x": whole_run["masking"].output, "valid": mask})
    np.testing.assert_array_equal(run.outputs[0], whole_run["lstm"].output)


def test_layers_stand_as_keras_will_list_them() -> None:
    def call(name: str, *reads: str) -> Call:
        return Call(name, name, tuple(Tensor(other, 0) for other in reads))

    calls = {
        one.key: one
        for one in (
            call("x"),
            call("long", "x"),
            call("longer", "long"),
            call("short", "x"),
            call("sum", "short", "longer"),
        )
    }
    assert layer_order(calls, [Tensor("sum", 0)]) == ["x", "long", "short", "longer", "sum"]


def test_groups_that_hold_nothing_stay_where_keras_wrote_them() -> None:
    model, weights = GOLDEN / "gru_last.keras", io.BytesIO()
    with zipfile.ZipFile(model) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with h5py.File(io.BytesIO(parts["model.weights.h5"])) as before, h5py.File(weights, "w") as after:
        for name in before:
            before.copy(name, after)
        for group in ("vars", "layers/masking/vars", "layers/gru/vars", "layers/input_layer/vars"):
            after.require_group(group)  # as Keras 3.0 to 3.5 does
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in (parts | {"model.weights.h5": weights.getvalue()}).items():
            archive.writestr(name, data)
    source = Source("old.keras", stream.getvalue(), "")
    entrances = (Entrance("x", (None, 6, 3), "float32"), Entrance("valid", (None, 6), "bool"))
    cut = Cut(("gru",), entrances, {Tensor("masking", 0): "x"}, (Tensor("gru", 0),), {"gru": "valid"})
    with opened(source) as file:
        data = cut_out(file, cut, lambda tensor: (None, 6, 3))
    with zipfile.ZipFile(io.BytesIO(data)) as archive, h5py.File(io.BytesIO(archive.read("model.weights.h5"))) as part:
        assert set(part["layers"]) == {"gru", "input_layer", "input_layer_1"}
        assert "vars" in part
        assert set(part["layers/gru"]) == {"vars", "cell"}
