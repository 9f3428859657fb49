"""What opening files does to a document: which parts stay, which must go, and what the person is told. No widgets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, cast

import numpy as np

from rnnscope import Model, Reference, compare, run
from rnnscope.errors import Cancelled, RnnscopeError, Unsupported
from rnnscope.lens import readings_of
from rnnscope.semantics import Semantics
from rnnscope.types import Array, Shape
from rnnscope_gui.pairing import File, paired
from rnnscope_gui.read_as import ReadAs
from rnnscope_gui.reader import Kind, Opened
from rnnscope_gui.state import Document, Inputs, Message

# The order in which files depend on one another, and stand on the command line.
ORDER: tuple[Kind, ...] = ("model", "input", "reference")


class Reports(Protocol):
    """Where a job's progress goes and where it asks whether to stop."""

    def progress(self, done: int, total: int) -> None: ...

    def cancelled(self) -> bool: ...


class Reads(Protocol):
    """Reads one file, in whatever process."""

    def __call__(self, path: str, kind: Kind | None, cancelled: Callable[[], bool], read_as: ReadAs) -> Opened: ...


@dataclass(frozen=True, slots=True)
class Request:
    """One file to open, as `kind` or as whatever it is."""

    path: str
    kind: Kind | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """A document to show. `judge`: the comparison and the run without masks are still to come.

    before: what was open, to go back to when new stored values turn out not to fit.
    """

    document: Document
    message: Message | None = None
    judge: bool = False
    fresh: frozenset[Kind] = frozenset()
    before: Document | None = None


def open_files(
    document: Document,
    requests: Sequence[Request],
    reads: Reads,
    reports: Reports,
    read_as: ReadAs | None = None,
) -> Outcome:
    """Read files and run the model, which is read as `read_as` says.

    Raises the error of a file that cannot be read, or of a new input that does not fit; the document then stays as it
    was. An input or stored values that were open before and do not fit a new model are closed, with a note.
    """
    how = read_as or ReadAs()

    def read(path: str, kind: Kind | None, how: ReadAs) -> Opened:
        return reads(path, kind, reports.cancelled, how)

    read_so_far = [File(one.path, read(one.path, one.kind, how), how) for one in requests]
    pair = paired(read_so_far, document.half, lambda path, how: read(path, "model", how))
    found = _told_apart(pair.files, document.model, {one.path: one.kind for one in requests})
    before = document
    document = replace(document, half=pair.half)
    if pair.message is not None and not found:
        return Outcome(document, pair.message)
    for file in sorted(found, key=lambda file: ORDER.index(file.opened.kind)):
        document = _with(document, file)
    if any(file.opened.kind != "reference" for file in found):
        document = replace(document, lens=None)
    fresh = frozenset(file.opened.kind for file in found)
    if document.model is None or document.inputs is None:
        missing = pair.message or _missing(document, fresh)
        return Outcome(replace(document, trace=None, unmasked=None, comparison=None), missing)
    if fresh == {"reference"} and document.trace is not None:
        return Outcome(replace(document, comparison=None), judge=True, fresh=fresh, before=before)
    try:
        trace = run(document.model, document.inputs, progress=reports.progress, cancelled=reports.cancelled)
    except Cancelled:
        raise
    except Unsupported as error:
        # The files are sound and fit; what cannot be run may be passed by, so they stay.
        located = error.located(file=Path(document.model_path).name)
        return Outcome(replace(document, trace=None, unmasked=None, comparison=None), Message(str(located)))
    except RnnscopeError as error:
        if "input" in fresh:
            raise error.located(file=Path(document.input_path).name) from None
        also = " with its Keras values" if document.reference is not None else ""
        note = f"{Path(document.input_path).name} does not fit this model and was closed{also}: {error}"
        alone = replace(document, inputs=None, input_path="", input_sha256="", trace=None, unmasked=None)
        alone = replace(alone, reference=None, reference_path="", comparison=None)
        return Outcome(alone, Message(note, "note"))
    return Outcome(replace(document, trace=trace, unmasked=None, comparison=None), judge=True, fresh=fresh)


