"""The menu Help."""

from __future__ import annotations

from rnnscope_gui.commands.command import Command, always

HELP: tuple[Command, ...] = (
    Command("shortcuts", "Help", "Keyboard shortcuts", ("F1",), lambda w: w.show_shortcuts(), always),
    Command("about", "Help", "About rnnscope", (), lambda w: w.show_about(), always),
)
SEPARATED = frozenset({"about"})
