"""The menu Help."""

from __future__ import annotations

from rnnscope_gui.commands.command import Command, always

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
    Command("about", "Help", "About rnnscope", (), lambda w: w.show_about(), always),
)
SEPARATED = frozenset({"about"})
