"""A difference made small: a weight is changed in a copy, whose run is what was stored."""

from __future__ import annotations

import io
import json
import runpy
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

import rnnscope
from rnnscope.cli import main
from rnnscope.reduce import Reduction, reduce
from rnnscope.types import Array
from tests.conftest import GOLDEN
from tests.core.planted import store
from tests.core.reading.kerases import dense, model_file, numbers

HOSTILE = '../../evil\'"""\n`|<img src=x>'


def members(reduction: Reduction) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(reduction.archive)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def arrays(data: bytes) -> Mapping[str, Array]:
    with np.load(io.BytesIO(data)) as stored:
        return dict(stored)


def reduced(tmp_path: Path, case: str, layer: str, keys: str = "", suffix: str = ".keras") -> Reduction:
    model, x = GOLDEN / f"{case}{suffix}", GOLDEN / f"{case}.input.npz"
    found = reduce(model, x, store(tmp_path / "stored.npz", model, x, layer, keys))
    assert found is not None
    return found


def inner_layers(reduction: Reduction) -> list[str]:
    return [layer.name for layer in reduction.model.layers if layer.class_name != "InputLayer"]


def sizes(reduction: Reduction) -> set[tuple[int, ...]]:
    return {array.shape[:2] for array in reduction.inputs.values() if array.ndim == 3}


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.parametrize(
    ("case", "layer"),
    [
        ("lstm_last", "lstm"),
        ("lstm_sequences_and_state", "lstm"),
        ("gru_reset_before", "gru"),
        ("lstm_backwards_sequences", "lstm"),
        ("stacked_lstm_and_gru", "gru"),
    ],
)
def test_a_changed_weight_is_left_as_one_layer_one_sample_and_one_step(
    tmp_path: Path, case: str, layer: str, suffix: str
) -> None:
    found = reduced(tmp_path, case, layer, suffix=suffix)
    assert inner_layers(found) == [layer]
    assert sizes(found) == {(1, 1)}
    assert found.comparison.first_difference is not None


