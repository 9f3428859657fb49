"""Changes to a module's text by the places that `ast` names; what is not changed stays as it is, to the letter."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from functools import lru_cache

from rnnscope.script.mentions import all_arguments, defaults_of
from rnnscope.script.sources import Source

Place = tuple[int, int]  # line and byte, both from zero
Change = tuple[Place, Place, str]  # from, to, and what comes in between


def start_of(node: ast.expr) -> Place:
    return node.lineno - 1, node.col_offset


def end_of(node: ast.expr) -> Place:
    return (node.end_lineno or node.lineno) - 1, node.end_col_offset or 0


def changed(source: Source, changes: Iterable[Change], first: int, last: int) -> str:
    """The lines from `first` to `last`, counted from one, with `changes`; those inside another one do not count."""
    parts: list[bytes] = []
    at: Place = (first - 1, 0)
    for start, end, text in sorted(changes, key=_outermost_first):
        if start >= at:
            parts += [_between(source, at, start), text.encode()]
            at = end
    parts.append(_between(source, at, (last, 0)))
    return b"".join(parts).decode().strip("\n")


def _outermost_first(change: Change) -> tuple[Place, Place]:
    start, (line, column), _ = change
    return start, (-line, -column)


def _between(source: Source, start: Place, end: Place) -> bytes:
    (line, column), (last, stop) = start, end
    if line == last:
        return source.lines[line][column:stop] if stop else b""
    middle = b"".join(source.lines[line + 1 : last])
    return source.lines[line][column:] + middle + (source.lines[last][:stop] if stop else b"")


@lru_cache(maxsize=10_000)
def without_annotations(source: Source, node: ast.FunctionDef) -> tuple[Change, ...]:
    """The changes that take the annotations out of a function."""
    changes: list[Change] = []
    for inner in ast.walk(node):
        if isinstance(inner, ast.FunctionDef):
            defaults = {start_of(default): default for default in defaults_of(inner.args)}
            for argument in all_arguments(inner.args):
                if argument.annotation is not None:
                    start = (argument.lineno - 1, argument.col_offset + len(argument.arg.encode()))
                    line, column = end_of(argument.annotation)
                    default = defaults.get((line, column + len(" = ")))
                    changes.append((start, (line, column), "") if default is None else (start, start_of(default), "="))
            if inner.returns is not None:
                changes.append((_arrow(source, inner.returns), end_of(inner.returns), ""))
        elif isinstance(inner, ast.AnnAssign):
            changes.append((end_of(inner.target), end_of(inner.annotation), ""))
    return tuple(changes)


def _arrow(source: Source, returns: ast.expr) -> Place:
    """Where ``-> …`` begins."""
    line = source.lines[returns.lineno - 1][: returns.col_offset]
    return returns.lineno - 1, len(line[: line.rindex(b"->")].rstrip())
