"""Session files: which files were open, how they were read, and what was shown of them. No Qt.

A session file is JSON and may come from a stranger. It opens files and nothing else: code that a person had let run is
not part of it.
"""

from __future__ import annotations

import contextlib
import json
import os
import types
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from rnnscope.errors import BadInput, UnreadableFile
from rnnscope.reading.json_text import parse_json
from rnnscope.semantics import BACKENDS
from rnnscope.writing import write_whole
from rnnscope_gui.opening import ORDER
from rnnscope_gui.read_as import ReadAs
from rnnscope_gui.reader import Kind
from rnnscope_gui.state import Document, View

SUFFIX = ".rnnscope"
FORMAT = "rnnscope session"
VERSION = 1
LARGEST = 2**22  # bytes of a session file, which may hold a mask of many steps
LARGEST_INDEX = 2**53


@dataclass(frozen=True, slots=True)
class Saved:
    """What a session file holds. files: kind → path, those that are there. missing: those that are not.

    notes: sentences on what could not be taken over.
    """

    files: Mapping[Kind, str] = field(default_factory=dict)
    missing: Mapping[Kind, str] = field(default_factory=dict)
    read_as: ReadAs = field(default_factory=ReadAs)
    view: View = field(default_factory=View)
    notes: tuple[str, ...] = ()


def as_json(document: Document, view: View, folder: Path) -> str:
    """The session as the text of a file in `folder`; paths are kept both as they are and as seen from there."""
    paths: dict[str, str] = {kind: getattr(document, f"{kind}_path") for kind in ORDER}
    if document.read_as.weights is not None:
        paths["weights"] = document.read_as.weights
    read_as = document.read_as
    session = {
        "format": FORMAT,
        "version": VERSION,
        "files": {kind: _place(Path(path), folder) for kind, path in paths.items() if path},
        "read_as": {
            "keras_version": read_as.keras_version,
            "backend": read_as.backend,
            "bypass_lambda": read_as.bypass_lambda,
            "infer": read_as.infer,
            "used_code": bool(read_as.code),
        },
        "view": {one.name: getattr(view, one.name) for one in fields(View)},
    }
    return json.dumps(session, indent=2, ensure_ascii=False) + "\n"


def from_json(text: str, folder: Path, name: str = "") -> Saved:
    """What a session file in `folder` says. BadInput when it is none; what is odd in it is left out, with a note."""
    session = parse_json(text, name)
    if not isinstance(session, dict) or session.get("format") != FORMAT:
        raise BadInput("not a session file", file=name, expected=f"what Save session wrote, {SUFFIX}")
    notes = []
    if session.get("version") != VERSION:
        notes.append("The session was saved by another version of rnnscope; what it knows was taken over.")
    how = session.get("read_as")
    how = how if isinstance(how, dict) else {}
    if how.get("used_code") is True:
        notes.append("The session used your own layers; start rnnscope with --run-code to have them again.")
    files, missing = _files(session.get("files"), folder)
    view, odd = _view(session.get("view"))
    if odd:
        notes.append(f"Left out of the view: {', '.join(odd)}.")
    return Saved(files, missing, _read_as(how), view, tuple(notes))


def load(path: str) -> Saved:
    """Read a session file. UnreadableFile or BadInput when it cannot be read, or is none."""
    source = Path(path)
    try:
        with source.open("rb") as stream:
            data = stream.read(LARGEST + 1)
        if len(data) > LARGEST:
            raise BadInput("too large for a session file", file=source.name, expected=f"at most {LARGEST:,} bytes")
        return from_json(data.decode(), source.absolute().parent, source.name)
    except UnicodeDecodeError:
        raise BadInput("not a session file", file=source.name, expected="JSON text") from None
    except OSError as error:
        raise UnreadableFile(f"cannot be read: {error.strerror or error}", file=source.name) from None


def save(document: Document, view: View, path: str) -> None:
    """Write a session file, whole or not at all; BadInput when it cannot be written."""
    write_whole(path, as_json(document, view, Path(path).absolute().parent).encode(), "session")


def _place(path: Path, folder: Path) -> dict[str, str]:
    absolute = path.absolute()
    place = {"path": str(absolute)}
    with contextlib.suppress(ValueError):  # another drive
        place["relative"] = Path(os.path.relpath(absolute, folder)).as_posix()
    return place


def _files(entries: object, folder: Path) -> tuple[dict[Kind, str], dict[Kind, str]]:
    """The files that are there, looked for from the session file first, then where they lay; and those that are not."""
    found: dict[Kind, str] = {}
    missing: dict[Kind, str] = {}
    kinds: tuple[Kind, ...] = (*ORDER, "weights")
    for kind in kinds:
        entry = entries.get(kind) if isinstance(entries, dict) else None
        if not isinstance(entry, dict):
            continue
        relative, absolute = entry.get("relative"), entry.get("path")
        places = [str(folder / relative)] if isinstance(relative, str) else []
        places += [absolute] if isinstance(absolute, str) else []
        there = next((place for place in places if _is_file(place)), None)
        if there is not None:
            found[kind] = there
        elif places:
            missing[kind] = places[-1]
    return found, missing


def _is_file(place: str) -> bool:
    try:
        return Path(place).is_file()
    except (OSError, ValueError):
        return False


def _read_as(how: Mapping[str, object]) -> ReadAs:
    version, backend = how.get("keras_version"), how.get("backend")
    return ReadAs(
        keras_version=version if isinstance(version, str) else None,
        backend=backend if isinstance(backend, str) and backend in BACKENDS else None,
        bypass_lambda=how.get("bypass_lambda") is True,
        infer=how.get("infer") is True,
    )


def _view(entries: object) -> tuple[View, list[str]]:
    """The view, and the names of what in it could not be taken."""
    if not isinstance(entries, dict):
        return View(), ["everything"] if entries is not None else []
    types_of = get_type_hints(View)
    taken: dict[str, Any] = {}
    odd = [str(name)[:40] for name in entries if name not in types_of]
    for name, wanted in types_of.items():
        if name not in entries:
            continue
        value = tuple(entries[name]) if isinstance(entries[name], list) else entries[name]
        if _is(value, wanted):
            taken[name] = value
        else:
            odd.append(name)
    return View(**taken), odd


def _is(value: object, wanted: Any) -> bool:
    """Whether a value out of JSON has the type of one of the view's fields."""
    origin = get_origin(wanted)
    if origin is Literal:
        return value in get_args(wanted)
    if origin in (Union, types.UnionType):
        return any(_is(value, one) for one in get_args(wanted))
    if origin is tuple:
        parts = get_args(wanted)
        if not isinstance(value, tuple):
            return False
        if len(parts) == 2 and parts[1] is Ellipsis:
            return all(_is(item, parts[0]) for item in value)
        return len(value) == len(parts) and all(map(_is, value, parts))
    if wanted is float:
        return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < LARGEST_INDEX
    if wanted is int:
        return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < LARGEST_INDEX
    return isinstance(value, wanted)
