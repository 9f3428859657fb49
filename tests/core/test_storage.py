from __future__ import annotations

import errno
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import rnnscope
from rnnscope import storage
from rnnscope.errors import BadInput, RnnscopeError, UnreadableFile
from rnnscope.reading.source import Source
from rnnscope.reference import load_reference
from rnnscope.storage import load_trace
from rnnscope.trace import LayerTrace, Trace
from tests.core.models import masked_input, masked_rnn


def recorded() -> Trace:
    return rnnscope.run(masked_rnn(), masked_input())


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    recorded().save(tmp_path / "trace.h5")
    return tmp_path / "trace.h5"


def edited(path: Path, edit: Callable[[Any], object]) -> Path:
    with h5py.File(path, "r+") as file:
        edit(file)
    return path


def change_meta(**changes: object) -> Callable[[Any], object]:
    def edit(file: Any) -> None:
        file.attrs["meta"] = json.dumps(json.loads(file.attrs["meta"]) | changes)

    return edit


def refused(path: Path, match: str = ".") -> None:
    with pytest.raises(UnreadableFile, match=match) as caught:
        load_trace(path)
    assert str(caught.value).startswith(f"{path.name}: ")
    assert "\n" not in str(caught.value)


def test_a_trace_comes_back_as_it_was(saved: Path) -> None:
    before, after = recorded(), load_trace(saved)
    assert list(after) == list(before)
    assert list(after.quantities()) == list(before.quantities())
    for key in before.quantities():
        np.testing.assert_array_equal(after.get(key), before.get(key), strict=True)
    for name, array in before.inputs.items():
        np.testing.assert_array_equal(after.inputs[name], array, strict=True)
    for name, layer in before.layers.items():
        found = after[name].output_mask
        assert (found is None) == (layer.output_mask is None)
        if found is not None and layer.output_mask is not None:
            np.testing.assert_array_equal(found, layer.output_mask)
    assert after.model is None
    assert after.use_masks
    assert after.batch_size == before.batch_size


@pytest.mark.parametrize(
    "array",
    [
        np.array([[True, False]]),
        np.arange(6).reshape(2, 3),
        np.float32(0.5) * np.ones((2, 3, 4), np.float32),
        np.array([[np.nan, np.inf, -0.0]]),
        np.array(2.5),
        np.zeros((2, 0, 3)),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    ],
    ids=["bool", "int", "float32", "not finite", "scalar", "empty", "Fortran"],
)
def test_arrays_keep_their_type_and_shape(array: np.ndarray[Any, Any], tmp_path: Path) -> None:
    layer = LayerTrace((array,), {"forward/h": array}, {"i": array}, mask=np.array([[True]]))
    Trace(None, {"x": array}, (array, array), {"a/b": layer, "rnn@1": layer}, use_masks=False).save(tmp_path / "t.h5")
    after = load_trace(tmp_path / "t.h5")
    for name in ("a/b", "rnn@1"):
        for quantity in ("output/0", "state/forward/h", "gate/i"):
            np.testing.assert_array_equal(after[name].quantity(quantity), array, strict=True)
    np.testing.assert_array_equal(after.inputs["x"], array, strict=True)
    assert len(after.outputs) == 2
    assert not after.use_masks


def test_stored_values_are_read_from_a_trace(saved: Path) -> None:
    before, reference = recorded(), load_reference(saved)
    for key in before.quantities():
        found = reference.get(key)
        assert found is not None
        np.testing.assert_array_equal(found, before.get(key), strict=True)
    assert reference.meta["computed_by"] == "rnnscope"


@pytest.mark.parametrize(
    "error",
    [OSError(errno.ENOSPC, "No space left on device"), RuntimeError("Can't decrement id ref count"), ValueError("x")],
    ids=["full disk", "h5py", "value"],
)
def test_a_failure_leaves_what_was_there_and_nothing_else(
    saved: Path, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = saved.read_bytes()

    def fail(*arguments: object) -> None:
        raise error

    monkeypatch.setattr(storage, "_put", fail)
    with pytest.raises(BadInput, match=r"trace\.h5: cannot write the trace"):
        recorded().save(saved)
    assert list(saved.parent.iterdir()) == [saved]
    assert saved.read_bytes() == before


def test_a_folder_that_is_missing_or_takes_no_files_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadInput, match="cannot write the trace: No such file"):
        recorded().save(tmp_path / "nowhere" / "t.h5")
    with pytest.raises(BadInput, match="cannot write the trace"):
        recorded().save(tmp_path)

    def refuse(*arguments: object, **more: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "touch", refuse)
    with pytest.raises(BadInput, match="Permission denied"):
        recorded().save(tmp_path / "t.h5")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("layers", [None, "rnn", [1], {"rnn": 1}, ["rnn", None], ["nowhere"], [""], ["../x"]])
def test_a_damaged_list_of_layers_is_refused(saved: Path, layers: object) -> None:
    refused(edited(saved, change_meta(layers=layers)))


@pytest.mark.parametrize("inputs", [None, "x", [1], ["nowhere"], []])
def test_a_damaged_list_of_inputs_is_refused(saved: Path, inputs: object) -> None:
    refused(edited(saved, change_meta(inputs=inputs)))


@pytest.mark.parametrize("meta", ["", "{", "[]", '{"format": NaN}', '{"format": "rnnscope trace 999"}', "{}"])
def test_a_file_with_other_meta_is_no_trace(saved: Path, meta: str) -> None:
    refused(edited(saved, lambda f: f.attrs.__setitem__("meta", meta)))


def test_other_files_are_no_trace(tmp_path: Path) -> None:
    for data in (b"1,2\n", b"\x89HDF\r\n\x1a\n", b"PK\x03\x04"):
        (tmp_path / "t.h5").write_bytes(data)
        refused(tmp_path / "t.h5")


@pytest.mark.parametrize("key", ["output/0", "layer/rnn/output/0", "layer/rnn/mask"])
def test_an_array_behind_a_link_or_of_another_type_is_refused(saved: Path, key: str) -> None:
    def link(file: Any) -> None:
        del file[key]
        file[key] = h5py.ExternalLink("/etc/passwd", "/")

    def record(file: Any) -> None:
        del file[key]
        file[key] = np.zeros(2, [("a", "f4")])

    refused(edited(saved, link), "link")
    refused(edited(saved, record))


def test_outputs_and_gates_come_back_in_their_order(tmp_path: Path) -> None:
    golden = Path(__file__).parents[1] / "golden" / "lstm_sequences_and_state"
    with np.load(f"{golden}.input.npz") as x:
        before = rnnscope.run(rnnscope.load_model(f"{golden}.keras"), dict(x))
    before.save(tmp_path / "trace.h5")
    after = load_trace(tmp_path / "trace.h5")
    assert list(after.quantities()) == list(before.quantities())
    for ours, theirs in zip(before["lstm"].outputs, after["lstm"].outputs, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_garbled_trace_gives_a_clear_error(saved: Path) -> None:
    data, chance = saved.read_bytes(), random.Random(3)
    for _ in range(100):
        changed = bytearray(data)
        for _ in range(chance.choice([1, 4, 32])):
            changed[chance.randrange(len(data))] = chance.randrange(256)
        text = "garbled: "
        try:
            trace = load_trace(Source("garbled", bytes(changed), ""))
            _ = [trace.get(key) for key in trace.quantities()], list(trace.inputs.values())
        except RnnscopeError as error:
            text = str(error)
        assert text.startswith("garbled: ")
        assert "\n" not in text
