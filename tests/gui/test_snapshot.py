"""``rnnscope snapshot``: the window as a PNG file, a verdict in words, and one line when something is wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from rnnscope_gui.__main__ import main
from tests.conftest import Example
from tests.core.reading.crafted import with_dropout_as

GOLDEN = Path(__file__).resolve().parent.parent / "golden"


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, no_widget_outlives_its_test: None) -> None:
    """What the command sets for its own process must not reach the other tests."""
    monkeypatch.setenv("QT_SCALE_FACTOR", "1")


def snapshot(*words: object) -> int:
    return main(["snapshot", *map(str, words)])


def test_the_picture_has_the_size_asked_for_and_the_verdict_is_printed(
    qapp: QApplication, example: Example, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "window.png"
    assert snapshot(*example, "-o", path, "--size", "1280x720", "--sample", 25, "--step", 5, "--unit", 12) == 0
    image = QImage(str(path))
    assert (image.width(), image.height()) == (1280, 720)
    out, err = capsys.readouterr()
    assert out.splitlines() == [str(path), "≈ rounding"]
    assert err == ""
    assert list(tmp_path.glob("*.png")) == [path]


def test_a_wrong_port_is_told_with_its_first_difference(
    qapp: QApplication, example: Example, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = example.model.with_name("wrong_port.npy")
    assert snapshot(example.model, example.input, wrong, "-o", tmp_path / "wrong.png") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "≠ different"
    assert lines[2].startswith("First difference: ")


def test_a_port_s_own_numbers_have_their_verdict_and_their_mistake(
    qapp: QApplication, example: Example, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    port = example.model.with_name("household.port.npz")
    assert snapshot(*example, "--mine", port, "--why", "-o", tmp_path / "why.png") == 0
    assert capsys.readouterr().out.splitlines()[1:] == [
        "≈ rounding",
        "≠ different, your own numbers",
        "First difference: rnn state/h, sample 0, step 0, unit 0",
        "✓ initial-state-ones",
    ]


def test_a_tolerance_judges_instead_of_the_floor(
    qapp: QApplication, example: Example, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = example.model.with_name("wrong_port.npy")
    assert snapshot(*example[:2], "--mine", wrong, "--atol", "2", "-o", tmp_path / "loose.png") == 0
    assert capsys.readouterr().out.splitlines()[1:] == ["≈ rounding, your own numbers"]


def test_without_stored_values_it_says_that_nothing_was_compared(
    qapp: QApplication, example: Example, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "alone.png"
    assert snapshot(example.model, example.input, "-o", path, "--theme", "dark") == 0
    assert capsys.readouterr().out.splitlines()[1].startswith("– not compared")
    image = QImage(str(path))
    assert image.pixelColor(image.width() // 2, image.height() - 5).lightness() < 100


def test_themes_and_views_make_different_pictures(qapp: QApplication, example: Example, tmp_path: Path) -> None:
    pictures = set()
    for number, options in enumerate(([], ["--theme", "dark"], ["--sample", "3"], ["--layer", "dense1"], ["--lens"])):
        path = tmp_path / f"{number}.png"
        assert snapshot(*example, "-o", path, *options) == 0
        pictures.add(path.read_bytes())
    assert len(pictures) == 5


@pytest.mark.parametrize("case", ["missing", "empty", "unsupported", "shape", "values", "other input"])
def test_a_bad_file_is_one_line_exit_code_2_and_no_picture(
    qapp: QApplication, example: Example, tmp_path: Path, capsys: pytest.CaptureFixture[str], case: str
) -> None:
    files: list[object] = list(example)
    bad = tmp_path / "bad.npy"
    if case == "missing":
        files[0] = bad
    elif case == "empty":
        bad.touch()
        files[1] = bad
    elif case == "unsupported":
        files[0] = with_dropout_as("Unheard", tmp_path)
    elif case == "shape":
        np.save(bad, np.load(example.input)[0])
        files[1] = bad
    elif case == "values":
        files[2] = GOLDEN / "lstm_last.keras.npz"
    else:
        np.save(bad, np.load(example.input) + np.float32(0.5))
        files[1] = bad
    path = tmp_path / "window.png"
    assert snapshot(*files, "-o", path) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("rnnscope: ")
    assert len(err.splitlines()) == 1
    assert not path.exists()


def test_a_place_that_cannot_be_written_is_one_line_and_exit_code_2(
    qapp: QApplication, example: Example, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in (tmp_path / "nowhere" / "window.png", tmp_path):
        assert snapshot(example.model, example.input, "-o", path) == 2
        err = capsys.readouterr().err
        assert err.startswith("rnnscope: ")
        assert len(err.splitlines()) == 1
    assert list(tmp_path.glob("**/*.png*")) == []


@pytest.mark.parametrize(
    "words",
    [["--size", "0x5"], ["--size", "wide"], ["--size", "99999x99999"], ["--theme", "plaid"], ["--sample", "x"]],
)
def test_an_option_that_makes_no_sense_is_exit_code_2(
    example: Example, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        snapshot(*example, "-o", tmp_path / "window.png", *words)
    assert ended.value.code == 2
    assert words[0] in capsys.readouterr().err


def test_from_a_shell_without_a_display_at_twice_the_pixels(example: Example, tmp_path: Path) -> None:
    path = tmp_path / "window.png"
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("QT_", "DISPLAY"))}
    command = [sys.executable, "-m", "rnnscope_gui", "snapshot", *map(str, example), "-o", str(path)]
    done = subprocess.run(
        [*command, "--size", "1200x700", "--scale", "2"], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "≈ rounding" in done.stdout
    assert "Traceback" not in done.stderr
    image = QImage(str(path))
    assert (image.width(), image.height()) == (2400, 1400)
