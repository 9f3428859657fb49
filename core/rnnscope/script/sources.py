"""The engine's own source text: what each module-level name stands for, across imports."""

from __future__ import annotations

import ast
import builtins
import inspect
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from rnnscope.errors import Unsupported

ENGINE: Final = "rnnscope"
GIVEN: Final = sys.stdlib_module_names | {"numpy"}  # what a script may import


class Symbol(NamedTuple):
    """A name at the top of a module of ours, where it is defined."""

    module: str
    name: str


class Foreign(NamedTuple):
    """A name out of NumPy or the standard library; `name` is "" for the module itself."""

    module: str
    name: str


class Inside(NamedTuple):
    """One of our own modules, as a name that attributes are taken from."""

    module: str


Found = Symbol | Foreign | Inside


class Imported(NamedTuple):
    """What an import binds: a module, or a name in it."""

    module: str
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """One module: its text in UTF-8, as positions of `ast` count, and what its top-level names are bound to."""

    module: str
    lines: tuple[bytes, ...]
    bound: Mapping[str, ast.stmt | Imported]

    def segment(self, node: ast.expr) -> str:
        """The text of a node."""
        first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
        end = node.end_col_offset
        if first == last:
            return self.lines[first][node.col_offset : end].decode()
        parts = [self.lines[first][node.col_offset :], *self.lines[first + 1 : last], self.lines[last][:end]]
        return b"".join(parts).decode()


@lru_cache(maxsize=256)
def source_of(module: str) -> Source:
    """The source of a loaded module; Unsupported when it is not there, as in a notebook."""
    try:
        text = inspect.getsource(sys.modules[module])
    except (KeyError, OSError, TypeError):
        raise Unsupported(
            f"the source of module {module} is not at hand, so a script cannot be made of it",
            advice="Put the classes of your own into a file, and give it by --run-code",
        ) from None
    lines = tuple(line.encode() for line in text.splitlines(keepends=True))
    return Source(module, lines, dict(_bindings(ast.parse(text), module)))


def resolve(module: str, name: str, inside: frozenset[str]) -> Found | None:
    """What `name` means at the top of `module`; None for what Python itself has.

    inside: the modules besides the engine's whose source is ours to take.
    """
    bound = source_of(module).bound.get(name)
    if bound is None:
        if hasattr(builtins, name) or name.startswith("__"):
            return None
        raise Unsupported(f"'{name}' in module {module} is not defined where a script could take it from")
    if not isinstance(bound, Imported):
        return Symbol(module, name)
    return look_up(bound.module, bound.name, inside)


def look_up(module: str, name: str, inside: frozenset[str]) -> Found:
    """`name` taken from `module`, followed to where it is defined."""
    if not is_ours(module, inside):
        if package_of(module) not in GIVEN:
            raise Unsupported(
                f"code of your own imports {module}, which a script for NumPy alone cannot have",
                advice="Say it with NumPy and the standard library",
            )
        return Foreign(module, name)
    if not name:
        return Inside(module)
    if name in source_of(module).bound:
        found = resolve(module, name, inside)
        assert found is not None
        return found
    return Inside(f"{module}.{name}")


def is_ours(module: str, inside: frozenset[str]) -> bool:
    return package_of(module) == ENGINE or module in inside


def package_of(module: str) -> str:
    return module.partition(".")[0]


def _bindings(tree: ast.Module, module: str) -> Iterator[tuple[str, ast.stmt | Imported]]:
    for statement in tree.body:
        match statement:
            case ast.Import(names=names):
                for alias in names:
                    yield _imported(alias)
            case ast.ImportFrom(names=names, module=origin, level=level):
                within = _absolute(module, origin, level)
                for alias in names:
                    yield alias.asname or alias.name, Imported(within, alias.name)
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield name, statement
            case ast.Assign(targets=targets):
                for target in targets:
                    yield from ((node.id, statement) for node in ast.walk(target) if isinstance(node, ast.Name))
            case ast.AnnAssign(target=ast.Name(id=name), value=value) if value is not None:
                yield name, statement


def _imported(alias: ast.alias) -> tuple[str, Imported]:
    if alias.asname:
        return alias.asname, Imported(alias.name, "")
    top = alias.name.split(".")[0]
    return top, Imported(top, "")


def _absolute(module: str, origin: str | None, level: int) -> str:
    if not level:
        return origin or ""
    package = ".".join(module.split(".")[:-level])
    return f"{package}.{origin}" if origin else package
