"""What a command is, what it can do to the window, and when: the words that the tables of commands are written in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from rnnscope.semantics import Semantics
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
    def explain(self) -> None: ...
    def copy_fix(self) -> None: ...
    def ask_rule(self) -> None: ...
    def ask_sample(self) -> None: ...
    def save_picture(self) -> None: ...
    def copy_picture(self) -> None: ...
    def copy_command(self) -> None: ...
    def write_script(self) -> None: ...
    def save_report(self) -> None: ...
    def open_session(self) -> None: ...
    def save_session(self) -> None: ...
    def export_data(self) -> None: ...
    def copy_data(self) -> None: ...
    def show_palette(self) -> None: ...
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


def has_model(scene: Scene) -> bool:
    return scene.document.model is not None


def has_anything(scene: Scene) -> bool:
    document = scene.document
    return any(part is not None for part in (document.model, document.inputs, document.reference, document.numbers))


def is_busy(scene: Scene) -> bool:
    return scene.busy is not None


def moving(move: Move) -> Callable[[Window], None]:
    """Run a move through the document."""
    return lambda window: window.go(move)


def changing(**fields: object) -> Callable[[Window], None]:
    """Set fields of the view."""

    def change(scene: Scene) -> View:
        return replace(scene.view, **fields)  # type: ignore[arg-type]

    return moving(change)


def choice(menu: str, field: str, value: str, text: str, keys: tuple[str, ...] = ()) -> Command:
    """Set one field of the view to a value; checked while it has that value."""
    return Command(
        f"{field}-{value.replace(' ', '-')}",
        menu,
        text,
        keys,
        changing(**{field: value}),
        always,
        "",
        lambda scene: bool(getattr(scene.view, field) == value),
    )
