"""Every action, declared once; menus, toolbar, shortcuts and the page that lists them are built from this table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from rnnscope.lens import READINGS
from rnnscope.semantics import Semantics
from rnnscope_gui import navigate
from rnnscope_gui.navigate import Move
from rnnscope_gui.reader import Kind
from rnnscope_gui.state import Scene, View


class Window(Protocol):
    """What a command can do to the window."""

    def go(self, move: Move) -> None: ...
    def ask_open(self, kind: Kind) -> None: ...
    def open_example(self, name: str) -> None: ...
    def close_files(self) -> None: ...
    def quit(self) -> None: ...
    def cancel(self) -> None: ...
    def compare_again(self) -> None: ...
    def read_as(self, semantics: Semantics | None) -> None: ...
    def look_through_lens(self) -> None: ...
    def bypass_lambda(self) -> None: ...
    def ask_sample(self) -> None: ...
    def save_picture(self) -> None: ...
    def copy_picture(self) -> None: ...
    def show_shortcuts(self) -> None: ...
    def show_about(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Command:
    """One action: what it is called, which keys run it, what it does, and when it can be done."""

    id: str
    menu: str
    text: str
    keys: tuple[str, ...]
    run: Callable[[Window], None]
    enabled: Callable[[Scene], bool]
    tip: str = ""
    checked: Callable[[Scene], bool] | None = None


def always(scene: Scene) -> bool:
    return True


def has_run(scene: Scene) -> bool:
    return scene.document.trace is not None


def has_anything(scene: Scene) -> bool:
    document = scene.document
    return document.model is not None or document.inputs is not None or document.reference is not None


def is_unjudged(scene: Scene) -> bool:
    return scene.busy is None and scene.document.unjudged


def has_model(scene: Scene) -> bool:
    return scene.document.model is not None


def has_lambda(scene: Scene) -> bool:
    model = scene.document.model
    return model is not None and any(listed.layer.class_name == "Lambda" for listed in model.listing)


def _reading(semantics: Semantics) -> Command:
    """Read the open model by the rules of one Keras."""

    def in_force(scene: Scene) -> bool:
        return scene.document.model is not None and scene.document.model.semantics == semantics

    text = f"As Keras {semantics.keras_version} on {semantics.backend}"
    identifier = f"read-as-{semantics.keras_version}-{semantics.backend}"
    return Command(identifier, "Reading", text, (), lambda w: w.read_as(semantics), has_model, "", in_force)


def is_busy(scene: Scene) -> bool:
    return scene.busy is not None


def _moving(move: Move) -> Callable[[Window], None]:
    return lambda window: window.go(move)


def _changing(**fields: object) -> Callable[[Window], None]:
    def change(scene: Scene) -> View:
        return replace(scene.view, **fields)  # type: ignore[arg-type]

    return _moving(change)


def _is(field: str, value: object) -> Callable[[Scene], bool]:
    return lambda scene: getattr(scene.view, field) == value


def _choice(menu: str, field: str, value: str, text: str, keys: tuple[str, ...] = ()) -> Command:
    return Command(
        f"{field}-{value.replace(' ', '-')}",
        menu,
        text,
        keys,
        _changing(**{field: value}),
        always,
        "",
        _is(field, value),
    )


def _toggle_operations(scene: Scene) -> View:
    return replace(scene.view, operations=not scene.view.operations)


COMMANDS: tuple[Command, ...] = (
    Command(
        "open-model",
        "File",
        "Open model…",
        ("Ctrl+O",),
        lambda w: w.ask_open("model"),
        always,
        "A .keras or .h5 file of any Keras, or an architecture (.json) and then its weights",
    ),
    Command(
        "open-input",
        "File",
        "Open input…",
        ("Ctrl+I",),
        lambda w: w.ask_open("input"),
        always,
        "What the model is run on: .npy, .npz, .h5 or .csv",
    ),
    Command(
        "open-reference",
        "File",
        "Open Keras values…",
        ("Ctrl+K",),
        lambda w: w.ask_open("reference"),
        always,
        "What Keras computed for the same model and input: .npz or .h5",
    ),
    Command(
        "example-household",
        "File",
        "Example: people at home (SimpleRNN, Masking)",
        ("Ctrl+E",),
        lambda w: w.open_example("household"),
        always,
        "A trained SimpleRNN with Masking(−99)",
    ),
    Command(
        "example-sentences",
        "File",
        "Example: short sentences (LSTM, Embedding)",
        (),
        lambda w: w.open_example("sentences"),
        always,
        "A trained LSTM over an Embedding with mask_zero",
    ),
    Command(
        "save-picture",
        "File",
        "Save picture…",
        ("Ctrl+S",),
        lambda w: w.save_picture(),
        always,
        "The window as a PNG file",
    ),
    Command(
        "copy-picture",
        "File",
        "Copy picture",
        ("Ctrl+Shift+C",),
        lambda w: w.copy_picture(),
        always,
        "The window as a picture on the clipboard",
    ),
    Command(
        "compare-again",
        "File",
        "Compare again",
        ("Ctrl+R",),
        lambda w: w.compare_again(),
        is_unjudged,
        "After a comparison that was stopped",
    ),
    Command("close-files", "File", "Close files", ("Ctrl+W",), lambda w: w.close_files(), has_anything),
    Command("quit", "File", "Quit", ("Ctrl+Q",), lambda w: w.quit(), always),
    Command("previous-step", "Go", "Previous step", ("Left",), _moving(navigate.by(step=-1)), has_run),
    Command("next-step", "Go", "Next step", ("Right",), _moving(navigate.by(step=1)), has_run),
    Command("first-step", "Go", "First step", ("Home",), _moving(lambda scene: navigate.to_step(scene, 0)), has_run),
    Command("last-step", "Go", "Last step", ("End",), _moving(navigate.last_step), has_run),
    Command("previous-unit", "Go", "Previous unit", ("Up",), _moving(navigate.by(unit=-1)), has_run),
    Command("next-unit", "Go", "Next unit", ("Down",), _moving(navigate.by(unit=1)), has_run),
    Command("previous-sample", "Go", "Previous sample", ("PgUp", "["), _moving(navigate.by(sample=-1)), has_run),
    Command("next-sample", "Go", "Next sample", ("PgDown", "]"), _moving(navigate.by(sample=1)), has_run),
    Command("choose-sample", "Go", "Go to sample…", ("Ctrl+G",), lambda w: w.ask_sample(), has_run),
    Command("previous-layer", "Go", "Previous layer", ("Ctrl+Up",), _moving(navigate.layer_by(-1)), has_run),
    Command("next-layer", "Go", "Next layer", ("Ctrl+Down",), _moving(navigate.layer_by(1)), has_run),
    Command("previous-quantity", "Go", "Previous quantity", ("Ctrl+Left",), _moving(navigate.quantity_by(-1)), has_run),
    Command("next-quantity", "Go", "Next quantity", ("Ctrl+Right",), _moving(navigate.quantity_by(1)), has_run),
    Command(
        "first-difference",
        "Go",
        "First difference",
        ("F",),
        _moving(navigate.first_difference),
        navigate.has_difference,
        "The first number that rounding does not explain",
    ),
    Command(
        "worst-difference",
        "Go",
        "Largest difference",
        ("W",),
        _moving(navigate.worst_difference),
        lambda scene: scene.document.comparison is not None,
    ),
    _choice("View", "layout", "auto", "Arrange as it fits", ("1",)),
    _choice("View", "layout", "side by side", "Side by side", ("2",)),
    _choice("View", "layout", "stacked", "Stacked", ("3",)),
    Command(
        "reset-zoom",
        "View",
        "Show all steps",
        ("0",),
        _changing(steps=None),
        lambda scene: scene.view.steps is not None,
    ),
    Command(
        "operations",
        "View",
        "Show bare operations",
        ("O",),
        _moving(_toggle_operations),
        has_run,
        "The arithmetic, such as NotEqual and Any, that Keras 3 writes among the layers",
        lambda scene: scene.view.operations,
    ),
    _choice("View", "theme", "system", "Colours of the system"),
    _choice("View", "theme", "light", "Light"),
    _choice("View", "theme", "dark", "Dark"),
    Command(
        "version-lens",
        "Reading",
        "What would other Kerases say?",
        ("V",),
        lambda w: w.look_through_lens(),
        has_run,
        "Run the same file by the rules of every Keras, and name the layers whose numbers move",
    ),
    Command(
        "read-as-file",
        "Reading",
        "As the file says",
        (),
        lambda w: w.read_as(None),
        has_model,
        "By the rules of the Keras that wrote the file",
        lambda scene: scene.document.model is not None and scene.document.model.semantics == scene.document.own,
    ),
    *map(_reading, READINGS),
    Command(
        "bypass-lambda",
        "Reading",
        "Pass Lambda layers by",
        (),
        lambda w: w.bypass_lambda(),
        has_lambda,
        "Their code is never run; passed by, they hand on what they get",
        lambda scene: scene.document.read_as.bypass_lambda,
    ),
    Command("cancel", "View", "Stop the work under way", ("Ctrl+.",), lambda w: w.cancel(), is_busy),
    Command("shortcuts", "Help", "Keyboard shortcuts", ("F1",), lambda w: w.show_shortcuts(), always),
    Command("about", "Help", "About rnnscope", (), lambda w: w.show_about(), always),
)

MENUS = ("File", "Go", "View", "Reading", "Help")
SEPARATED = frozenset(
    {
        "example-household",
        "save-picture",
        "close-files",
        "previous-unit",
        "previous-sample",
        "previous-layer",
        "first-difference",
        "bypass-lambda",
        "read-as-file",
        "reset-zoom",
        "theme-system",
        "cancel",
        "about",
    }
)


def command(identifier: str) -> Command:
    """The command of that id; KeyError when there is none."""
    for found in COMMANDS:
        if found.id == identifier:
            return found
    raise KeyError(identifier)
