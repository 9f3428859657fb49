"""The masking laboratory: a mask is drawn, the sample on show runs in every way with it, and remarks lead there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from rnnscope import run
from rnnscope.lab import PRESETS, Laboratory, Way, demonstrations, lint, preset
from rnnscope_gui import numbers
from rnnscope_gui.examples import DEMONSTRATIONS
from rnnscope_gui.experimenting import experiment
from rnnscope_gui.jobs import Reporter, Ticket
from rnnscope_gui.lab_row import LabRow
from rnnscope_gui.laboratory import (
    BY_HAND,
    NOWHERE,
    bench,
    can_mask,
    is_wanted,
    lines,
    painted,
    remark_view,
    state_shown,
    toggled_step,
)
from rnnscope_gui.mask_editor import MaskEditor
from rnnscope_gui.panels.laboratory import LaboratoryPanel
from rnnscope_gui.remark_list import RemarkLine
from rnnscope_gui.state import Document, Experiment, Scene, View
from rnnscope_gui.window import MainWindow
from tests.gui.windows import click, opened, part, scene_of, settle

GOLDEN = Path(__file__).resolve().parent.parent / "golden"
VIEW = View(layer="rnn", quantity="state/h", sample=25, step=5, unit=12, page="laboratory")
TRAILING = (True,) * 7 + (False,) * 3


def reporter() -> Reporter:
    return Reporter(Ticket(1), lambda number, done, total: None)


def ran(document: Document, view: View) -> Laboratory:
    found = experiment(document, view, None, reporter())
    assert found.lab is not None, found.problem
    return found.lab


@pytest.fixture
def laboratory_page(window: MainWindow, qtbot: QtBot) -> MainWindow:
    """A window whose laboratory has run the sample with Keras's own mask."""
    window.state.show(VIEW)
    settle(qtbot.waitUntil, window)
    return window


def rows(window: MainWindow) -> dict[Way, LabRow]:
    return {row.way: row for row in window.findChildren(LabRow)}


def test_the_mask_to_begin_with_is_keras_own(household: Document) -> None:
    made = bench(household, VIEW)
    assert made is not None
    assert household.trace is not None
    own = household.trace["masking"].output_mask
    assert own is not None
    assert made.mask.tolist() == own[25].tolist()
    assert (made.preset, made.entry.layer) == ("as Keras", "masking")


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_known_by_its_name(household: Document, name: str) -> None:
    made = bench(household, VIEW)
    assert made is not None
    mask = preset(name, made.own)
    again = bench(household, replace(VIEW, mask=tuple(mask.tolist())))
    assert again is not None
    assert again.preset == name


def test_a_stroke_masks_every_step_that_it_comes_over_and_the_way_back_is_no_edit(household: Document) -> None:
    made = bench(household, VIEW)
    assert made is not None
    view = painted(VIEW, made, 7, 2, valid=False)
    assert view.mask is not None
    assert view.mask == tuple(made.own.tolist()[:2]) + (False,) * 6 + tuple(made.own.tolist()[8:])
    edited = bench(household, view)
    assert edited is not None
    assert edited.preset == BY_HAND
    for step in np.flatnonzero(made.own).tolist():
        again = bench(household, view)
        assert again is not None
        view = painted(view, again, step, step, valid=True)
    assert view.mask is None


def test_a_mask_of_another_length_is_not_taken(household: Document) -> None:
    made = bench(household, replace(VIEW, mask=(False,) * 3))
    assert made is not None
    assert made.preset == "as Keras"


def test_the_lines_say_what_the_runs_give(household: Document) -> None:
    view = replace(VIEW, mask=TRAILING)
    lab = ran(household, view)
    shown = {line.way: line for line in lines(lab, view)}
    assert tuple(shown) == tuple(Way)
    for way, line in shown.items():
        trace = lab.variants[way].trace
        assert trace is not None
        assert line.output == numbers.answer(float(trace.outputs[0][0, 0]))
        assert line.matrix is not None
        assert line.matrix.tolist() == trace["rnn"].states["h"][0].T.tolist()
    assert shown[Way.KERAS].moved == "–"
    assert shown[Way.CUT].moved == "the same"
    assert shown[Way.IGNORED].moved == numbers.brief_difference(lab.variants[Way.IGNORED].moved[0])
    assert [shown[way].differs for way in Way] == [False, True, False, True, True]


def test_steps_are_hatched_where_something_is_done_about_them(household: Document) -> None:
    view = replace(VIEW, mask=TRAILING)
    hatched = {line.way: line.mask for line in lines(ran(household, view), view)}
    for way in (Way.KERAS, Way.CUT, Way.ZEROED):
        mask = hatched[way]
        assert mask is not None
        assert tuple(mask.tolist()) == TRAILING
    assert hatched[Way.IGNORED] is hatched[Way.NUMPY_MA] is None


