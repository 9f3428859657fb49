"""What a report says in words: what differs, where, by how much, and what it was cut out of."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from rnnscope.compare import Comparison, Location, Row
from rnnscope.errors import one_line
from rnnscope.modelfile.raw import ModelFile
from rnnscope.reading.source import Source
from rnnscope.reducing.specimen import Specimen
from rnnscope.trace import Trace
from rnnscope.types import Array

MEMBERS = {
    "model.keras": "the part of the model that differs; rnnscope loads it, and the Keras that wrote the whole",
    "model.h5": "the part of the model that differs; rnnscope loads it, and the Keras that wrote the whole",
    "input.npy": "what it is fed",
    "input.npz": "what it is fed, by the names of its inputs",
    "expected.npz": "what it should give, by key",
    "allowed.npz": "how far off each number may be, by the same keys",
    "mine.npy": "what the port gave for the output",
    "mine.npz": "what the port gave, by key",
    "reproduce.py": "predicts with Keras and asserts",
    "reproduce_rnnscope.py": "runs with rnnscope and asserts",
}


BAR = "\\|"  # inside a table


@dataclass(frozen=True, slots=True, eq=False)
class Origin:
    """The whole that a report was cut out of.

    sources: the files. trace, comparison: the whole run and how it differs. is_mine: whether it is held against a
    port's numbers. meta: what the stored values say of themselves.
    """

    sources: tuple[Source, ...]
    trace: Trace
    comparison: Comparison
    file: ModelFile
    meta: Mapping[str, object]
    is_mine: bool


def readme(
    specimen: Specimen, origin: Origin, stored: Mapping[str, Array], done: Sequence[str], members: Sequence[str]
) -> str:
    """The report's text, in Markdown. Names from files stand in it as code, on one line.

    stored: the part's stored values by its keys.
    """
    first = _first(specimen.comparison)
    theirs = "the port" if origin.is_mine else "the stored values"
    lines = [
        f"# {_title(first)}",
        "",
        f"rnnscope's run of this model and {theirs} are not the same up to rounding.",
        "",
        *_what(specimen, origin, stored, first),
        "",
        "## How to see it",
        "",
        *[f"- `{name}`: {MEMBERS[name]}" for name in members],
        "",
        "Unpack it, and type " + " or ".join(f"`python {name}`" for name in members if name.endswith(".py")) + ".",
        "",
        "## What it was cut out of",
        "",
        f"- the whole: {_whole(origin)}, in which first differs {_place(_first(origin.comparison))}",
        *[f"- {_as_text(words)}" for words in done],
        "",
        "| file | sha256 |",
        "|---|---|",
        *[f"| {_code(source.name)} | `{source.sha256}` |" for source in origin.sources],
        "",
        "## Versions",
        "",
        *_versions(specimen, origin),
    ]
    return "\n".join(lines) + "\n"


def _first(comparison: Comparison) -> Location:
    first = comparison.first_difference
    if first is None:
        raise ValueError("a report of no difference")
    return first


def _row(comparison: Comparison, first: Location) -> Row:
    return next(row for row in comparison.rows if row.first == first)


def _what(specimen: Specimen, origin: Origin, values: Mapping[str, Array], first: Location) -> list[str]:
    """The first number that differs, on both sides, and what rounding explains."""
    row = _row(specimen.comparison, first)
    array = specimen.trace.get(row.key)
    place = _index(array, first)
    stored = values[row.key][place]
    floor = np.asarray(0.0 if row.floor is None else row.floor)
    if floor.ndim == 1 and first.step is not None and len(floor) == array.shape[1]:
        floor = floor[first.step]
    allowed = float(floor[place]) if floor.shape == array.shape and floor.ndim else float(np.max(floor))
    off = abs(float(array[place]) - float(stored)) if array.dtype.kind != "U" else np.inf
    shape = "×".join(map(str, array.shape))
    return [
        "| | |",
        "|---|---|",
        f"| first difference | {_place(first)} |",
        f"| rnnscope | `{_number(array[place])}` |",
        f"| {'the port' if origin.is_mine else 'stored'} | `{_number(stored)}` |",
        f"| off by | `{off:.3g}`, where rounding explains `{allowed:.3g}` |",
        f"| largest in this quantity ({shape}) | `{row.max_abs:.3g}` |",
        f"| rule | {_code(specimen.comparison.rule)} |",
    ]


def _index(array: Array, first: Location) -> tuple[int, ...]:
    """The place of a location in its array."""
    if array.ndim == 1:
        return (first.sample,)
    before = (first.sample,) if first.step is None else (first.sample, first.step)
    rest = array.shape[len(before) :]
    return (*before, *(int(axis) for axis in np.unravel_index(first.unit, rest))) if rest else before


def _number(value: object) -> str:
    return one_line(f"{value:.9g}" if isinstance(value, np.floating) else str(value), 80).replace("`", "'")


def _title(first: Location) -> str:
    step = "" if first.step is None else f", step {first.step}"
    where = f"layer {first.layer}" if first.layer else "the model"
    return one_line(f"{first.quantity} of {_plain(where)} differs: sample {first.sample}{step}, unit {first.unit}")


def _place(first: Location) -> str:
    where = f"layer {_code(first.layer)}" if first.layer else "the model"
    step = "" if first.step is None else f", step {first.step}"
    return f"`{_plain(first.quantity)}` of {where}, sample {first.sample}{step}, unit {first.unit}"


def _whole(origin: Origin) -> str:
    layers = sum(entry.class_name != "InputLayer" for entry in origin.file.graph.entries)
    shapes = [" × ".join(map(str, array.shape)) for array in origin.trace.inputs.values()]
    return f"{layers} layer{'s' if layers != 1 else ''}, fed with {', '.join(shapes)}"


def _versions(specimen: Specimen, origin: Origin) -> list[str]:
    semantics = specimen.model.semantics
    told = [str(origin.meta[key]) for key in ("keras_version", "backend", "dtype") if key in origin.meta]
    recorded = [f"- stored values: recorded with Keras {_code(' '.join(told))}"] if told else []
    return [
        f"- model: written by {origin.file.written_by}; read as {semantics}",
        *recorded,
        f"- rnnscope {_own_version()}, NumPy {np.__version__}",
    ]


def _own_version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("rnnscope")
    except PackageNotFoundError:
        return "that is not installed"


def _plain(text: str) -> str:
    """Text that Markdown and HTML make nothing of."""
    return "".join(letter if letter.isalnum() or letter in " _-./@" else "?" for letter in one_line(text, 200))


def _as_text(words: str) -> str:
    """A sentence, names from files in it, of which Markdown and HTML make nothing but text."""
    return re.sub(r"([\\`*\[\]|])", r"\\\1", escape(one_line(words, 400), quote=False))


def _code(text: str) -> str:
    return f"`{one_line(text, 200).replace('`', chr(39)).replace('|', BAR)}`"
