"""Variables get their names, and the body of a function its lines."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from rnnscope.script.code import Paragraph, Statement, Variable, named, tidied, tokens
from rnnscope.script.names import free_name
from rnnscope.script.wrapping import WIDTH, wrapped

HASH = "    # "


@dataclass(frozen=True, slots=True)
class Written:
    """A function's parameters, and its indented lines with the return at their end."""

    parameters: tuple[str, ...]
    lines: tuple[str, ...]


def written(
    paragraphs: Sequence[Paragraph], parameters: Sequence[Variable], result: str, taken: Collection[str]
) -> Written:
    """The body that computes `result`, an expression; `taken` are the names that mean something outside.

    Two variables share a name when one is read for the last time before the other is defined, or in its definition.
    Where no two tensors and no two masks are needed at a time, all are called x and mask.
    """
    paragraphs, result = tidied(paragraphs, result)
    statements = [statement for paragraph in paragraphs for statement in paragraph.statements]
    names = _names(statements, parameters, result, taken, lambda variable: variable.plain or variable.wish)
    if any(name.rpartition("_")[0] in ("x", "mask") for name in names.values()):
        names = _names(statements, parameters, result, taken, lambda variable: variable.wish)
    lines: list[str] = []
    for paragraph in paragraphs:
        comments = " ".join(paragraph.comments)
        lines += ["", *textwrap.wrap(comments, WIDTH, initial_indent=HASH, subsequent_indent=HASH)] if comments else []
        for statement in paragraph.statements:
            lines += wrapped(named(statement.text, names), 4)
    returned = wrapped(f"return {named(result, names)}", 4)
    return Written(tuple(names[parameter.number] for parameter in parameters), (*lines, "", *returned))


def _names(
    statements: Sequence[Statement],
    parameters: Sequence[Variable],
    result: str,
    taken: Collection[str],
    wish: Callable[[Variable], str],
) -> dict[int, str]:
    """Variable → name; those that nobody reads have none."""
    last = {number: len(statements) for number in tokens(result)}
    for place, statement in reversed(list(enumerate(statements))):
        for number in statement.reads:
            last.setdefault(number, place)
    names: dict[int, str] = {}
    for parameter in parameters:
        names[parameter.number] = free_name(wish(parameter), {*names.values(), *taken})
    for place, statement in enumerate(statements):
        used = {name for number, name in names.items() if last.get(number, -1) > place} | set(taken)
        for variable in statement.defines:
            if variable.number in last:
                names[variable.number] = free_name(wish(variable), used)
                used.add(names[variable.number])
    return names
