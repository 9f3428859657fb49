"""Why a port differs, in the real window: asked, answered, looked through, stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from rnnscope import Cancelled
from rnnscope_gui import judging
from rnnscope_gui.choice_line import ChoiceLine
from rnnscope_gui.panels.why import WhyPanel
from rnnscope_gui.state import Document
from rnnscope_gui.window import MainWindow
from tests.conftest import Example
from tests.gui.windows import (
    LONG,
    PORT_VIEW,
    opened,
    part,
    scene_of,
    settle,
    texts,
    titles,
)

Key = Qt.Key


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
    desk.state.set(scene_of(replace(why, findings=(tied, replace(tied, title="Another"), near)), PORT_VIEW))
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
    desk.state.set(scene_of(replace(why, findings=(near,)), PORT_VIEW))
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
    desk.state.set(scene_of(right, PORT_VIEW))
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
