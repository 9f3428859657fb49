"""``rnnscope recorder``."""

from __future__ import annotations

from pathlib import Path

import pytest

from rnnscope_gui.__main__ import main
from rnnscope_gui.examples import asset


def test_the_recorder_is_printed_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["recorder"]) == 0
    printed = capsys.readouterr().out
    assert printed == asset("record_keras.py").read_text()
    assert printed.startswith("#!/usr/bin/env python\n")


def test_it_is_written_where_one_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "record_keras.py"
    assert main(["recorder", "-o", str(place)]) == 0
    assert capsys.readouterr().out.strip() == str(place)
    assert place.read_bytes() == asset("record_keras.py").read_bytes()


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["recorder", "-o", str(tmp_path / "none" / "record_keras.py")]) == 2
    assert "record_keras.py: cannot write the recorder: No such file or directory" in capsys.readouterr().err