def judged(document: Document, fresh: frozenset[Kind], reports: Reports, before: Document | None = None) -> Outcome:
    """The document with its run without masks, and with its comparison when stored values are open.

    Fresh stored values that do not fit are told, and what was open `before` them comes back.
    """
    trace = document.trace
    if document.model is None or document.inputs is None or trace is None:
        return Outcome(document)
    if document.unmasked is None:
        unmasked = run(document.model, document.inputs, use_masks=False, cancelled=reports.cancelled)
        document = replace(document, unmasked=unmasked)
    if document.reference is None:
        return Outcome(document)
    try:
        comparison = compare(
            trace,
            document.reference,
            input_sha256=document.input_sha256,
            progress=reports.progress,
            cancelled=reports.cancelled,
        )
    except Cancelled:
        raise
    except RnnscopeError as error:
        name = Path(document.reference_path).name
        without = replace(document, reference=None, reference_path="", comparison=None)
        if "reference" in fresh:
            return Outcome(before or without, Message(str(error.located(file=name))))
        return Outcome(without, Message(f"{name} does not fit any more and was closed: {error.problem}", "note"))
    foreign = f"{Path(document.reference_path).name}: {comparison.foreign}" if comparison.foreign else ""
    message = Message(foreign, "note" if comparison.matches else "error") if foreign else None
    return Outcome(replace(document, comparison=comparison), message)


def looked(document: Document, reads: Reads, reports: Reports) -> Outcome:
    """The document with its version lens: what moves when the model's file is read by the rules of other Kerases."""
    model, inputs = document.model, document.inputs
    if model is None or inputs is None:
        return Outcome(document)

    def load(semantics: Semantics) -> Model:
        how = document.read_as.by(semantics)
        return cast(Model, reads(document.model_path, "model", reports.cancelled, how).value)

    found = readings_of(model, load, inputs, progress=reports.progress, cancelled=reports.cancelled)
    return Outcome(replace(document, lens=found.without_traces()))


def _told_apart(files: Sequence[File], model: Model | None, asked: Mapping[str, Kind | None]) -> list[File]:
    """The files, those that nobody asked for as something in particular looked at in the light of the model."""
    wanted = next((cast(Model, file.opened.value) for file in files if file.opened.kind == "model"), model)
    return [
        file if asked.get(file.path) is not None else file._replace(opened=_seen(file.path, file.opened, wanted))
        for file in files
    ]


def _seen(path: str, opened: Opened, model: Model | None) -> Opened:
    """A bare array says nothing of itself: one that fits an output of the model, and no input, is what Keras gave."""
    array = opened.value
    if model is None or opened.kind != "input" or not isinstance(array, np.ndarray):
        return opened
    if any(_fits(shape, array) for shape in model.input_shapes):
        return opened
    shapes = [model[tensor.call].output_shapes[tensor.output] for tensor in model.outputs]
    keys = [f"output/{index}" for index, shape in enumerate(shapes) if _fits(shape, array)]
    stored = Reference({keys[0]: array}, {}, Path(path).name) if keys else None
    return opened if stored is None else Opened("reference", stored, opened.sha256)


def _fits(shape: Shape, array: Array) -> bool:
    return len(shape) == array.ndim and all(
        size in (None, found) for size, found in zip(shape, array.shape, strict=True)
    )


def _with(document: Document, file: File) -> Document:
    value, path = file.opened.value, file.path
    match file.opened.kind:
        case "model":
            model = cast(Model, value)
            return replace(document, model=model, model_path=path, read_as=file.read_as, own=model.written_by)
        case "input":
            return replace(document, inputs=cast(Inputs, value), input_path=path, input_sha256=file.opened.sha256)
        case "reference":
            return replace(document, reference=cast(Reference, value), reference_path=path)
    return document


def _missing(document: Document, fresh: frozenset[Kind]) -> Message | None:
    """What to open next, when something was opened that cannot be shown alone."""
    if document.model is None and fresh:
        return Message("Open the model that this belongs to, a .keras or .h5 file.", "note")
    return None
