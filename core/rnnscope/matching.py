"""What is compared with what: the quantities of a run and stored values by their keys, and what does not fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches

import numpy as np

from rnnscope.errors import BadInput
from rnnscope.reference import Reference
from rnnscope.texts import is_text
from rnnscope.trace import Trace, split_key
from rnnscope.types import Array
from rnnscope.verdicts import Row, Verdict

OUTPUT_LAYER = ""
NOT_STORED = "no stored values"
LISTED = 6  # keys of a reference that an error names


def all_keys(trace: Trace, reference: Reference) -> list[str]:
    """What was computed, and then what is only stored."""
    computed = dict.fromkeys(trace.quantities())
    return [*computed, *(key for key in reference.arrays if key not in computed)]


def matched(key: str, trace: Trace, reference: Reference) -> tuple[Row, Array | None, Array | None]:
    """A quantity's row with both sides of it, or a row that says why there are not two sides to compare."""
    theirs = reference.get(key)
    try:
        layer, quantity = split_key(key, trace.layers)
        ours = trace.get(key)
    except (KeyError, IndexError):
        return _one_sided(key, trace), None, None
    row = Row(key, layer or OUTPUT_LAYER, quantity, Verdict.NOT_COMPARED)
    if theirs is None:
        return _because(row, NOT_STORED), None, None
    if ours.shape != theirs.shape:
        reason = f"the stored values have shape {theirs.shape}, ours {ours.shape}"
        return _because(row, reason, Verdict.DIFFERENT), None, None
    if is_text(ours) != is_text(theirs):
        reason = (
            "the stored values are text, ours numbers"
            if is_text(theirs)
            else "the stored values are numbers, ours text"
        )
        return _because(row, reason, Verdict.DIFFERENT), None, None
    return row, ours, theirs


def _one_sided(key: str, trace: Trace) -> Row:
    """What is stored under a key that the run has not: a mask that it did not use, or something unknown."""
    try:
        layer, quantity = split_key(key, trace.layers)
    except KeyError:
        layer, quantity = None, key
    row = Row(key, layer or OUTPUT_LAYER, quantity, Verdict.NOT_COMPARED)
    if layer is not None and quantity == "mask":
        return _because(row, "Keras used a mask here, this run used none", Verdict.DIFFERENT)
    near = get_close_matches(key, list(trace.quantities()), n=1, cutoff=0.3)
    return _because(row, "this model's run has no such quantity" + (f"; the nearest is {near[0]}" if near else ""))


def same_batch(trace: Trace, reference: Reference) -> None:
    for key, array in reference.arrays.items():
        if key.startswith("output/") and array.ndim and array.shape[0] != trace.batch_size:
            raise BadInput(
                "the stored values belong to another input",
                file=reference.file,
                expected=f"{trace.batch_size} samples, as in the input",
                found=f"{array.shape[0]} in {key}",
            )


ANOTHER_INPUT = "another input"


def foreign(trace: Trace, reference: Reference, rows: Sequence[Row], input_sha256: str | None) -> str:
    """Which file these values were not recorded with, in a sentence."""
    recorded = {str(reference.meta.get("model_sha256", ""))}
    same_weights = reference.meta.get("same_weights_sha256")
    recorded |= set(map(str, same_weights.values())) if isinstance(same_weights, dict) else set()
    found = []
    if trace.model is not None and trace.model.sha256 and "" not in recorded and trace.model.sha256 not in recorded:
        found.append(f"another model file ({reference.meta.get('model', 'its sha256 differs')})")
    entering = [row for row in rows if row.layer in trace.inputs and row.verdict is Verdict.DIFFERENT]
    other_file = input_sha256 is not None and reference.meta.get("input_sha256", input_sha256) != input_sha256
    if entering or other_file:
        found.append(f"{ANOTHER_INPUT} ({reference.meta.get('input', 'its sha256 differs')})")
    return f"The stored values were recorded with {' and '.join(found)}." if found else ""


def _because(row: Row, reason: str, verdict: Verdict = Verdict.NOT_COMPARED) -> Row:
    return replace(row, verdict=verdict, reason=reason)


def check_comparable(rows: Sequence[Row], trace: Trace, reference: Reference) -> None:
    """Refuse stored values of which nothing can be compared, and those that hold nothing but NaN."""
    usable = [row for row in rows if row.key in reference.arrays and not row.reason]
    if usable:
        _check_numbers([row.key for row in usable], trace, reference)
        return
    keys = list(reference.arrays)
    held = ", ".join(keys[:LISTED]) + (f" and {len(keys) - LISTED} more" if len(keys) > LISTED else "")
    reason = next((row.reason for row in rows if row.key in reference.arrays), None)
    raise BadInput(
        "none of the stored values belongs to this model's run",
        file=reference.file,
        found=f"{held} ({reason})" if reason else held or "nothing",
    )


def _check_numbers(keys: Sequence[str], trace: Trace, reference: Reference) -> None:
    numbers = [key for key in keys if reference.arrays[key].dtype.kind == "f" and reference.arrays[key].size]
    blank = [key for key in numbers if np.isnan(reference.arrays[key]).all()]
    if blank and len(blank) == len(numbers) and not all(np.isnan(trace.get(key)).all() for key in blank):
        raise BadInput(
            "every stored number is NaN",
            file=reference.file,
            found=", ".join(blank[:LISTED]),
            advice="Record the values again; nothing can be told from these",
        )
