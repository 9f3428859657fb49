"""What a model asks of a legacy weights file, before any of it is read: which arrays, of what shapes, in what order."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import NamedTuple

import numpy as np

from rnnscope.errors import ShapeMismatch, UnreadableFile
from rnnscope.reading.hdf5 import Hdf5File
from rnnscope.types import Array


class StoredLayer(NamedTuple):
    """A layer of the file: its name, and its datasets in order."""

    name: str
    paths: tuple[str, ...]


class Request(NamedTuple):
    """What a layer asked for."""

    name: str
    shape: tuple[int, ...]
    trainable: bool


class Plan:
    """What the model asks for, layer by layer, and which of the file's layers that is.

    tops: layer → the layer of the outermost model that it stands in, in the file's order.
    trained: by layer of the outermost model, how many of the arrays are trained, as far as an earlier pass found.
    requests: by layer, in the order in which it asks. peeked: whether any layer looked at a shape to find out what to
    ask for.
    """

    def __init__(
        self,
        hdf5: Hdf5File,
        stored: Sequence[StoredLayer],
        tops: Mapping[str, str],
        trained: Mapping[str, int] | None = None,
    ) -> None:
        self.hdf5 = hdf5
        self.stored = stored
        self.tops = tops
        self.trained = trained or {}
        self.requests: dict[str, list[Request]] = {}
        self.peeked = False
        self._full = [layer for layer in stored if layer.paths]
        self._by_name = {layer.name: layer for layer in self._full}
        self._members: dict[str, list[str]] = {}
        for entry, top in tops.items():
            self._members.setdefault(top, []).append(entry)
        self._order = {top: place for place, top in enumerate(self._members)}
        self._asking: list[int] = []
        self._asked: Counter[tuple[str, bool]] = Counter()

    def again(self) -> Plan:
        """An empty plan for the next pass, which knows how many arrays of each layer are trained."""
        trained = {top: self._asked[top, True] for top in self._members} if self.requests else {}
        return Plan(self.hdf5, self.stored, self.tops, trained)

    def ask(self, entry: str, request: Request) -> None:
        """Note what a layer asks for."""
        top = self.tops[entry]
        if not self._asked[top, True] + self._asked[top, False]:
            insort(self._asking, self._order[top])
        self._asked[top, request.trainable] += 1
        self.requests.setdefault(entry, []).append(request)

    def asking(self) -> list[str]:
        """The layers of the outermost model that ask for anything, in the file's order."""
        tops = list(self._members)
        return [tops[place] for place in self._asking]

    def asked_by(self, top: str) -> list[tuple[str, Request]]:
        """All that is asked for inside a layer of the outermost model, each with the layer that asks."""
        return [(entry, request) for entry in self._members[top] for request in self.requests.get(entry, ())]

    def guess(self, entry: str, trainable: bool) -> str | None:
        """The dataset that the next request of `entry` will be given, as far as can be told from those before it."""
        top = self.tops[entry]
        place = self._asked[top, trainable]
        if not trainable:
            place += self.trained.get(top, self._asked[top, True])
        paths = self._paths(top)
        return paths[place] if place < len(paths) else None

    def _paths(self, top: str) -> tuple[str, ...]:
        if top in self._by_name:
            return self._by_name[top].paths
        place = bisect_left(self._asking, self._order[top])
        return self._full[place].paths if place < len(self._full) else ()


@dataclass(slots=True)
class PlanningWeights:
    """Hands out zeros that take no memory and notes what was asked for.

    resting: whether this part has come to what it does not train; what follows is taken to be of that kind too.
    """

    plan: Plan
    layer: str
    largest: int
    trained: bool = True
    resting: bool = False

    def at(self, part: str) -> PlanningWeights:
        return replace(self, resting=False)

    def each(self, part: str, class_names: Sequence[str]) -> list[PlanningWeights]:
        return [self.at(part) for _ in class_names]

    def frozen(self) -> PlanningWeights:
        return replace(self, trained=False)

    def peek_shape(self) -> tuple[int, ...] | None:
        self.plan.peeked = True
        path = self.plan.guess(self.layer, self.trained and not self.resting)
        return None if path is None else self.plan.hdf5.shape(path)

    def named_shape(self, name: str) -> tuple[int, ...] | None:
        return None  # such files know their weights by order

    def text(self, name: str) -> str | None:
        return None

    def take(self, name: str, shape: tuple[int, ...], *, trainable: bool = True) -> Array:
        self.resting = not trainable
        trainable = trainable and self.trained
        path = self.plan.guess(self.layer, trainable)
        if prod(shape) > self.largest:
            if path is None:
                raise UnreadableFile(f"weight '{name}' is missing", layer=self.layer, expected=shape)
            raise ShapeMismatch(
                f"weight '{name}' has the wrong shape",
                layer=self.layer,
                expected=shape,
                found=self.plan.hdf5.shape(path),
            )
        self.plan.ask(self.layer, Request(name, shape, trainable))
        return np.broadcast_to(np.zeros((), "f4" if path is None else self.plan.hdf5.number_type(path)), shape)
