"""Reports as strict JSON, in the layout that docs/report.schema.json describes.

Numbers that JSON has no word for are the texts "NaN", "Infinity" and "-Infinity".
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict

import numpy as np

from rnnscope import __version__
from rnnscope.compare import Comparison, Location, Row
from rnnscope.culprit import Culprit
from rnnscope.findings import Finding
from rnnscope.lens import Lens, Reading
from rnnscope.model import Model
from rnnscope.report.record import File, Report
from rnnscope.report.words import Held, allowed_at, element, held, key_of, row_of
from rnnscope.semantics import Semantics
from rnnscope.types import Array

VERSION = 1

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


def json_text(document: Mapping[str, Json]) -> str:
    """The document as text in ASCII, with a newline at its end."""
    return json.dumps(document, indent=2, allow_nan=False) + "\n"


def comparison_json(report: Report) -> dict[str, Json]:
    """A comparison: every row of it, and everything that a person is told."""
    port = report.port
    mine: Json = None
    if port is not None:
        found: Json = None if port.findings is None else [_finding(finding) for finding in port.findings]
        mine = {"file": port.mine.file, "taken": list(port.mine.taken), "findings": found}
    return {
        **_head("comparison", report.trace.model, report.files),
        "command": report.command,
        "matches": report.matches,
        "samples": report.trace.batch_size,
        "comparisons": [_held(report, one) for one in held(report)],
        "mine": mine,
    }


def diagnosis_json(
    model: Model, findings: Sequence[Finding], taken: Sequence[str], files: Sequence[File], command: str
) -> dict[str, Json]:
    """What `rnnscope.diagnose` found; no findings mean that the numbers are the model's, up to rounding."""
    return {
        **_head("diagnosis", model, files),
        "command": command,
        "matches": not findings,
        "taken": list(taken),
        "findings": [_finding(finding) for finding in findings],
    }


def summary_json(model: Model, files: Sequence[File]) -> dict[str, Json]:
    """The layers of a model, those of nested models too."""
    layers: list[Json] = [
        {
            "name": listed.key,
            "class": listed.layer.class_name,
            "depth": listed.depth,
            "output_shapes": [list(shape) for shape in listed.layer.output_shapes],
            "parameters": listed.layer.parameters,
            "trainable_parameters": listed.layer.trainable_parameters,
            "dtype": listed.layer.dtype,
        }
        for listed in model.listing
    ]
    total, trainable = model.parameters, model.trainable_parameters
    return {
        **_head("summary", model, files),
        "inputs": [
            {"name": name, "shape": list(shape)}
            for name, shape in zip(model.input_names, model.input_shapes, strict=True)
        ],
        "outputs": list(model.output_names),
        "layers": layers,
        "parameters": {"total": total, "trainable": trainable, "non_trainable": total - trainable},
    }


def lens_json(model: Model, found: Lens, files: Sequence[File]) -> dict[str, Json]:
    """What moves under the rules of other Kerases."""
    return {**_head("lens", model, files), "readings": [_reading(reading) for reading in found.readings]}


def strict(value: object) -> Json:
    """A number, boolean or text as JSON has it."""
    item = value.item() if isinstance(value, np.generic) else value
    if isinstance(item, float):
        if math.isnan(item):
            return "NaN"
        return item if math.isfinite(item) else "Infinity" if item > 0 else "-Infinity"
    return item if isinstance(item, bool | int) else str(item)


def _head(kind: str, model: Model | None, files: Sequence[File]) -> dict[str, Json]:
    return {
        "format": "rnnscope-report",
        "version": VERSION,
        "kind": kind,
        "rnnscope": __version__,
        "files": [asdict(file) for file in files],
        "model": None if model is None else _model(model),
    }


def _model(model: Model) -> Json:
    return {
        "name": model.name,
        "class": model.class_name,
        "dtype": model.dtype,
        "read_as": _semantics(model.semantics),
        "written_by": None if model.written_by is None else _semantics(model.written_by),
        "notes": list(model.notes),
    }


def _semantics(semantics: Semantics) -> Json:
    return {"keras_version": semantics.keras_version, "backend": semantics.backend}


def _held(report: Report, one: Held) -> Json:
    result = one.result
    return {
        "ours": one.ours.lower(),
        "theirs": one.theirs.lower(),
        "verdict": str(result.verdict),
        "matches": result.matches,
        "rule": result.rule,
        "foreign": result.foreign,
        "caution": result.caution,
        "first_difference": _first(report, result),
        "origins": [_origin(origin) for origin in one.origins],
        "rows": [_row(row) for row in result.rows],
    }


def _first(report: Report, result: Comparison) -> Json:
    first = result.first_difference
    if first is None:
        return None
    key, row = key_of(first), row_of(result, first)
    sides = {
        "numpy": report.trace.get(key),
        "keras": None if report.reference is None else report.reference.get(key),
        "mine": None if report.port is None else report.port.mine.arrays.get(key),
    }
    allowed = None if row is None else allowed_at(row, first)
    numbers = {name: _number(array, sides["numpy"], first) for name, array in sides.items() if array is not None}
    return {"location": _location(first), "numbers": numbers, "allowed": None if allowed is None else strict(allowed)}


def _number(array: Array, ours: Array | None, at: Location) -> Json:
    return strict(element(array, at)) if ours is not None and array.shape == ours.shape else None


def _row(row: Row) -> Json:
    return {
        "key": row.key,
        "layer": row.layer,
        "quantity": row.quantity,
        "verdict": str(row.verdict),
        "max_abs": strict(row.max_abs),
        "max_rel": strict(row.max_rel),
        "allowed": _allowed(row),
        "worst": None if row.worst is None else _location(row.worst),
        "first": None if row.first is None else _location(row.first),
        "reason": row.reason,
        "caution": row.caution,
        "sensitivity": strict(row.sensitivity),
    }


def _allowed(row: Row) -> Json:
    if row.floor is None or not row.floor.size:
        return None
    at_worst = None if row.worst is None else allowed_at(row, row.worst)
    return {
        "smallest": strict(float(row.floor.min())),
        "largest": strict(float(row.floor.max())),
        "at_worst": None if at_worst is None else strict(at_worst),
    }


def _origin(origin: Culprit) -> Json:
    return {
        "location": _location(origin.location),
        "ours": strict(origin.ours),
        "theirs": strict(origin.theirs),
        "inherited": strict(origin.inherited),
        "added": strict(origin.added),
        "allowed": strict(origin.floor),
        "inherits": origin.inherits,
        "among": list(origin.among),
        "words": origin.words,
    }


def _location(location: Location) -> Json:
    return {
        "layer": location.layer,
        "quantity": location.quantity,
        "sample": location.sample,
        "step": location.step,
        "unit": location.unit,
    }


def _finding(finding: Finding) -> Json:
    return {
        "ids": list(finding.ids),
        "explains": finding.explains,
        "rank": finding.rank,
        "distance": strict(float(finding.distance)),
        "title": finding.title,
        "explanation": finding.explanation,
        "fix": finding.fix,
        "places": list(finding.places),
        "tell_apart": finding.tell_apart,
    }


def _reading(reading: Reading) -> Json:
    return {
        "read_as": _semantics(reading.semantics),
        "same": reading.same,
        "output": strict(reading.output),
        "problem": reading.problem,
        "moved": [
            {
                "layer": moved.layer,
                "quantity": moved.quantity,
                "largest": strict(moved.largest),
                "begins": moved.begins,
            }
            for moved in reading.moved
        ],
    }
