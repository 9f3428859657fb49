"""Written scripts: readable code that needs NumPy alone, and gives what the engine gives."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import rnnscope
from rnnscope.cli import main
from tests.conftest import ROOT, Example


def ran(script: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A script run by a Python that sees NumPy and nothing of ours."""
    return subprocess.run(
        [sys.executable, "-I", str(script), *arguments], capture_output=True, text=True, check=False, timeout=60
    )


def test_the_script_checks_itself_and_predicts(tmp_path: Path, example: Example) -> None:
    assert main(["script", str(example.model), "-o", str(tmp_path / "port"), "--input", str(example.input)]) == 0
    script = tmp_path / "port" / "predict.py"
    checked = ran(script)
    assert (checked.returncode, checked.stderr) == (0, "")
    assert checked.stdout.startswith("denseoutput: agrees (largest difference 0, rounding ")
    predicted = ran(script, str(example.input), str(tmp_path / "y.npy"))
    assert (predicted.returncode, predicted.stderr) == (0, "")
    trace = rnnscope.run(rnnscope.load_model(example.model), np.load(example.input))
    np.testing.assert_array_equal(np.load(tmp_path / "y.npy"), trace.outputs[0])


def test_a_script_that_no_longer_agrees_says_so(tmp_path: Path, example: Example) -> None:
    script = rnnscope.write_script(rnnscope.load_model(example.model), tmp_path)
    script.write_text(script.read_text("utf-8").replace("np.where(valid, new_h, h)", "new_h"), "utf-8")
    checked = ran(script)
    assert checked.returncode == 1
    assert "differs" in checked.stdout


def test_the_loop_over_time_reads_like_one_written_by_hand(tmp_path: Path, example: Example) -> None:
    text = rnnscope.write_script(rnnscope.load_model(example.model), tmp_path).read_text("utf-8")
    for line in (
        "    mask = np.any(x != -99, axis=-1)",
        "    for t in range(x.shape[1]):",
        "        new_h = simple_rnn_step(x[:, t], h, kernel, recurrent_kernel, bias)",
        "        h = np.where(valid, new_h, h)  # a masked step leaves every state as it was",
        "    x = np.tanh(x @ denseoutput_kernel + denseoutput_bias)",
    ):
        assert line in text.splitlines()


def test_the_guide_shows_what_is_written(tmp_path: Path, example: Example) -> None:
    guide = (ROOT / "docs" / "guide.md").read_text("utf-8")
    section = guide.partition("## A correct port to start from")[2].partition("\n## ")[0]
    shown = section.partition("```python\n")[2].partition("```")[0].strip()
    assert "def predict(x):" in shown
    model = rnnscope.load_model(example.model)
    assert shown in rnnscope.write_script(model, tmp_path, np.load(example.input)).read_text("utf-8")


def test_an_earlier_script_is_overwritten_only_by_force(tmp_path: Path, example: Example) -> None:
    model = rnnscope.load_model(example.model)
    rnnscope.write_script(model, tmp_path)
    with pytest.raises(rnnscope.BadInput, match=r"are there already.*--force"):
        rnnscope.write_script(model, tmp_path)
    rnnscope.write_script(model, tmp_path, force=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["predict.py", "sample.npz", "weights.npz"]


def test_a_place_that_cannot_be_written_to_is_said_in_one_line(tmp_path: Path, example: Example) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(rnnscope.BadInput, match="cannot make the folder") as raised:
        rnnscope.write_script(rnnscope.load_model(example.model), tmp_path / "file" / "port")
    assert "\n" not in str(raised.value)


def test_nothing_is_half_written_when_the_disk_is_full(
    tmp_path: Path, example: Example, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[Path] = []
    write = Path.write_bytes

    def full(path: Path, data: bytes) -> int:
        written.append(path)
        if len(written) > 1:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(path, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(rnnscope.BadInput, match="cannot write the script: No space left on device"):
        rnnscope.write_script(rnnscope.load_model(example.model), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_it_stops_when_asked_to(tmp_path: Path, example: Example) -> None:
    with pytest.raises(rnnscope.Cancelled):
        rnnscope.write_script(rnnscope.load_model(example.model), tmp_path, cancelled=lambda: True)
    assert list(tmp_path.iterdir()) == []
