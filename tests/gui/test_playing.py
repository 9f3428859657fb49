"""The cursor walks by itself, loops or stops, and never outlives the run it plays."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from rnnscope_gui import navigate
from rnnscope_gui.navigate import SPEEDS, last_step, played, speed_by, toggle_playing
from rnnscope_gui.playing import Player
from rnnscope_gui.state import AppState, Document, Scene, View
from tests.gui.windows import scene_of


@pytest.fixture
def state(household: Document, qapp: object) -> AppState:
    state = AppState()
    state.set(scene_of(household, View(speed=SPEEDS[-1])))
    Player(state, state)
    return state


def toggle(state: AppState) -> None:
    state.show(toggle_playing(state.scene))


def test_the_cursor_walks_until_it_is_stopped(state: AppState, qtbot: QtBot) -> None:
    toggle(state)
    qtbot.waitUntil(lambda: state.view.step >= 3)
    toggle(state)
    here = state.view.step
    qtbot.wait(60)
    assert state.view.step == here


def test_at_the_end_it_begins_again_when_it_loops(state: AppState, qtbot: QtBot) -> None:
    state.show(last_step(state.scene))
    end = state.view.step
    toggle(state)
    assert state.view.step == 0
    qtbot.waitUntil(lambda: state.view.step == end)
    qtbot.waitUntil(lambda: state.view.step < end)
    assert state.view.playing


def test_without_a_loop_it_stops_at_the_end(state: AppState, qtbot: QtBot) -> None:
    state.show(replace(state.view, loops=False))
    toggle(state)
    qtbot.waitUntil(lambda: not state.view.playing)
    assert navigate.at_end(state.scene)


def test_it_stops_with_its_run(state: AppState) -> None:
    toggle(state)
    state.set(Scene(view=state.view))
    assert not state.view.playing


def test_there_is_nothing_to_play_before_a_run() -> None:
    assert not toggle_playing(Scene()).playing


def test_speeds_go_up_and_down_and_end_at_their_ends(household: Document) -> None:
    scene = scene_of(household, View(speed=SPEEDS[-1]))
    assert speed_by(1)(scene).speed == SPEEDS[-1]
    assert speed_by(-1)(scene).speed == SPEEDS[-2]


def test_a_step_at_rest_at_the_end_stays(household: Document) -> None:
    scene = scene_of(household, View(loops=False, playing=True))
    ended = replace(scene, view=last_step(scene))
    assert played(ended) == replace(ended.view, playing=False)
