"""JSON from a file nobody vouches for."""

from __future__ import annotations

import json
import math

from rnnscope.errors import UnreadableFile

MAX_CHARACTERS = 64 * 2**20
MAX_DEPTH = 200


def parse_json(text: str | bytes, file: str) -> object:
    """Decode JSON; UnreadableFile for damage, excess size or depth, duplicate keys and numbers that are not finite."""
    if len(text) > MAX_CHARACTERS:
        raise UnreadableFile("the JSON text is too large", file=file, expected=f"at most {MAX_CHARACTERS:,} characters")
    try:
        decoded = text.decode("utf-8") if isinstance(text, bytes) else text
        value = json.loads(decoded, object_pairs_hook=_unique, parse_constant=_refuse, parse_float=_finite)
        _check_depth(value)
    except (ValueError, RecursionError) as error:
        problem = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise UnreadableFile(f"the JSON text is not usable: {problem}", file=file) from None
    return value


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        repeated = next(key for key, _ in pairs if sum(key == other for other, _ in pairs) > 1)
        raise ValueError(f"the key '{repeated[:80]}' stands twice in one object")
    return found


def _refuse(constant: str) -> object:
    raise ValueError(f"{constant} is not a JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"the number {text[:40]} is too large")
    return number


def _check_depth(value: object) -> None:
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise ValueError("nested too deeply")
        level = [child for item in level for child in _children(item)]


def _children(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
