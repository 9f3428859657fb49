"""Every declared command does what it says, by its key and by its menu."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QImage, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QInputDialog, QLabel, QMenu
from pytestqt.qtbot import QtBot
from shiboken6 import Shiboken

from rnnscope_gui.commands import COMMANDS, MENUS, SEPARATED, Command, command
from rnnscope_gui.controller import FILTERS
from rnnscope_gui.state import Busy, Document, Scene, View
from rnnscope_gui.window import MainWindow
from tests.conftest import Example
from tests.gui.windows import message, opened, scene_of, settle

START = View(sample=25, step=5, unit=12, steps=(0.0, 8.0))
MOVED: dict[str, dict[str, object]] = {
    "previous-step": {"step": 4},
    "next-step": {"step": 6},
    "first-step": {"step": 0},
    "last-step": {"step": 9},
    "play": {"playing": True},
    "faster": {"speed": 8.0},
    "slower": {"speed": 2.0},
    "play-once": {"loops": False},
    "previous-unit": {"unit": 11},
    "next-unit": {"unit": 13},
    "previous-sample": {"sample": 24},
    "next-sample": {"sample": 26},
    "choose-sample": {"sample": 33},
    "previous-layer": {"layer": "masking", "quantity": "output/0"},
    "next-layer": {"layer": "dropout_15", "quantity": "output/0", "step": 0, "steps": None},
    "previous-quantity": {},
    "next-quantity": {"quantity": "output/0", "step": 0, "steps": None},
    "layout-auto": {"layout": "auto"},
    "layout-side-by-side": {"layout": "side by side"},
    "layout-stacked": {"layout": "stacked"},
    "reset-zoom": {"steps": None},
    "operations": {"operations": True},
    "apart-keras": {"apart": "NumPy − Keras"},
    "page-unit": {"page": "unit"},
    "page-arithmetic": {"page": "arithmetic"},
    "page-laboratory": {"page": "laboratory"},
    "page-samples": {"page": "samples"},
    "theme-system": {"theme": "system"},
    "theme-light": {"theme": "light"},
    "theme-dark": {"theme": "dark"},
}
DIFFERENCES = ("first-difference", "worst-difference")
PORT = (  # see test_port.py
    *("mine-first-difference", "mine-worst-difference", "why", "next-finding", "previous-finding", "mistaken-run"),
    *("copy-fix", "apart-mine-keras", "apart-mine", "apart-mistaken", "apart-mistake"),
)
FILES = (
    *("open-model", "open-input", "open-reference", "open-mine"),
    *("example-household", "example-sentences", "example-port"),
    *(each.id for each in COMMANDS if each.id.startswith("demonstration-")),  # see test_laboratory.py
)
READINGS = (
    "version-lens",
    "read-as-file",
    "bypass-lambda",
    *(each.id for each in COMMANDS if each.id.startswith("read-as-") and each.id != "read-as-file"),
)
OTHERS = (
    "worst-samples",  # see test_samples.py
    *("save-picture", "copy-picture", "copy-command", "compare-again", "close-files", "quit", "cancel", "rule"),
    *("write-script", "save-report"),  # see test_taking_away.py
    *("export-data", "copy-data"),  # see test_exporting.py
    *("open-session", "save-session"),  # see test_sessions.py
    "mask-step",  # see test_laboratory.py
    "palette",  # see test_palette.py
    *("shortcuts", "about"),
)


def test_no_command_goes_untested() -> None:
    assert {*MOVED, *DIFFERENCES, *PORT, *FILES, *READINGS, *OTHERS} == {each.id for each in COMMANDS}


def test_ids_are_unique_and_no_two_commands_share_a_key() -> None:
    ids = Counter(each.id for each in COMMANDS)
    keys = Counter(QKeySequence(key).toString() for each in COMMANDS for key in each.keys)
    assert [name for name, times in ids.items() if times > 1] == []
    assert [key for key, times in keys.items() if times > 1 or not key] == []
    assert "Esc" not in keys


def test_every_command_stands_in_its_menu_in_order(empty_window: MainWindow) -> None:
    menus = [action.menu() for action in empty_window.menuBar().actions()]
    shown = {}
    for menu in menus:
        assert isinstance(menu, QMenu)
        shown[menu.title().removeprefix("&")] = [action.objectName() for action in menu.actions() if action.text()]
    assert shown == {name: [each.id for each in COMMANDS if each.menu == name] for name in MENUS}
    assert {each.id for each in COMMANDS} >= SEPARATED


def test_a_comparison_that_was_stopped_is_told_and_can_be_made_again(
    qtbot: QtBot, window: MainWindow, household: Document
) -> None:
    window.state.set(scene_of(replace(household, comparison=None), START))
    window.action("compare-again").trigger()
    window.action("cancel").trigger()
    assert message(window) == "The comparison was stopped. Compare again with Ctrl+R."
    assert window.state.scene.document.unjudged
    window.action("compare-again").trigger()
    settle(qtbot.waitUntil, window)
    assert window.state.scene.document.comparison is not None
    assert not window.action("compare-again").isEnabled()


def test_a_command_is_found_by_its_id_alone() -> None:
    assert command("next-step").keys == ("Right",)
    with pytest.raises(KeyError):
        command("no-such-command")


def test_with_nothing_open_only_what_makes_sense_can_be_done(empty_window: MainWindow) -> None:
    dead = {each.id for each in COMMANDS if not empty_window.action(each.id).isEnabled()}
    moves = {name for name in MOVED if not name.startswith(("layout-", "theme-", "page-"))}
    dead_others = {
        "mask-step",
        "worst-samples",
        "save-session",
        "export-data",
        "copy-data",
        "copy-command",
        "write-script",
        "save-report",
        "compare-again",
        "close-files",
        "cancel",
    }
    assert dead == moves | {*DIFFERENCES, *PORT, *READINGS, *dead_others}


@pytest.fixture
def ready(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> MainWindow:
    monkeypatch.setattr(QInputDialog, "getInt", lambda *_: (33, True))
    return window


@pytest.mark.parametrize("way", ["menu", "key"])
def test_every_move_and_choice_changes_the_view_and_nothing_else(
    ready: MainWindow, household: Document, way: str
) -> None:
    for name, moved in MOVED.items():
        chosen = command(name)
        ready.state.set(scene_of(household, START))
        before = ready.state.view
        assert ready.action(name).isEnabled(), name
        if way == "menu":
            ready.action(name).trigger()
        else:
            press(ready, chosen)
        if way == "menu" or chosen.keys:
            assert ready.state.view == replace(before, **moved), name  # type: ignore[arg-type]
        assert ready.state.scene.document is household
        if chosen.checked is not None and (way == "menu" or chosen.keys):
            assert ready.action(name).isChecked(), name


def press(window: MainWindow, chosen: Command) -> None:
    for key in chosen.keys[:1]:
        QTest.keySequence(window, QKeySequence(key))


def test_every_command_says_what_it_does_and_with_which_key(empty_window: MainWindow) -> None:
    for each in COMMANDS:
        action = empty_window.action(each.id)
        assert action.text() == each.text
        assert all(key in action.toolTip() for key in each.keys)
        assert [keys.toString() for keys in action.shortcuts()] == [QKeySequence(key).toString() for key in each.keys]


@pytest.mark.parametrize("name", DIFFERENCES)
def test_differences_are_found_from_anywhere(ready: MainWindow, household: Document, name: str) -> None:
    assert household.reference is not None
    key = "layer/dense1/output/0"
    wrong = household.reference.arrays[key].copy()
    wrong[9, 33] += 1
    reference = replace(household.reference, arrays={**household.reference.arrays, key: wrong})
    ready.state.set(scene_of(compared(household, reference), START))
    ready.action(name).trigger()
    view = ready.state.view
    assert (view.layer, view.quantity, view.sample, view.unit) == ("dense1", "output/0", 9, 33)


def compared(document: Document, reference: object) -> Document:
    from rnnscope import Reference, compare

    assert isinstance(reference, Reference)
    assert document.trace is not None
    return replace(document, reference=reference, comparison=compare(document.trace, reference))


@pytest.mark.parametrize("kind", ["model", "input", "reference", "mine"])
def test_opening_by_menu_asks_for_a_file_of_that_kind_and_remembers_the_folder(
    qtbot: QtBot, empty_window: MainWindow, example: Example, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    path, asked = str(example.reference if kind == "mine" else getattr(example, kind)), []

    def choose(parent: object, title: str, folder: str, filters: str) -> tuple[str, str]:
        asked.append((title, folder, filters))
        return path, ""

    monkeypatch.setattr(QFileDialog, "getOpenFileName", choose)
    for _ in range(2):
        empty_window.action(f"open-{kind}").trigger()
        settle(qtbot.waitUntil, empty_window)
    assert getattr(empty_window.state.scene.document, f"{kind}_path") == path
    assert [folder for _, folder, _ in asked] == ["", str(Path(path).parent)]
    assert asked[0][2] == FILTERS[kind]


@pytest.mark.parametrize(
    "name",
    [
        *("open-model", "open-input", "open-reference", "open-mine", "save-picture", "choose-sample"),
        *("write-script", "save-report"),
    ],
)
def test_leaving_a_dialog_without_an_answer_changes_nothing(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("", ""))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: ("", ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "")
    monkeypatch.setattr(QInputDialog, "getInt", lambda *_: (3, False))
    before = window.state.scene
    window.action(name).trigger()
    assert window.state.scene is before


def test_the_examples_keep_the_theme_and_layout_that_were_chosen(qtbot: QtBot, empty_window: MainWindow) -> None:
    empty_window.action("theme-dark").trigger()
    empty_window.action("layout-stacked").trigger()
    for name in ("household", "sentences"):
        empty_window.action(f"example-{name}").trigger()
        settle(qtbot.waitUntil, empty_window)
        view = empty_window.state.view
        assert Path(empty_window.state.scene.document.model_path).stem == name
        assert (view.theme, view.layout) == ("dark", "stacked")


def test_a_theme_chosen_while_an_example_opens_stays(qtbot: QtBot, empty_window: MainWindow) -> None:
    empty_window.action("example-household").trigger()
    empty_window.action("theme-dark").trigger()
    settle(qtbot.waitUntil, empty_window)
    assert empty_window.state.view.theme == "dark"


def test_the_picture_is_saved_as_shown(window: MainWindow, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    window.action("save-picture").trigger()
    image = QImage(str(path))
    ratio = window.devicePixelRatioF()
    assert (image.width(), image.height()) == (window.width() * ratio, window.height() * ratio)
    assert message(window) == ""


def test_a_picture_that_cannot_be_written_is_one_message(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "nowhere" / "picture.png"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    document = window.state.scene.document
    window.action("save-picture").trigger()
    assert message(window).startswith("picture.png: cannot be written: ")
    assert window.state.scene.document is document


def test_the_picture_goes_to_the_clipboard(window: MainWindow) -> None:
    window.action("copy-picture").trigger()
    assert QGuiApplication.clipboard().pixmap().size() == window.size() * window.devicePixelRatioF()
    QGuiApplication.clipboard().clear()


def test_files_close_together(window: MainWindow) -> None:
    window.action("close-files").trigger()
    assert window.state.scene.document.model is None
    assert not window.action("close-files").isEnabled()


def test_quitting_closes_the_window(empty_window: MainWindow) -> None:
    empty_window.action("quit").trigger()
    assert not Shiboken.isValid(empty_window) or not empty_window.isVisible()


def test_only_work_under_way_can_be_stopped(window: MainWindow) -> None:
    assert not window.action("cancel").isEnabled()
    window.state.set(replace(window.state.scene, busy=Busy("Opening")))
    assert window.action("cancel").isEnabled()


@pytest.mark.parametrize("name", ["shortcuts", "about"])
def test_a_help_page_opens_and_escape_closes_it(qtbot: QtBot, empty_window: MainWindow, name: str) -> None:
    empty_window.action(name).trigger()
    (dialog,) = empty_window.findChildren(QDialog)
    qtbot.waitUntil(dialog.isVisible)
    texts = "\n".join(label.text() for label in dialog.findChildren(QLabel))
    if name == "shortcuts":
        assert all(each.text.removesuffix("…") in texts for each in COMMANDS if each.keys)
    else:
        assert "rnnscope" in texts
        assert "NumPy" in texts
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not Shiboken.isValid(dialog) or not dialog.isVisible())


def test_every_enabled_rule_takes_any_scene(household: Document, example: Example) -> None:
    rules: list[Callable[[Scene], bool]] = [each.enabled for each in COMMANDS]
    rules += [each.checked for each in COMMANDS if each.checked is not None]
    alone = opened(example.model).document
    for scene in (Scene(), scene_of(household), scene_of(alone), scene_of(replace(household, comparison=None))):
        assert all(isinstance(rule(scene), bool) for rule in rules)


def test_typing_a_sample_number_triggers_no_single_key_command(window: MainWindow, qtbot: QtBot) -> None:
    from PySide6.QtWidgets import QSpinBox

    box = window.findChildren(QSpinBox)[0]
    box.setFocus()
    box.selectAll()
    for key in (Qt.Key.Key_3, Qt.Key.Key_0):
        QTest.keyClick(box, key)
    QTest.keyClick(box, Qt.Key.Key_Return)
    assert (window.state.view.sample, window.state.view.layout) == (30, "auto")
    assert QApplication.focusWidget() is not None
    assert QApplication.focusWidget() is not box
