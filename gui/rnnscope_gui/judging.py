"""What is found out about a run once it is shown: verdicts, other Kerases, why a port differs. No widgets."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, cast

from rnnscope import Comparison, Mine, Model, Reference, Trace, compare, diagnose, run
from rnnscope.culprit import Culprit
from rnnscope.errors import Cancelled, RnnscopeError
from rnnscope.floor import measure_floor
from rnnscope.lens import readings_of
from rnnscope.origin import find_origins
from rnnscope.report.record import hold_port
from rnnscope.semantics import Semantics
from rnnscope_gui.opening import Outcome, Reads, Reports
from rnnscope_gui.reader import Kind
from rnnscope_gui.state import Document, Message


def judged(document: Document, fresh: frozenset[Kind], reports: Reports, before: Document | None = None) -> Outcome:
    """The document with its run without masks, and with its comparisons where there are values to compare with.

    Fresh stored values that do not fit are told, and what was open `before` them comes back. A port's numbers that
    cannot be compared stay, with the reason: their shape may be the very mistake.
    """
    trace = document.trace
    if document.model is None or document.inputs is None or trace is None:
        return Outcome(document)
    if document.unmasked is None:
        unmasked = run(document.model, document.inputs, use_masks=False, cancelled=reports.cancelled)
        document = replace(document, unmasked=unmasked)
    if (document.reference is None and document.mine is None) or not document.unjudged:
        return Outcome(document)
    if document.floor is None and not document.rule.fixed:
        floor = measure_floor(trace, progress=reports.progress, cancelled=reports.cancelled)
        document = replace(document, floor=floor)
    message = None
    if document.reference is not None and document.comparison is None:
        document, message, failed = _against_keras(document, document.reference, trace, reports, fresh)
        if failed and before is not None:
            return Outcome(before, message)
    if document.mine is not None and document.port is None:
        document = _against_mine(document, document.mine, trace, reports)
    return Outcome(document, message)


class _Compared(NamedTuple):
    document: Document
    message: Message | None
    failed: bool = False


def _against_keras(
    document: Document, reference: Reference, trace: Trace, reports: Reports, fresh: frozenset[Kind]
) -> _Compared:
    name = Path(document.reference_path).name
    try:
        comparison = _compared(document, reference, trace, reports)
    except Cancelled:
        raise
    except RnnscopeError as error:
        without = replace(document, reference=None, reference_path="", comparison=None)
        if "reference" in fresh:
            return _Compared(without, Message(str(error.located(file=name))), failed=True)
        return _Compared(without, Message(f"{name} does not fit any more and was closed: {error.problem}", "note"))
    foreign = f"{name}: {comparison.foreign}" if comparison.foreign else ""
    comparison.samples()  # the table of samples asks for them at once
    message = Message(foreign, "note" if comparison.matches else "error") if foreign else None
    origins = _origins(trace, reference, comparison, reports)
    return _Compared(replace(document, comparison=comparison, origins=origins), message)


def _compared(document: Document, reference: Reference, trace: Trace, reports: Reports) -> Comparison:
    return compare(
        trace,
        reference,
        atol=document.rule.atol,
        rtol=document.rule.rtol,
        floor=document.floor,
        input_sha256=document.input_sha256,
        progress=reports.progress,
        cancelled=reports.cancelled,
    )


def _against_mine(document: Document, mine: Mine, trace: Trace, reports: Reports) -> Document:
    rule = document.rule
    try:
        port = hold_port(
            trace,
            mine,
            document.reference,
            floor=document.floor,
            atol=rule.atol,
            rtol=rule.rtol,
            cancelled=reports.cancelled,
        )
    except Cancelled:
        raise
    except RnnscopeError as error:
        return replace(document, mine_problem=str(error))
    port.run.samples()
    return replace(document, port=port, mine_origins=_origins(trace, mine.reference(), port.run, reports))


def _origins(trace: Trace, reference: Reference, comparison: Comparison, reports: Reports) -> tuple[Culprit, ...]:
    return find_origins(trace, reference, comparison.rows, progress=reports.progress, cancelled=reports.cancelled)


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


def explained(document: Document, reports: Reports) -> Outcome:
    """The document with the mistakes that turn its model into the port's numbers, or come near."""
    model, inputs, numbers = document.model, document.inputs, document.numbers
    if model is None or inputs is None or numbers is None:
        return Outcome(document)
    try:
        found = diagnose(model, inputs, numbers, progress=reports.progress, cancelled=reports.cancelled)
    except Cancelled:
        raise
    except RnnscopeError as error:
        raise error.located(file=Path(document.mine_path).name) from None
    return Outcome(replace(document, findings=found))
