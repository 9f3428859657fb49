"""Nested models, put into the graph around them: their layers as ``outer/inner``, their calls once for each use."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from rnnscope.errors import UnreadableFile
from rnnscope.graph import Call, Tensor
from rnnscope.reading.entries import Entry, Graph

MAX_CALLS = 20_000


def flattened(graph: Graph) -> Graph:
    """`graph` without nested models: an entry for each stays as the end of it, behind what was inside.

    The inputs of a nested model become calls that read what the outer model gives. UnreadableFile when the models
    multiply one another into more calls than any network has.
    """
    calls: list[Call] = []
    flat = {entry.name: flattened(entry.inner) for entry in graph.entries if entry.inner is not None}
    layers = {entry.name: entry for entry in graph.entries}
    entries = [inside for entry in graph.entries for inside in _entries(entry, flat.get(entry.name))]
    for call in graph.calls:
        inner = flat.get(call.layer)
        calls += [call] if inner is None else _inlined(call, inner, layers[call.layer])
        if len(calls) > MAX_CALLS:
            raise UnreadableFile("too many calls in the graph", layer=call.layer)
    return Graph(tuple(entries), tuple(calls), graph.inputs, graph.outputs)


def _entries(entry: Entry, inner: Graph | None) -> Iterator[Entry]:
    for inside in inner.entries if inner is not None else ():
        parent = f"{entry.name}/{inside.parent}" if inside.parent else entry.name
        yield replace(inside, name=f"{entry.name}/{inside.name}", parent=parent)
    yield replace(entry, inner=None)


def _inlined(outer: Call, inner: Graph, entry: Entry) -> list[Call]:
    """The calls that one use of a nested model stands for, its end last."""
    if len(outer.inputs) != len(inner.inputs):
        raise UnreadableFile(
            "a nested model is called with the wrong number of tensors",
            layer=outer.key,
            expected=len(inner.inputs),
            found=len(outer.inputs),
        )
    places = {tensor.call: place for place, tensor in enumerate(inner.inputs)}

    def inside(tensor: Tensor) -> Tensor:
        return Tensor(f"{outer.key}/{tensor.call}", tensor.output)

    calls = []
    for call in inner.calls:
        place = places.get(call.key)
        if place is not None:
            inputs: tuple[Tensor, ...] = (outer.inputs[place],)
            keywords = _mask_of(outer, place)
        else:
            inputs = tuple(map(inside, call.inputs))
            keywords = {name: _moved(value, inside) for name, value in call.keywords.items()}
        calls.append(Call(f"{outer.key}/{call.key}", f"{entry.name}/{call.layer}", inputs, keywords))
    return [*calls, Call(outer.key, entry.name, tuple(map(inside, inner.outputs)))]


def _mask_of(outer: Call, place: int) -> Mapping[str, object]:
    """The mask that was passed by hand for one input of a nested model."""
    masks = outer.mask or ()
    mask = masks[place] if place < len(masks) else None
    return {} if mask is None else {"mask": mask}


def _moved(value: object, inside: Callable[[Tensor], Tensor]) -> object:
    if isinstance(value, Tensor):
        return inside(value)
    if isinstance(value, list | tuple):
        return tuple(_moved(item, inside) for item in value)
    return value
