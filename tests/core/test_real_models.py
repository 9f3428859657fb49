"""Files of strangers, Keras 1.1 to 2.2.4-tf, against what their own Keras predicted; where those files are at hand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import rnnscope

FOLDER = Path(__file__).resolve().parents[2].parent / "shared" / "real-models"
INDEX = FOLDER / "index.json"
TOLERANCE = 2e-5

pytestmark = pytest.mark.skipif(not INDEX.exists(), reason=f"{FOLDER} is not there")
Entry = dict[str, Any]


def entries() -> list[Entry]:
    return json.loads(INDEX.read_text()) if INDEX.exists() else []


def loaded(entry: Entry) -> rnnscope.Model:
    if "architecture" in entry:
        return rnnscope.load_model(FOLDER / entry["architecture"], FOLDER / entry["model"])
    return rnnscope.load_model(FOLDER / entry["model"])


def close(found: NDArray[Any], stored: NDArray[Any], where: str) -> None:
    assert found.shape == stored.shape, where
    scale = max(1e-3, float(np.abs(stored).max(initial=0)))
    assert float(np.abs(found - stored).max(initial=0)) <= TOLERANCE * scale, where


def close_layers(trace: rnnscope.Trace, stored: Mapping[str, NDArray[Any]]) -> int:
    compared = 0
    for key in stored:
        if key.startswith("layer::"):
            name, _, output = key.removeprefix("layer::").partition("#")
            close(trace[name].outputs[int(output or 0)], stored[key], key)
            compared += 1
    return compared


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: str(entry["model"]))
def test_every_layer_computes_what_its_own_keras_computed(entry: Entry) -> None:
    model = loaded(entry)
    with np.load(FOLDER / entry["oracle"]) as archive:
        stored = dict(archive)
    inputs = [stored[f"input_{place}"] for place in range(len(model.inputs))]
    trace = rnnscope.run(model, inputs)
    for place, output in enumerate(trace.outputs):
        close(output, stored[f"output_{place}"], f"output_{place}")
    assert close_layers(trace, stored) > 0
    if "second_call::output_0" in stored:
        close(rnnscope.run(model, inputs, carry=trace).outputs[0], stored["second_call::output_0"], "second call")
