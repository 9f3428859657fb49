"""The menu Go: moves through a run."""

from __future__ import annotations

from dataclasses import replace

from rnnscope_gui import navigate
from rnnscope_gui.commands.command import Command, has_run, moving
from rnnscope_gui.samples import worst_first
from rnnscope_gui.state import Scene


def has_worst(scene: Scene) -> bool:
    return scene.document.comparison is not None or scene.document.mine_comparison is not None


GO: tuple[Command, ...] = (
    Command("previous-step", "Go", "Previous step", ("Left",), moving(navigate.by(step=-1)), has_run),
    Command("next-step", "Go", "Next step", ("Right",), moving(navigate.by(step=1)), has_run),
    Command("first-step", "Go", "First step", ("Home",), moving(lambda scene: navigate.to_step(scene, 0)), has_run),
    Command("last-step", "Go", "Last step", ("End",), moving(navigate.last_step), has_run),
    Command(
        "play",
        "Go",
        "Play or pause",
        ("Space",),
        moving(navigate.toggle_playing),
        has_run,
        "Let the cursor walk through the steps by itself",
        lambda scene: scene.view.playing,
    ),
    Command("faster", "Go", "Play faster", ("+",), moving(navigate.speed_by(1)), has_run),
    Command("slower", "Go", "Play slower", ("-",), moving(navigate.speed_by(-1)), has_run),
    Command(
        "play-once",
        "Go",
        "Stop at the last step",
        ("L",),
        moving(lambda scene: replace(scene.view, loops=not scene.view.loops)),
        has_run,
        "Instead of playing again from the first",
        lambda scene: not scene.view.loops,
    ),
    Command("previous-unit", "Go", "Previous unit", ("Up",), moving(navigate.by(unit=-1)), has_run),
    Command("next-unit", "Go", "Next unit", ("Down",), moving(navigate.by(unit=1)), has_run),
    Command("previous-sample", "Go", "Previous sample", ("PgUp", "["), moving(navigate.by(sample=-1)), has_run),
    Command("next-sample", "Go", "Next sample", ("PgDown", "]"), moving(navigate.by(sample=1)), has_run),
    Command("choose-sample", "Go", "Go to sample…", ("Ctrl+G",), lambda w: w.ask_sample(), has_run),
    Command(
        "worst-samples",
        "Go",
        "The worst sample, and all below it",
        ("Shift+T",),
        moving(worst_first),
        has_worst,
        "List the samples, those that are furthest off first, and go to the first",
    ),
    Command("previous-layer", "Go", "Previous layer", ("Ctrl+Up",), moving(navigate.layer_by(-1)), has_run),
    Command("next-layer", "Go", "Next layer", ("Ctrl+Down",), moving(navigate.layer_by(1)), has_run),
    Command("previous-quantity", "Go", "Previous quantity", ("Ctrl+Left",), moving(navigate.quantity_by(-1)), has_run),
    Command("next-quantity", "Go", "Next quantity", ("Ctrl+Right",), moving(navigate.quantity_by(1)), has_run),
    Command(
        "first-difference",
        "Go",
        "First difference",
        ("F",),
        moving(navigate.first_difference),
        navigate.has_difference,
        "The first number that rounding does not explain",
    ),
    Command(
        "worst-difference",
        "Go",
        "Largest difference",
        ("W",),
        moving(navigate.worst_difference),
        has_worst,
    ),
    Command(
        "mine-first-difference",
        "Go",
        "Your port’s first difference",
        ("Shift+F",),
        moving(navigate.mine_first_difference),
        navigate.has_mine_difference,
        "The first of your own numbers that rounding does not explain",
    ),
    Command(
        "mine-worst-difference",
        "Go",
        "Your port’s largest difference",
        ("Shift+W",),
        moving(navigate.mine_worst_difference),
        lambda scene: scene.document.mine_comparison is not None,
    ),
)
SEPARATED = frozenset({"play", "previous-unit", "previous-sample", "previous-layer", "first-difference"})