@pytest.mark.parametrize(("case", "layer"), [("lstm_last", "lstm"), ("bidirectional_concat", "both")])
def test_the_packed_script_asserts_what_differs(
    tmp_path: Path, case: str, layer: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found = reduced(tmp_path, case, layer)
    for name, data in members(found).items():
        (tmp_path / name).write_bytes(data)
    with pytest.raises(AssertionError, match=f"layer='{layer}'"):
        runpy.run_path(str(tmp_path / "reproduce_rnnscope.py"), run_name="__main__")
    assert "Rule: |difference|" in capsys.readouterr().out


def test_the_packed_numbers_are_the_stored_ones(tmp_path: Path) -> None:
    found = reduced(tmp_path, "lstm_last", "lstm")
    packed = members(found)
    expected, allowed = arrays(packed["expected.npz"]), arrays(packed["allowed.npz"])
    with np.load(tmp_path / "stored.npz") as stored:
        np.testing.assert_array_equal(expected["output/0"][0], stored["layer/lstm/state/h"][0, 0])
    assert set(expected) == set(allowed) >= {"output/0", "layer/lstm/state/h", "layer/lstm/gate/i"}
    text = packed["README.md"].decode()
    assert "samples: 6 → 1" in text
    assert "layers: 3 → 1, lstm" in text
    assert rnnscope.load_model(GOLDEN / "lstm_last.keras").sha256 in text


def test_the_output_becomes_the_state_where_only_states_are_stored(tmp_path: Path) -> None:
    found = reduced(tmp_path, "lstm_last", "lstm", keys="state/h")
    assert inner_layers(found) == ["masking", "lstm"]
    assert sizes(found) == {(1, 1)}
    assert "output/0" in arrays(members(found)["expected.npz"])


def test_masked_steps_at_the_end_go_where_only_the_end_is_stored(tmp_path: Path) -> None:
    model, x = GOLDEN / "lstm_last.keras", GOLDEN / "lstm_last.input.npz"
    output = np.array(rnnscope.run(rnnscope.load_model(model), rnnscope.load_input(x)).outputs[0])
    output[1] += 0.1  # three valid steps, then three masked ones
    np.save(tmp_path / "mine.npy", output)
    found = reduce(model, x, mine=tmp_path / "mine.npy")
    assert found is not None
    assert inner_layers(found) == ["masking", "lstm", "dense"]
    assert sizes(found) == {(1, 3)}


def test_a_port_s_numbers_are_packed_beside_ours(tmp_path: Path) -> None:
    model, x = GOLDEN / "lstm_last.keras", GOLDEN / "lstm_last.input.npz"
    ours = rnnscope.run(rnnscope.load_model(model), rnnscope.load_input(x)).outputs[0]
    np.save(tmp_path / "mine.npy", ours + np.float32(0.1))
    found = reduce(model, x, mine=tmp_path / "mine.npy")
    assert found is not None
    packed = members(found)
    np.testing.assert_array_equal(np.load(io.BytesIO(packed["mine.npy"])), ours[:1] + np.float32(0.1))
    np.testing.assert_allclose(arrays(packed["expected.npz"])["output/0"], ours[:1], atol=1e-6)
    assert "MINE = 'mine.npy'" in packed["reproduce.py"].decode()


def test_what_cannot_be_smaller_is_said_by_name(tmp_path: Path) -> None:
    found = reduced(tmp_path, "bidirectional_concat", "both")
    assert inner_layers(found) == ["both"]
    assert any("steps: all 6 stay" in words and "Bidirectional 'both'" in words for words in found.done)


def test_the_layer_before_stays_where_its_output_is_not_stored(tmp_path: Path) -> None:
    found = reduced(tmp_path, "stacked_lstm_and_gru", "gru", keys="layer/gru/output/0")
    assert inner_layers(found) == ["masking", "lstm", "dropout", "dense_every_step", "gru"]
    assert any("the output of 'dense_every_step' is not stored" in words for words in found.done)


def test_a_nested_model_stays_whole(tmp_path: Path) -> None:
    model = rnnscope.load_model(GOLDEN / "nested_functional.keras")
    inner = next(layer.name for layer in model.layers if layer.parent and layer.parameters)
    found = reduced(tmp_path, "nested_functional", inner)
    assert inner in inner_layers(found)
    assert found.comparison.first_difference is not None


def test_right_values_leave_nothing_to_reduce(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case = [str(GOLDEN / f"lstm_last{end}") for end in (".keras", ".input.npz", ".keras.npz")]
    assert main(["reduce", *case, "-o", str(tmp_path / "bug.zip")]) == 0
    assert capsys.readouterr().out == "nothing differs; nothing to reduce\n"
    assert not (tmp_path / "bug.zip").exists()


def test_the_same_difference_gives_the_same_bytes(tmp_path: Path) -> None:
    assert reduced(tmp_path, "gru_last", "gru").archive == reduced(tmp_path, "gru_last", "gru").archive


def hostile_model(path: Path) -> Path:
    """A model whose recurrent layer and input have names that nobody should use as paths or code."""
    with zipfile.ZipFile(GOLDEN / "lstm_last.keras") as archive:
        parts = {name: archive.read(name) for name in archive.namelist() if name != "model.weights.h5"}
        weights = archive.read("model.weights.h5")
    config = json.loads(parts["config.json"])
    for layer in config["config"]["layers"]:
        layer["config"]["name"] = f"{HOSTILE}{layer['class_name']}"
    parts["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in (parts | {"model.weights.h5": weights}).items():
            archive.writestr(name, data)
    return path


def test_hostile_names_become_neither_paths_nor_code(tmp_path: Path) -> None:
    model, x = hostile_model(tmp_path / "hostile.keras"), GOLDEN / "lstm_last.input.npz"
    output = rnnscope.run(rnnscope.load_model(model), rnnscope.load_input(x)).outputs[0]
    np.save(tmp_path / "stored.npy", output + np.float32(0.1))
    found = reduce(model, x, tmp_path / "stored.npy")
    assert found is not None
    packed = members(found)
    inside = [
        name for data in packed.values() if data[:2] == b"PK" for name in zipfile.ZipFile(io.BytesIO(data)).namelist()
    ]
    assert not any(".." in name or name.startswith("/") or "<" in name for name in [*packed, *inside])
    for name in ("reproduce.py", "reproduce_rnnscope.py"):
        compile(packed[name], name, "exec")
        assert "evil" not in packed[name].decode()
    assert "<img" not in packed["README.md"].decode()
    assert all(layer.name.isidentifier() for layer in found.model.layers)
    assert any(words.startswith("names: 4 that are not plain") for words in found.done)


def test_in_a_file_of_keras_2_the_mask_is_handed_over_as_keras_2_does(tmp_path: Path) -> None:
    model, x = GOLDEN / "keras2" / "hard_sigmoid.h5", GOLDEN / "keras2" / "hard_sigmoid.input.npy"
    found = reduce(model, x, store(tmp_path / "stored.npz", model, x, "read"))
    assert found is not None
    assert inner_layers(found) == ["read"]
    assert {"model.h5", "reproduce.py"} <= set(members(found))


def test_a_part_of_keras_1_comes_with_the_script_that_can_load_it(tmp_path: Path) -> None:
    config = [
        {"class_name": "Dense", "config": {"name": "first", "output_dim": 4, "batch_input_shape": [None, 3]}},
        {"class_name": "Dense", "config": {"name": "second", "output_dim": 2, "activation": "tanh"}},
    ]
    stored = {"first": dense(3, 4, "first"), "second": dense(4, 2, "second")}
    file = model_file({"class_name": "Sequential", "config": config}, stored, version="1.2.2")
    model, x = tmp_path / "old.h5", tmp_path / "x.npy"
    model.write_bytes(file.data)
    np.save(x, numbers(5, 3))
    found = reduce(model, x, store(tmp_path / "stored.npz", model, x, "second"))
    assert found is not None
    assert inner_layers(found) == ["second"]
    assert "reproduce_rnnscope.py" in members(found)
    assert "reproduce.py" not in members(found)


def test_an_existing_file_stays_unless_it_is_to_be_replaced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, x = GOLDEN / "gru_last.keras", GOLDEN / "gru_last.input.npz"
    stored = store(tmp_path / "stored.npz", model, x, "gru")
    target = tmp_path / "bug.zip"
    target.write_text("mine")
    command = ["reduce", str(model), str(x), str(stored), "-o", str(target)]
    assert main(command) == 2
    assert target.read_text() == "mine"
    assert "Say --force" in capsys.readouterr().err
    assert main([*command, "--force"]) == 1
    assert zipfile.is_zipfile(target)
    assert capsys.readouterr().out.splitlines()[0] == "samples: 6 → 1, number 0"


def test_a_report_takes_no_place_of_what_it_is_made_of(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, x = tmp_path / "model.keras", GOLDEN / "gru_last.input.npz"
    model.write_bytes((GOLDEN / "gru_last.keras").read_bytes())
    stored = store(tmp_path / "stored.npz", model, x, "gru")
    assert main(["reduce", str(model), str(x), str(stored), "-o", str(model), "--force"]) == 2
    assert "a file that it is made of" in capsys.readouterr().err
    assert model.read_bytes() == (GOLDEN / "gru_last.keras").read_bytes()


def test_a_folder_that_is_not_there_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, x = GOLDEN / "gru_last.keras", GOLDEN / "gru_last.input.npz"
    stored = store(tmp_path / "stored.npz", model, x, "gru")
    assert main(["reduce", str(model), str(x), str(stored), "-o", str(tmp_path / "no" / "bug.zip")]) == 2
    assert "cannot write the report" in capsys.readouterr().err


@pytest.mark.parametrize("given", [[], ["reference", "mine"]])
def test_one_side_to_hold_the_run_against_is_needed(given: list[str]) -> None:
    files = dict.fromkeys(given, GOLDEN / "gru_last.keras.npz")
    with pytest.raises(rnnscope.BadInput, match="either stored Keras values or your own"):
        reduce(GOLDEN / "gru_last.keras", GOLDEN / "gru_last.input.npz", **files)  # type: ignore[arg-type]


def test_values_of_another_shape_are_no_difference_to_follow(tmp_path: Path) -> None:
    stored = {"layer/gru/state/h": np.zeros((6, 6, 9), "f4"), "layer/gru/mask": np.zeros((6, 6), bool)}
    with np.load(GOLDEN / "gru_last.keras.npz") as golden:
        stored["layer/gru/mask"] = golden["layer/gru/mask"]
    np.savez(tmp_path / "stored.npz", **stored)  # type: ignore[arg-type]
    with pytest.raises(rnnscope.BadInput, match="what differs is no number"):
        reduce(GOLDEN / "gru_last.keras", GOLDEN / "gru_last.input.npz", tmp_path / "stored.npz")
