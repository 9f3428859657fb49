"""The course of a diagnosis: single mistakes, then pairs, then what can only be recognised; and how they rank."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np

from rnnscope.context import Cancelling, Progress
from rnnscope.errors import BadInput, Cancelled, ShapeMismatch
from rnnscope.findings import Finding
from rnnscope.floor import NoiseFloor, measure_floor
from rnnscope.mine import take_mine
from rnnscope.mistakes.case import Case, Mistake, Variation
from rnnscope.mistakes.catalogue import BY_ID, CATALOGUE
from rnnscope.mistakes.pairs import affordable, pairs
from rnnscope.mistakes.patterns import dropping, reordering
from rnnscope.mistakes.search import Candidate, Confirmed, Search
from rnnscope.mistakes.start_solver import starting
from rnnscope.mistakes.target import Target, aimed, as_output, fits_nothing, turned
from rnnscope.mistakes.words import described, tell_apart
from rnnscope.run import total_steps
from rnnscope.trace import Trace

NEAREST = 3
UNPROVEN = (
    "Such states were found, which proves nothing yet: {unknown} numbers in them were free to be chosen, for {numbers} "
    "that had to be met."
)
LOOSER = 30.0  # times the tightest floor: what only so much noise explains comes after


def answered(
    base: Case, mine: object, progress: Progress | None = None, cancelled: Cancelling | None = None
) -> tuple[Finding, ...]:
    """What `rnnscope.diagnose` returns for a model and its inputs."""
    ours = base.run(cancelled)
    target = aimed(take_mine(mine, ours))
    floor = measure_floor(ours, cancelled=cancelled)
    if target.is_met(ours, floor):
        return ()
    if not any(np.isfinite(array).any() for array in target.arrays.values()):
        raise BadInput("none of your numbers is finite", advice="Nothing can be told from them")
    tries = [(mistake, variation) for mistake in CATALOGUE for variation in mistake.variations(base)]
    pairs_tried = affordable(total_steps(base.model, base.inputs))
    targets = [target, *([] if isinstance(mine, Mapping) else as_output(target))]
    count = Count(len(targets) * (len(tries) + pairs_tried), progress, cancelled)
    answers: list[tuple[Finding, ...]] = []
    for one in targets:
        with suppress(*([ShapeMismatch] if answers else [])):
            answers.append(_explained(Search(base, one, ours, cancelled, count.tick), tries, pairs_tried, floor))
        if answers[-1][0].explains:
            break
    count.finish()
    return answers[-1] if answers[-1][0].explains else answers[0]


def _explained(
    search: Search, tries: Sequence[tuple[Mistake, Variation]], pairs_tried: int, floor: NoiseFloor
) -> tuple[Finding, ...]:
    base, ours, target, cancelled = search.base, search.ours, search.target, search.cancelled
    noise = _noise(target, ours, floor)
    singles = search.single(tries)
    if not search.fitted and target.gaps(ours) is None and turned(target, ours) is None:
        raise fits_nothing(target, ours)
    shown = [tried.candidate for tried in singles if not tried.hidden]
    confirmed = search.confirmed(shown, noise)
    if found := _ranked([one for one in confirmed if one.explains]):
        return found
    other = turned(target, ours) if target.gaps(ours) is None else None
    if other is not None and other.is_met(ours, floor):
        return (described([BY_ID["time-major-mixup"]], True, 0.0, ()),)
    if reordering(target, ours, floor) is not None:
        return (described([BY_ID["batch-order"]], True, 0.0, ()),)
    paired = pairs(search, singles, pairs_tried, noise)
    if found := _ranked([one for one in paired if one.explains]):
        return found
    recognised = _recognised(base, ours, target, noise, cancelled)
    if any(finding.explains for finding in recognised):
        return recognised
    if all(np.ptp(array) == 0 for array in target.arrays.values()) and base.batch_size > 1:
        raise BadInput(
            "all of your numbers are the same, and no mistake that is known gives them",
            found=f"{float(next(iter(target.arrays.values())).flat[0]):g} throughout",
            advice="Nothing more can be told from constant numbers",
        )
    nearest = (*recognised, *_nearest(base, shown, cancelled))
    return tuple(replace(finding, rank=index) for index, finding in enumerate(nearest))


@dataclass(slots=True)
class Count:
    """Counts what is tried: reports it, and stops when asked to. What is not needed any more is done at the end."""

    total: int
    progress: Progress | None
    cancelled: Cancelling | None
    done: int = 0

    def tick(self) -> None:
        if self.cancelled is not None and self.cancelled():
            raise Cancelled
        self.done = min(self.done + 1, self.total)
        if self.progress is not None:
            self.progress(self.done, self.total)

    def finish(self) -> None:
        if self.progress is not None:
            self.progress(self.total, self.total)


def _noise(target: Target, ours: Trace, floor: NoiseFloor) -> float:
    """The largest gap that rounding explains in the right run, as a share of the target's largest number."""
    if target.gaps(ours) is None:
        return 0.0
    scale = target.scale
    return max(float(np.max(array)) / scale[key] for key, array in target.allowed(ours, floor).items())


