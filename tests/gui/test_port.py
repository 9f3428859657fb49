"""A port's own numbers in the real window: shown wherever NumPy's and Keras's are, judged, and explained."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QDialog, QLabel, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from rnnscope import Cancelled, Verdict
from rnnscope_gui import judging
from rnnscope_gui.choice_line import ChoiceLine
from rnnscope_gui.judging import explained
from rnnscope_gui.map_card import MapCard
from rnnscope_gui.panels.layers import layer_rows
from rnnscope_gui.panels.messages import MessageBar
from rnnscope_gui.panels.output import OutputPanel
from rnnscope_gui.panels.why import WhyPanel
from rnnscope_gui.resolve import picture
from rnnscope_gui.rule_line import RuleLine
from rnnscope_gui.state import Apart, Document, Rule, View
from rnnscope_gui.window import MainWindow
from tests.conftest import Example
from tests.gui.windows import (
    LONG,
    Quiet,
    heatmaps,
    message,
    opened,
    part,
    readout,
    scene_of,
    settle,
    step_table,
)

Key = Qt.Key
START = View(sample=25, step=0, unit=12)
STATE = "layer/rnn/state/h"


@pytest.fixture(scope="session")
def ported(example: Example) -> Document:
    """The example with a port of it that starts from ones, compared."""
    return opened(*example, example.model.with_name("household.port.npz")).document


@pytest.fixture(scope="session")
def why(ported: Document) -> Document:
    """The same with its diagnosis."""
    return explained(ported, Quiet()).document


@pytest.fixture
def desk(empty_window: MainWindow, ported: Document) -> MainWindow:
    """A window in which the port is open."""
    empty_window.state.set(scene_of(ported, START))
    return empty_window


def titles(window: MainWindow) -> list[str]:
    QApplication.processEvents()
    cards = [card for card in window.findChildren(MapCard) if not card.isHidden()]
    return [card.heatmap.accessibleName().partition(":")[0] for card in sorted(cards, key=lambda card: card.x())]


def texts(window: MainWindow, kind: type[WhyPanel] | type[OutputPanel]) -> str:
    QApplication.processEvents()
    labels = part(window, kind).findChildren(QLabel)
    return "\n".join(label.text() for label in labels if label.isVisible())


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
    desk.state.set(scene_of(alone.document, START))
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
    desk.state.set(scene_of(why, START))
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
    assert "16·drift" in text
    assert "1.19e-07" in text
    assert " · here " in text


def test_why_names_the_mistake_and_shows_its_run_and_the_fix(qtbot: QtBot, desk: MainWindow) -> None:
    assert "2 of your 2 arrays differ" in texts(desk, WhyPanel)
    QTest.keyClick(desk, Key.Key_Y)
    assert desk.state.scene.busy is not None
    settle(qtbot.waitUntil, desk)
    findings = desk.state.scene.document.findings
    assert findings is not None
    assert findings[0].ids == ("initial-state-ones",)
    assert titles(desk) == ["NumPy", "Mine", "Mistaken run", "Difference"]
    said = texts(desk, WhyPanel)
    assert "This turns the model into your numbers" in said
    assert findings[0].fix in said
    desk.action("copy-fix").trigger()
    assert QGuiApplication.clipboard().text() == findings[0].fix
    QGuiApplication.clipboard().clear()
    QTest.keyClick(desk, Key.Key_M)
    assert titles(desk) == ["NumPy", "Keras", "Mine", "Difference"]
    assert not desk.action("why").isEnabled()


def test_several_findings_can_be_looked_at_one_by_one(desk: MainWindow, why: Document) -> None:
    assert why.findings is not None
    tied = replace(why.findings[0], tell_apart="a short sequence")
    near = replace(tied, title="Something else", explains=False, distance=0.25, rank=1, trace=None)
    desk.state.set(scene_of(replace(why, findings=(tied, replace(tied, title="Another"), near)), START))
    said = texts(desk, WhyPanel)
    assert "on this input they are tied" in said
    assert "To tell them apart, try a short sequence." in said
    lines = part(desk, WhyPanel).findChildren(ChoiceLine)
    assert [line.isChecked() for line in lines] == [True, False, False]
    for _ in range(3):
        QTest.keyClick(desk, Key.Key_N)
    assert desk.state.view.finding == 2
    assert "does not explain your numbers" in texts(desk, WhyPanel)
    assert not desk.action("mistaken-run").isEnabled()
    QTest.keyClick(desk, Key.Key_N, Qt.KeyboardModifier.ShiftModifier)
    QTest.mouseClick(lines[0], Qt.MouseButton.LeftButton)
    assert desk.state.view.finding == 0
    assert lines[0].isChecked()


def test_none_is_said_to_be_none_with_the_nearest(desk: MainWindow, why: Document) -> None:
    assert why.findings is not None
    near = replace(why.findings[0], explains=False, distance=0.5)
    desk.state.set(scene_of(replace(why, findings=(near,)), START))
    assert "No known mistake, and no pair of them" in texts(desk, WhyPanel)
    assert "0.5 away" in texts(desk, WhyPanel)


def test_with_no_port_it_says_what_to_open(window: MainWindow) -> None:
    assert "Open what your own port of this model gives, outputs or states" in texts(window, WhyPanel)
    assert part(part(window, WhyPanel), QPushButton).isVisible()
    assert not window.action("why").isEnabled()


def test_a_port_that_agrees_is_good_news(desk: MainWindow, household: Document, example: Example) -> None:
    right = opened(example.reference, kinds=("mine",), document=household).document
    assert right.mine_comparison is not None
    assert right.mine_comparison.matches
    desk.state.set(scene_of(right, START))
    assert "There is nothing to explain" in texts(desk, WhyPanel)
    assert not desk.action("why").isEnabled()
    assert not desk.action("mine-first-difference").isEnabled()


def test_a_diagnosis_can_be_stopped_and_nothing_is_lost(
    qtbot: QtBot, desk: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, ended = threading.Event(), threading.Event()

    def endless(*_: object, cancelled: Callable[[], bool], **__: object) -> object:
        begun.set()
        while not cancelled():
            threading.Event().wait(0.002)
        ended.set()
        raise Cancelled

    monkeypatch.setattr(judging, "diagnose", endless)
    document = desk.state.scene.document
    desk.action("why").trigger()
    qtbot.waitUntil(begun.is_set, timeout=LONG)
    assert not desk.action("why").isEnabled()
    desk.action("cancel").trigger()
    assert ended.wait(LONG / 1000)
    assert desk.state.scene.document is document
    assert desk.action("why").isEnabled()


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
    assert "16·drift" in part(desk, RuleLine).text


def test_the_command_that_repeats_the_window_goes_to_the_clipboard(desk: MainWindow, ported: Document) -> None:
    desk.action("copy-command").trigger()
    words = QGuiApplication.clipboard().text()
    assert words.startswith("rnnscope compare ")
    assert f"--mine {ported.mine_path}" in words
    assert "--sample 25" in words
    assert words in message(desk)
    QGuiApplication.clipboard().clear()
