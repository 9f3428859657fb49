"""What the process that reads files may answer: our own records and arrays, and nothing that runs."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys

import numpy as np
import pytest

import rnnscope
from rnnscope.errors import ShapeMismatch, UnreadableFile
from rnnscope_gui.reader import Opened
from rnnscope_gui.records import read_record
from tests.conftest import Example


class Call:
    """A pickle that calls something when it is read."""

    def __init__(self, function: object, *arguments: object) -> None:
        self._called = (function, arguments)

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return self._called


def round_trip(value: object) -> object:
    return read_record(pickle.dumps(value, protocol=5))


def test_models_inputs_and_stored_values_come_through(example: Example) -> None:
    model = round_trip(Opened("model", rnnscope.load_model(example.model), "00"))
    stored = round_trip(Opened("reference", rnnscope.load_reference(example.reference), "00"))
    assert isinstance(model, Opened)
    assert isinstance(model.value, rnnscope.Model)
    assert model.value.summary() == rnnscope.load_model(example.model).summary()
    assert isinstance(stored, Opened)
    assert isinstance(stored.value, rnnscope.Reference)
    assert stored.value.arrays["output/0"].shape == (64, 1)


@pytest.mark.parametrize("array", [np.ones((2, 3), np.float32), np.asfortranarray(np.ones((3, 2))), np.array(["a"])])
def test_arrays_come_through(array: np.ndarray) -> None:
    back = round_trip({"x": array})
    assert isinstance(back, dict)
    np.testing.assert_array_equal(back["x"], array)


def test_errors_come_through_with_all_their_parts() -> None:
    error = round_trip(ShapeMismatch("wrong", file="m.keras", layer="rnn", expected=(None, 3), found=np.float32(4)))
    assert isinstance(error, ShapeMismatch)
    assert str(error).startswith("m.keras: layer 'rnn': wrong")


@pytest.mark.parametrize(
    "harmful",
    [
        Call(os.system, "true"),
        Call(subprocess.Popen, ["true"]),
        Call(eval, "1"),
        Call(getattr, UnreadableFile, "__init__"),
        Call(np.load, "x.npy"),
        Call(rnnscope.load_model, "x.keras"),
    ],
    ids=lambda call: str(call.__reduce__()[0]),
)
def test_nothing_that_runs_comes_through(harmful: object) -> None:
    with pytest.raises(pickle.UnpicklingError, match="none of our records"):
        round_trip(harmful)


@pytest.mark.parametrize("name", ["os.system", "os", "sys"])
def test_a_module_of_ours_leads_nowhere_else(name: str) -> None:
    payload = pickle.PROTO + b"\x04" + b"crnnscope.reading.source\n" + name.encode() + b"\n."
    with pytest.raises((pickle.UnpicklingError, AttributeError)):
        read_record(payload)


def test_reading_files_loads_no_qt() -> None:
    code = "import rnnscope_gui.reader_child, sys; print([m for m in sys.modules if 'PySide' in m])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
