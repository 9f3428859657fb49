"""The real window: keys, wherever the focus is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from rnnscope_gui.window import MainWindow
from tests.conftest import Example
from tests.gui.windows import (
    layer_list,
    settle,
)

Key = Qt.Key


PLAIN, CONTROL = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier


KEYS: tuple[tuple[Key, Qt.KeyboardModifier, dict[str, object]], ...] = (
    (Key.Key_Left, PLAIN, {"step": 4}),
    (Key.Key_Right, PLAIN, {"step": 6}),
    (Key.Key_Home, PLAIN, {"step": 0}),
    (Key.Key_End, PLAIN, {"step": 9}),
    (Key.Key_Up, PLAIN, {"unit": 11}),
    (Key.Key_Down, PLAIN, {"unit": 13}),
    (Key.Key_PageUp, PLAIN, {"sample": 24}),
    (Key.Key_PageDown, PLAIN, {"sample": 26}),
    (Key.Key_BracketLeft, PLAIN, {"sample": 24}),
    (Key.Key_BracketRight, PLAIN, {"sample": 26}),
    (Key.Key_Up, CONTROL, {"layer": "masking", "quantity": "output/0"}),
    (Key.Key_Down, CONTROL, {"layer": "dropout_15", "quantity": "output/0", "step": 0}),
    (Key.Key_Right, CONTROL, {"quantity": "output/0", "step": 0}),
    (Key.Key_O, PLAIN, {"operations": True}),
    (Key.Key_2, PLAIN, {"layout": "side by side"}),
    (Key.Key_3, PLAIN, {"layout": "stacked"}),
)


@pytest.mark.parametrize("focused", ["window", "layer list"])
def test_each_key_moves_one_thing_wherever_the_focus_is(window: MainWindow, focused: str) -> None:
    start = replace(window.state.view, sample=25, step=5, unit=12)
    target = window if focused == "window" else layer_list(window)
    target.setFocus()
    for key, modifier, moved in KEYS:
        window.state.show(start)
        QTest.keyClick(target, key, modifier)
        assert window.state.view == replace(start, **moved), key  # type: ignore[arg-type]


def test_first_and_largest_difference_have_a_key_each(qtbot: QtBot, empty_window: MainWindow, example: Example) -> None:
    empty_window.open(
        [str(example.model), str(example.input), str(example.model.with_name("wrong_port.npy"))],
        kinds=("model", "input", "reference"),
    )
    settle(qtbot.waitUntil, empty_window)
    comparison = empty_window.state.scene.document.comparison
    assert comparison is not None
    assert comparison.first_difference is not None
    for key in (Key.Key_F, Key.Key_W):
        empty_window.go(lambda scene: replace(scene.view, layer="rnn", quantity="state/h", sample=0))
        QTest.keyClick(empty_window, key)
        assert (empty_window.state.view.layer, empty_window.state.view.quantity) == ("denseoutput", "output/0")
    assert empty_window.action("first-difference").isEnabled()


def test_where_all_agree_the_key_for_the_first_difference_is_dead(window: MainWindow) -> None:
    before = window.state.view
    assert not window.action("first-difference").isEnabled()
    QTest.keyClick(window, Key.Key_F)
    assert window.state.view == before
