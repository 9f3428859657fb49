"""The menu Compare: which difference is shown, by which rule, and why a port differs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from rnnscope_gui import navigate
from rnnscope_gui.commands.command import Command, always, changing, moving
from rnnscope_gui.resolve import picture
from rnnscope_gui.sides import chosen_finding
from rnnscope_gui.state import Apart, Scene, View
from rnnscope_gui.why_words import can_ask


def can_be_explained(scene: Scene) -> bool:
    return scene.busy is None and can_ask(scene.document)


def has_findings(scene: Scene) -> bool:
    return chosen_finding(scene.document, scene.view) is not None


def has_several(scene: Scene) -> bool:
    return len(scene.document.findings or ()) > 1


def has_mistaken_run(scene: Scene) -> bool:
    finding = chosen_finding(scene.document, scene.view)
    return finding is not None and finding.trace is not None


def _toggle_mistaken(scene: Scene) -> View:
    return replace(scene.view, mistaken=not scene.view.mistaken)


def _can_show(apart: Apart) -> Callable[[Scene], bool]:
    def there(scene: Scene) -> bool:
        made = picture(scene.document, scene.view)
        return made is not None and apart in made.choices

    return there


def _apart(identifier: str, apart: Apart, text: str) -> Command:
    def shown(scene: Scene) -> bool:
        made = picture(scene.document, scene.view)
        return made is not None and made.difference is not None and made.apart == apart

    tip = "The difference that the last heatmap shows"
    return Command(identifier, "Compare", text, (), changing(apart=apart), _can_show(apart), tip, shown)


COMPARE: tuple[Command, ...] = (
    Command(
        "why",
        "Compare",
        "Why does my port differ?",
        ("Y", "?"),
        lambda w: w.explain(),
        can_be_explained,
        "Make every known mistake in this model, and name those that give your numbers",
    ),
    Command("next-finding", "Compare", "Next mistake", ("N",), moving(navigate.finding_by(1)), has_several),
    Command(
        "previous-finding", "Compare", "Previous mistake", ("Shift+N",), moving(navigate.finding_by(-1)), has_several
    ),
    Command(
        "mistaken-run",
        "Compare",
        "Show the run with this mistake",
        ("M",),
        moving(_toggle_mistaken),
        has_mistaken_run,
        "Beside your own numbers, on the same scale",
        lambda scene: scene.view.mistaken and has_mistaken_run(scene),
    ),
    Command(
        "copy-fix",
        "Compare",
        "Copy the fix",
        ("Ctrl+Shift+F",),
        lambda w: w.copy_fix(),
        has_findings,
        "The line of NumPy that is right",
    ),
    _apart("apart-keras", "NumPy − Keras", "Difference of NumPy and Keras"),
    _apart("apart-mine-keras", "mine − Keras", "Difference of your port and Keras"),
    _apart("apart-mine", "mine − NumPy", "Difference of your port and NumPy"),
    _apart("apart-mistaken", "mine − mistaken run", "Difference of your port and the run with the mistake"),
    _apart("apart-mistake", "mistaken run − NumPy", "Difference that the mistake makes"),
    Command(
        "rule",
        "Compare",
        "Rule…",
        ("Ctrl+T",),
        lambda w: w.ask_rule(),
        always,
        "Judge by the measured noise floor, or by tolerances of your own",
    ),
)
SEPARATED = frozenset({"apart-keras", "rule"})
