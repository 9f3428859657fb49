"""Names for a script: whatever a file calls its layers becomes identifiers, and text that ends no line or string."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Collection
from typing import Any

import numpy as np

from rnnscope.errors import one_line

LONGEST = 40
# What a script uses by itself; the last three look like digits, and linters refuse them.
RESERVED = frozenset(
    {*keyword.kwlist, *keyword.softkwlist, *dir(builtins), "np", "sys", "Path", "HERE", "weights", "predict", "check"}
    | {"main", "math", "self", "l", "O", "I"}
)


def identifier(text: str) -> str:
    """`text` as a Python identifier of ASCII letters, digits and underscores."""
    clean = re.sub(r"_+", "_", re.sub(r"[^0-9A-Za-z_]", "_", text)).strip("_")[:LONGEST].rstrip("_")
    return clean if clean and not clean[0].isdigit() else f"layer_{clean}".rstrip("_")


def free_name(wish: str, taken: Collection[str]) -> str:
    """`wish`, or with a number behind it when it is reserved or taken."""
    name, number = wish, 2
    while name in RESERVED or name in taken:
        name, number = f"{wish}_{number}", number + 1
    return name


def spoken(text: str) -> str:
    """A name from a file for a comment or a docstring: on one line, without what could end or escape it."""
    return one_line(text, 60).replace("\\", "/").replace('"', "'")


def type_name(dtype: np.dtype[Any]) -> str:
    """A type as source that NumPy 1 and 2 know."""
    return {"b": "bool", "U": "np.str_"}.get(dtype.kind, f"np.{dtype}")


def quoted(text: str) -> str:
    """A text as a string in the source, in double quotes where it holds neither quotes nor escapes."""
    literal = repr(text)
    return f'"{text}"' if literal == f"'{text}'" and '"' not in text else literal
