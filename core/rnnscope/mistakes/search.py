"""The search: every variation on a few samples, then those that come near on all, alone and in pairs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, islice

import numpy as np

from rnnscope.context import Cancelling
from rnnscope.errors import Cancelled, RnnscopeError
from rnnscope.floor import measure_floor
from rnnscope.mistakes.case import Case, Mistake, Variation
from rnnscope.mistakes.target import Target
from rnnscope.trace import Trace
from rnnscope.types import Array

FEW, FEWER = 12, 4  # samples on which single mistakes and pairs are tried
NEAR = 0.03  # relative to the largest number: what is farther off on the few cannot be explained
MOST_PAIRS = 1200
COARSE, CLOSER = "float16", 0.3
CONFIRMED = 24  # candidates that are run on everything

Tick = Callable[[], None]


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """Mistakes made in one way each, with how far that is from the target: on average, and at most."""

    mistakes: tuple[Mistake, ...]
    variations: tuple[Variation, ...]
    distance: float
    worst: float

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(mistake.id for mistake in self.mistakes)

    @property
    def places(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(place for variation in self.variations for place in variation.places))

    def case(self, base: Case) -> Case:
        for variation in self.variations:
            base = variation.change(base)
        return base


@dataclass(frozen=True, slots=True, eq=False)
class Confirmed:
    """A candidate run on everything: whether it explains the target, and what its noise floor allows at most."""

    candidate: Candidate
    trace: Trace
    explains: bool
    distance: float
    allowed: float


def attempt(case: Case, change: Callable[[Case], Case], cancelled: Cancelling | None = None) -> Trace | None:
    """The changed run; None where the change makes no sense in this model."""
    try:
        return change(case).run(cancelled)
    except Cancelled:
        raise
    except (RnnscopeError, ValueError, IndexError, TypeError):
        return None


def telling_samples(target: Target, ours: Trace, count: int) -> Array:
    """Samples that differ most, and some that hardly do: both have to be explained."""
    size = min(target.batch_size, ours.batch_size)
    gaps = target.gaps(ours)
    if size <= count or gaps is None:
        return np.arange(min(size, count))
    by_sample = np.max([array.reshape(len(array), -1).max(axis=1) for array in gaps.values()], axis=0)
    order = np.argsort(-by_sample, kind="stable")
    most = order[: count - count // 3]
    rest = order[len(most) :]
    return np.sort(np.concatenate([most, rest[np.linspace(0, len(rest) - 1, count // 3).astype(int)]]))


@dataclass(slots=True, eq=False)
class Search:
    """One target, one model, and what was tried."""

    base: Case
    target: Target
    ours: Trace
    cancelled: Cancelling | None
    tick: Tick
    fitted: bool = False  # whether anything had the target's shapes

    def single(self, found: Sequence[tuple[Mistake, Variation]]) -> list[Candidate]:
        """Every variation that changes anything, with its distance on a few samples."""
        return [*self._tried((((mistake,), (variation,)) for mistake, variation in found), FEW)]

    def pairs(self, singles: Sequence[Candidate], *, broad: bool) -> list[Candidate]:
        """Two mistakes at once: of different families, each of which changes something by itself.

        broad: those that are both made wherever they can be; otherwise the others.
        """
        found = [one for one in _pairable(singles) if self.target.halved or COARSE not in one.ids]
        made = (
            _ordered(first, second)
            for first, second in combinations(found, 2)
            if first.mistakes[0].family != second.mistakes[0].family
            and broad == (first.variations[0].broad and second.variations[0].broad)
        )
        return [*self._tried(islice(made, MOST_PAIRS), FEWER)]

    def _tried(
        self, tries: Iterator[tuple[tuple[Mistake, ...], tuple[Variation, ...]]], count: int
    ) -> Iterator[Candidate]:
        samples = telling_samples(self.target, self.ours, count)
        aligned = self.target.batch_size == self.base.batch_size
        few, few_target = (self.base.of(samples), self.target.of(samples)) if aligned else (self.base, self.target)
        unchanged = few.run(self.cancelled)
        for mistakes, variations in tries:
            self.tick()
            whole = any(variation.mixes_samples for variation in variations) or not aligned
            case, target = (self.base, self.target) if whole else (few, few_target)
            candidate = Candidate(mistakes, variations, np.inf, np.inf)
            trace = attempt(case, candidate.case, self.cancelled)
            if trace is None or _same(self.ours if whole else unchanged, trace, target):
                continue
            worst = target.worst(trace)
            self.fitted = self.fitted or np.isfinite(target.distance(trace))
            yield Candidate(mistakes, variations, target.distance(trace), worst)

    def confirmed(self, candidates: Sequence[Candidate], base_floor: float) -> list[Confirmed]:
        """Those that come near, run on everything; of each set of mistakes the way that explains the most."""
        near = [candidate for candidate in candidates if candidate.worst <= max(NEAR, 30 * base_floor)]
        best: dict[tuple[str, ...], Confirmed] = {}
        for candidate in sorted(near, key=lambda candidate: candidate.worst)[:CONFIRMED]:
            if candidate.ids in best and best[candidate.ids].explains:
                continue
            confirmed = self.confirm(candidate)
            if confirmed is not None and (candidate.ids not in best or confirmed.explains):
                best[candidate.ids] = confirmed
        return list(best.values())

    def confirm(self, candidate: Candidate) -> Confirmed | None:
        """The candidate on all samples, held against its own noise floor."""
        trace = attempt(self.base, candidate.case, self.cancelled)
        if trace is None or self.target.worst(trace) > 10 * max(NEAR, candidate.worst):
            return None
        floor = measure_floor(trace, cancelled=self.cancelled)
        scale = self.target.scale
        allowed = max(float(np.max(array)) / scale[key] for key, array in self.target.allowed(trace, floor).items())
        distance = self.target.distance(trace)
        explains = self.target.is_met(trace, floor) and self._is_believed(candidate, distance)
        return Confirmed(candidate, trace, explains, distance, allowed)

    def _is_believed(self, candidate: Candidate, distance: float) -> bool:
        """Whether so coarse an explanation as float16 has more to it than its own noise.

        Either the numbers are such as float16 has, or replaying it brings the run much nearer to them.
        """
        if COARSE not in candidate.ids or self.target.halved:
            return True
        return len(candidate.ids) == 1 and distance <= CLOSER * self.target.distance(self.ours)


def _pairable(singles: Sequence[Candidate]) -> list[Candidate]:
    """One candidate for each mistake and each result that it has, those made everywhere first."""
    kept: dict[tuple[object, ...], Candidate] = {}
    for candidate in sorted(singles, key=lambda candidate: not candidate.variations[0].broad):
        key = (candidate.ids, round(candidate.distance, 12), candidate.worst)
        kept.setdefault(key, candidate)
    return list(kept.values())


def _ordered(first: Candidate, second: Candidate) -> tuple[tuple[Mistake, ...], tuple[Variation, ...]]:
    """Both in the order in which their changes are made."""
    a, b = sorted((first, second), key=lambda candidate: candidate.mistakes[0].stage)
    return (*a.mistakes, *b.mistakes), (*a.variations, *b.variations)


def _same(ours: Trace, other: Trace, target: Target) -> bool:
    """Whether nothing that the target has was changed."""
    return all(
        (a := ours.get(key)).shape == (b := other.get(key)).shape and np.array_equal(a, b, equal_nan=True)
        for key in target.arrays
    )