def test_where_no_state_is_on_show_the_first_one_is_drawn(household: Document) -> None:
    assert household.trace is not None
    assert state_shown(household.trace, VIEW) == ("rnn", "state/h")
    for other in (replace(VIEW, quantity="output/0"), replace(VIEW, layer="dense1", quantity="output/0")):
        assert state_shown(household.trace, other) == ("rnn", "state/h")


def test_what_cannot_be_run_says_why(household: Document) -> None:
    assert household.trace is not None
    outside = replace(VIEW, sample=25)
    broken = replace(household, inputs=np.zeros((64, 3), np.float32))
    found = experiment(broken, outside, None, reporter())
    assert found.lab is None
    assert found.problem


def test_only_the_page_on_show_asks_for_runs_and_only_for_new_ones(household: Document) -> None:
    scene = scene_of(household, VIEW)
    assert is_wanted(scene)
    assert not is_wanted(scene_of(household, replace(VIEW, page="unit")))
    assert household.trace is not None
    done = replace(scene, experiment=Experiment(household.trace, 25, None))
    assert not is_wanted(done)
    assert is_wanted(replace(done, view=replace(VIEW, mask=TRAILING)))
    assert is_wanted(replace(done, view=replace(VIEW, sample=3)))
    assert not is_wanted(Scene(view=VIEW))


def test_the_step_under_the_cursor_is_masked_and_valid_again(household: Document) -> None:
    scene = scene_of(household, VIEW)
    assert can_mask(scene)
    view = toggled_step(scene)
    assert view.mask is not None
    assert not view.mask[5]
    assert toggled_step(replace(scene, view=view)).mask is None


def test_a_remark_leads_to_the_sample_on_show_where_that_is_meant_and_else_to_the_first(household: Document) -> None:
    assert household.trace is not None
    partly = next(remark for remark in lint(household.trace) if remark.id == "partly-masked")
    first = remark_view(scene_of(household, VIEW), partly)
    assert (first.layer, first.sample, first.step) == ("masking", *partly.places[0])
    last = partly.places[-1]
    there = remark_view(scene_of(household, replace(VIEW, sample=last[0])), partly)
    assert (there.sample, there.step) == next(place for place in partly.places if place[0] == last[0])


def test_the_page_runs_the_sample_on_show(laboratory_page: MainWindow, household: Document) -> None:
    lab = ran(household, VIEW)
    for line in lines(lab, VIEW):
        output, moved, problem = rows(laboratory_page)[line.way].texts
        assert (output, moved, problem) == (line.output, line.moved, "")


