from __future__ import annotations

from dataclasses import replace

import pytest

from rnnscope import Location, Reference, compare
from rnnscope_gui import navigate
from rnnscope_gui.opening import ORDER
from rnnscope_gui.state import Document, Scene, View
from tests.conftest import Example
from tests.gui.windows import opened, scene_of

LAST_SAMPLE, LAST_STEP, LAST_UNIT = 63, 9, 63


@pytest.fixture
def scene(household: Document) -> Scene:
    return scene_of(household, View(sample=25, step=5, unit=12))


@pytest.mark.parametrize("amount", [-1, 1, 3])
def test_a_move_goes_as_far_as_it_says(scene: Scene, amount: int) -> None:
    moved = navigate.by(sample=amount, step=-amount, unit=2 * amount)(scene)
    assert (moved.sample, moved.step, moved.unit) == (25 + amount, 5 - amount, 12 + 2 * amount)


def test_a_move_stops_at_the_ends(scene: Scene) -> None:
    up = navigate.by(sample=1000, step=1000, unit=1000)(scene)
    down = navigate.by(sample=-1000, step=-1000, unit=-1000)(scene)
    assert (up.sample, up.step, up.unit) == (LAST_SAMPLE, LAST_STEP, LAST_UNIT)
    assert (down.sample, down.step, down.unit) == (0, 0, 0)


def test_first_and_last_step(scene: Scene) -> None:
    assert navigate.to_step(scene, 0).step == 0
    assert navigate.last_step(scene).step == LAST_STEP


def test_layers_are_walked_as_the_list_shows_them(scene: Scene) -> None:
    names = navigate.listed_layers(scene.document, scene.view)
    assert names == ("main_input", "masking", "rnn", "dropout_15", "dense1", "denseoutput")
    assert navigate.layer_by(1)(scene).layer == "dropout_15"
    assert navigate.layer_by(-1)(scene).layer == "masking"
    assert navigate.layer_by(100)(scene).layer == "denseoutput"
    assert navigate.layer_by(-100)(scene).layer == "main_input"


def test_bare_operations_are_walked_when_they_are_shown(scene: Scene) -> None:
    with_operations = replace(scene, view=replace(scene.view, operations=True))
    assert navigate.layer_by(-1)(with_operations).layer == "any_1"


def test_quantities_are_walked_and_end(scene: Scene) -> None:
    seen = [scene.view.quantity]
    for _ in range(3):
        scene = replace(scene, view=navigate.quantity_by(1)(scene))
        seen.append(scene.view.quantity)
    assert seen == ["state/h", "output/0", "output/1", "output/1"]
    assert navigate.quantity_by(-100)(scene).quantity == "state/h"


def test_without_a_run_every_move_stays_where_it_is() -> None:
    nothing = Scene()
    moves = (
        navigate.by(sample=1, step=1, unit=1),
        navigate.last_step,
        navigate.layer_by(1),
        navigate.quantity_by(1),
        navigate.first_difference,
        navigate.worst_difference,
    )
    for move in moves:
        view = move(nothing)
        assert (view.layer, view.quantity) == ("", "")
    assert not navigate.has_difference(nothing)
    assert navigate.listed_layers(Document(), View()) == ()


def test_where_all_agree_there_is_no_first_difference(scene: Scene) -> None:
    assert not navigate.has_difference(scene)
    assert navigate.first_difference(scene) is scene.view


def test_the_differences_of_a_wrong_port_that_stored_only_its_output_are_found_there(example: Example) -> None:
    document = opened(example.model, example.input, example.model.with_name("wrong_port.npy"), kinds=ORDER[:3]).document
    scene = scene_of(document, View(steps=(1.0, 5.0)))
    assert navigate.has_difference(scene)
    assert document.comparison is not None
    place = document.comparison.first_difference
    assert isinstance(place, Location)
    found = navigate.first_difference(scene)
    assert (found.layer, found.quantity) == ("denseoutput", "output/0")
    assert (found.sample, found.unit, found.steps) == (place.sample, place.unit, None)
    worst = navigate.worst_difference(scene)
    assert (worst.layer, worst.quantity) == ("denseoutput", "output/0")


def test_the_largest_difference_is_where_a_stored_number_was_changed(household: Document) -> None:
    assert household.reference is not None
    key = "layer/rnn/state/h"
    wrong = household.reference.arrays[key].copy()
    wrong[7, 3, 40] += 0.5
    wrong[2, 1, 9] += 0.001
    reference = replace(household.reference, arrays={**household.reference.arrays, key: wrong})
    scene = scene_of(compared(household, reference))
    worst, first = navigate.worst_difference(scene), navigate.first_difference(scene)
    assert (worst.layer, worst.quantity, worst.sample, worst.step, worst.unit) == ("rnn", "state/h", 7, 3, 40)
    assert (first.layer, first.quantity, first.sample, first.step, first.unit) == ("rnn", "state/h", 2, 1, 9)


def compared(document: Document, reference: Reference) -> Document:
    assert document.trace is not None
    return replace(document, reference=reference, comparison=compare(document.trace, reference))
