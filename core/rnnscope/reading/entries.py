"""What the readers of configurations give, whatever the dialect: entries, their calls in order, and a graph's ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush

from rnnscope.errors import UnreadableFile
from rnnscope.graph import Call, Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One layer as it stands in the file.

    `arguments` and `keywords` are set for a bare operation only, `inner` for a nested model only. `parent` is the
    nested model that the layer stood in, once `rnnscope.reading.nesting` has put all layers into one graph.
    """

    name: str
    class_name: str
    config: Mapping[str, object]
    is_layer: bool
    calls: tuple[Call, ...]
    arguments: tuple[object, ...] = ()
    keywords: Mapping[str, object] = field(default_factory=dict)
    inner: Graph | None = None
    parent: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """Entries in the file's order, calls in execution order, and the model's ends."""

    entries: tuple[Entry, ...]
    calls: tuple[Call, ...]
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]


def node_key(name: str, node: int) -> str:
    """The key of a layer's use number `node`: the name itself, then ``name@1``, ``name@2`` …"""
    return name if node == 0 else f"{name}@{node}"


def check_names(entries: Sequence[Entry]) -> None:
    """UnreadableFile when two layers have the same name."""
    seen: set[str] = set()
    for entry in entries:
        if entry.name in seen:
            raise UnreadableFile("two layers have the same name", layer=entry.name)
        seen.add(entry.name)


def checked_graph(entries: tuple[Entry, ...], inputs: tuple[Tensor, ...], outputs: tuple[Tensor, ...]) -> Graph:
    """The graph of these entries with its calls in order; UnreadableFile for a missing end, a cycle, a name twice."""
    check_names(entries)
    calls = ordered([call for entry in entries for call in entry.calls])
    keys = {call.key for call in calls}
    for tensor in (*inputs, *outputs):
        if tensor.call not in keys:
            raise UnreadableFile("an end of the graph is missing", expected=f"a layer '{tensor.call}'")
    operations = {entry.name for entry in entries if not entry.is_layer}
    _check_inputs([call for call in calls if call.layer not in operations], inputs)
    return Graph(entries, calls, inputs, outputs)


def _check_inputs(calls: Sequence[Call], inputs: Sequence[Tensor]) -> None:
    """UnreadableFile unless the graph's inputs are the calls of layers that read nothing, each once."""
    waiting = {Tensor(call.key, 0) for call in calls if not call.inputs}
    for tensor in inputs:
        if tensor not in waiting:
            raise UnreadableFile("an input of the graph is listed twice, or is none", layer=tensor.call)
        waiting.remove(tensor)
    if waiting:
        raise UnreadableFile("reads nothing and is no input of the graph", layer=min(waiting).call)


def ordered(calls: Sequence[Call]) -> tuple[Call, ...]:
    """`calls` so that each comes after all it reads, otherwise in the file's order."""
    places = {call.key: place for place, call in enumerate(calls)}
    waits_for = [{tensor.call for tensor in call.tensors()} for call in calls]
    readers: dict[str, list[int]] = {key: [] for key in places}
    for place, keys in enumerate(waits_for):
        for key in sorted(keys):
            if key not in places:
                raise UnreadableFile("reads from a layer that is not there", layer=calls[place].key, expected=key)
            readers[key].append(place)
    ready = [place for place, keys in enumerate(waits_for) if not keys]
    done: list[int] = []
    while ready:
        done.append(heappop(ready))
        key = calls[done[-1]].key
        for place in readers[key]:
            waits_for[place].remove(key)
            if not waits_for[place]:
                heappush(ready, place)
    if stuck := [call.key for call, keys in zip(calls, waits_for, strict=True) if keys]:
        raise UnreadableFile("the graph has a cycle", layer=stuck[0])
    return tuple(calls[place] for place in done)
