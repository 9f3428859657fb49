"""Files and arguments that no command can take: one line each, exit code 2, and nothing written."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rnnscope.cli import main

EXAMPLE = Path(__file__).parents[2] / "assets" / "example"
MODEL, INPUT, REFERENCE = (str(EXAMPLE / f"household{end}") for end in (".keras", ".npy", ".keras.npz"))
PORT = str(EXAMPLE / "wrong_port.npy")


@pytest.fixture
def odd_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    x = np.load(INPUT)
    np.save(tmp_path / "nan.npy", np.full_like(x, np.nan))
    np.savez(tmp_path / "keys.npz", prediction=np.zeros((64, 1)), hidden=np.zeros((64, 10, 64)))
    misspelt: dict[str, Any] = {"layer/rnm/state/h": np.zeros((64, 10, 64))}
    np.savez(tmp_path / "misspelt.npz", **misspelt)
    np.save(tmp_path / "unfit.npy", np.zeros((64, 5), np.float32))
    np.save(tmp_path / "port.npy", np.full((64, 1), np.nan, np.float32))
    (tmp_path / "folder").mkdir()
    (tmp_path / "empty.keras").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["summary", "folder"], "folder: not a regular file; found a folder"),
        (["summary", "empty.keras"], "empty.keras: the file is empty"),
        (["run", MODEL, "none.npy"], "none.npy: there is no such file"),
        (["run", MODEL, "folder"], "folder: not a regular file; found a folder"),
        (["run", INPUT, MODEL], "household.npy: not a Keras model but arrays. The order is MODEL INPUT REFERENCE"),
        (["compare", REFERENCE, INPUT, MODEL], "household.keras.npz: not a Keras model but arrays"),
        (["compare", MODEL, REFERENCE, INPUT], "household.keras.npz: these are stored Keras values, not an input"),
        (["lens", MODEL, MODEL], "household.keras: this is a Keras model, not arrays"),
        (["diagnose", MODEL, INPUT, MODEL], "household.keras: this is a Keras model, not arrays"),
        (["diagnose", MODEL, "nan.npy", PORT], "nan.npy: layer 'main_input': every number of the input is NaN"),
        (["diagnose", MODEL, INPUT, "port.npy"], "port.npy: every one of your numbers is NaN"),
        (["compare", MODEL, INPUT, "--mine", "port.npy"], "port.npy: every one of your numbers is NaN"),
        (["compare", MODEL, INPUT, "--mine", "unfit.npy"], "unfit.npy: your numbers fit nothing that the run computes"),
        (["compare", MODEL, INPUT, "--mine", "misspelt.npz"], "misspelt.npz: no 'layer/rnm/state/h' in the run"),
        (["compare", MODEL, INPUT, "--mine", "misspelt.npz"], "keys such as layer/rnn/state/h"),
        (["compare", MODEL, INPUT, "keys.npz"], "keys.npz: not stored Keras values; expected keys such as output/0"),
        (["compare", MODEL, INPUT, "misspelt.npz"], "the nearest is layer/rnn/state/h"),
        (["compare", MODEL, INPUT], "nothing to compare with; expected REFERENCE (stored Keras values), or --mine"),
        (["compare", MODEL, INPUT, REFERENCE, "--why"], "--why explains your own numbers; expected --mine FILE"),
        (["compare", MODEL, INPUT, REFERENCE, "--json", "-", "--html", "-"], "cannot both go to standard output"),
        (["compare", MODEL, INPUT, REFERENCE, "--layer", "rn"], "the run has no layer 'rn'"),
        (["compare", MODEL, INPUT, REFERENCE, "--sample", "64"], "no such sample; expected 0 to 63, found 64"),
        (["run", MODEL, INPUT, "-o", "t.h5", "--sample", "1"], "-o stores everything"),
        (["compare", MODEL, INPUT, REFERENCE, "--html", "folder"], "folder: cannot write the html report"),
    ],
)
def test_every_mishap_is_one_line_that_says_what_to_do(
    arguments: list[str],
    message: str,
    odd_files: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(odd_files)
    before = sorted(odd_files.iterdir())
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("rnnscope: ")
    assert message in printed.err
    assert printed.err.count("\n") == 1
    assert sorted(odd_files.iterdir()) == before


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names of files are Unicode")
def test_a_file_whose_name_is_no_text_can_be_reported_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    odd = os.fsdecode(bytes(tmp_path) + b"/\xff\x1b[31m.npy")
    shutil.copy(INPUT, odd)
    page, document = tmp_path / "page.html", tmp_path / "document.json"
    assert main(["compare", MODEL, odd, REFERENCE, "--html", str(page), "--json", str(document)]) == 0
    assert "\x1b" not in page.read_text("utf-8") + document.read_text("utf-8") + capsys.readouterr().out
