"""Every action, declared once; menus, toolbar, shortcuts and the page that lists them are built from this table."""

from rnnscope_gui.commands import compare, file, go, help_menu, reading, view
from rnnscope_gui.commands.command import Command, Window

COMMANDS: tuple[Command, ...] = (
    *file.FILE,
    *go.GO,
    *view.VIEW,
    *compare.COMPARE,
    *reading.READING,
    *help_menu.HELP,
)
MENUS = ("File", "Go", "View", "Compare", "Reading", "Help")
# What begins a group of its own within its menu.
SEPARATED = frozenset().union(*(menu.SEPARATED for menu in (file, go, view, compare, reading, help_menu)))

__all__ = ["COMMANDS", "MENUS", "SEPARATED", "Command", "Window", "command"]


def command(identifier: str) -> Command:
    """The command of that id; KeyError when there is none."""
    for found in COMMANDS:
        if found.id == identifier:
            return found
    raise KeyError(identifier)
