"""Moves through a document: from one view to the next. Pure; every key and button ends here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from rnnscope import Comparison, Location, Verdict
from rnnscope.compare import Row
from rnnscope_gui.resolve import picture, settled, shown_quantities
from rnnscope_gui.state import Apart, Document, Scene, View

Move = Callable[[Scene], View]
SPEEDS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)  # steps per second


def by(*, sample: int = 0, step: int = 0, unit: int = 0) -> Move:
    """A move by so many samples, steps or units, stopping at the ends."""

    def move(scene: Scene) -> View:
        view = scene.view
        moved = replace(view, sample=view.sample + sample, step=view.step + step, unit=view.unit + unit)
        return settled(scene.document, moved)

    return move


def to_step(scene: Scene, step: int) -> View:
    return settled(scene.document, replace(scene.view, step=step))


def last_step(scene: Scene) -> View:
    shown = picture(scene.document, scene.view)
    return scene.view if shown is None else to_step(scene, shown.columns - 1)


def layer_by(amount: int) -> Move:
    """To the next or previous layer that the list shows."""

    def move(scene: Scene) -> View:
        names = listed_layers(scene.document, scene.view)
        return settled(scene.document, replace(scene.view, layer=_neighbour(names, scene.view.layer, amount)))

    return move


def quantity_by(amount: int) -> Move:
    """To the next or previous quantity of the layer."""

    def move(scene: Scene) -> View:
        trace = scene.document.trace
        names = shown_quantities(trace[scene.view.layer]) if trace and scene.view.layer in trace.layers else ()
        return settled(scene.document, replace(scene.view, quantity=_neighbour(names, scene.view.quantity, amount)))

    return move


def listed_layers(document: Document, view: View) -> tuple[str, ...]:
    """The calls that the layer list shows: bare operations only when they are asked for."""
    if document.model is None or document.trace is None:
        return ()
    listing = document.model.listing
    return tuple(listed.key for listed in listing if view.operations or listed.layer.is_layer)


def first_difference(scene: Scene) -> View:
    """To the first number beyond the floor, in Keras's values and then in the port's; the same view without one."""
    return _first(scene, telling(scene))


def worst_difference(scene: Scene) -> View:
    """To the largest difference, held against what rounding may do there; the same view when all is equal."""
    return _worst(scene, telling(scene))


def mine_first_difference(scene: Scene) -> View:
    """To the first number of the port beyond the floor."""
    return _first(scene, scene.document.mine_comparison)


def mine_worst_difference(scene: Scene) -> View:
    """To the port's largest difference."""
    return _worst(scene, scene.document.mine_comparison)


def has_difference(scene: Scene) -> bool:
    comparison = telling(scene)
    return comparison is not None and comparison.verdict is Verdict.DIFFERENT


def has_mine_difference(scene: Scene) -> bool:
    comparison = scene.document.mine_comparison
    return comparison is not None and comparison.verdict is Verdict.DIFFERENT


def telling(scene: Scene) -> Comparison | None:
    """The comparison that a plain key is about: Keras's, unless only the port's is there or only that differs."""
    keras, mine = scene.document.comparison, scene.document.mine_comparison
    if mine is None or (keras is not None and keras.verdict is Verdict.DIFFERENT):
        return keras
    return mine if keras is None or mine.verdict is Verdict.DIFFERENT else keras


def _first(scene: Scene, comparison: Comparison | None) -> View:
    return scene.view if comparison is None else _at(scene, comparison, comparison.first_difference)


def _worst(scene: Scene, comparison: Comparison | None) -> View:
    rows = [row for row in comparison.rows if row.worst is not None] if comparison is not None else []
    worst = max(rows, key=lambda row: (row.verdict.severity, _beyond(row)), default=None)
    return scene.view if worst is None or comparison is None else _at(scene, comparison, worst.worst)


def _beyond(row: Row) -> float:
    floor = float(row.floor.max()) if row.floor is not None and row.floor.size else 0.0
    return row.max_abs / floor if floor > 0 else row.max_abs


def _at(scene: Scene, comparison: Comparison | None, place: Location | None) -> View:
    """The number at a place, and the difference that is meant where several could be shown."""
    if place is None:
        return scene.view
    outputs = scene.document.model.outputs if scene.document.model is not None else ()
    layer, quantity = place.layer, place.quantity
    if not layer and outputs:
        tensor = outputs[int(quantity.removeprefix("output/"))]
        layer, quantity = tensor.call, f"output/{tensor.output}"
    view = replace(
        scene.view, layer=layer, quantity=quantity, sample=place.sample, step=place.step or 0, unit=place.unit
    )
    if scene.document.mine is not None:
        view = replace(view, apart=_shown_apart(scene, comparison))
    return settled(scene.document, replace(view, steps=None))


def _shown_apart(scene: Scene, comparison: Comparison | None) -> Apart:
    return "mine − NumPy" if comparison is scene.document.mine_comparison else "NumPy − Keras"


def to_place(scene: Scene, place: Location, *, mine: bool) -> View:
    """To one number of Keras's values, or of a port's."""
    return _at(scene, scene.document.mine_comparison if mine else scene.document.comparison, place)


def to_number(scene: Scene, place: Location) -> View:
    """To a number of the run, whatever is compared; the zoom stays where it can."""
    view = replace(
        scene.view,
        layer=place.layer,
        quantity=place.quantity,
        sample=place.sample,
        step=place.step or 0,
        unit=place.unit,
    )
    return settled(scene.document, view)


def toggle_playing(scene: Scene) -> View:
    """Start, from the first step when the cursor stands on the last; or stop."""
    if scene.view.playing or scene.document.trace is None:
        return replace(scene.view, playing=False)
    begun = to_step(scene, 0) if at_end(scene) else scene.view
    return replace(begun, playing=True)


def played(scene: Scene) -> View:
    """One step on; at the end from the first again, or to rest."""
    if not at_end(scene):
        return to_step(scene, scene.view.step + 1)
    return to_step(scene, 0) if scene.view.loops else replace(scene.view, playing=False)


def at_end(scene: Scene) -> bool:
    """Whether the cursor stands on the last step."""
    return scene.view.step == last_step(scene).step


def speed_by(amount: int) -> Move:
    """To a faster or slower one of `SPEEDS`."""

    def move(scene: Scene) -> View:
        nearest = min(range(len(SPEEDS)), key=lambda index: abs(SPEEDS[index] - scene.view.speed))
        return replace(scene.view, speed=SPEEDS[min(max(nearest + amount, 0), len(SPEEDS) - 1)])

    return move


def finding_by(amount: int) -> Move:
    """To the next or previous of the mistakes that were found."""

    def move(scene: Scene) -> View:
        last = len(scene.document.findings or ()) - 1
        return replace(scene.view, finding=min(max(scene.view.finding + amount, 0), max(last, 0)), mistaken=True)

    return move


def _neighbour(names: tuple[str, ...], here: str, amount: int) -> str:
    if here not in names:
        return names[0] if names else here
    return names[min(max(names.index(here) + amount, 0), len(names) - 1)]
