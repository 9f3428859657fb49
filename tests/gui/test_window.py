"""The real window: files, mouse, keys, sizes and themes."""

from __future__ import annotations

import sys
import threading
import warnings
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise, permutations
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, QSettings, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QPalette
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QListView, QScrollArea, QSlider, QSpinBox, QToolButton, QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import Shiboken

from rnnscope import Cancelled, run
from rnnscope.layers.core import InputLayer
from rnnscope_gui import app as app_module
from rnnscope_gui import opening
from rnnscope_gui.panels.header import HeaderPanel
from rnnscope_gui.panels.layers import LayersPanel
from rnnscope_gui.panels.maps import MapsPanel
from rnnscope_gui.panels.trace_plot import UnitPlotPanel
from rnnscope_gui.panels.welcome import WelcomePanel
from rnnscope_gui.read_as import ReadAs
from rnnscope_gui.session import Session
from rnnscope_gui.state import Busy, Document, View
from rnnscope_gui.step_table import StepTable
from rnnscope_gui.unit_plot import UnitPlot
from rnnscope_gui.window import MainWindow
from tests.conftest import Example
from tests.core.models import chain
from tests.gui.windows import (
    LONG,
    cell,
    click,
    cursor,
    heatmaps,
    message,
    part,
    readout,
    scene_of,
    settle,
    turn_wheel,
    urls,
)

Key = Qt.Key
GOLDEN = Path(__file__).resolve().parent.parent / "golden"


def at(window: MainWindow) -> tuple[int, int, int]:
    view = window.state.view
    return view.sample, view.step, view.unit


def drop(window: MainWindow, paths: list[Path]) -> None:
    """Drag files over the window and let go."""
    data = QMimeData()
    data.setUrls(urls(paths))
    actions, buttons, keys = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    entering = drag_enter(data)
    QApplication.sendEvent(window, entering)
    if entering.isAccepted():
        QApplication.sendEvent(window, QDropEvent(QPointF(50, 50), actions, data, buttons, keys))


def drag_enter(data: QMimeData) -> QDragEnterEvent:
    """Something dragged over the window. Qt 6.12 deprecates the QPoint that older ones insist on."""
    actions, buttons, keys = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        entering = QDragEnterEvent(QPoint(50, 50), actions, data, buttons, keys)
    entering.setAccepted(False)
    return entering


def step_table(window: MainWindow) -> StepTable:
    return part(part(window, UnitPlotPanel), StepTable)


def layer_list(window: MainWindow) -> QListView:
    return part(part(window, LayersPanel), QListView)


# Opening


def test_a_window_begins_with_a_welcome_and_no_message(empty_window: MainWindow) -> None:
    assert part(empty_window, WelcomePanel).isVisible()
    assert not part(empty_window, MapsPanel).isVisible()
    assert message(empty_window) == ""
    assert readout(empty_window) == ""
    assert empty_window.windowTitle() == "rnnscope"


@pytest.mark.parametrize("name", ["household", "sentences"])
def test_an_example_opens_by_its_command_and_agrees_with_keras(
    qtbot: QtBot, empty_window: MainWindow, name: str
) -> None:
    empty_window.action(f"example-{name}").trigger()
    assert empty_window.state.scene.busy is not None
    settle(qtbot.waitUntil, empty_window)
    scene = empty_window.state.scene
    assert scene.document.comparison is not None
    assert scene.document.comparison.matches
    assert scene.document.unmasked is not None
    assert message(empty_window) == ""
    assert part(empty_window, MapsPanel).isVisible()
    assert empty_window.windowTitle() == f"{name}.keras – rnnscope"
    assert len(heatmaps(empty_window)) == 3


