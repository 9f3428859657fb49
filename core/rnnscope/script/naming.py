"""Which name each definition has in a script, where those of all modules meet."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Final

from rnnscope.script.sources import Foreign, Symbol

RESERVED: Final = frozenset(dir(builtins)) | frozenset(keyword.kwlist)
UNFIT: Final = re.compile(r"[^0-9a-z]+")


@dataclass(slots=True)
class Naming:
    """Names given out so far; each thing keeps the one that it was given first."""

    taken: set[str]
    given: dict[Symbol | Foreign, str] = field(default_factory=dict)

    def __call__(self, thing: Symbol | Foreign) -> str:
        if thing not in self.given:
            wish = thing.name or thing.module
            module = thing.module.rpartition(".")[2]
            self.given[thing] = self.free(wish, f"{module}_{wish.lstrip('_')}")
        return self.given[thing]

    def free(self, *wishes: str) -> str:
        """The first of `wishes` that nothing is called yet, or the last with a number."""
        numbered = (f"{wishes[-1]}_{number}" for number in range(2, len(self.taken) + 3))
        name = next(wish for wish in (*wishes, *numbered) if wish not in self.taken and wish not in RESERVED)
        self.taken.add(name)
        return name


def identifier(text: str, among: Collection[str] = ()) -> str:
    """A short Python name like `text`, which may be anything, and not one of `among`."""
    plain = UNFIT.sub("_", text.lower()).strip("_")[:40] or "layer"
    plain = f"layer_{plain}" if plain[0].isdigit() or plain in RESERVED else plain
    return next(name for name in (plain, *_numbered(plain, len(among))) if name not in among)


def _numbered(name: str, count: int) -> Iterable[str]:
    return (f"{name}_{number}" for number in range(2, count + 3))


def import_lines(things: Iterable[tuple[Foreign, str]]) -> tuple[str, ...]:
    """The lines that bind names to what comes out of NumPy or the standard library, sorted."""
    modules: dict[str, list[str]] = {}
    lines: set[str] = set()
    for thing, name in things:
        if thing.name:
            said = thing.name if name == thing.name else f"{thing.name} as {name}"
            modules.setdefault(thing.module, []).append(said)
        else:
            lines.add(f"import {thing.module}" + ("" if name == thing.module else f" as {name}"))
    lines |= {f"from {module} import {', '.join(sorted(names))}" for module, names in modules.items()}
    return tuple(sorted(lines))