def test_drawing_in_the_mask_runs_again(laboratory_page: MainWindow, household: Document, qtbot: QtBot) -> None:
    editor = part(laboratory_page, MaskEditor)
    before = rows(laboratory_page)[Way.KERAS].texts
    places = [QPoint(editor.x_of(step), editor.height() // 2) for step in (5, 6, 7)]
    QTest.mousePress(editor, Qt.MouseButton.LeftButton, pos=places[0])
    for place in places[1:]:
        QTest.mouseMove(editor, place)
    QTest.mouseRelease(editor, Qt.MouseButton.LeftButton, pos=places[-1])
    mask = laboratory_page.state.view.mask
    assert mask is not None
    assert not any(mask[5:8])
    settle(qtbot.waitUntil, laboratory_page)
    wanted = lines(ran(household, laboratory_page.state.view), laboratory_page.state.view)
    assert rows(laboratory_page)[Way.KERAS].texts[0] == wanted[0].output != before[0]
    assert laboratory_page.state.scene.document is household


def test_a_preset_is_chosen_and_reset(laboratory_page: MainWindow, qtbot: QtBot) -> None:
    panel = part(laboratory_page, LaboratoryPanel)
    presets, reset = part(panel, QComboBox), part(panel, QPushButton)
    assert (presets.currentText(), reset.isEnabled()) == ("as Keras", False)
    presets.setCurrentIndex(PRESETS.index("all"))
    presets.activated.emit(PRESETS.index("all"))
    assert laboratory_page.state.view.mask == (False,) * 10
    laboratory_page.action("mask-step").trigger()
    assert presets.currentIndex() == -1
    reset.click()
    assert laboratory_page.state.view == VIEW
    assert presets.currentText() == "as Keras"
    settle(qtbot.waitUntil, laboratory_page)


def test_a_way_that_cannot_be_run_says_why_and_the_others_stand(empty_window: MainWindow, qtbot: QtBot) -> None:
    lost = next(one for one in demonstrations() if one.id == "mask-lost-at-flatten")
    document = Document(model=lost.model, inputs=lost.x, trace=run(lost.model, lost.x))
    empty_window.state.set(scene_of(document, View(page="laboratory")))
    settle(qtbot.waitUntil, empty_window)
    cut = rows(empty_window)[Way.CUT]
    assert "'dense'" in cut.texts[2]
    assert cut.texts[2].removesuffix("…") in cut.toolTip()
    assert cut.height() < 60
    assert rows(empty_window)[Way.IGNORED].shows_state


def test_a_click_in_a_state_chooses_the_number(laboratory_page: MainWindow) -> None:
    laboratory_page.state.show(replace(laboratory_page.state.view, layer="dense1", quantity="output/0", step=0, unit=0))
    shown = rows(laboratory_page)[Way.IGNORED].heatmap
    click(shown, 7, 30)
    view = laboratory_page.state.view
    assert (view.layer, view.quantity, view.sample, view.step) == ("rnn", "state/h", 25, 7)
    assert abs(view.unit - 30) <= 2  # several units share a pixel


def test_in_the_smallest_window_the_runs_keep_their_room(laboratory_page: MainWindow, qtbot: QtBot) -> None:
    laboratory_page.resize(1024, 600)
    row, editor = rows(laboratory_page)[Way.KERAS], part(laboratory_page, MaskEditor)
    qtbot.waitUntil(lambda: editor.width() == row.heatmap.width() >= 120)
    assert not part(laboratory_page, RemarkLine).isVisible()


def test_a_remark_is_clicked(laboratory_page: MainWindow) -> None:
    line = next(line for line in laboratory_page.findChildren(RemarkLine) if line.remark.id == "fully-masked")
    QTest.mouseClick(line, Qt.MouseButton.LeftButton)
    assert (laboratory_page.state.view.layer, laboratory_page.state.view.sample) == ("masking", 40)
    laboratory_page.state.show(VIEW)
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert laboratory_page.state.view.sample == 40


def test_numbers_of_another_sample_are_not_left_standing(laboratory_page: MainWindow, qtbot: QtBot) -> None:
    laboratory_page.state.show(replace(VIEW, sample=26))
    assert rows(laboratory_page)[Way.KERAS].texts[:2] == ("…", "")
    settle(qtbot.waitUntil, laboratory_page)
    output, _, _ = rows(laboratory_page)[Way.KERAS].texts
    document = laboratory_page.state.scene.document
    assert document.trace is not None
    assert output == numbers.answer(float(document.trace.outputs[0][26, 0]))


def test_a_model_without_a_mask_says_what_to_do(empty_window: MainWindow, qtbot: QtBot) -> None:
    names = [GOLDEN / f"activation_layers{end}" for end in (".keras", ".input.npz")]
    empty_window.state.set(scene_of(opened(*names).document, View(page="laboratory")))
    texts = [label.text() for label in empty_window.findChildren(QLabel) if label.isVisible()]
    assert NOWHERE in texts
    assert not empty_window.action("mask-step").isEnabled()
    settle(qtbot.waitUntil, empty_window)


@pytest.mark.parametrize("name", DEMONSTRATIONS)
def test_a_demonstration_is_a_click_and_agrees_with_keras(empty_window: MainWindow, qtbot: QtBot, name: str) -> None:
    one = DEMONSTRATIONS[name]
    empty_window.action(f"demonstration-{name}").trigger()
    settle(qtbot.waitUntil, empty_window)
    document = empty_window.state.scene.document
    assert document.comparison is not None
    assert document.comparison.matches
    assert document.trace is not None
    assert document.trace.outputs[0].tolist() == run(one.model, one.x).outputs[0].tolist()
    texts = {label.text() for label in empty_window.findChildren(QLabel) if label.isVisible()}
    assert {one.title, one.words} <= texts
    assert rows(empty_window)[Way.KERAS].shows_state


def test_a_run_that_is_gone_takes_its_experiment_along(laboratory_page: MainWindow, qtbot: QtBot) -> None:
    assert laboratory_page.state.scene.experiment is not None
    laboratory_page.action("close-files").trigger()
    settle(qtbot.waitUntil, laboratory_page)
    assert laboratory_page.state.scene.experiment is None


def test_another_step_of_the_output_changes_the_answers_and_draws_no_state_again(
    empty_window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [GOLDEN / f"bidirectional_concat{end}" for end in (".keras", ".input.npz")]
    document = opened(*names).document
    empty_window.state.set(scene_of(document, View(page="laboratory", sample=1, element=0)))
    settle(qtbot.waitUntil, empty_window)
    drawn: list[Way] = []
    monkeypatch.setattr(LabRow, "draw", lambda row, *_: drawn.append(row.way))
    assert document.trace is not None
    for step in (0, 4):
        empty_window.state.show(replace(empty_window.state.view, step=step))
        wanted = numbers.answer(float(document.trace.outputs[0][1, step, 0]))
        assert rows(empty_window)[Way.KERAS].texts[0] == wanted
    assert drawn == []
