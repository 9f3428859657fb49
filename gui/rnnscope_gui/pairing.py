"""Two files that are one model: an architecture and its weights, opened together or one after the other. No widgets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from rnnscope_gui.read_as import ReadAs
from rnnscope_gui.reader import Kind, Opened
from rnnscope_gui.state import Half, Message

HALVES = ("architecture", "weights")


class File(NamedTuple):
    """A file as it was read."""

    path: str
    opened: Opened
    read_as: ReadAs


# Reads the model at a path, whose weights are named.
ReadModel = Callable[[str, ReadAs], Opened]


class Paired(NamedTuple):
    """The files that are whole, the half that still waits, and what to tell the person about it."""

    files: list[File]
    half: Half | None
    message: Message | None = None


def paired(files: Sequence[File], waiting: Half | None, read: ReadModel) -> Paired:
    """Put halves together: with one another, with the one that waits, or weights with a whole model beside them.

    Raises what reading the pair raises.
    """
    whole = [file for file in files if file.opened.kind not in HALVES]
    halves = {file.opened.kind: file for file in files if file.opened.kind in HALVES}
    model = next((file for file in whole if file.opened.kind == "model"), None)
    if not halves:
        return Paired(whole, waiting if model is None else None)
    paths: dict[Kind, str] = {kind: file.path for kind, file in halves.items()}
    if model is not None:
        paths.setdefault("architecture", model.path)
    elif waiting is not None:
        paths.setdefault(waiting.kind, waiting.path)
    file = next(iter(halves.values()))
    if "architecture" in paths and "weights" in paths:
        how = replace(file.read_as, weights=paths["weights"])
        joined = File(paths["architecture"], read(paths["architecture"], how), how)
        return Paired([joined, *[other for other in whole if other is not model]], None)
    return Paired(whole, Half("weights" if "weights" in paths else "architecture", file.path), _asking(file))


def _asking(file: File) -> Message:
    name = Path(file.path).name
    if file.opened.kind == "architecture":
        return Message(f"{name} is a model without weights. Open its weights too, a .h5 or .weights.json file.", "note")
    stack = file.opened.value
    assumed = f" Started with --infer, rnnscope assumes what they look like: {stack}." if stack else ""
    return Message(f"{name} holds weights alone. Open the model's architecture too, a .json file.{assumed}", "note")
