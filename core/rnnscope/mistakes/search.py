"""The search: every variation on a few samples, then those that come near on all, alone and in pairs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from rnnscope.context import Cancelling
from rnnscope.errors import Cancelled, RnnscopeError
from rnnscope.floor import measure_floor
from rnnscope.mistakes.case import Case, Evaluated, Mistake, Variation
from rnnscope.mistakes.target import Target
from rnnscope.trace import Trace
from rnnscope.types import Array

FEW = 8  # samples on which mistakes are tried
NEAR = 0.03  # relative to the largest number: what is farther off on the few cannot be explained
COARSE, CLOSER = "float16", 0.3
CONFIRMED = 24  # candidates that are run on everything
MOST_KEPT = 30_000_000  # numbers of runs that pairs take up again

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


def attempt(
    case: Case,
    variations: Sequence[Variation],
    cancelled: Cancelling | None = None,
    known: Sequence[Evaluated] = (),
) -> Evaluated | None:
    """The changed run; None where the changes make no sense in this model."""
    try:
        for variation in variations:
            case = variation.change(case)
        return case.evaluated(cancelled, known)
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


@dataclass(frozen=True, slots=True, eq=False)
class Tried:
    """A candidate that was run on some samples.

    right: the right run on them. apart: run and target on the telling samples, see `Target.apart`; None where unknown.
    hidden: whether it changes nothing that the target has.
    """

    candidate: Candidate
    run: Evaluated
    right: Evaluated
    apart: Array | None
    hidden: bool


class _Some(NamedTuple):
    """Some of the samples, or all (None), with the right run on them and the target's part of them."""

    samples: Array | None
    right: Evaluated
    target: Target


class Search:
    """One target, one model, and what was tried.

    fitted: whether anything had the target's shapes.
    """

    def __init__(self, base: Case, target: Target, ours: Trace, cancelled: Cancelling | None, tick: Tick) -> None:
        self.base, self.target, self.ours = base, target, ours
        self.cancelled, self.tick = cancelled, tick
        self.fitted = False
        self._aligned = target.batch_size == base.batch_size
        self._telling = telling_samples(target, ours, FEW)
        self._samples: dict[bytes, _Some] = {}
        self._units = {key: max(float(np.abs(ours.get(key)).mean()), 1e-30) for key in target.arrays}

    def single(self, found: Sequence[tuple[Mistake, Variation]]) -> list[Tried]:
        """Every variation that changes anything, on a few samples; what is hidden may show beside a second mistake."""
        made = (self.attempt((mistake,), (variation,)) for mistake, variation in found)
        return [tried for tried in made if tried is not None and not (tried.hidden and _is_inert(tried))]

    def attempt(
        self, mistakes: tuple[Mistake, ...], variations: tuple[Variation, ...], known: Sequence[Tried] = ()
    ) -> Tried | None:
        """These mistakes on few samples; None where they make no sense in this model."""
        self.tick()
        some = self._some(variations)
        case = next((one.run.case for one in known if one.candidate.variations == variations[:1]), None)
        left = variations if case is None else variations[1:]
        done = attempt(case or some.right.case, left, self.cancelled, [some.right, *(one.run for one in known)])
        if done is None:
            return None
        hidden = _same(some.right.trace, done.trace, some.target)
        distance = some.target.distance(done.trace)
        self.fitted = self.fitted or np.isfinite(distance)
        candidate = Candidate(mistakes, variations, distance, some.target.worst(done.trace))
        return Tried(candidate, done, some.right, self._apart(some, done.trace), hidden)

    def gap(self) -> Array | None:
        """Right run and target on the telling samples, see `Target.apart`; None where the right run does not fit it."""
        some = self._some(())
        return self._apart(some, some.right.trace)

    def _apart(self, some: _Some, trace: Trace) -> Array | None:
        telling = self._some(())
        if some is telling:
            return telling.target.apart(trace, self._units)
        if some.samples is not None or telling.samples is None or some.target.gaps(trace) is None:
            return None
        return telling.target.apart(trace, self._units, telling.samples)

    def _some(self, variations: Sequence[Variation]) -> _Some:
        """As few samples as tell what these variations do."""
        mixing = [variation for variation in variations if variation.mixes_samples]
        if not self._aligned or any(not variation.earlier for variation in mixing):
            return self._sampled(None)
        if mixing:
            first = max(variation.earlier for variation in mixing) + FEW
            return self._sampled(np.arange(min(first, self.base.batch_size)))
        return self._sampled(self._telling)

    def _sampled(self, samples: Array | None) -> _Some:
        key = b"" if samples is None else samples.tobytes()
        if key not in self._samples:
            case = self.base if samples is None else self.base.of(samples)
            target = self.target if samples is None else self.target.of(samples)
            self._samples[key] = _Some(samples, case.evaluated(self.cancelled), target)
        return self._samples[key]

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
        done = attempt(self.base, candidate.variations, self.cancelled)
        if done is None or self.target.worst(done.trace) > 10 * max(NEAR, candidate.worst):
            return None
        trace = done.trace
        floor = measure_floor(trace, cancelled=self.cancelled)
        scale = self.target.scale
        allowed = max(float(np.max(array)) / scale[key] for key, array in self.target.allowed(trace, floor).items())
        distance = self.target.distance(trace)
        explains = self.target.is_met(trace, floor) and self._is_believed(candidate, distance, allowed)
        return Confirmed(candidate, trace, explains, distance, allowed)

    def _is_believed(self, candidate: Candidate, distance: float, allowed: float) -> bool:
        """Whether there is more to an explanation than its own noise: that of float16, or of a run that explodes.

        Then it has to bring the run much nearer to the numbers, or they have to be such as float16 has.
        """
        coarse = COARSE in candidate.ids and not self.target.halved
        if not coarse and allowed <= NEAR:
            return True
        nearer = distance <= CLOSER * self.target.distance(self.ours)
        return nearer and not (coarse and len(candidate.ids) > 1)


def _is_inert(tried: Tried) -> bool:
    """Whether a mistake changes nothing at all."""
    right, trace = tried.right.trace, tried.run.trace
    return list(right.quantities()) == list(trace.quantities()) and all(
        np.array_equal(right.get(key), trace.get(key), equal_nan=right.get(key).dtype.kind == "f")
        for key in right.quantities()
    )


def _same(ours: Trace, other: Trace, target: Target) -> bool:
    """Whether nothing that the target has was changed."""
    return all(
        (a := ours.get(key)).shape == (b := other.get(key)).shape and np.array_equal(a, b, equal_nan=True)
        for key in target.arrays
    )
