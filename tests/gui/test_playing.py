"""The cursor walks by itself, loops or stops, and never outlives the run it plays."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from rnnscope_gui.navigate import last_step
from rnnscope_gui.playing import SPEEDS, Player
from rnnscope_gui.state import AppState, Document, Scene, View
from tests.gui.windows import scene_of


@pytest.fixture
def state(household: Document, qapp: object) -> AppState:
    state = AppState()
    state.set(scene_of(household))
    return state


@pytest.fixture
def player(state: AppState) -> Player:
    made = Player(state, state)
    made.set_speed(SPEEDS[-1])
    return made


def test_the_cursor_walks(player: Player, state: AppState, qtbot: QtBot) -> None:
    player.toggle()
    qtbot.waitUntil(lambda: state.view.step >= 3)
    player.toggle()
    assert not player.playing


def test_at_the_end_it_begins_again_when_it_loops(player: Player, state: AppState, qtbot: QtBot) -> None:
    state.show(replace(last_step(state.scene)))
    end = state.view.step
    player.toggle()
    assert state.view.step == 0
    qtbot.waitUntil(lambda: state.view.step == end)
    qtbot.waitUntil(lambda: state.view.step < end)
    assert player.playing


def test_without_a_loop_it_stops_at_the_end(player: Player, state: AppState, qtbot: QtBot) -> None:
    player.loops = False
    player.toggle()
    qtbot.waitUntil(lambda: not player.playing)
    assert state.view == last_step(state.scene)


def test_it_stops_with_its_run(player: Player, state: AppState) -> None:
    player.toggle()
    state.set(Scene(view=View()))
    assert not player.playing


def test_there_is_nothing_to_play_before_a_run(qapp: object) -> None:
    state = AppState()
    player = Player(state, state)
    player.toggle()
    assert not player.playing


def test_speeds_go_up_and_down_and_end_at_their_ends(player: Player) -> None:
    player.change_speed(1)
    assert player.speed == SPEEDS[-1]
    player.change_speed(-1)
    assert player.speed == SPEEDS[-2]
