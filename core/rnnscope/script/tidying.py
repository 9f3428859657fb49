"""What cut-out definitions look like below one another."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from rnnscope.script.closure import Closure, first_line
from rnnscope.script.sources import Symbol, source_of

WIDTH: Final = 120
SPREAD: Final = re.compile(r",\s+")
HEAD: Final = re.compile(r"^( *)(def \w+\()\n\s+([^()#]*?),?\n\s*\):$", re.MULTILINE)


def with_comments(symbol: Symbol, closure: Closure, text: str) -> str:
    """`text`, the definition of `symbol`, below the comments that stand right above it."""
    lines, start = source_of(symbol.module).lines, first_line(closure.symbols[symbol]) - 1
    above = start
    while above > 0 and lines[above - 1].startswith(b"#"):
        above -= 1
    return b"".join(lines[above:start]).decode() + text


def one_line_heads(text: str) -> str:
    """`text` with the heads of functions on one line, where they fit when there are no annotations."""

    def joined(head: re.Match[str]) -> str:
        line = f"{head[1]}{head[2]}{SPREAD.sub(', ', head[3])}):"
        return line if len(line) <= WIDTH else head[0]

    return HEAD.sub(joined, text)


def below_one_another(texts: Sequence[str]) -> str:
    """Functions and classes with two empty lines between them; constants that follow one another with none."""
    parts: list[str] = []
    for before, text in zip(("", *texts), texts, strict=False):
        parts.append("" if not parts else "\n" if _is_short(before) and _is_short(text) else "\n\n\n")
        parts.append(text)
    return "".join(parts)


def _is_short(text: str) -> bool:
    """Whether a text is one line, comments apart."""
    return sum(not line.startswith("#") for line in text.splitlines()) == 1
