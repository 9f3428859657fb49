"""A newcomer's first commands: they find what they need, or say in one line what to type."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import qt_libraries
from tests.conftest import ROOT

SCREENS = ("DISPLAY", "WAYLAND_DISPLAY", "MAKEFLAGS", "MAKELEVEL")


def made(target: str, **environment: str) -> str:
    """What make would run for `target`."""
    clean = {name: value for name, value in os.environ.items() if name not in SCREENS}
    command = ["make", "--dry-run", "--always-make", target]
    return subprocess.run(command, cwd=ROOT, env=clean | environment, capture_output=True, text=True, check=True).stdout


def found_python(*arguments: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = os.environ | ({"PATH": path} if path is not None else {})
    command = ["/bin/sh", str(ROOT / "scripts" / "find_python.sh"), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def pretend_python(folder: Path, name: str, *, has_venv: bool) -> None:
    """An executable that answers as Python 3.12 does, with or without the venv module."""
    script = f"""#!/bin/sh
case "$2" in
    *version_info*%*|*%*version_info*) echo 3.12 ;;
    *venv*) exit {0 if has_venv else 1} ;;
esac
"""
    (folder / name).write_text(script)
    (folder / name).chmod(0o755)


@pytest.mark.skipif(sys.platform == "darwin", reason="there, there is always a screen")
@pytest.mark.parametrize("screen", ["DISPLAY", "WAYLAND_DISPLAY"])
def test_the_demo_opens_the_window_where_there_is_a_screen(screen: str) -> None:
    assert "rnnscope assets/example/household.keras" in made("demo", **{screen: ":0"})
    assert "snapshot" not in made("demo", **{screen: ":0"})


@pytest.mark.skipif(sys.platform == "darwin", reason="there, there is always a screen")
def test_the_demo_draws_a_picture_where_there_is_no_screen() -> None:
    commands = made("demo")
    assert "QT_QPA_PLATFORM=offscreen" in commands
    assert re.search(
        r"rnnscope snapshot .*household\.keras .*household\.npy .*household\.keras\.npz -o demo\.png", commands
    )


def test_make_alone_lists_every_target() -> None:
    listed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    declared = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert declared is not None
    assert set(re.findall(r"^ +make (\w+)", listed, re.MULTILINE)) == set(declared[1].split()) - {"setup"}


def test_a_python_that_fits_is_found() -> None:
    assert found_python(sys.executable).stdout.strip() == sys.executable


def test_the_newest_python_is_preferred(tmp_path: Path) -> None:
    pretend_python(tmp_path, "python3", has_venv=True)
    pretend_python(tmp_path, "python3.12", has_venv=True)
    assert found_python(path=str(tmp_path)).stdout.strip() == str(tmp_path / "python3.12")


def test_a_python_without_venv_is_passed_over(tmp_path: Path) -> None:
    pretend_python(tmp_path, "python3.13", has_venv=False)
    pretend_python(tmp_path, "python3.11", has_venv=True)
    assert found_python(path=str(tmp_path)).stdout.strip() == str(tmp_path / "python3.11")


def test_a_missing_venv_module_is_told_with_the_line_to_type(tmp_path: Path) -> None:
    pretend_python(tmp_path, "python3.12", has_venv=False)
    answer = found_python(path=str(tmp_path))
    assert answer.returncode == 1
    assert "sudo apt-get install python3.12-venv" in answer.stderr


def test_a_missing_python_is_told_with_the_line_to_type(tmp_path: Path) -> None:
    answer = found_python(path=str(tmp_path))
    assert answer.returncode == 1
    assert "Python 3.11 or newer" in answer.stderr
    assert "sudo apt-get install python3 python3-venv" in answer.stderr


def test_a_chosen_python_that_does_not_run_is_named() -> None:
    answer = found_python("no-such-python")
    assert answer.returncode == 1
    assert "no-such-python" in answer.stderr


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux leaves these libraries to the system")
def test_qts_libraries_are_found_here() -> None:
    assert qt_libraries.missing_libraries(qt_libraries.qt_folder()) == []


def test_libraries_that_cannot_be_installed_are_told_with_the_line_to_type(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(qt_libraries, "missing_libraries", lambda folder: ["libEGL.so.1", "libxcb-icccm.so.4"])
    monkeypatch.setattr(qt_libraries, "apt_get", lambda: None)
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr("sys.platform", "linux")
    assert qt_libraries.main() == 1
    assert "sudo apt-get update && sudo apt-get install libegl1 libxcb-icccm4" in capsys.readouterr().err


def test_where_there_is_no_apt_the_libraries_are_named() -> None:
    assert "libEGL.so.1" in qt_libraries.advice(["libEGL.so.1"], [])
