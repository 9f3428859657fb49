"""Where in a model something stands: layers, the parts of wrappers, and the cells in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Generic, TypeVar, cast

from rnnscope.graph import Layer, Network
from rnnscope.layers.activations import Activation
from rnnscope.layers.base import Operation
from rnnscope.layers.cells import Cell
from rnnscope.layers.stacked_cells import StackedCells
from rnnscope.mistakes.case import Case, Variation
from rnnscope.model import Model

Part = TypeVar("Part", bound=Operation)
INSIDE = ("layer", "inside")  # fields of wrappers that a reader does not want to see named


@dataclass(frozen=True, slots=True, eq=False)
class Place(Generic[Part]):
    """A part of a layer: its layer's name, the fields that lead to it, and what stands there."""

    layer: str
    path: tuple[str, ...]
    part: Part

    @property
    def name(self) -> str:
        """``rnn``, or ``bidirectional/backward``."""
        return "/".join([self.layer, *(step.rpartition(":")[2] for step in self.path if step not in INSIDE)])


def find(model: Model, kind: type[Part]) -> list[Place[Part]]:
    """Every part of `kind` in execution order of the layers, those inside wrappers too."""
    return [Place(place.layer, place.path, place.part) for place in find_all(model) if isinstance(place.part, kind)]


def find_all(model: Model) -> list[Place[Operation]]:
    """Every layer and every part of one, in execution order."""
    order = list(dict.fromkeys(call.layer for call in model.calls))
    layers = sorted(model.layers, key=lambda layer: order.index(layer.name) if layer.name in order else len(order))
    return [Place(layer.name, path, part) for layer in layers for path, part in _parts(layer.operation)]


def _parts(operation: Operation) -> Iterator[tuple[tuple[str, ...], Operation]]:
    yield (), operation
    for part in fields(operation):  # type: ignore[arg-type]
        value = getattr(operation, part.name)
        if isinstance(value, Operation):
            yield from (((part.name, *path), inner) for path, inner in _parts(value))
        elif isinstance(value, Network):
            for layer in value.layers:
                step = f"{part.name}:{layer.name}"
                yield from (((step, *path), inner) for path, inner in _parts(layer.operation))


def groups(places: Sequence[Place[Part]]) -> Iterator[tuple[bool, list[Place[Part]]]]:
    """The sets of places in which a port may make one mistake: in all, in one layer, in one part of a layer.

    Each comes with whether it is all of them.
    """
    by_layer: dict[str, list[Place[Part]]] = {}
    for place in places:
        by_layer.setdefault(place.layer, []).append(place)
    sets = [list(places), *by_layer.values(), *([place] for place in places)]
    seen: set[tuple[int, ...]] = set()
    for chosen in sets:
        key = tuple(map(id, chosen))
        if chosen and key not in seen:
            seen.add(key)
            yield len(chosen) == len(places), chosen


def names(places: Sequence[Place[Part]]) -> tuple[str, ...]:
    """Their names; both directions of one layer are the layer."""
    by_layer: dict[str, list[str]] = {}
    for place in places:
        by_layer.setdefault(place.layer, []).append(place.name)
    return tuple(layer if len(named) > 1 else named[0] for layer, named in by_layer.items())


def put(model: Model, places: Sequence[Place[Part]], change: Callable[[Part], Operation]) -> Model:
    """`model` with `change` applied to what stands at `places` now."""
    layers = {layer.name: layer for layer in model.layers}
    for place in places:
        layer = layers[place.layer]
        layers[place.layer] = replace(layer, operation=_put(layer.operation, place.path, change))
    return replace(model, layers=tuple(layers[layer.name] for layer in model.layers))


def _put(operation: Operation, path: tuple[str, ...], change: Callable[[Part], Operation]) -> Operation:
    if not path:
        return change(cast("Part", operation))
    name, _, inner = path[0].partition(":")
    value = getattr(operation, name)
    if isinstance(value, Network):
        layers = tuple(
            replace(layer, operation=_put(layer.operation, path[1:], change)) if layer.name == inner else layer
            for layer in value.layers
        )
        return replace(operation, **{name: replace(value, layers=layers)})  # type: ignore[type-var]
    return replace(operation, **{name: _put(value, path[1:], change)})  # type: ignore[type-var]


def everywhere(
    case: Case, kind: type[Part], fits: Callable[[Part], bool], change: Callable[[Part], Operation]
) -> Iterator[Variation]:
    """A variation for each set of places of `kind` that `fits` says yes to."""
    return at_places([place for place in find(case.model, kind) if fits(place.part)], change)


def at_places(places: Sequence[Place[Part]], change: Callable[[Part], Operation]) -> Iterator[Variation]:
    """A variation for each set of these places in which a port may make a mistake."""
    for broad, chosen in groups(places):
        yield Variation(_changing(chosen, change), names(chosen), broad)


def _changing(chosen: list[Place[Part]], change: Callable[[Part], Operation]) -> Callable[[Case], Case]:
    return lambda case: replace(case, model=put(case.model, chosen, change))


def cells_of(cell: Cell) -> tuple[Cell, ...]:
    """The cells of a stack; a cell by itself."""
    return cell.cells if isinstance(cell, StackedCells) else (cell,)


def map_cells(cell: Cell, change: Callable[[Cell], Cell]) -> Cell:
    """A cell, or each cell of a stack, changed."""
    if isinstance(cell, StackedCells):
        return replace(cell, cells=tuple(map(change, cell.cells)))
    return change(cell)


def activations_in(part: object) -> Iterator[Activation]:
    """Every activation in an operation or a cell."""
    if isinstance(part, Activation):
        yield part
    elif isinstance(part, tuple):
        for item in part:
            yield from activations_in(item)
    elif is_dataclass(part) and not isinstance(part, Layer | type):
        for field in fields(part):
            yield from activations_in(getattr(part, field.name))


Activated = TypeVar("Activated")


def map_activations(part: Activated, change: Callable[[Activation], Activation]) -> Activated:
    """A copy of an operation or a cell with `change` applied to every activation in it."""
    if isinstance(part, Activation):
        return cast("Activated", change(part))
    if isinstance(part, tuple):
        return cast("Activated", tuple(map_activations(item, change) for item in part))
    if not is_dataclass(part) or isinstance(part, Layer | type):
        return part
    changed = {
        field.name: map_activations(value, change)
        for field in fields(part)
        if isinstance(value := getattr(part, field.name), tuple) or is_dataclass(value)
    }
    return cast("Activated", replace(part, **changed)) if changed else cast("Activated", part)
