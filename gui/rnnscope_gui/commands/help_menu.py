"""The menu Help."""

from __future__ import annotations

from functools import partial

from rnnscope_gui.commands.command import Command, Window, always
from rnnscope_gui.examples import DEMONSTRATIONS


def _show(name: str, window: Window) -> None:
    window.open_example(name)


HELP: tuple[Command, ...] = (
    Command(
        "palette",
        "Help",
        "Find a command…",
        ("Ctrl+Shift+P", "Ctrl+P"),
        lambda w: w.show_palette(),
        always,
        "Every command by a few letters of its name",
    ),
    Command("shortcuts", "Help", "Keyboard shortcuts", ("F1",), lambda w: w.show_shortcuts(), always),
    *(
        Command(
            f"demonstration-{name}",
            "Help",
            f"Demonstration: {one.title}",
            (),
            partial(_show, name),
            always,
            "A small model in the masking laboratory, with the words to say to a class",
        )
        for name, one in DEMONSTRATIONS.items()
    ),
    Command("about", "Help", "About rnnscope", (), lambda w: w.show_about(), always),
)
SEPARATED = frozenset({f"demonstration-{next(iter(DEMONSTRATIONS))}", "about"})
