"""What opening files does to a document: which parts stay, which must go, and what the person is told. No widgets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, cast

from rnnscope import Model, Reference, Trace, run, take_mine
from rnnscope.errors import Cancelled, RnnscopeError, Unsupported
from rnnscope_gui.pairing import File, Paired, paired
from rnnscope_gui.read_as import ReadAs
from rnnscope_gui.reader import Kind, Opened
from rnnscope_gui.state import Document, Inputs, Message
from rnnscope_gui.telling import told_apart

# The order in which files depend on one another, and stand on the command line.
ORDER: tuple[Kind, ...] = ("model", "input", "reference", "mine")
HELD_AGAINST = frozenset[Kind]({"reference", "mine"})  # what needs no other run
ANEW = frozenset[Kind]({"model", "input"})  # what is another beginning: a port of the run before has no part in it
MOST_TAKEN = 2  # sentences on what numbers were taken for, before the rest is counted


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


def requests(paths: Sequence[str | None], weights: str | None = None, mine: str | None = None) -> list[Request]:
    """The files of a command line: model, input and stored values in their order, then those that have a name."""
    kinds = [*ORDER, *[None] * len(paths)][: len(paths)]
    named: list[tuple[str | None, Kind | None]] = [*zip(paths, kinds, strict=True)]
    named += [(weights, "weights"), (mine, "mine")]
    return [Request(path, kind) for path, kind in named if path is not None]


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """A document to show. `judge`: the comparisons and the run without masks are still to come.

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

    Raises the error of a file that cannot be read, or of a new input or new numbers that do not fit; the document then
    stays as it was. What was open before and does not fit a new model is closed, with a note.
    """
    pair = _read(document, requests, reads, reports, read_as or ReadAs())
    found, note = told_apart(pair.files, document, {one.path: one.kind for one in requests})
    before = document
    document = replace(document, half=pair.half)
    if pair.message is not None and not found:
        return Outcome(document, pair.message)
    fresh = frozenset(file.opened.kind for file in found)
    if fresh >= ANEW and document.trace is not None:
        document = document.without_mine()
    for file in sorted(found, key=lambda file: ORDER.index(file.opened.kind)):
        document = _with(document, file)
    if document.model is None or document.inputs is None:
        return Outcome(document.without_run(), pair.message or _missing(document, fresh))
    if fresh <= HELD_AGAINST and document.trace is not None:
        return _taken(Outcome(document, note, judge=True, fresh=fresh, before=before), document.trace)
    return _ran(replace(document.without_run(), lens=None), note, fresh, reports)


def _read(document: Document, requests: Sequence[Request], reads: Reads, reports: Reports, how: ReadAs) -> Paired:
    """The files as they are read, halves of a model put together."""

    def read(path: str, kind: Kind | None, how: ReadAs) -> Opened:
        return reads(path, kind, reports.cancelled, how)

    read_so_far = [File(one.path, read(one.path, one.kind, how), how) for one in requests]
    return paired(read_so_far, document.half, lambda path, how: read(path, "model", how))


def _ran(document: Document, note: Message | None, fresh: frozenset[Kind], reports: Reports) -> Outcome:
    """The document with its model's run, or without what does not fit it."""
    assert document.model is not None
    assert document.inputs is not None
    try:
        trace = run(document.model, document.inputs, progress=reports.progress, cancelled=reports.cancelled)
    except Cancelled:
        raise
    except Unsupported as error:
        # The files are sound and fit; what cannot be run may be passed by, so they stay.
        return Outcome(document, Message(str(error.located(file=Path(document.model_path).name))))
    except RnnscopeError as error:
        if "input" in fresh:
            raise error.located(file=Path(document.input_path).name) from None
        return _misfit(document, error)
    return _taken(Outcome(replace(document, trace=trace), note, judge=True, fresh=fresh), trace)


def _misfit(document: Document, error: RnnscopeError) -> Outcome:
    """The model alone: the input that was open does not fit it, and nothing can be held against no run."""
    others = [("Keras values", document.reference), ("your own numbers", document.numbers)]
    also = " and ".join(name for name, there in others if there is not None)
    with_them = f" with its {also}" if also else ""
    note = f"{Path(document.input_path).name} does not fit this model and was closed{with_them}: {error}"
    alone = replace(document, inputs=None, input_path="", input_sha256="", reference=None, reference_path="")
    return Outcome(alone.without_mine(), Message(note, "note"))


def _taken(outcome: Outcome, trace: Trace) -> Outcome:
    """The outcome with a port's numbers taken for what they are in this run.

    Fresh numbers that are none of it raise; those that were open before are closed, with a note.
    """
    document = outcome.document
    if document.numbers is None or document.mine is not None:
        return outcome
    name = Path(document.mine_path).name
    try:
        mine = take_mine(document.numbers, trace, name)
    except RnnscopeError as error:
        if "mine" in outcome.fresh:
            raise error.located(file=name) from None
        note = Message(f"{name} does not fit any more and was closed: {error.problem}", "note")
        return replace(outcome, document=document.without_mine(), message=outcome.message or note)
    bare = not isinstance(document.numbers, dict)
    told = Message(f"{name}: {taken_words(mine.taken)}.", "note") if bare and "mine" in outcome.fresh else None
    return replace(outcome, document=replace(document, mine=mine), message=outcome.message or told)


def taken_words(taken: Sequence[str]) -> str:
    """What numbers were taken for, in a sentence or two."""
    more = len(taken) - MOST_TAKEN
    return "; ".join(taken[:MOST_TAKEN]) + (f"; and {more} more" if more > 0 else "")


def _with(document: Document, file: File) -> Document:
    value, path = file.opened.value, file.path
    match file.opened.kind:
        case "model":
            model = cast(Model, value)
            return replace(document, model=model, model_path=path, read_as=file.read_as, own=model.written_by)
        case "input":
            return replace(document, inputs=cast(Inputs, value), input_path=path, input_sha256=file.opened.sha256)
        case "reference":
            stored = cast(Reference, value)
            document = replace(document, reference=stored, reference_path=path)
            document = replace(document, comparison=None, origins=(), port=None, mine_origins=())
            return replace(document, reference_sha256=file.opened.sha256)
        case "mine":
            document = replace(document.without_mine(), numbers=cast(Inputs, value), mine_path=path)
            return replace(document, mine_sha256=file.opened.sha256)
    return document


def _missing(document: Document, fresh: frozenset[Kind]) -> Message | None:
    """What to open next, when something was opened that cannot be shown alone."""
    if document.model is None and fresh:
        return Message("Open the model that this belongs to, a .keras or .h5 file.", "note")
    return None
