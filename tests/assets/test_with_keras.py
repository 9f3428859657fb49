"""The recorder run by real Kerases, where they are set up, and what it wrote held against our own run."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

import rnnscope
from rnnscope.cli import main
from tests.conftest import ROOT
from tests.parity.oracles import ORACLES, QUIET, Oracle, python_of

EXPECTED = {
    "output/0",
    "layer/both/state/forward/h",
    "layer/both/state/backward/c",
    "layer/both/gate/backward/o",
    "layer/both/mask",
    "layer/stack/state/0/c",
    "layer/stack/state/1/h",
    "layer/stack/gate/1/hh",
    "layer/outer/inner/state/h",
    "layer/again/state/h",
    "layer/again@1/state/h",
    "layer/steps/gate/z",
    "layer/pictures/state/c",
    "layer/pictures/gate/f",
}


@pytest.fixture(params=list(ORACLES))
def oracle(request: pytest.FixtureRequest) -> Oracle:
    found = ORACLES[request.param]
    if not python_of(found).exists():
        pytest.skip(f"{found.name} is not set up at {python_of(found)}; `make oracles` does that")
    return found


def test_what_real_keras_recorded_is_what_we_compute(
    oracle: Oracle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    environment = os.environ | QUIET | oracle.environment
    script = [str(python_of(oracle)), str(ROOT / "tests" / "assets" / "build_and_record.py"), str(tmp_path)]
    done = subprocess.run(script, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "not recorded" not in done.stderr

    names = next(file.name for file in tmp_path.glob("model.*")), "inputs.npz", "keras.npz"
    model, inputs, reference = (str(tmp_path / name) for name in names)
    stored = rnnscope.load_reference(reference)
    assert set(stored.arrays) >= EXPECTED
    assert stored.arrays["layer/both/state/forward/h"].shape == (6, 18, 3)
    assert (stored.meta["batch_size"], stored.meta["model"]) == (3, names[0])
    code = main(["compare", model, inputs, reference])
    printed = capsys.readouterr().out
    assert code == 0, printed
    assert "Note:" not in printed
    assert "no such quantity" not in printed
