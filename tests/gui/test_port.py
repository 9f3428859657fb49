"""A port's own numbers in the real window: shown wherever NumPy's and Keras's are, judged, and explained."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QDialog, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from rnnscope import Verdict
from rnnscope_gui.panels.layers import layer_rows
from rnnscope_gui.panels.messages import MessageBar
from rnnscope_gui.panels.output import OutputPanel
from rnnscope_gui.resolve import picture
from rnnscope_gui.rule_line import RuleLine
from rnnscope_gui.state import Apart, Document, Rule
from rnnscope_gui.window import MainWindow
from tests.conftest import Example
from tests.gui.windows import (
    PORT_VIEW,
    heatmaps,
    message,
    opened,
    part,
    readout,
    scene_of,
    settle,
    step_table,
    texts,
    titles,
)

Key = Qt.Key
STATE = "layer/rnn/state/h"


def test_it_stands_beside_numpy_and_keras_in_every_panel(desk: MainWindow, ported: Document) -> None:
    assert titles(desk) == ["NumPy", "Keras", "Mine", "Difference"]
    assert ported.mine is not None
    mine = ported.mine.arrays[STATE][25, 0, 12]
    assert mine == 1.0
    assert f"mine {mine:.6f} mine − Keras 1.0e+00" in readout(desk)
    table = step_table(desk).model()
    assert table.index(0, 3).data().strip() == f"{mine:.6f}"
    assert f"{ported.mine.arrays['output/0'][25, 0]:.5f}" in texts(desk, OutputPanel)
    assert "≠ different" in texts(desk, OutputPanel)
    marks = {row.key: (row.sides, row.verdicts) for row in layer_rows(ported, operations=False)}
    assert marks["rnn"] == (("Keras", "mine"), (Verdict.ROUNDING, Verdict.DIFFERENT))
    assert marks["dense1"] == (("Keras", "mine"), (Verdict.ROUNDING, Verdict.NOT_COMPARED))


def test_without_keras_s_values_its_verdict_is_the_only_one(
    desk: MainWindow, ported: Document, example: Example
) -> None:
    alone = opened(*example[:2], example.model.with_name("household.port.npz"), kinds=("model", "input", "mine"))
    desk.state.set(scene_of(alone.document, PORT_VIEW))
    assert titles(desk) == ["NumPy", "Mine", "Difference"]
    assert "Keras" not in readout(desk)
    assert layer_rows(alone.document, operations=False)[2].verdicts == (Verdict.DIFFERENT,)
    desk.go(lambda scene: replace(scene.view, layer="dense1"))
    QTest.keyClick(desk, Key.Key_F)
    view = desk.state.view
    assert (view.layer, view.quantity, view.sample, view.step) == ("rnn", "state/h", 0, 0)


@pytest.mark.parametrize(
    ("name", "apart"),
    [
        ("apart-keras", "NumPy − Keras"),
        ("apart-mine", "mine − NumPy"),
        ("apart-mine-keras", "mine − Keras"),
        ("apart-mistaken", "mine − mistaken run"),
        ("apart-mistake", "mistaken run − NumPy"),
    ],
)
def test_any_two_can_be_held_against_one_another(desk: MainWindow, why: Document, name: str, apart: Apart) -> None:
    desk.state.set(scene_of(why, PORT_VIEW))
    desk.action(name).trigger()
    made = picture(why, desk.state.view)
    assert made is not None
    assert made.apart == apart
    assert desk.action(name).isChecked()
    pair = made.pair(apart)
    assert pair is not None
    assert made.difference is not None
    np.testing.assert_allclose(made.difference, pair[0].astype(np.float64) - pair[1])
    alike = apart in ("NumPy − Keras", "mine − mistaken run")
    assert made.verdict is (Verdict.ROUNDING if alike else Verdict.DIFFERENT)


def test_the_difference_is_chosen_on_its_card_too(desk: MainWindow) -> None:
    box = next(one for one in desk.findChildren(QComboBox) if "of which two" in one.accessibleName() and one.count())
    assert [box.itemText(index) for index in range(box.count())] == ["NumPy − Keras", "mine − NumPy", "mine − Keras"]
    box.setCurrentIndex(0)
    box.activated.emit(0)
    assert desk.state.view.apart == "NumPy − Keras"


def test_keys_go_to_the_port_s_first_and_largest_difference(desk: MainWindow) -> None:
    for key in (Key.Key_F, Key.Key_W):
        desk.go(lambda scene: replace(scene.view, layer="dense1", sample=9))
        QTest.keyClick(desk, key, Qt.KeyboardModifier.ShiftModifier)
        assert desk.state.view.apart == "mine − NumPy"
        assert desk.state.view.layer == ("rnn" if key == Key.Key_F else "denseoutput")


@pytest.mark.parametrize("layout", ["side by side", "stacked"])
@pytest.mark.parametrize("size", [(1024, 600), (1280, 720), (3840, 2160)])
def test_four_cards_have_their_room(desk: MainWindow, layout: str, size: tuple[int, int]) -> None:
    desk.action(f"layout-{layout.replace(' ', '-')}").trigger()
    desk.resize(*size)
    QApplication.processEvents()
    shown = heatmaps(desk)
    assert len(shown) == 4
    assert all(one.isVisible() and one.box.width() > 60 and one.box.height() > 8 for one in shown)
    tops = {one.mapTo(desk, one.rect().topLeft()).y() for one in shown}
    assert len(tops) == (1 if layout == "side by side" else 4)


def test_the_rule_and_its_figures_stand_under_the_heatmaps(desk: MainWindow) -> None:
    text = part(desk, RuleLine).text
    assert "8·drift" in text
    assert "1.19e-07" in text
    assert " · here " in text


def test_the_example_of_a_port_opens_with_one_command(qtbot: QtBot, empty_window: MainWindow) -> None:
    empty_window.action("example-port").trigger()
    settle(qtbot.waitUntil, empty_window)
    document = empty_window.state.scene.document
    assert message(empty_window) == ""
    assert document.mine_comparison is not None
    assert not document.mine_comparison.matches
    assert empty_window.action("why").isEnabled()


def test_a_doubtful_file_can_be_taken_for_the_other_thing(qtbot: QtBot, window: MainWindow, example: Example) -> None:
    path = str(example.model.with_name("wrong_port.npy"))
    window.open([path])
    settle(qtbot.waitUntil, window)
    assert window.state.scene.document.mine_path == path
    assert "taken for those of your own port" in message(window)
    button = part(part(window, MessageBar), QPushButton)
    assert button.text() == "It is Keras’s"
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    settle(qtbot.waitUntil, window)
    document = window.state.scene.document
    assert (document.mine_path, document.reference_path) == ("", path)


def test_the_rule_is_chosen_in_a_dialog_and_judges_both(qtbot: QtBot, desk: MainWindow) -> None:
    desk.action("rule").trigger()
    (dialog,) = desk.findChildren(QDialog)
    atol, rtol = dialog.findChildren(QLineEdit)
    for edit, text in ((atol, "wide"), (rtol, "0")):
        edit.selectAll()
        QTest.keyClicks(edit, text)
    ok = next(button for button in dialog.findChildren(QPushButton) if "OK" in button.text())
    assert not ok.isEnabled()
    atol.selectAll()
    QTest.keyClicks(atol, "2.5")
    assert ok.isEnabled()
    QTest.mouseClick(ok, Qt.MouseButton.LeftButton)
    settle(qtbot.waitUntil, desk)
    document = desk.state.scene.document
    assert document.rule == Rule(2.5, 0.0)
    assert document.mine_comparison is not None
    assert document.mine_comparison.matches
    assert "2.5" in part(desk, RuleLine).text
    desk.controller.judge_by(Rule())
    settle(qtbot.waitUntil, desk)
    assert "8·drift" in part(desk, RuleLine).text


def test_the_command_that_repeats_the_window_goes_to_the_clipboard(desk: MainWindow, ported: Document) -> None:
    desk.action("copy-command").trigger()
    words = QGuiApplication.clipboard().text()
    assert words.startswith("rnnscope compare ")
    assert f"--mine {ported.mine_path}" in words
    assert "--sample 25" in words
    assert words in message(desk)
    QGuiApplication.clipboard().clear()
