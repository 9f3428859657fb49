"""What the table of all samples says, and in which order. Pure; no widgets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import get_args
from weakref import WeakKeyDictionary

import numpy as np

from rnnscope import Comparison, Trace, Verdict
from rnnscope.by_sample import SampleVerdicts
from rnnscope.errors import one_line
from rnnscope.order import has_steps
from rnnscope.texts import is_text
from rnnscope.types import Array
from rnnscope_gui import navigate, numbers
from rnnscope_gui.output_reading import used_masks
from rnnscope_gui.resolve import settled
from rnnscope_gui.state import Document, SampleColumn, Scene, View

COLUMNS: tuple[SampleColumn, ...] = get_args(SampleColumn)
DIFFERENT = Verdict.DIFFERENT.severity


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """A line for each sample; None for what there is nothing of.

    keras, mine: the verdicts against Keras's values and a port's. masked: how many of `steps` are. output: the number
    or text of the chosen element, (samples,), and elements: which one that is, None where there is only one. allowed:
    what judges, in a word.
    """

    count: int
    keras: SampleVerdicts | None
    mine: SampleVerdicts | None
    masked: Array | None
    steps: int
    output: Array | None
    elements: Array | None
    name: str
    allowed: str = "floor"

    @property
    def columns(self) -> tuple[SampleColumn, ...]:
        """Those that there is something in."""
        there: Mapping[SampleColumn, object] = {
            "number": True,
            "verdict": self.keras,
            "difference": self.keras,
            "masked": self.masked,
            "output": self.output,
            "mine": self.mine,
            "mine difference": self.mine,
        }
        return tuple(column for column in COLUMNS if there[column] is not None)

    def heading(self, column: SampleColumn) -> str:
        both = self.keras is not None and self.mine is not None
        return {
            "number": "sample",
            "verdict": "Keras" if both else "verdict",
            "difference": f"difference ÷ {self.allowed}",
            "masked": f"masked of {self.steps:,}",
            "output": one_line(self.name, 30),
            "mine": "mine" if self.keras is not None else "verdict",
            "mine difference": f"mine ÷ {self.allowed}" if self.keras is not None else f"difference ÷ {self.allowed}",
        }[column]

    def text(self, column: SampleColumn, sample: int) -> str:
        """What a cell says."""
        if column == "number":
            return str(sample)
        if column == "masked":
            return "" if self.masked is None else f"{int(self.masked[sample]):,}"
        if column == "output":
            return self._output(sample)
        side = self.keras if column in ("verdict", "difference") else self.mine
        if side is None:
            return ""
        return side.verdict(sample).value if column in ("verdict", "mine") else _times(float(side.over[sample]))

    def tip(self, column: SampleColumn, sample: int) -> str:
        """More about a cell; "" where there is no more to say."""
        side = {"difference": self.keras, "mine difference": self.mine}.get(column)
        if side is None or not side.largest[sample]:
            return ""
        most = (
            f"The largest difference of all numbers of sample {sample} is {numbers.short(float(side.largest[sample]))}"
        )
        if np.isinf(side.over[sample]):
            return f"{most}; some differ that have to be the same to the bit."
        return f"{most}; held against what rounding may do there, the largest is {_times(float(side.over[sample]))}."

    def _output(self, sample: int) -> str:
        if self.output is None:
            return ""
        value = self.output[sample].item()
        said = numbers.shown(value, 5).strip() if is_text(self.output) else numbers.answer(value)
        return said if self.elements is None else f"[{int(self.elements[sample])}]  {said}"


_latest: WeakKeyDictionary[Document, tuple[tuple[int, int | None], Samples]] = WeakKeyDictionary()


def samples(document: Document, view: View) -> Samples | None:
    """All samples of a run; None before there is one. The same object while it stays the same."""
    wanted = (view.output, view.element)
    latest = _latest.get(document)
    if latest is None or latest[0] != wanted:
        if document.trace is None:
            return None
        latest = _latest[document] = (wanted, _made(document, document.trace, view))
    return latest[1]


def listed(found: Samples, view: View) -> Array:
    """The samples that the view lists, in its order; equal ones by their number."""
    order = np.argsort(_rising(found, view.sorting, view.descending), kind="stable")
    return order[_wanted(found, view)[order]]


def worst_first(scene: Scene) -> View:
    """To the sample that is furthest off, in a list of those that are off less and less."""
    found = samples(scene.document, scene.view)
    if found is None:
        return scene.view
    mine = navigate.telling(scene) is scene.document.mine_comparison
    sorting: SampleColumn = "mine difference" if mine else "difference"
    view = replace(
        scene.view, page="samples", sorting=sorting, descending=True, differing=False, filtering="", playing=False
    )
    return settled(scene.document, replace(view, sample=int(listed(found, view)[0])))


def to_sample(scene: Scene, sample: int) -> View:
    return settled(scene.document, replace(scene.view, sample=sample))


def sorted_by(scene: Scene, column: SampleColumn) -> View:
    """By a column: what matters first, then, asked again, the other way round."""
    view = scene.view
    descending = not view.descending if view.sorting == column else column not in ("number", "output")
    return replace(view, sorting=column, descending=descending)


def _made(document: Document, trace: Trace, view: View) -> Samples:
    masks = used_masks(trace)
    masked = None if masks is None or len(masks) != trace.batch_size else np.count_nonzero(~masks, axis=1)
    output, elements = _outputs(trace, view)
    names = trace.model.output_names if trace.model is not None else ()
    name = names[view.output] if view.output < len(names) else f"output {view.output}"
    return Samples(
        count=trace.batch_size,
        keras=_verdicts(document.comparison),
        mine=_verdicts(document.mine_comparison),
        masked=masked,
        steps=0 if masks is None else masks.shape[1],
        output=output,
        elements=elements,
        name=name,
        allowed="tolerance" if document.rule.fixed else "floor",
    )


def _verdicts(comparison: Comparison | None) -> SampleVerdicts | None:
    return None if comparison is None else comparison.samples()


def _outputs(trace: Trace, view: View) -> tuple[Array | None, Array | None]:
    """Of each sample the element that the view asks for, or its own prominent one; at the last step of several."""
    array = trace.outputs[view.output] if 0 <= view.output < len(trace.outputs) else np.zeros(0)
    if array.ndim < 1 or len(array) != trace.batch_size or not array.size:
        return None, None
    at = array.shape[1] - 1 if has_steps(f"output/{view.output}", array) else None
    flat = (array if at is None else array[:, at]).reshape(len(array), -1)
    if flat.shape[1] == 1:
        return flat[:, 0], None
    if view.element is not None or is_text(flat):
        elements = np.full(len(flat), min(view.element or 0, flat.shape[1] - 1))
    else:
        elements = np.where(np.isfinite(flat), flat, -np.inf).argmax(axis=1)
    return flat[np.arange(len(flat)), elements], elements


def _rising(found: Samples, column: SampleColumn, descending: bool) -> Array:
    """Numbers that rise in the order of a column; NaN last either way."""
    if column == "number":
        keys = np.arange(found.count, dtype=np.float64)
    elif column in ("masked", "output"):
        values = found.masked if column == "masked" else found.output
        keys = np.zeros(found.count) if values is None else _ranks(values)
    else:
        side = found.keras if column in ("verdict", "difference") else found.mine
        keys = np.zeros(found.count) if side is None else _badness(side, column in ("verdict", "mine"))
    return -keys if descending else keys


def _badness(side: SampleVerdicts, by_verdict: bool) -> Array:
    """Ranks of samples by their verdict, or by their difference; where that is no number of floors, by its size."""
    return _ranks(side.severity) if by_verdict else _tied(side.over, side.largest)


def _tied(first: Array, second: Array) -> Array:
    order = np.lexsort((second, first))
    a, b = first[order], second[order]
    steps = np.concatenate([[False], (a[1:] != a[:-1]) | (b[1:] != b[:-1])])
    ranks = np.empty(len(order))
    ranks[order] = np.cumsum(steps)
    return ranks


def _ranks(values: Array) -> Array:
    """Equal values have the same rank."""
    ranks = np.unique(values, return_inverse=True)[1].reshape(-1).astype(np.float64)
    return ranks if values.dtype.kind != "f" else np.where(np.isnan(values), np.nan, ranks)


def _wanted(found: Samples, view: View) -> Array:
    """Which samples the view lists, (samples,) bool."""
    wanted = np.ones(found.count, bool)
    if view.differing:
        sides = [side.severity == DIFFERENT for side in (found.keras, found.mine) if side is not None]
        wanted &= np.any(sides, axis=0) if sides else False
    typed = " ".join(view.filtering.split()).casefold()
    if typed.isdecimal():
        wanted &= np.char.startswith(np.arange(found.count).astype(str), typed.lstrip("0") or "0")
    elif typed:
        wanted &= _says(found, typed)
    return wanted


def _says(found: Samples, typed: str) -> Array:
    """Which samples have a verdict, or an output in words, with this text in it."""
    said = np.zeros(found.count, bool)
    for side in (found.keras, found.mine):
        if side is not None:
            known = [verdict.severity for verdict in Verdict if typed in verdict.value]
            said |= np.isin(side.severity, known)
    if found.output is not None and is_text(found.output):
        said |= np.array([typed in str(text).casefold() for text in found.output])
    return said


def _times(over: float) -> str:
    """A largest difference in units of what is let pass there."""
    if over == 0 or np.isinf(over):
        return "0" if over == 0 else "∞"
    return f"{over:,.2f}" if 0.01 <= over < 1e6 else f"{over:.1e}"
