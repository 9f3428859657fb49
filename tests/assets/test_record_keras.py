"""The recorder without any Keras: what it reads, refuses, takes apart and puts together."""

from __future__ import annotations

import ast
import io
import json
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import rnnscope
from tests.assets.a_keras import FakeLayer, called_on, fake_kit, load_recorder
from tests.conftest import ROOT, Example

SCRIPT = ROOT / "assets" / "record_keras.py"
Array = NDArray[Any]


@pytest.fixture
def recorder() -> ModuleType:
    return load_recorder()


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """No Keras can be imported."""
    for name in ("keras", "tensorflow", "tf_keras"):
        monkeypatch.setitem(sys.modules, name, None)


# The file itself.


def test_it_is_written_for_python_3_7() -> None:
    ast.parse(SCRIPT.read_text(), feature_version=(3, 7))


def test_every_shell_can_redirect_it() -> None:
    assert SCRIPT.read_bytes().isascii()


def test_it_imports_nothing_but_numpy_and_python_s_own_modules() -> None:
    tree = ast.parse(SCRIPT.read_text())
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported - sys.stdlib_module_names == {"numpy"}


# Arguments.


def complaint(recorder: ModuleType, capsys: pytest.CaptureFixture[str], *words: object) -> str:
    """What it says on standard error, in one line, when it ends with 2."""
    assert recorder.main([str(word) for word in words]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    return lines[0]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["none.keras", "{input}", "-o", "{out}"], "none.keras: there is no such file"),
        (["{model}", "none.npy", "-o", "{out}"], "none.npy: there is no such file"),
        (["{model}", "{model}", "-o", "{out}"], "the input must be an .npy, .npz or .csv file"),
        (["{input}", "{input}", "-o", "{out}"], "the model must be a .keras, .h5 or .json file"),
        (["{model}", "{input}", "-o", "keras.h5"], "keras.h5: what is written is an .npz file"),
        (["{model}", "{input}", "-o", "no/such/keras.npz"], "there is no such folder"),
        (["{model}", "{input}", "-o", "{out}", "--batch-size", "0"], "--batch-size must be 1 or more"),
        (["{model}", "{input}", "-o", "{out}", "--weights", "{model}"], "--weights belongs to an architecture .json"),
    ],
)
def test_arguments_of_no_use_are_named_before_keras_is_loaded(
    recorder: ModuleType,
    example: Example,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    said: str,
) -> None:
    places = {"model": example.model, "input": example.input, "out": tmp_path / "keras.npz"}
    assert said in complaint(recorder, capsys, *(word.format(**places) for word in words))


