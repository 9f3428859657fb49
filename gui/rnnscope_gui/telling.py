"""Which file is what, where nobody said so: Keras's values, a port's own numbers, or an input. No widgets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

import numpy as np

from rnnscope import Model, Reference, RnnscopeError, take_mine
from rnnscope.mine import computed
from rnnscope.types import Array, Shape
from rnnscope_gui.pairing import File
from rnnscope_gui.reader import Kind, Opened
from rnnscope_gui.state import Choice, Document, Message

AS_KERAS = "{} is a bare array that fits the output: taken for what Keras gave."
AS_MINE = "{} does not say whose numbers it holds: taken for those of your own port, Keras's are there already."


def told_apart(
    files: Sequence[File], document: Document, asked: Mapping[str, Kind | None]
) -> tuple[list[File], Message | None]:
    """The files, those that nobody asked for as something in particular looked at in the light of all that is open.

    What only Keras can have written is Keras's. Other numbers that fit the run are Keras's as long as there are none,
    then those of the port; the message says so, and offers the other reading.
    """
    model = next((cast(Model, file.opened.value) for file in files if file.opened.kind == "model"), document.model)
    seen = [file if asked.get(file.path) is not None else _fitting(file, model, document) for file in files]
    keras = document.reference_path if document.reference is not None else ""
    certain = [file.path for file in seen if file.opened.kind == "reference" and not _is_open_to_doubt(file, asked)]
    keras = certain[0] if certain else keras
    told, message = [], None
    for file in seen:
        if _is_open_to_doubt(file, asked):
            bare = list(_values(file.opened)) == ["output/0"]
            mine = file.path == document.mine_path or (keras != "" and file.path != keras)
            taken: Kind = "mine" if mine else "reference"
            keras = keras or file.path
            file = file._replace(opened=_taken(file.opened, taken))
            message = _asking(file, message) if taken == "mine" or bare else message
        told.append(file)
    return told, message


def _is_open_to_doubt(file: File, asked: Mapping[str, Kind | None]) -> bool:
    """Whether these are stored values that nobody signed: the recorder says which Keras it ran."""
    opened = file.opened
    return opened.kind == "reference" and asked.get(file.path) is None and not cast(Reference, opened.value).meta


def _fitting(file: File, model: Model | None, document: Document) -> File:
    """A bare array says nothing of itself: one that fits no input is numbers of an output, or of a state."""
    opened = file.opened
    array = opened.value
    if model is None or opened.kind != "input" or not isinstance(array, np.ndarray):
        return file
    if any(_fits(shape, array) for shape in model.input_shapes):
        return file
    shapes = [model[tensor.call].output_shapes[tensor.output] for tensor in model.outputs]
    for index, shape in enumerate(shapes):
        if _fits(shape, array):
            stored = Reference({f"output/{index}": array}, {}, Path(file.path).name)
            return file._replace(opened=opened._replace(kind="reference", value=stored))
    if document.model is model and _is_a_quantity(array, document):
        return file._replace(opened=opened._replace(kind="mine"))
    return file


def _is_a_quantity(array: Array, document: Document) -> bool:
    """Whether an array has the shape of something that the run computed."""
    if document.trace is None:
        return False
    try:
        (taken,) = take_mine(array, document.trace).arrays.items()
    except RnnscopeError:
        return False
    ours = computed(document.trace, taken[0])
    return ours is not None and ours.shape == taken[1].shape


def _taken(opened: Opened, kind: Kind) -> Opened:
    """Stored values as Keras's, or as a port's own numbers."""
    return opened if kind == "reference" else opened._replace(kind="mine", value=dict(_values(opened)))


def _values(opened: Opened) -> Mapping[str, Array]:
    return cast(Reference, opened.value).arrays


def _asking(file: File, before: Message | None) -> Message:
    """What a file was taken for, and the other way to take it."""
    name, mine = Path(file.path).name, file.opened.kind == "mine"
    text = (AS_MINE if mine else AS_KERAS).format(name)
    other = Choice("It is Keras’s", file.path, "reference") if mine else Choice("It is my port’s", file.path, "mine")
    return Message(text if before is None else f"{before.text} {text}", "note", other)


def _fits(shape: Shape, array: Array) -> bool:
    return len(shape) == array.ndim and all(
        size in (None, found) for size, found in zip(shape, array.shape, strict=True)
    )
