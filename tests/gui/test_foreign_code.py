"""Code that comes with a model, or that a person brings: never run unasked, passed by or run when it is wanted."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from rnnscope.layers import LAYERS
from rnnscope.plugin_files import PREFIX, run_plugin
from rnnscope_gui.__main__ import main
from rnnscope_gui.read_as import ReadAs
from rnnscope_gui.session import Session
from rnnscope_gui.window import MainWindow
from tests.conftest import Example
from tests.core.reading.crafted import with_dropout_as
from tests.gui.windows import message, settle

PLUGIN = """
from dataclasses import dataclass

from rnnscope.plugins import Pointwise, keras_layer


@keras_layer("Doubling")
@dataclass(frozen=True, slots=True, eq=False)
class Doubling(Pointwise):
    times: float

    @classmethod
    def read(cls, config, weights, shapes):
        config.ignore("rate", "seed", "noise_shape")
        return cls(2.0)

    def apply(self, x):
        return x * self.times
"""


@pytest.fixture
def plugin(tmp_path: Path) -> Iterator[Path]:
    before = dict(LAYERS)
    path = tmp_path / "mine.py"
    path.write_text(PLUGIN)
    yield path
    LAYERS.clear()
    LAYERS.update(before)
    for name in [name for name in sys.modules if name.startswith(PREFIX)]:
        del sys.modules[name]


def test_a_lambda_is_shown_and_not_run_until_it_is_passed_by(
    qtbot: QtBot, empty_window: MainWindow, example: Example, tmp_path: Path
) -> None:
    model = str(with_dropout_as("Lambda", tmp_path))
    empty_window.open([model, str(example.input)], kinds=("model", "input"))
    settle(qtbot.waitUntil, empty_window)
    assert "is Python code in the file, which is not run" in message(empty_window)
    assert "Reading ▸ Pass Lambda layers by" in message(empty_window)
    assert empty_window.state.scene.document.trace is None
    action = empty_window.action("bypass-lambda")
    assert action.isEnabled()
    assert not action.isChecked()

    action.trigger()
    settle(qtbot.waitUntil, empty_window)
    document = empty_window.state.scene.document
    assert message(empty_window) == ""
    assert document.trace is not None
    assert document.model is not None
    assert any("bypassed" in note for note in document.model.notes)
    assert action.isChecked()

    action.trigger()
    settle(qtbot.waitUntil, empty_window)
    assert empty_window.state.scene.document.trace is None
    assert not action.isChecked()


def test_a_layer_of_ones_own_opens_in_the_window_when_its_file_was_named(
    qtbot: QtBot, example: Example, plugin: Path, tmp_path: Path
) -> None:
    from PySide6.QtCore import QSettings

    run_plugin(plugin)
    window = MainWindow(Session(read_as=ReadAs(code=(str(plugin),))), QSettings())
    window.open([str(with_dropout_as("Doubling", tmp_path)), str(example.input)], kinds=("model", "input"))
    settle(qtbot.waitUntil, window)
    trace = window.state.scene.document.trace
    assert window.state.scene.message is None
    assert trace is not None
    assert trace["dropout_15"].output == pytest.approx(2 * trace["rnn"].output)
    window.close()


def test_without_its_file_the_layer_is_refused_by_name(
    qtbot: QtBot, empty_window: MainWindow, example: Example, tmp_path: Path
) -> None:
    empty_window.open([str(with_dropout_as("Doubling", tmp_path))], kinds=("model",))
    settle(qtbot.waitUntil, empty_window)
    assert "Doubling" in message(empty_window)
    assert empty_window.state.scene.document.model is None


def test_code_that_fails_is_one_line_before_any_window_opens(plugin: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plugin.write_text("raise ValueError('not today')")
    assert main(["--run-code", str(plugin)]) == 2
    assert capsys.readouterr().err == "rnnscope: mine.py: this file fails when it is run: ValueError: not today\n"


@pytest.mark.usefixtures("plugin")
def test_the_command_line_says_plainly_what_running_code_means(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert "--run-code FILE.py run this Python file first, with all the rights that you have" in text


def test_the_command_line_runs_a_model_with_ones_own_layer(
    example: Example, plugin: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = str(with_dropout_as("Doubling", tmp_path))
    assert main(["run", model, str(example.input)]) == 2
    assert "Doubling" in capsys.readouterr().err
    assert main(["run", model, str(example.input), "--run-code", str(plugin)]) == 0
