"""The script under construction: its weights, its functions, and the names that are taken at its top."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from rnnscope.graph import Layer
from rnnscope.script.code import Variable
from rnnscope.script.names import free_name, identifier, spoken
from rnnscope.types import Array

NAME = "§"  # stands for its own name in the text of a function


@dataclass(frozen=True, slots=True, eq=False)
class Weight:
    """One array in `weights.npz`: its name there and in the script, and what its axes are."""

    name: str
    array: Array
    axes: str = ""


@dataclass(slots=True)
class Module:
    """Everything at the top of a script. What is asked for twice is written once.

    weights: the layer's heading → its weights. functions: text → name, in the order in which they are needed.
    remaining: name → a layer whose code is the engine's own.
    """

    weights: dict[str, list[Weight]] = field(default_factory=dict)
    functions: dict[str, str] = field(default_factory=dict)
    remaining: dict[str, Layer] = field(default_factory=dict)
    imports: set[str] = field(default_factory=set)
    taken: set[str] = field(default_factory=set)
    _known: dict[tuple[str, str], tuple[Weight, ...]] = field(default_factory=dict)
    _count: int = 0

    def variable(self, wish: str, plain: str = "") -> Variable:
        """A new variable; what it is called is found out when all are known."""
        self._count += 1
        return Variable(self._count, wish, plain)

    def weight(self, layer: str, heading: str, part: str, array: Array, axes: str = "") -> str:
        """The name of a layer's weight; `axes` says what the axes of `array` are."""
        for known in self._known.get((layer, part), ()):
            if known.array is array or (known.array.dtype == array.dtype and np.array_equal(known.array, array)):
                return known.name
        weight = Weight(self.claim(f"{identifier(layer)}_{part}"), np.asarray(array), axes)
        self._known[layer, part] = (*self._known.get((layer, part), ()), weight)
        self.weights.setdefault(heading, []).append(weight)
        return weight.name

    def function(self, wish: str, text: str, other: str = "") -> str:
        """The name of a function with this text, in which `NAME` stands for it; `other` is the second wish."""
        if text not in self.functions:
            self.functions[text] = self.claim(other if other and wish in self.taken else wish)
        return self.functions[text]

    def claim(self, wish: str) -> str:
        """A name at the top of the script that nobody has."""
        name = free_name(wish, self.taken)
        self.taken.add(name)
        return name

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Take back whatever was added inside when that raises."""
        before = (
            {heading: list(weights) for heading, weights in self.weights.items()},
            dict(self.functions), dict(self.remaining), set(self.taken), dict(self._known),
        )  # fmt: skip
        try:
            yield
        except BaseException:
            self.weights, self.functions, self.remaining, self.taken, self._known = before
            raise


def heading(layer: str, label: str) -> str:
    """What stands above a layer's weights and its code: ``rnn: SimpleRNN``."""
    return f"{spoken(layer)}: {spoken(label)}"
