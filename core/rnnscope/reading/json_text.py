"""JSON from a file nobody vouches for."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from itertools import chain

from rnnscope.errors import UnreadableFile

MAX_CHARACTERS = 64 * 2**20
MAX_DEPTH = 200
# A \ud800 escape on its own decodes to half a character, which no encoding takes.
HALF_CHARACTER = re.compile(r"[\ud800-\udfff]")


def parse_json(text: str | bytes, file: str) -> object:
    """Decode JSON; UnreadableFile for damage, excess size or depth, duplicate keys and numbers that are not finite.

    Keras itself writes ``NaN`` and ``Infinity`` for options of that value, which JSON has no words for and no network
    needs; the error names the option.
    """
    if len(text) > MAX_CHARACTERS:
        raise UnreadableFile("the JSON text is too large", file=file, expected=f"at most {MAX_CHARACTERS:,} characters")
    try:
        decoded = text.decode("utf-8-sig") if isinstance(text, bytes) else text
        value = json.loads(decoded, object_pairs_hook=_unique)
        _check(value)
    except (ValueError, RecursionError, MemoryError) as error:
        problem = str(error) if isinstance(error, ValueError) else "nested too deeply"
        raise UnreadableFile(f"the JSON text is not usable: {problem}", file=file) from None
    return value


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        repeated = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise ValueError(f"the key '{repeated[:80]}' stands twice in one object")
    return found


def _check(value: object) -> None:
    """Refuse what is too deep, not finite, or not text that can be written out again."""
    level: list[tuple[str, object]] = [("the value", [value])]
    depth = -1
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise ValueError("nested too deeply")
        inner: list[tuple[str, object]] = []
        for name, child in chain.from_iterable(_children(name, container) for name, container in level):
            if isinstance(child, dict | list):
                inner.append((name, child))
            else:
                _check_leaf(name, child)
        level = inner


def _check_leaf(name: str, value: object) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{name} is {value}, which is not a finite number")
    if isinstance(value, str) and HALF_CHARACTER.search(value):
        raise ValueError(f"{name} holds half a character")


def _children(name: str, container: object) -> Iterator[tuple[str, object]]:
    if isinstance(container, dict):
        for key, child in container.items():
            _check_leaf("a key", key)
            yield f"'{key[:80]}'", child
    elif isinstance(container, list):
        for child in container:
            yield name, child
