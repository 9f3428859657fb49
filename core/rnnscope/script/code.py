"""The body of a function as statements over variables; what they are called is found out last."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

TOKEN = re.compile("\0([0-9]+)\0")  # text from a file never holds a NUL: `spoken` and `repr` see to it
BARE = re.compile("(?<=[(,] )\0([0-9]+)\0(?=[,)])|(?<=\\()\0([0-9]+)\0(?=[,)])")


@dataclass(frozen=True, slots=True)
class Variable:
    """A value on its way through the script. ``str()`` gives a token that becomes its name.

    wish: what it would be called. plain: what it is called where one of its kind is enough: ``x``, ``mask``.
    """

    number: int
    wish: str = field(compare=False)
    plain: str = field(default="", compare=False)

    def __str__(self) -> str:
        return f"\0{self.number}\0"


@dataclass(frozen=True, slots=True)
class Statement:
    """``defines = value``: all that `value` reads is there before anything is defined.

    inline: it may stand in the place of its name, where that is read only once.
    """

    defines: tuple[Variable, ...]
    value: str
    inline: bool = False

    @property
    def reads(self) -> frozenset[int]:
        return tokens(self.value)

    @property
    def text(self) -> str:
        return f"{', '.join(map(str, self.defines))} = {self.value}"


@dataclass(frozen=True, slots=True)
class Paragraph:
    """What is done for one layer: comments, then statements. `late`: it may move down to where it is first needed."""

    comments: tuple[str, ...]
    statements: tuple[Statement, ...] = ()
    late: bool = False


Paragraphs = tuple[Paragraph, ...]


def tokens(text: str) -> frozenset[int]:
    """The numbers of the variables in a text."""
    return frozenset(map(int, TOKEN.findall(text)))


def named(text: str, names: Mapping[int, str]) -> str:
    """`text` with names in place of tokens; what nobody reads is called ``_``."""
    return TOKEN.sub(lambda token: names.get(int(token.group(1)), "_"), text)


def tidied(paragraphs: Sequence[Paragraph], result: str) -> tuple[Paragraphs, str]:
    """`paragraphs`, and the result's text, without what is said twice, what nobody reads, and needless names."""
    shared, renamed = _shared(_late(paragraphs))
    result = named(result, renamed)
    return _inlined(alive(shared, result), result), result


def alive(paragraphs: Sequence[Paragraph], result: str) -> Paragraphs:
    """`paragraphs` without the statements on which `result` does not depend, nor layers that are left without any."""
    needed = set(tokens(result))
    kept: list[Paragraph] = []
    for paragraph in reversed(paragraphs):
        statements: list[Statement] = []
        for statement in reversed(paragraph.statements):
            if any(variable.number in needed for variable in statement.defines):
                needed |= statement.reads
                statements.append(statement)
        if statements or not paragraph.statements:
            kept.append(replace(paragraph, statements=tuple(reversed(statements))))
    return tuple(reversed(kept))


def _late(paragraphs: Sequence[Paragraph]) -> Paragraphs:
    """Paragraphs moved down, where they may be, to where they are first read: a mask is computed where it is used."""
    placed: list[tuple[Paragraph, frozenset[int]]] = []
    for paragraph in reversed(paragraphs):
        place = 0
        if paragraph.late:
            defined = {variable.number for one in paragraph.statements for variable in one.defines}
            reading = (at for at, (_, read) in enumerate(placed) if read & defined)
            place = next(reading, len(placed))
        placed.insert(place, (paragraph, _read_by(paragraph)))
    return tuple(paragraph for paragraph, _ in placed)


def _read_by(paragraph: Paragraph) -> frozenset[int]:
    return frozenset().union(*(statement.reads for statement in paragraph.statements))


def _shared(paragraphs: Sequence[Paragraph]) -> tuple[Paragraphs, dict[int, str]]:
    """`paragraphs` in which nothing is computed twice, and the tokens that stand for those of repeated values."""
    known: dict[str, Variable] = {}
    renamed: dict[int, str] = {}

    def under_names(statement: Statement) -> Statement | None:
        value = TOKEN.sub(lambda token: renamed.get(int(token.group(1)), token.group(0)), statement.value)
        if len(statement.defines) == 1:
            variable = known.setdefault(value, statement.defines[0])
            if variable != statement.defines[0]:
                renamed[statement.defines[0].number] = str(variable)
                return None
        return replace(statement, value=value)

    kept = [
        (paragraph, tuple(one for statement in paragraph.statements if (one := under_names(statement)) is not None))
        for paragraph in paragraphs
    ]
    whole = {number: renamed.get(number, f"\0{number}\0") for number in _all_numbers(paragraphs)}
    return tuple(replace(p, statements=left) for p, left in kept if left or not p.statements), whole


def _all_numbers(paragraphs: Sequence[Paragraph]) -> set[int]:
    statements = [statement for paragraph in paragraphs for statement in paragraph.statements]
    defined = {variable.number for statement in statements for variable in statement.defines}
    return defined.union(*(statement.reads for statement in statements))


def _inlined(paragraphs: Sequence[Paragraph], result: str) -> Paragraphs:
    """`paragraphs` with the values that may stand in the place of their names, where those are read only once."""
    times: dict[int, int] = {}
    for text in (result, *(statement.value for paragraph in paragraphs for statement in paragraph.statements)):
        for number in TOKEN.findall(text):
            times[int(number)] = times.get(int(number), 0) + 1
    waiting: dict[int, str] = {}
    kept: list[Paragraph] = []
    lone = _lone(paragraphs)

    def filled(value: str) -> str:
        return BARE.sub(lambda token: waiting.get(int(token.group(1) or token.group(2)), token.group(0)), value)

    for paragraph in paragraphs:
        statements: list[Statement] = []
        for statement in paragraph.statements:
            statement = replace(statement, value=filled(statement.value))
            number = statement.defines[0].number
            if statement.inline and times.get(number) == 1 and number in lone:
                waiting[number] = statement.value
            else:
                statements.append(statement)
        if statements or not paragraph.statements:
            kept.append(replace(paragraph, statements=tuple(statements)))
    return tuple(kept)


def _lone(paragraphs: Sequence[Paragraph]) -> set[int]:
    """The variables that are read as an argument by itself, where no brackets are needed around what they stand for."""
    values = [statement.value for paragraph in paragraphs for statement in paragraph.statements]
    return {int(one or other) for value in values for one, other in BARE.findall(value)}
