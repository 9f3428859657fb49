"""What a comparison says, in sentences, and each number beside its counterparts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rnnscope.compare import NOT_STORED, Comparison, Location, Row, Verdict
from rnnscope.culprit import Culprit
from rnnscope.errors import one_line
from rnnscope.report.record import Port, Report
from rnnscope.texts import is_text
from rnnscope.trace import layer_key
from rnnscope.types import Array

MARKS = {Verdict.SAME: "✓", Verdict.ROUNDING: "≈", Verdict.DIFFERENT: "≠", Verdict.NOT_COMPARED: "–"}
MOST_ORIGINS = 3
NUMPY, KERAS, MINE = "NumPy", "Keras", "mine"


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """One comparison of a report by the names of its sides: `ours` is what is judged, `theirs` what it is held to.

    origins: where its differences come from, layer by layer; empty where nobody looked.
    """

    ours: str
    theirs: str
    result: Comparison
    origins: tuple[Culprit, ...] = ()


def held(report: Report) -> tuple[Held, ...]:
    """The comparisons of a report, that with Keras first."""
    found = [] if report.comparison is None else [Held(NUMPY, KERAS, report.comparison, report.origins)]
    if report.port is not None:
        found.append(Held(MINE, NUMPY, report.port.run, report.port.origins))
        if report.port.keras is not None:
            found.append(Held(MINE, KERAS, report.port.keras))
    return tuple(found)


def verdict_sentence(one: Held) -> str:
    """``≠ different: NumPy against Keras, 3 of 12 quantities beyond the rule``."""
    return f"{MARKS[one.result.verdict]} {one.result.verdict}: {verdict_words(one)}"


def verdict_words(one: Held) -> str:
    """What was compared, how much of it, and how many beyond the rule."""
    compared = [row for row in one.result.rows if row.verdict is not Verdict.NOT_COMPARED]
    differing = sum(row.verdict is Verdict.DIFFERENT for row in compared)
    many = _count(len(compared))
    said = {
        Verdict.SAME: f"{many} compared, equal to the bit",
        Verdict.ROUNDING: f"{many} compared, none beyond the rule",
        Verdict.DIFFERENT: f"{differing} of {many} beyond the rule",
        Verdict.NOT_COMPARED: "nothing could be compared",
    }
    return f"{one.ours} against {one.theirs}, {said[one.result.verdict]}"


def _count(number: int) -> str:
    return f"{number} {'quantity' if number == 1 else 'quantities'}"


def first_sentence(report: Report, one: Held) -> str:
    """Where the first difference is, with the numbers there; "" when there is none."""
    first = one.result.first_difference
    if first is None:
        row = next((row for row in one.result.rows if row.verdict is Verdict.DIFFERENT), None)
        return "" if row is None else f"First difference: {title(row)}: {one_line(row.reason)}"
    row = row_of(one.result, first)
    numbers = ", ".join(f"{name} {text}" for name, text in numbers_at(report, first))
    return f"First difference: {place(first)}: {numbers}{_allowed_words(row, first)}"


def origin_sentences(one: Held) -> list[str]:
    """Which layers make the difference, and by how much; of a difference that none makes, where it is inherited."""
    made = [origin for origin in one.origins if not origin.inherits] or list(one.origins[:1])
    more = [f"and {len(made) - MOST_ORIGINS} more layers that add to it"] if len(made) > MOST_ORIGINS else []
    return [one_line(text) for text in (*(origin.words for origin in made[:MOST_ORIGINS]), *more)]


def caution_sentences(one: Held) -> list[str]:
    """What is to be known of the numbers before their verdict is believed."""
    said = (one.result.foreign, one.result.caution)
    return [one_line(sentence) for sentence in said if sentence]


def reading_sentence(report: Report) -> str:
    """That the stored values are of another Keras than the one whose rules the run went by; "" when they are not."""
    model, meta = report.trace.model, report.reference.meta if report.reference is not None else {}
    if model is None or report.comparison is None or report.comparison.matches:
        return ""
    recorded = {name: str(meta[name]) for name in ("keras_version", "backend") if meta.get(name)}
    read = {"keras_version": model.semantics.keras_version, "backend": model.semantics.backend}
    other = {name: value for name, value in recorded.items() if value != read[name]}
    if not other:
        return ""
    options = " ".join(f"--{name.replace('_', '-')} {one_line(value, 40)}" for name, value in other.items())
    return f"the stored values are of another Keras than {model.semantics}, by whose rules the model ran; try {options}"


def _allowed_words(row: Row | None, location: Location) -> str:
    allowed = None if row is None else allowed_at(row, location)
    return "" if allowed is None else f"; allowed {allowed:.3g}"


def numbers_at(report: Report, location: Location) -> list[tuple[str, str]]:
    """The number at a place by each side that has it, with all its digits."""
    key = key_of(location)
    sides: list[tuple[str, Array | None]] = [(NUMPY, _ours(report, key))]
    sides.append((KERAS, None if report.reference is None else report.reference.get(key)))
    sides.append((MINE, None if report.port is None else report.port.mine.arrays.get(key)))
    shape = next((array.shape for _, array in sides if array is not None), ())
    return [(name, number(array, location)) for name, array in sides if array is not None and array.shape == shape]


def _ours(report: Report, key: str) -> Array | None:
    try:
        return report.trace.get(key)
    except (KeyError, IndexError):
        return None


def number(array: Array, location: Location) -> str:
    """The number at a place, in the fewest digits that are it and no other of its type."""
    found = element(array, location)
    return repr(one_line(str(found), 60)) if is_text(array) else str(found)


def element(array: Array, location: Location) -> object:
    """The element of `array` at a place."""
    leading = (location.sample,) if location.step is None else (location.sample, location.step)
    return np.asarray(array[leading]).reshape(-1)[location.unit]


def allowed_at(row: Row, location: Location) -> float | None:
    """The largest difference that is not called different there; None where everything must be equal."""
    if row.floor is None:
        return None
    floor = np.asarray(row.floor)
    if floor.ndim == 0:
        return float(floor)
    if floor.ndim == 1:
        return float(floor[location.step if location.step is not None else location.sample])
    return float(element(floor, location))  # type: ignore[arg-type]


def key_of(location: Location) -> str:
    """The key of the quantity that a place is in."""
    return layer_key(location.layer, location.quantity) if location.layer else location.quantity


def row_of(result: Comparison, location: Location) -> Row | None:
    """The row that a place is in."""
    return result.row(key_of(location))


def place(location: Location) -> str:
    """``rnn state/h, sample 3, step 7, unit 12``."""
    return one_line(f"{location.layer or 'model'} {location.quantity}, {position(location)}")


def position(location: Location) -> str:
    """``sample 3, step 7, unit 12``."""
    step = "" if location.step is None else f", step {location.step}"
    return f"sample {location.sample}{step}, unit {location.unit}"


def title(row: Row) -> str:
    """``rnn state/h``; the model's own outputs are those of ``model``."""
    return one_line(f"{row.layer or 'model'} {row.quantity}")


def excess(row: Row) -> float:
    """How many times what is allowed the largest difference of a row is; infinite where nothing is allowed."""
    if row.verdict is not Verdict.DIFFERENT:
        return 0.0
    allowed = None if row.worst is None else allowed_at(row, row.worst)
    return row.max_abs / allowed if allowed else np.inf


def furthest(result: Comparison) -> Row | None:
    """The row that goes furthest beyond the rule; None when none does."""
    beyond = [row for row in result.rows if row.verdict is Verdict.DIFFERENT]
    return max(beyond, key=excess, default=None)


def shown(rows: Sequence[Row]) -> list[Row]:
    """The rows of what somebody had values for."""
    return [row for row in rows if row.reason != NOT_STORED]


def left_out(result: Comparison) -> str:
    """How many quantities nobody had values for, in a line; "" when there are none."""
    count = len(result.rows) - len(shown(result.rows))
    return f"{_count(count)} without stored values" if count else ""


def port_sentences(port: Port) -> list[str]:
    """What each array of a person's own was taken for."""
    name = f"{one_line(port.mine.file)}: " if port.mine.file else ""
    return [f"Mine: {name}{one_line(sentence)}" for sentence in port.mine.taken]
