"""Which name each definition has in a script, where those of all modules meet."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from rnnscope.script.names import RESERVED, free_name
from rnnscope.script.sources import Foreign, Symbol

# Modules that a script calls by these names, whoever asks for them.
MODULES: Final[Mapping[Symbol | Foreign, str]] = {
    Foreign("numpy", ""): "np",
    Foreign("math", ""): "math",
    Foreign("sys", ""): "sys",
}


@dataclass(slots=True)
class Naming:
    """Names given out so far; each thing keeps the one that it was given first."""

    taken: set[str]
    given: dict[Symbol | Foreign, str] = field(default_factory=lambda: {**MODULES})

    def __call__(self, thing: Symbol | Foreign) -> str:
        if thing not in self.given:
            wish = thing.name or thing.module
            if wish in self.taken or wish in RESERVED:
                wish = f"{thing.module.rpartition('.')[2]}_{wish.lstrip('_')}"
            self.given[thing] = free_name(wish, self.taken)
            self.taken.add(self.given[thing])
        return self.given[thing]


def import_lines(naming: Naming, asked: Collection[Foreign]) -> tuple[str, ...]:
    """The lines that bind names to what comes out of NumPy or the standard library, sorted; of `MODULES`, `asked`."""
    modules: dict[str, list[str]] = {}
    lines: set[str] = set()
    for thing, name in naming.given.items():
        if not isinstance(thing, Foreign) or (thing in MODULES and thing not in asked):
            continue
        if thing.name:
            said = thing.name if name == thing.name else f"{thing.name} as {name}"
            modules.setdefault(thing.module, []).append(said)
        else:
            lines.add(f"import {thing.module}" + ("" if name == thing.module else f" as {name}"))
    lines |= {f"from {module} import {', '.join(sorted(names))}" for module, names in modules.items()}
    return tuple(sorted(lines))