def test_the_command_line_opens_files_as_their_kinds(
    qtbot: QtBot, example: Example, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bare .npy of Keras's output would be taken for an input, were its place not known."""
    wrong = str(example.model.with_name("wrong_port.npy"))
    seen: list[MainWindow] = []

    def run_until_idle(*_: object) -> int:
        (window,) = (each for each in QApplication.topLevelWidgets() if isinstance(each, MainWindow))
        settle(qtbot.waitUntil, window)
        seen.append(window)
        assert window.state.scene.document.reference_path == wrong
        assert window.state.scene.document.comparison is not None
        window.close()
        return 0

    monkeypatch.setattr(QApplication, "exec", run_until_idle)
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    assert app_module.open_window([str(example.model), str(example.input), wrong], read_as=ReadAs()) == 0
    assert len(seen) == 1


def test_files_dropped_together_open_in_any_order(qtbot: QtBot, empty_window: MainWindow, example: Example) -> None:
    for order in permutations(example):
        empty_window.action("close-files").trigger()
        drop(empty_window, list(order))
        settle(qtbot.waitUntil, empty_window)
        document = empty_window.state.scene.document
        assert document.comparison is not None
        assert document.comparison.matches
        assert (document.model_path, document.input_path) == (str(example.model), str(example.input))


def test_files_dropped_one_by_one_come_together(qtbot: QtBot, empty_window: MainWindow, example: Example) -> None:
    for path in (example.input, example.model, example.reference):
        drop(empty_window, [path])
        settle(qtbot.waitUntil, empty_window)
    assert empty_window.state.scene.document.comparison is not None


def test_only_files_can_be_dropped(empty_window: MainWindow) -> None:
    for data in (QMimeData(), QMimeData()):
        data.setText("https://example.org/model.keras")
        entering = drag_enter(data)
        QApplication.sendEvent(empty_window, entering)
        assert not entering.isAccepted()


def test_without_stored_values_everything_else_shows(qtbot: QtBot, empty_window: MainWindow, example: Example) -> None:
    empty_window.open([str(example.model), str(example.input)])
    settle(qtbot.waitUntil, empty_window)
    assert message(empty_window) == ""
    assert [shown.isVisible() for shown in heatmaps(empty_window)] == [True, False, False]
    assert "Keras –" in readout(empty_window)


def test_another_model_opened_later_starts_at_its_own_first_layer(qtbot: QtBot, window: MainWindow) -> None:
    window.go(lambda scene: replace(scene.view, sample=60, step=9, unit=63, steps=(0.0, 5.0)))
    window.open([str(GOLDEN / "gru_last.keras"), str(GOLDEN / "gru_last.input.npz")])
    settle(qtbot.waitUntil, window)
    scene = window.state.scene
    assert scene.document.trace is not None
    assert scene.view.layer in scene.document.trace.layers
    assert scene.view.sample < scene.document.trace.batch_size
    assert scene.view.steps is None


# One at a time


def test_the_latest_opening_wins(qtbot: QtBot, empty_window: MainWindow, example: Example) -> None:
    empty_window.open([str(example.model), str(example.input)])
    empty_window.open([str(example.model.with_name("sentences.keras"))])
    settle(qtbot.waitUntil, empty_window)
    document = empty_window.state.scene.document
    assert Path(document.model_path).name == "sentences.keras"
    assert document.input_path == ""
    assert message(empty_window) == ""


def test_a_bad_file_opened_while_another_opens_wins_too_and_harms_nothing(
    qtbot: QtBot, window: MainWindow, example: Example, tmp_path: Path
) -> None:
    before = window.state.scene.document
    window.open([str(example.model), str(example.input)])
    window.open([str(tmp_path / "missing.npy")])
    settle(qtbot.waitUntil, window)
    assert window.state.scene.document is before
    assert "missing.npy" in message(window)


def test_a_bad_file_opened_during_the_comparison_does_not_cost_the_comparison(
    qtbot: QtBot, empty_window: MainWindow, example: Example, tmp_path: Path
) -> None:
    empty_window.open([str(path) for path in example])
    qtbot.waitUntil(lambda: empty_window.state.scene.document.trace is not None, timeout=LONG)
    empty_window.open([str(tmp_path / "missing.npy")])
    settle(qtbot.waitUntil, empty_window)
    assert "missing.npy" in message(empty_window)
    assert empty_window.state.scene.document.comparison is not None


def hold(monkeypatch: pytest.MonkeyPatch) -> tuple[threading.Event, threading.Event]:
    """Make every run wait until it is cancelled; the events: it has begun, it has ended."""
    begun, ended = threading.Event(), threading.Event()

    def endless(model: object, inputs: object, *, cancelled: Callable[[], bool], **options: object) -> object:
        begun.set()
        while not cancelled():
            threading.Event().wait(0.002)
        ended.set()
        raise Cancelled

    monkeypatch.setattr(opening, "run", endless)
    return begun, ended


def test_stopping_an_opening_leaves_everything_as_it_was(
    qtbot: QtBot, window: MainWindow, example: Example, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, ended = hold(monkeypatch)
    before, view = window.state.scene.document, window.state.view
    window.open([str(example.model), str(example.input)])
    qtbot.waitUntil(begun.is_set, timeout=LONG)
    assert window.action("cancel").isEnabled()
    QTest.keyClick(window, Key.Key_Period, Qt.KeyboardModifier.ControlModifier)
    assert window.state.scene.busy is None
    assert ended.wait(LONG / 1000)
    qtbot.wait(20)
    assert (window.state.scene.document, window.state.view) == (before, view)
    assert message(window) == ""
    assert not window.action("cancel").isEnabled()


def test_closing_during_a_run_stops_it_and_leaves_no_thread(
    qtbot: QtBot, window: MainWindow, example: Example, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, ended = hold(monkeypatch)
    session = window.session
    window.open([str(example.model), str(example.input)])
    qtbot.waitUntil(begun.is_set, timeout=LONG)
    window.close()
    assert ended.is_set()
    assert not session.working
    assert session._reader._process is None
    qtbot.wait(20)


def test_closing_while_a_file_is_being_read_ends_the_reader(empty_window: MainWindow, example: Example) -> None:
    session = empty_window.session
    empty_window.open([str(path) for path in example])
    empty_window.close()
    assert not session.working
    assert session._reader._process is None


def test_work_under_way_is_told_with_how_far_it_is(window: MainWindow) -> None:
    for fraction in (None, 0.5):
        window.state.set(replace(window.state.scene, busy=Busy("Opening <b>x</b>", fraction)))
        assert window.action("cancel").isEnabled()
    window.state.set(replace(window.state.scene, busy=None))
    assert not window.action("cancel").isEnabled()


def test_closing_the_files_brings_the_welcome_back(window: MainWindow) -> None:
    window.action("close-files").trigger()
    assert part(window, WelcomePanel).isVisible()
    assert window.windowTitle() == "rnnscope"
    assert readout(window) == ""


# Mouse


@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_click_in_any_heatmap_picks_the_step_and_unit_everywhere(
    window: MainWindow, household: Document, which: int
) -> None:
    window.go(lambda scene: replace(scene.view, sample=25))
    shown = heatmaps(window)[which]
    click(shown, 7, 41)
    assert at(window) == (25, 7, 41)
    assert household.trace is not None
    assert household.reference is not None
    ours = household.trace.get("layer/rnn/state/h")[25, 7, 41]
    theirs = household.reference.arrays["layer/rnn/state/h"][25, 7, 41]
    text = readout(window)
    assert "rnn h sample 25 step 7 unit 41" in text
    assert f"NumPy {ours:.6f}" in text
    assert f"Keras {theirs:.6f}" in text
    for other in heatmaps(window):
        assert cursor(other) == (7, 41)
    assert cursor(part(window, UnitPlot)) == (7, -1)
    shown_table = step_table(window).model()
    assert [shown_table.index(7, column).data().strip() for column in (1, 2)] == [f"{ours:.6f}", f"{theirs:.6f}"]


def test_steps_line_up_to_the_pixel(window: MainWindow) -> None:
    side = [cell(shown, 3, 20) for shown in heatmaps(window)]
    assert len({place.y() for place in side}) == 1
    assert max(place.x() for place in side) - min(place.x() for place in side) <= 1
    window.action("layout-stacked").trigger()
    QApplication.processEvents()
    edges = set()
    for shown in (*heatmaps(window), part(window, UnitPlot)):
        x, y = shown.box.viewRect().left(), shown.box.viewRect().center().y()
        edges.add(shown.mapTo(window, shown.mapFromScene(shown.box.mapViewToScene(QPointF(x, y)))).x())
    assert len(edges) == 1


def test_corners_can_be_hit(window: MainWindow) -> None:
    shown = heatmaps(window)[0]
    for step, unit in ((0, 0), (9, 0), (0, 63), (9, 63)):
        click(shown, step, unit)
        assert at(window)[1:] == (step, unit)


def test_dragging_moves_the_cursor_along_and_stops_at_the_edge(window: MainWindow) -> None:
    shown = heatmaps(window)[0]
    port = shown.viewport()
    QTest.mousePress(port, Qt.MouseButton.LeftButton, pos=cell(shown, 2, 10))
    for step, unit in ((4, 12), (8, 30)):
        QTest.mouseMove(port, cell(shown, step, unit))
        assert at(window)[1:] == (step, unit)
    QTest.mouseMove(port, QPoint(port.width() + 300, -300))
    assert at(window)[1:] == (9, 0)
    QTest.mouseRelease(port, Qt.MouseButton.LeftButton, pos=QPoint(0, 0))
    assert at(window)[1:] == (9, 0)


def test_moving_without_a_button_changes_nothing(window: MainWindow) -> None:
    before = window.state.scene
    shown = heatmaps(window)[0]
    QTest.mouseMove(shown.viewport(), cell(shown, 4, 4))
    QTest.mouseMove(shown.viewport(), cell(shown, 8, 40))
    assert window.state.scene is before


def test_a_click_in_the_units_plot_picks_the_step_and_keeps_the_unit(window: MainWindow) -> None:
    click(heatmaps(window)[0], 1, 17)
    plot = part(window, UnitPlot)
    point = plot.mapFromScene(plot.box.mapViewToScene(QPointF(6.5, 0.0)))
    QTest.mouseClick(plot.viewport(), Qt.MouseButton.LeftButton, pos=point)
    assert at(window)[1:] == (6, 17)


def test_a_click_in_the_table_picks_the_step(window: MainWindow) -> None:
    table = step_table(window)
    place = table.visualRect(table.model().index(4, 1)).center()
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert at(window)[1] == 4


def test_a_click_in_the_layer_list_shows_the_layer(window: MainWindow) -> None:
    shown = layer_list(window)
    names = [shown.model().index(row, 0).data() for row in range(shown.model().rowCount())]
    place = shown.visualRect(shown.model().index(names.index("dense1"), 0)).center()
    QTest.mouseClick(shown.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert window.state.view.layer == "dense1"
    assert "dense1 y" in readout(window)


def test_the_sample_box_and_the_step_slider_move_the_cursor(window: MainWindow) -> None:
    sample, step = part(window, QSpinBox), part(window, QSlider)
    sample.setFocus()
    sample.selectAll()
    QTest.keyClicks(sample, "31")
    QTest.keyClick(sample, Key.Key_Return)
    step.setValue(8)
    assert at(window)[:2] == (31, 8)
    window.action("next-sample").trigger()
    window.action("first-step").trigger()
    assert (sample.value(), step.value()) == (32, 0)


# The wheel


def long_document(document: Document, steps: int = 200) -> Document:
    """The example's model run on sequences as long as one likes."""
    assert document.model is not None
    x = np.random.default_rng(3).normal(size=(2, steps, 76)).astype(np.float32)
    model = chain(("entry", InputLayer((None, None, 76))), ("rnn", document.model["rnn"].operation))
    return Document(model=model, inputs=x, trace=run(model, x))


@pytest.mark.parametrize("kind", ["heatmap", "plot"])
def test_the_wheel_zooms_about_the_step_under_the_mouse_in_every_plot_at_once(
    window: MainWindow, household: Document, kind: str
) -> None:
    window.state.set(scene_of(long_document(household)))
    shown = heatmaps(window)[0] if kind == "heatmap" else part(window, UnitPlot)
    place = shown.mapFromScene(shown.box.mapViewToScene(shown.box.viewRect().center()))
    turn_wheel(shown.viewport(), place, 3)
    steps = window.state.view.steps
    assert steps is not None
    first, last = steps
    assert last - first == pytest.approx(200 / 1.25**3)
    assert (first + last) / 2 == pytest.approx(100, abs=1)
    for other in (*heatmaps(window)[:1], part(window, UnitPlot)):
        assert other.box.viewRange()[0] == pytest.approx([first, last])


def test_zooming_has_a_nearest_and_a_farthest(window: MainWindow, household: Document) -> None:
    window.state.set(scene_of(long_document(household)))
    shown = heatmaps(window)[0]
    place = cell(shown, 20, 5)
    turn_wheel(shown.viewport(), place, 60)
    assert window.state.view.steps is not None
    assert np.diff(window.state.view.steps) == pytest.approx(4)
    turn_wheel(shown.viewport(), place, -60)
    assert window.state.view.steps is None


def test_sideways_moves_along_and_stops_at_the_ends(window: MainWindow, household: Document) -> None:
    window.state.set(scene_of(long_document(household), View(steps=(50.0, 100.0))))
    shown = heatmaps(window)[0]
    place = shown.viewport().rect().center()
    turn_wheel(shown.viewport(), place, 0, sideways=1)
    assert window.state.view.steps == pytest.approx((45.0, 95.0))
    turn_wheel(shown.viewport(), place, 0, sideways=100)
    assert window.state.view.steps == pytest.approx((0.0, 50.0))
    turn_wheel(shown.viewport(), place, 0, sideways=-100)
    assert window.state.view.steps == pytest.approx((150.0, 200.0))


@pytest.mark.parametrize("how", ["key", "double click"])
def test_all_steps_come_back(window: MainWindow, how: str) -> None:
    shown = heatmaps(window)[0]
    turn_wheel(shown.viewport(), shown.viewport().rect().center(), 2)
    zoomed = window.state.view
    assert zoomed.steps is not None
    assert window.action("reset-zoom").isEnabled()
    if how == "key":
        QTest.keyClick(window, Key.Key_0)
    else:
        QTest.mouseDClick(shown.viewport(), Qt.MouseButton.LeftButton, pos=shown.viewport().rect().center())
    assert window.state.view == replace(zoomed, steps=None)
    assert not window.action("reset-zoom").isEnabled()


def test_a_zoomed_picture_offers_the_way_back(window: MainWindow) -> None:
    way_back = next(one for one in window.findChildren(QToolButton) if one.text() == "show all steps")
    assert not way_back.isVisible()
    window.state.show(replace(window.state.view, steps=(2.0, 6.0)))
    assert way_back.isVisible()
    QTest.mouseClick(way_back, Qt.MouseButton.LeftButton)
    assert window.state.view.steps is None
    assert not way_back.isVisible()


def test_a_click_while_zoomed_picks_what_is_seen(window: MainWindow, household: Document) -> None:
    window.state.set(scene_of(long_document(household), View(steps=(150.0, 170.0))))
    click(heatmaps(window)[0], 163, 30)
    assert at(window)[1:] == (163, 30)


# Keys

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


# Sizes and themes


@pytest.mark.parametrize("layout", ["side by side", "stacked"])
def test_every_part_has_its_room_at_any_size(window: MainWindow, layout: str) -> None:
    window.action(f"layout-{layout.replace(' ', '-')}").trigger()
    for size in ((1280, 720), (3840, 2160), (1440, 900)):
        window.resize(*size)
        QApplication.processEvents()
        assert (window.width(), window.height()) == size
        for shown in heatmaps(window):
            assert shown.isVisible()
            assert shown.box.width() > 100
            assert shown.box.height() > 30
            pixel = int(np.ceil(shown.rows / shown.box.height()))  # the rows under one pixel
            for step, unit in ((9, 63 - pixel), (0, pixel)):
                click(shown, step, unit)
                assert at(window)[1] == step
                assert abs(at(window)[2] - unit) <= pixel
        places = [shown.mapTo(window, QPoint()) for shown in heatmaps(window)]
        across, down = len({place.x() for place in places}), len({place.y() for place in places})
        assert (across, down) == ((3, 1) if layout == "side by side" else (1, 3))


@pytest.mark.parametrize("zoomed", [None, (2.0, 6.0)])
@pytest.mark.parametrize("size", [(1024, 600), (1280, 720)])
def test_nothing_pushes_the_sides_out_of_a_small_window(
    window: MainWindow, zoomed: tuple[float, float] | None, size: tuple[int, int]
) -> None:
    window.resize(*size)
    window.state.show(replace(window.state.view, steps=zoomed))
    QApplication.processEvents()
    for area in window.findChildren(QScrollArea):
        inside = area.widget()
        assert inside is not None
        assert inside.minimumSizeHint().width() <= area.viewport().width()


@pytest.mark.parametrize("width", [1024, 1100, 1280, 1440])
def test_files_with_long_names_leave_room_for_sample_and_step(window: MainWindow, width: int) -> None:
    document, name = window.state.scene.document, "a_name_that_is_far_too_long_for_any_button.keras"
    window.state.set(replace(window.state.scene, document=replace(document, model_path=name, input_path=name)))
    window.resize(width, 700)
    QApplication.processEvents()
    header = part(window, HeaderPanel)
    parts = [child for child in header.children() if isinstance(child, QWidget) and child.isVisible()]
    places = sorted((child.x(), child.x() + child.width()) for child in parts)
    assert all(right <= left for (_, right), (left, _) in pairwise(places))
    assert places[-1][1] <= header.width()
    assert all(child.width() >= child.minimumSizeHint().width() for child in parts)


def test_themes_change_while_files_are_open(window: MainWindow, qapp: QApplication) -> None:
    document, brightness = window.state.scene.document, []
    for theme in ("dark", "light", "dark", "system"):
        window.action(f"theme-{theme}").trigger()
        window.repaint()
        assert window.action(f"theme-{theme}").isChecked()
        brightness.append(qapp.palette().color(QPalette.ColorRole.Window).lightness())
    assert brightness[0] < 100 < brightness[1]
    assert brightness[2] == brightness[0]
    assert window.state.scene.document is document


def test_the_chosen_theme_and_size_are_remembered(empty_window: MainWindow) -> None:
    empty_window.action("theme-dark").trigger()
    empty_window.resize(1024, 680)
    empty_window.close()
    again = MainWindow(Session(), QSettings())
    try:
        assert again.state.view.theme == "dark"
        assert (again.width(), again.height()) == (1024, 680)
        again.action("theme-light").trigger()
    finally:
        again.close()


def test_settings_that_make_no_sense_are_ignored(qtbot: QtBot) -> None:
    settings = QSettings()
    settings.setValue("theme", "plaid")
    settings.setValue("geometry", "wide")
    window = MainWindow(Session(), settings)
    assert window.state.view.theme == "system"
    window.close()


def test_what_nobody_caught_becomes_a_message_and_nothing_is_lost(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    document = window.state.scene.document
    app_module._showing(window.session)(ZeroDivisionError, ZeroDivisionError("by <b>zero</b>"), None)
    assert "ZeroDivisionError: by <b>zero</b>" in message(window)
    assert "ZeroDivisionError" in capsys.readouterr().err
    assert window.state.scene.document is document


def test_windows_are_independent_of_one_another(window: MainWindow) -> None:
    other = MainWindow(Session(), QSettings())
    try:
        assert other.state.scene.document.model is None
        assert other.session is not window.session
    finally:
        other.close()
    assert Shiboken.isValid(window)
