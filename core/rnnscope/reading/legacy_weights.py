"""Weights of HDF5 files of Keras 1 and 2, and of Keras 3's ``.h5``: one list of arrays for each layer of the model.

A list holds all that a layer, wrapper or nested model trains, then all that it does not: so where an array lies
follows only from all that is asked for. The model is therefore read twice, first with arrays of zeros that take no
memory, to learn what is asked for, then with the file's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod

from rnnscope.errors import ShapeMismatch, UnreadableFile, Unsupported
from rnnscope.layers.base import Weights
from rnnscope.reading.entries import Entry, Graph
from rnnscope.reading.hdf5 import Hdf5File
from rnnscope.reading.legacy_plan import Plan, PlanningWeights, Request, StoredLayer
from rnnscope.reading.weights import Tally
from rnnscope.types import Array

MODEL_WEIGHTS = "model_weights"
OF_THE_MODEL = "top_level_model_weights"
MAX_PASSES = 4


@dataclass(slots=True)
class PlacedWeights:
    """Reads the datasets of one layer, in the order in which it asks."""

    hdf5: Hdf5File
    paths: Sequence[str]
    requests: Sequence[Request]
    layer: str
    tally: Tally
    taken: int = 0

    def at(self, part: str) -> PlacedWeights:
        return self

    def each(self, part: str, class_names: Sequence[str]) -> list[PlacedWeights]:
        return [self] * len(class_names)

    def frozen(self) -> PlacedWeights:
        return self

    def peek_shape(self) -> tuple[int, ...] | None:
        return self.hdf5.shape(self.paths[self.taken]) if self.taken < len(self.paths) else None

    def named_shape(self, name: str) -> tuple[int, ...] | None:
        return None  # such files know their weights by order

    def text(self, name: str) -> str | None:
        return None

    def take(self, name: str, shape: tuple[int, ...], *, trainable: bool = True) -> Array:
        if self.taken >= len(self.paths):
            raise UnreadableFile(f"weight '{name}' is missing", layer=self.layer, expected=shape)
        path, request = self.paths[self.taken], self.requests[self.taken]
        self.taken += 1
        found = self.hdf5.shape(path)
        if found != shape:
            raise ShapeMismatch(f"weight '{name}' has the wrong shape", layer=self.layer, expected=shape, found=found)
        return self.tally.count(path, self.hdf5.read(path, shape), request.trainable)


Opener = Callable[[Entry, Tally], Weights]


def legacy_opener(
    hdf5: Hdf5File, graph: Graph, read: Callable[[Opener], object], *, frozen_hides: bool
) -> tuple[Opener, str]:
    """What opens a layer's weights in such a file, and a remark on how layers were matched ("" when by their names).

    read: reads the whole model with an opener, for its requests alone.
    frozen_hides: whether all inside a nested model counts as not trained once the model is not (Keras 3).
    """
    plan, pairs, remark = _fitted(hdf5, graph, read, frozen_hides)
    places: dict[str, list[str]] = {}
    for top, layer in pairs.items():
        places |= _placed(plan, top, layer)

    def opener(entry: Entry, tally: Tally) -> Weights:
        return PlacedWeights(hdf5, places.get(entry.name, []), plan.requests.get(entry.name, []), entry.name, tally)

    return opener, remark


def stored_for(
    hdf5: Hdf5File, graph: Graph, read: Callable[[Opener], object], *, frozen_hides: bool
) -> dict[str, StoredLayer]:
    """Layer of the outermost model → what the file keeps for it, for those that have weights; see `legacy_opener`."""
    return _fitted(hdf5, graph, read, frozen_hides)[1]


def _fitted(
    hdf5: Hdf5File, graph: Graph, read: Callable[[Opener], object], frozen_hides: bool
) -> tuple[Plan, dict[str, StoredLayer], str]:
    """What the model asks for, the file's layer for each of its own that asks, and a remark on that."""
    parents = {entry.name: entry.parent for entry in graph.entries}
    frozen = {entry.name for entry in graph.entries if entry.config.get("trainable") is False}
    hidden = {name for name in parents if frozen_hides and frozen & _above(name, parents)}
    plan = _planned(Plan(hdf5, stored_layers(hdf5), _tops(parents)), read, hidden)
    return (plan, *_matched(plan))


def stored_layers(hdf5: Hdf5File) -> tuple[StoredLayer, ...]:
    """The layers of a weights file, or of the weights in a model file, in the file's order; each with its datasets."""
    root = MODEL_WEIGHTS if hdf5.is_group(MODEL_WEIGHTS) else ""
    names, count = hdf5.attribute(root, "layer_names"), hdf5.attribute(root, "nb_layers")
    if isinstance(names, list) and all(isinstance(name, str) for name in names):
        layers = tuple(_stored(hdf5, root, str(name)) for name in dict.fromkeys(names))
    elif type(count) is int and 0 <= count <= len(hdf5.names(root)):
        layers = tuple(_numbered(hdf5, root, f"layer_{place}") for place in range(count))
    else:
        raise UnreadableFile("the HDF5 file holds no Keras weights", expected="the attribute layer_names")
    own = f"{root}/{OF_THE_MODEL}"
    if hdf5.is_group(own) and hdf5.attribute(own, "weight_names"):
        raise Unsupported("the file holds weights of the model itself, beside those of its layers", found=own)
    return layers


