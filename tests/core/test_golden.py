"""Every golden file, against what real Keras computed for it (`tests/golden/make_golden.py` makes them)."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import rnnscope

GOLDEN = Path(__file__).parents[1] / "golden"
OWN_CLASSES = "own_layer_and_cell"  # refused without a plugin; test_extending has it
LOST = "vocabularies_in_files_of_their_own.h5"  # has none of them, and is refused; test_lookup has it
FILES = sorted(
    path
    for path in GOLDEN.iterdir()
    if path.suffix in (".keras", ".h5") and path.stem != OWN_CLASSES and path.name != LOST
)
TOLERANCE = 1e-5


def archive(path: Path) -> dict[str, NDArray[Any]]:
    with np.load(path) as stored:
        return dict(stored)


@cache
def stored_values(case: str) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """What the recorder says of itself, and what Keras computed."""
    arrays = archive(GOLDEN / f"{case}.keras.npz")
    return json.loads(str(arrays.pop("meta"))), arrays


@cache
def traced(path: Path) -> rnnscope.Trace:
    meta, _ = stored_values(path.stem)
    model = rnnscope.load_model(path, backend=meta["backend"], bypass_lambda=True)
    return rnnscope.run(model, archive(GOLDEN / f"{path.stem}.input.npz"))


def file_id(path: Path) -> str:
    return path.name


def test_there_is_a_case_for_every_rule() -> None:
    cases = {path.stem for path in FILES}
    assert len(cases) >= 48
    assert all((GOLDEN / f"{case}{suffix}").exists() for case in cases for suffix in (".keras", ".h5"))


@pytest.mark.parametrize("path", FILES, ids=file_id)
def test_every_stored_quantity_is_computed_in_its_shape(path: Path) -> None:
    _, stored = stored_values(path.stem)
    trace = traced(path)
    keys = set(trace.quantities())
    assert {key for key in stored if key not in keys} == set()
    assert {key: trace.get(key).shape for key in stored} == {key: value.shape for key, value in stored.items()}


@pytest.mark.parametrize("path", FILES, ids=file_id)
def test_every_number_is_the_one_that_keras_computed(path: Path) -> None:
    _, stored = stored_values(path.stem)
    trace = traced(path)
    off = {}
    for key, keras in stored.items():
        ours = trace.get(key)
        assert ours.dtype.kind == keras.dtype.kind, key
        if keras.dtype.kind in "bU":
            np.testing.assert_array_equal(ours, keras, err_msg=key)
        elif not np.allclose(ours, keras, rtol=0, atol=TOLERANCE, equal_nan=True):
            off[key] = float(np.nanmax(np.abs(ours - keras)))
    assert off == {}


@pytest.mark.parametrize("path", FILES, ids=file_id)
def test_a_mask_is_used_only_where_keras_used_one(path: Path) -> None:
    _, stored = stored_values(path.stem)
    trace = traced(path)
    recurrent = {key.partition("/state/")[0] for key in stored if "/state/" in key}
    masked = {layer for layer in recurrent if f"{layer}/mask" in stored}
    assert {layer for layer in recurrent if trace[layer.removeprefix("layer/")].mask is not None} == masked
