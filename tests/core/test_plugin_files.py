"""Python files that register layers: run when they are named, once, and told as one line when they fail."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rnnscope.errors import BadInput, UnreadableFile
from rnnscope.layers import LAYERS
from rnnscope.plugin_files import PREFIX, run_plugin

CODE = """
from dataclasses import dataclass

from rnnscope.layers import keras_layer
from rnnscope.layers.base import Pointwise


@keras_layer("OnlyInThisTest")
@dataclass(frozen=True, slots=True, eq=False)
class OnlyInThisTest(Pointwise):
    @classmethod
    def read(cls, config, weights, shapes):
        return cls()

    def apply(self, x):
        return -x
"""


@pytest.fixture
def nothing_stays() -> Iterator[None]:
    before = dict(LAYERS)
    yield
    LAYERS.clear()
    LAYERS.update(before)
    for name in [name for name in sys.modules if name.startswith(PREFIX)]:
        del sys.modules[name]


@pytest.mark.usefixtures("nothing_stays")
def test_a_file_that_is_named_registers_its_layers_once(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(CODE)
    name = run_plugin(path)
    assert LAYERS["OnlyInThisTest"].__module__ == name
    first = LAYERS["OnlyInThisTest"]
    assert run_plugin(str(path)) == name
    assert LAYERS["OnlyInThisTest"] is first


@pytest.mark.usefixtures("nothing_stays")
@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("1 / 0", "this file fails when it is run: ZeroDivisionError"),
        ("def", "this file fails when it is run: SyntaxError"),
        (CODE.replace("OnlyInThisTest", "LSTM"), "'LSTM' is the name of one of rnnscope's own classes"),
    ],
)
def test_a_file_that_fails_is_one_line_and_leaves_nothing_behind(tmp_path: Path, code: str, words: str) -> None:
    path = tmp_path / "mine.py"
    path.write_text(code)
    with pytest.raises(BadInput, match=words) as error:
        run_plugin(path)
    assert str(error.value).startswith("mine.py: ")
    assert not any(name.startswith(PREFIX) for name in sys.modules)


@pytest.mark.parametrize("name", ["missing.py", "model.keras", "."])
def test_only_a_python_file_is_run(tmp_path: Path, name: str) -> None:
    (tmp_path / "model.keras").write_bytes(b"PK")
    with pytest.raises(UnreadableFile, match="not a Python file"):
        run_plugin(tmp_path / name)
