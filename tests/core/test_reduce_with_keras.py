"""A packed report in the hands of somebody who has real Keras, where one is set up."""

from __future__ import annotations

import io
import os
import subprocess
import zipfile
from pathlib import Path

import pytest

from rnnscope.reduce import reduce
from tests.conftest import GOLDEN
from tests.core.planted import store
from tests.parity.oracles import ORACLES, QUIET, Oracle, python_of

CASES = {
    "tensorflow": ("lstm_sequences_and_state.keras", "lstm_sequences_and_state.input.npz", "lstm"),
    "jax": ("gru_zero_output_sequences.keras", "gru_zero_output_sequences.input.npz", "gru"),
    "tf-keras": ("keras2/hard_sigmoid.h5", "keras2/hard_sigmoid.input.npy", "read"),
}


@pytest.fixture(params=list(ORACLES))
def oracle(request: pytest.FixtureRequest) -> Oracle:
    found = ORACLES[request.param]
    if not python_of(found).exists():
        pytest.skip(f"{found.name} is not set up at {python_of(found)}; `make oracles` does that")
    return found


def test_real_keras_gives_what_we_do_and_the_port_does_not(oracle: Oracle, tmp_path: Path) -> None:
    model, x, layer = CASES[oracle.name]
    mine = store(tmp_path / "mine.npz", GOLDEN / model, GOLDEN / x, layer)
    backend = oracle.environment.get("KERAS_BACKEND")
    found = reduce(GOLDEN / model, GOLDEN / x, mine=mine, backend=backend)
    assert found is not None
    assert [one.name for one in found.model.layers if one.class_name != "InputLayer"] == [layer]
    with zipfile.ZipFile(io.BytesIO(found.archive)) as archive:
        archive.extractall(tmp_path / "report")
    script = [str(python_of(oracle)), str(tmp_path / "report" / "reproduce.py")]
    environment = os.environ | QUIET | oracle.environment
    done = subprocess.run(script, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr[-2000:]
    assert "predicted output/0 is as expected" in done.stdout
    assert "AssertionError: mine " in done.stderr