@pytest.mark.usefixtures("nowhere")
def test_where_no_keras_is_it_says_so(
    recorder: ModuleType, example: Example, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = complaint(recorder, capsys, example.model, example.input, "-o", tmp_path / "keras.npz")
    assert "no Keras here that can be used" in said
    assert not (tmp_path / "keras.npz").exists()


def test_keras_2_is_found_when_it_is_asked_for(recorder: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    two, three = (ModuleType(name) for name in ("tf_keras", "keras"))
    for module, version in ((two, "2.21.0"), (three, "3.15.1")):
        vars(module).update(
            __version__=version, layers=None, tree=None, backend=SimpleNamespace(backend=lambda: "tensorflow")
        )
        monkeypatch.setitem(sys.modules, module.__name__, module)
    for name in ("tensorflow", "tree"):
        monkeypatch.setitem(sys.modules, name, SimpleNamespace(nest=None))
    assert recorder.find_keras(legacy=True).version == "2.21.0"
    assert recorder.find_keras().version == "3.15.1"
    vars(three)["__version__"] = "2.3.1"
    assert recorder.find_keras().version == "2.21.0"


def test_an_error_of_keras_becomes_one_line_without_colours(recorder: ModuleType) -> None:
    assert recorder.one_line(ValueError("\x1b[1mShapes\x1b[0m\n  differ")) == "Shapes differ"
    assert len(recorder.one_line("x" * 1000)) < 410


# Inputs.


def test_an_npz_gives_names_and_a_bare_array_none(recorder: ModuleType, tmp_path: Path) -> None:
    x = np.arange(6).reshape(2, 3)
    np.save(tmp_path / "x.npy", x)
    np.savez(tmp_path / "bare.npz", x)
    np.savez(tmp_path / "named.npz", a=x, b=x + 1)
    assert (recorder.load_input(str(tmp_path / "x.npy")) == x).all()
    assert (recorder.load_input(str(tmp_path / "bare.npz")) == x).all()
    assert set(recorder.load_input(str(tmp_path / "named.npz"))) == {"a", "b"}


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY\x01\x00damaged", b"PK\x03\x04damaged"])
def test_a_damaged_input_is_named(recorder: ModuleType, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.npy").write_bytes(content)
    with pytest.raises(recorder.RecorderError, match=r"x\.npy: cannot be read"):
        recorder.load_input(str(tmp_path / "x.npy"))


def test_pickled_objects_are_not_loaded(recorder: ModuleType, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(recorder.RecorderError, match=r"x\.npy: cannot be read"):
        recorder.load_input(str(tmp_path / "x.npy"))


@pytest.mark.parametrize("text", ["1,2\n3,4.5\n", "a;b\n1;2\n3;4.5\n", "1\t2\r\n\r\n3\t4.5", "\ufeff1,2\n3,4.5"])
def test_a_table_is_read(recorder: ModuleType, tmp_path: Path, text: str) -> None:
    (tmp_path / "x.csv").write_text(text, encoding="utf-8", newline="")
    assert recorder.load_input(str(tmp_path / "x.csv")).tolist() == [[1, 2], [3, 4.5]]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the table has no numbers"),
        ("a,b\n", "the table has no numbers"),
        ("1,2\n3\n", "line 2: 1 columns, not 2"),
        ("1,2\n3,x\n", "line 2: not a number: 'x'"),
    ],
)
def test_what_is_no_table_is_refused(recorder: ModuleType, tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "x.csv").write_text(text)
    with pytest.raises(recorder.RecorderError, match=said):
        recorder.load_input(str(tmp_path / "x.csv"))


def model_with(**shapes: tuple[int | None, ...]) -> Any:
    return SimpleNamespace(
        inputs=[SimpleNamespace(name=name, shape=shape, dtype="float32") for name, shape in shapes.items()],
        _flatten_layers=lambda include_self: [],
    )


def test_an_input_takes_the_name_of_the_only_one_and_keras_s_type(recorder: ModuleType) -> None:
    fitted = recorder.fitted(fake_kit(), model_with(x=(None, 4, 2)), {"whatever": np.zeros((3, 4, 2))})
    assert {name: array.dtype for name, array in fitted.items()} == {"x": np.float32}
    fitted = recorder.fitted(fake_kit(), model_with(words=(None, 4)), np.zeros((3, 4), np.int64))
    assert fitted["words"].dtype == np.int64


def test_a_table_is_one_sample_of_a_sequence_and_many_of_anything_flat(recorder: ModuleType) -> None:
    table = np.zeros((4, 2))
    assert recorder.fitted(fake_kit(), model_with(x=(None, None, 2)), table, True)["x"].shape == (1, 4, 2)
    assert recorder.fitted(fake_kit(), model_with(x=(None, 2)), table, True)["x"].shape == (4, 2)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (np.zeros((4, 2)), "the model has 2 inputs; INPUT must be an .npz with x, y"),
        ({"x": np.zeros((1, 4, 2))}, "the input's names are x; the model's are x, y"),
        ({"x": np.zeros((4, 2)), "y": np.zeros((1, 3))}, r"the batch axis is missing: use x\[None\]"),
        ({"x": np.zeros((1, 4, 3)), "y": np.zeros((1, 3))}, r"input x has the shape \(1, 4, 3\)"),
        ({"x": np.zeros((1, 4, 2)), "y": np.array([["a"] * 3])}, "input y: numbers are expected"),
        ({"x": np.zeros((1, 4, 2)), "y": np.zeros((0, 3))}, "input y is empty"),
        ({"x": np.zeros((1, 4, 2)), "y": np.zeros((2, 3))}, r"different numbers of samples \(x: 1, y: 2\)"),
    ],
)
def test_an_input_that_does_not_fit_is_named(recorder: ModuleType, given: Any, said: str) -> None:
    with pytest.raises(recorder.RecorderError, match=said):
        recorder.fitted(fake_kit(), model_with(x=(None, 4, 2), y=(None, 3)), given)