def _ranked(found: Sequence[Confirmed]) -> tuple[Finding, ...]:
    """What explains the numbers; equal ranks for all that explain them as tightly."""
    if not found:
        return ()
    tightest = min(one.allowed for one in found)
    order = [mistake.id for mistake in CATALOGUE]
    loose = [one.allowed > LOOSER * tightest and one.distance > tightest for one in found]
    pairs = sorted(zip(loose, found, strict=True), key=lambda pair: (pair[0], *map(order.index, pair[1].candidate.ids)))
    tied = [one for slack, one in pairs if not slack]
    hint = tell_apart([one.candidate.mistakes for one in tied])
    return tuple(
        replace(
            described(one.candidate.mistakes, True, one.distance, one.candidate.places, one.trace),
            rank=0 if not slack else index,
            tell_apart="" if slack else hint,
        )
        for index, (slack, one) in enumerate(pairs)
    )


def _recognised(
    base: Case, ours: Trace, target: Target, noise: float, cancelled: Cancelling | None
) -> tuple[Finding, ...]:
    """What cannot be replayed: states that start somewhere, and dropout."""
    found: list[Finding] = []
    started = starting(base, target, ours, noise, cancelled)
    distance = target.distance(ours)
    if started is not None and started.proven:
        return (described([BY_ID["initial-state-random"]], True, 0.0, started.places),)
    if started is not None:
        unproven = described([BY_ID["initial-state-random"]], False, distance, started.places)
        numbers = sum(array.size for array in target.arrays.values())
        words = UNPROVEN.format(unknown=started.unknown, numbers=numbers)
        shown_by = BY_ID["initial-state-random"].shown_by
        found.append(replace(unproven, explanation=f"{unproven.explanation} {words}", tell_apart=shown_by))
    dropped = dropping(base, target, ours, cancelled)
    if dropped is not None:
        found.append(described([BY_ID["dropout-applied"]], True, distance, dropped))
    return tuple(sorted(found, key=lambda finding: not finding.explains))


def _nearest(base: Case, singles: Sequence[Candidate], cancelled: Cancelling | None) -> tuple[Finding, ...]:
    """The mistakes that come nearest, none of which explains the numbers."""
    best: dict[tuple[str, ...], Candidate] = {}
    for candidate in sorted(singles, key=lambda candidate: candidate.distance):
        best.setdefault(candidate.ids, candidate)
    nearest = [candidate for candidate in best.values() if np.isfinite(candidate.distance)][:NEAREST]
    return tuple(
        described(candidate.mistakes, False, candidate.distance, candidate.places, candidate.case(base).run(cancelled))
        for candidate in nearest
    )
