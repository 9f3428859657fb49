"""What is taken away from a scene: the command that repeats it, a script, a report. No widgets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from rnnscope import write_script
from rnnscope.cli.command import command_line
from rnnscope.errors import one_line
from rnnscope.reading.source import read_source
from rnnscope.report.record import File, Look, Report
from rnnscope.script import SCRIPT
from rnnscope.writing import write_whole
from rnnscope_gui.opening import Reports
from rnnscope_gui.state import Document, Message, View

Task = Callable[[Document, Reports], Message]


def command_of(document: Document, view: View) -> str:
    """The shell command that repeats what is on screen: the same files, read and judged the same way."""
    how = document.read_as
    return command_line(
        document.model_path,
        document.input_path or None,
        document.reference_path or None,
        mine=document.mine_path or None,
        weights=how.weights,
        keras_version=how.keras_version,
        backend=how.backend,
        infer=how.infer,
        bypass_lambda=how.bypass_lambda,
        run_code=how.code,
        atol=document.rule.atol,
        rtol=document.rule.rtol,
        layer=view.layer,
        quantity=view.quantity,
        sample=view.sample,
        why=document.findings is not None,
    )


def script_there(folder: str) -> str:
    """The name of a script that a folder has already; "" when it has none."""
    return SCRIPT if (Path(folder) / SCRIPT).exists() else ""


def script_into(folder: str, *, force: bool = False) -> Task:
    """Writes the open model as a NumPy script, with the open input as its stored sample."""

    def task(document: Document, reports: Reports) -> Message:
        assert document.model is not None
        inputs = document.inputs if document.trace is not None else None
        path = write_script(
            document.model, folder, inputs, force=force, progress=reports.progress, cancelled=reports.cancelled
        )
        return Message(f"Written: {path}, with its weights and a sample. It checks itself when it is run.", "note")

    return task


def report_to(path: str, view: View) -> Task:
    """Writes what was compared as one HTML page, with pictures of the quantity and the sample on screen."""

    def task(document: Document, reports: Reports) -> Message:
        from rnnscope.report.html import page

        write_whole(path, page(report_of(document, view)).encode(), "report")
        return Message(f"Written: {path}", "note")

    return task


def report_of(document: Document, view: View) -> Report:
    """All that was compared, as reports are made of it."""
    assert document.trace is not None
    port = document.port
    if port is not None:
        port = replace(port, findings=document.findings, origins=document.mine_origins)
    return Report(
        document.trace,
        files=_files(document),
        reference=document.reference,
        comparison=document.comparison,
        origins=document.origins,
        port=port,
        look=Look(view.layer, view.quantity, view.sample),
        command=command_of(document, view),
    )


def _files(document: Document) -> tuple[File, ...]:
    model, weights = document.model, document.read_as.weights
    given = [
        ("model", document.model_path, model.sha256 if model is not None else ""),
        ("weights", weights or "", read_source(weights).sha256 if weights else ""),
        ("input", document.input_path, document.input_sha256),
        ("reference", document.reference_path, document.reference_sha256),
        ("mine", document.mine_path, document.mine_sha256),
    ]
    return tuple(File(role, one_line(Path(path).name), digest) for role, path, digest in given if path)