def test_a_model_of_fixed_batches_decides_their_size(recorder: ModuleType) -> None:
    fixed, free = model_with(x=(4, 3)), model_with(x=(None, 3))
    assert recorder.batch_size_for(fake_kit(), fixed, 8, None) == 4
    assert recorder.batch_size_for(fake_kit(), free, 8, None) == 32
    assert recorder.batch_size_for(fake_kit(), free, 8, 3) == 3
    for count, wanted in ((9, None), (8, 2)):
        with pytest.raises(recorder.RecorderError, match="takes batches of 4"):
            recorder.batch_size_for(fake_kit(), fixed, count, wanted)


# Recording.


def test_states_and_gates_are_those_of_the_layer_s_own_steps(recorder: ModuleType) -> None:
    x = np.random.default_rng(0).normal(size=(2, 5, 3)).astype(np.float32)
    layer = FakeLayer(units=3)
    recorded = recorder.quantities(called_on(recorder, layer, x))
    assert set(recorded) == {"state/h", "gate/z", "gate/r", "gate/hh"}
    np.testing.assert_allclose(recorded["state/h"], np.cumsum(np.tanh(x), axis=1), rtol=1e-6)
    np.testing.assert_allclose(recorded["gate/hh"], np.tanh(x), rtol=1e-6)


def test_masked_steps_and_backward_layers_keep_the_input_s_time(recorder: ModuleType) -> None:
    x = np.ones((1, 4, 2), np.float32)
    mask = np.array([[True, False, True, True]])
    recorded = recorder.quantities(called_on(recorder, FakeLayer(units=2, go_backwards=True), x, mask=mask))
    one = np.tanh(1)
    np.testing.assert_allclose(recorded["state/h"][0, :, 0], [3 * one, 2 * one, 2 * one, one], rtol=1e-6)
    assert (recorded["mask"] == mask).all()


def test_a_record_that_is_not_what_the_layer_returned_is_not_kept(recorder: ModuleType) -> None:
    x = np.ones((1, 4, 2), np.float32)
    called = called_on(recorder, FakeLayer(units=2), x)
    called.outputs[0] = called.outputs[0] + 0.01
    with pytest.raises(recorder.Unrecordable, match=r"end 0\.01 away from what the layer returned"):
        recorder.quantities(called)


def test_a_network_that_magnifies_rounding_is_given_as_much_as_it_magnifies(recorder: ModuleType) -> None:
    x = np.ones((1, 30, 2), np.float32)
    called = called_on(recorder, FakeLayer(units=2, growth=1.6), x)
    assert np.abs(called.outputs[0]).max() > 1e5
    called.outputs[0] = called.outputs[0] + np.float32(1e-6) * np.abs(called.outputs[0]).max()
    assert "state/h" in recorder.quantities(called)


def test_a_layer_without_a_cell_is_named_with_the_reason(recorder: ModuleType) -> None:
    layer = FakeLayer(units=2)
    called = called_on(recorder, layer, np.ones((1, 4, 2), np.float32))
    del layer.cell
    with pytest.raises(recorder.Unrecordable, match="a FakeLayer does not show its cell"):
        recorder.quantities(called)