def _stored(hdf5: Hdf5File, root: str, name: str) -> StoredLayer:
    group = f"{root}/{name}"
    names = hdf5.attribute(group, "weight_names") if hdf5.is_group(group) else []
    if not isinstance(names, list):
        raise UnreadableFile("the layer's weight_names are not a list", layer=name, found=repr(names))
    if len(set(names)) < len(names):
        raise UnreadableFile(
            "two weights of the layer have one name, so the file holds one of them at most",
            layer=name,
            advice="Keras up to 3.0 fails while it writes such a file; save the model as .keras",
        )
    return StoredLayer(name, tuple(f"{group}/{weight}" for weight in names))


def _numbered(hdf5: Hdf5File, root: str, name: str) -> StoredLayer:
    """A layer as Keras up to 1.0 stored it, without names."""
    count = hdf5.attribute(f"{root}/{name}", "nb_params")
    if type(count) is not int or not 0 <= count <= len(hdf5.names(f"{root}/{name}")):
        raise UnreadableFile("the layer's nb_params is not usable", layer=name, found=repr(count))
    return StoredLayer(name, tuple(f"{root}/{name}/param_{place}" for place in range(count)))


def _tops(parents: dict[str, str]) -> dict[str, str]:
    """Layer → the layer of the outermost model that it stands in, in the file's order."""

    def top(name: str) -> str:
        while parents[name]:
            name = parents[name]
        return name

    return {name: top(name) for name in parents}


def _above(name: str, parents: dict[str, str]) -> set[str]:
    found = set()
    while name := parents[name]:
        found.add(name)
    return found


def _planned(plan: Plan, read: Callable[[Opener], object], hidden: set[str]) -> Plan:
    """`plan` with all requests in it. What is asked for may hang on shapes whose place is only known afterwards."""
    largest = max((prod(plan.hdf5.shape(path)) for layer in plan.stored for path in layer.paths), default=0)
    for _ in range(MAX_PASSES):
        now = plan.again()

        def opener(entry: Entry, tally: Tally, now: Plan = now) -> Weights:
            return PlanningWeights(now, entry.name, largest, entry.name not in hidden)

        read(opener)
        if not now.peeked or now.requests == plan.requests:
            break
        plan = now
    return now


def _matched(plan: Plan) -> tuple[dict[str, StoredLayer], str]:
    """Each asking layer with its layer of the file: by name where all names agree, else by order, as Keras does."""
    asking = plan.asking()
    full = {stored.name: stored for stored in plan.stored if stored.paths}
    if set(asking) == set(full):
        return {top: full[top] for top in asking}, ""
    if len(full) > len(asking):
        unknown = next((name for name in full if name not in asking), next(iter(full)))
        raise Unsupported(
            f"the file holds weights for {len(full)} layers, the model has {len(asking)} with weights",
            found=f"'{unknown}'",
        )
    if len(full) < len(asking):
        missing = next((top for top in asking if top not in full), asking[0])
        _, request = plan.asked_by(missing)[0]
        raise UnreadableFile(
            f"weight '{request.name}' is missing",
            layer=missing,
            expected=request.shape,
            found=f"weights for {len(full)} layers, where the model has {len(asking)} with weights",
        )
    pairs = dict(zip(asking, full.values(), strict=True))
    renamed = [f"'{stored.name}' to '{top}'" for top, stored in pairs.items() if stored.name != top]
    return pairs, f"weights were given to layers in their order, not by their names: {', '.join(renamed)}"


def _placed(plan: Plan, top: str, layer: StoredLayer) -> dict[str, list[str]]:
    """Entry → its datasets, in the order in which it asks for them."""
    asked = plan.asked_by(top)
    if len(layer.paths) > len(asked):
        raise Unsupported(
            f"the file holds {len(layer.paths)} weights for this layer, its options imply {len(asked)}", layer=top
        )
    in_file = [place for place, (_, request) in enumerate(asked) if request.trainable]
    in_file += [place for place, (_, request) in enumerate(asked) if not request.trainable]
    if len(layer.paths) < len(asked):
        entry, request = asked[in_file[len(layer.paths)]]
        raise UnreadableFile(
            f"weight '{request.name}' is missing",
            layer=entry,
            expected=request.shape,
            found=f"{len(layer.paths)} weights in all",
        )
    dataset = dict(zip(in_file, layer.paths, strict=True))
    places: dict[str, list[str]] = {}
    for place, (entry, _) in enumerate(asked):
        places.setdefault(entry, []).append(dataset[place])
    return places
