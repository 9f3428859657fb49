"""The menu View: how things are shown."""

from __future__ import annotations

from dataclasses import replace

from rnnscope_gui.commands.command import Command, changing, choice, has_run, is_busy, moving
from rnnscope_gui.laboratory import can_mask, toggled_step
from rnnscope_gui.state import Scene, View


def _toggle_operations(scene: Scene) -> View:
    return replace(scene.view, operations=not scene.view.operations)


VIEW: tuple[Command, ...] = (
    choice("View", "layout", "auto", "Arrange as it fits", ("1",)),
    choice("View", "layout", "side by side", "Side by side", ("2",)),
    choice("View", "layout", "stacked", "Stacked", ("3",)),
    Command(
        "reset-zoom",
        "View",
        "Show all steps",
        ("0",),
        changing(steps=None),
        lambda scene: scene.view.steps is not None,
    ),
    Command(
        "operations",
        "View",
        "Show bare operations",
        ("O",),
        moving(_toggle_operations),
        has_run,
        "The arithmetic, such as NotEqual and Any, that Keras 3 writes among the layers",
        lambda scene: scene.view.operations,
    ),
    choice("View", "page", "unit", "The unit over time", ("U",)),
    choice("View", "page", "arithmetic", "The arithmetic of this number", ("A",)),
    choice("View", "page", "laboratory", "The masking laboratory", ("K",)),
    Command(
        "mask-step",
        "View",
        "Mask this step in the laboratory, or unmask it",
        ("X",),
        moving(toggled_step),
        can_mask,
        "In the laboratory alone; Keras's own mask comes back with Reset",
    ),
    choice("View", "page", "samples", "All samples", ("T",)),
    choice("View", "theme", "system", "Colours of the system"),
    choice("View", "theme", "light", "Light"),
    choice("View", "theme", "dark", "Dark"),
    Command("cancel", "View", "Stop the work under way", ("Ctrl+.",), lambda w: w.cancel(), is_busy),
)
SEPARATED = frozenset({"reset-zoom", "page-unit", "theme-system", "cancel"})