def test_where_the_eager_run_is_not_what_was_predicted_states_are_left_out(
    recorder: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = np.ones((2, 3))
    eager = {
        "layer/a/output/0": here,
        "layer/a/state/h": here,
        "layer/b/output/0": here + 1,
        "layer/b/state/h": here,
        "layer/b/gate/z": here,
    }
    predicted = {"layer/a/output/0": here, "layer/b/output/0": here}
    monkeypatch.setattr(recorder, "_watched", lambda *rest: eager)
    monkeypatch.setattr(recorder, "graph_outputs", lambda *rest: predicted)
    kit = fake_kit()
    kit.has_graph = lambda model: True
    model = model_with(x=(None, 3))
    model.predict = lambda x, batch_size, verbose: here
    said: list[str] = []
    recorded = recorder.record(kit, model, {"x": here}, 2, said.append)
    assert set(recorded) == {"output/0", "layer/a/output/0", "layer/a/state/h", "layer/b/output/0"}
    assert len(said) == 1
    assert said[0].startswith("layer/b/output/0: run eagerly, this Keras is up to 1 away")


def test_replaced_attributes_come_back_whatever_they_were(recorder: ModuleType) -> None:
    class Owner:
        _kept = 1

        def __init__(self) -> None:
            self.own: Any = None

        @property
        def kept(self) -> int:
            return self._kept

        @kept.setter
        def kept(self, value: int) -> None:
            self._kept = value

        def method(self) -> str:
            return "real"

    owner = Owner()
    with recorder.replaced([(owner, "own", 5), (owner, "kept", 5), (owner, "method", lambda: "other")]):
        assert [owner.own, owner.kept, owner.method()] == [5, 5, "other"]
    assert [owner.own, owner.kept, owner.method()] == [None, 1, "real"]
    assert "method" not in vars(owner)


def test_batches_are_put_together_again_in_order(recorder: ModuleType) -> None:
    inputs = {"x": np.arange(7), "y": np.arange(7) * 2}
    parts = recorder.batches(inputs, 3)
    assert [len(part["x"]) for part in parts] == [3, 3, 1]
    whole = recorder.joined([*parts[:2], {**parts[2], "only here": np.zeros(1)}])
    assert set(whole) == {"x", "y"}
    assert (whole["y"] == inputs["y"]).all()


# What is written and said.


def test_rnnscope_reads_what_is_saved(recorder: ModuleType, tmp_path: Path) -> None:
    place = tmp_path / "keras.npz"
    recorder.save(str(place), {"output/0": np.ones((2, 1)), "layer/a/b@1/state/forward/h": np.ones(3)}, {"dtype": "x"})
    reference = rnnscope.load_reference(place)
    assert set(reference.arrays) == {"output/0", "layer/a/b@1/state/forward/h"}
    assert reference.meta == {"dtype": "x"}
    assert [file.name for file in tmp_path.iterdir()] == ["keras.npz"]


def test_it_knows_which_keras_wrote_an_h5_file(recorder: ModuleType, example: Example) -> None:
    assert recorder.written_by(str(example.model.with_suffix(".h5"))) == "3.15.1"
    assert recorder.written_by(str(example.model)) is None


def test_a_keras_2_file_under_keras_3_is_remarked_upon(recorder: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(recorder, "written_by", lambda path: "2.4.0")
    recorder.warn_of_another_keras(SimpleNamespace(version="2.21.0"), "old.h5", said.append)
    assert not said
    recorder.warn_of_another_keras(SimpleNamespace(version="3.15.1"), "old.h5", said.append)
    assert "old.h5 was written by Keras 2.4.0" in said[0]


@pytest.mark.parametrize("allowed", [True, False])
def test_every_keras_that_has_a_safe_mode_is_told(recorder: ModuleType, allowed: bool) -> None:
    given: list[bool] = []

    def load_model(path: str, custom_objects: object = None, compile: bool = True, safe_mode: bool = True) -> None:  # noqa: A002
        given.append(safe_mode)
        if safe_mode:
            raise ValueError("pass `safe_mode=False`")

    allows: list[bool] = []
    inside = SimpleNamespace(enable_unsafe_deserialization=lambda: allows.append(True))
    keras = SimpleNamespace(models=SimpleNamespace(load_model=load_model), __internal__=inside)
    kit = SimpleNamespace(keras=keras, is_keras3=False, version="2.21.0")
    if allowed:
        recorder.load_model(kit, "m.keras", allow_lambda=True)
    else:
        with pytest.raises(recorder.RecorderError, match="with --allow-lambda it can"):
            recorder.load_model(kit, "m.keras")
    assert given == [not allowed]
    assert bool(allows) is allowed


def test_json_in_json_is_unwrapped(recorder: ModuleType, tmp_path: Path) -> None:
    text = json.dumps({"class_name": "Sequential"})
    for name, content in (("once.json", text), ("twice.json", json.dumps(text))):
        (tmp_path / name).write_text(content)
        assert recorder._architecture(str(tmp_path / name)) == text
    (tmp_path / "broken.json").write_text("{")
    with pytest.raises(recorder.RecorderError, match=r"broken\.json: not JSON"):
        recorder._architecture(str(tmp_path / "broken.json"))


def test_progress_is_a_line_for_each_layer_where_nobody_watches(recorder: ModuleType) -> None:
    stream = io.StringIO()
    terminal = recorder.Terminal(stream)
    for layer in ("a", "b"):
        for step in range(1, 4):
            terminal.progress(layer, step, 3)
    assert stream.getvalue() == "a: states and gates of 3 steps\nb: states and gates of 3 steps\n"


def test_progress_moves_on_one_line_on_a_terminal(recorder: ModuleType) -> None:
    stream = io.StringIO()
    stream.isatty = lambda: True  # type: ignore[method-assign]
    terminal = recorder.Terminal(stream)
    terminal.progress("a", 3, 3)
    terminal.say("done")
    assert stream.getvalue() == "\ra: step 3 of 3\r" + " " * 14 + "\rdone\n"
