"""The table of proposals: class name (``op:`` and a name for operations) → who adds such a layer to a draft."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.parity.draft import Draft, World

Propose = Callable[[Draft, str], None]


@dataclass(frozen=True, slots=True)
class Proposal:
    """How one kind of layer is added. only: the oracles that have it. weight: how often it is taken by chance."""

    name: str
    propose: Propose
    only: tuple[str, ...]
    weight: float

    def exists_in(self, world: World) -> bool:
        return world.oracle in self.only


PROPOSALS: dict[str, Proposal] = {}
KERAS3 = ("tensorflow", "jax")
TF_KERAS = ("tf-keras",)
ALL = KERAS3 + TF_KERAS


def proposes(*names: str, only: tuple[str, ...] = ALL, weight: float = 1.0) -> Callable[[Propose], Propose]:
    def register(function: Propose) -> Propose:
        for name in names:
            PROPOSALS[name] = Proposal(name, function, only, weight)
        return function

    return register
