"""Mistakes that cannot be replayed, recognised by what they do: samples in another order, dropout at work."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rnnscope.context import Cancelling
from rnnscope.floor import NoiseFloor
from rnnscope.layers.core import Dropout
from rnnscope.mistakes.case import Case
from rnnscope.mistakes.data import AppliedDropout
from rnnscope.mistakes.places import Place, find, groups, names, put
from rnnscope.mistakes.target import Target
from rnnscope.trace import Trace
from rnnscope.types import Array

MOST_SAMPLES = 4096
DRAWS, FEWEST, AT_MOST = 100, 12, 40
MOST_NUMBERS = 30_000_000  # what the runs with dropout may record
SIGNIFICANCE = 0.01
MOST_VIEWS = 8  # of a sample's numbers, that its distance from the others goes by


def reordering(target: Target, ours: Trace, floor: NoiseFloor) -> Array | None:
    """The order in which our samples give the target's, when there is one that is not their own."""
    gaps = target.gaps(ours)
    size = target.batch_size
    if gaps is None or not target.finite or not 2 <= size <= MOST_SAMPLES:
        return None
    allowed = {key: float(np.max(array)) for key, array in target.allowed(ours, floor).items()}
    mine, theirs = _rows(target, ours, allowed)
    order = np.full(size, -1)
    free = np.ones(size, bool)
    for row in range(size):
        apart = np.abs(theirs - mine[row]).max(axis=1)
        nearest = int(np.argmin(np.where(free, apart, np.inf)))
        if not free[nearest] or not apart[nearest] <= 1:
            return None
        order[row], free[nearest] = nearest, False
    return order if (order != np.arange(size)).any() else None


def _rows(target: Target, ours: Trace, allowed: dict[str, float]) -> tuple[Array, Array]:
    """Each sample's numbers in one row, in units of what rounding explains: the target's, and ours."""
    pairs = [
        (mine, ours.get(key).reshape(mine.shape), max(allowed[key], 1e-300)) for key, mine in target.arrays.items()
    ]
    mine = [np.nan_to_num(array.reshape(len(array), -1)) / unit for array, _, unit in pairs]
    theirs = [np.nan_to_num(array.astype(np.float64).reshape(len(array), -1)) / unit for _, array, unit in pairs]
    return np.concatenate(mine, axis=1), np.concatenate(theirs, axis=1)


def dropping(case: Case, target: Target, ours: Trace, cancelled: Cancelling | None) -> tuple[str, ...] | None:
    """The Dropout layers whose work makes numbers like the target's, when there are any.

    Each number's rank among those of `DRAWS` runs with dropout is uniform if it is one of their kind; Kolmogorov's and
    Smirnov's test says whether the ranks of all are. Samples count once each, because their numbers hang together.
    """
    places = [place for place in find(case.model, Dropout) if 0 < place.part.rate < 1]
    if (
        not places
        or not target.finite
        or target.gaps(ours) is None
        or not FEWEST <= target.batch_size == case.batch_size
    ):
        return None
    recorded = sum(ours.get(key).size for key in ours.quantities()) // ours.batch_size
    count = min(case.batch_size, AT_MOST, MOST_NUMBERS // (recorded * DRAWS))
    if count < FEWEST:
        return None
    samples = np.linspace(0, case.batch_size - 1, count).astype(int)
    for _, chosen in groups(places):
        ranks = _ranks(case.of(np.repeat(samples, DRAWS)), target.of(samples), chosen, cancelled)
        if ranks and all(_uniform(some, len(samples)) > SIGNIFICANCE for some in ranks):
            return names(chosen)
    return None


def _ranks(case: Case, target: Target, chosen: list[Place[Dropout]], cancelled: Cancelling | None) -> list[Array]:
    """The share of drawn numbers below each of the target's, ties counting half; and of drawn samples, taken as a
    whole, that lie nearer to the middle of all. Empty where nothing is drawn apart.
    """
    applied = put(case.model, chosen, lambda part: AppliedDropout(part.rate))
    drawn = replace(case, model=applied).run(cancelled)
    ranks: list[Array] = []
    wholes: list[Array] = []
    for key, mine in target.arrays.items():
        draws = drawn.get(key).astype(np.float64).reshape(len(mine), DRAWS, -1)
        flat = mine.reshape(len(mine), 1, -1)
        spread = draws.std(axis=1) > 1e-9 * max(1e-30, float(np.abs(draws).max()))
        share = (draws < flat).mean(axis=1) + (draws == flat).mean(axis=1) / 2
        ranks.append(share[spread])
        wholes.append(np.array([_far_out(some, one[0]) for some, one in zip(draws, flat, strict=True)]))
    joined = np.concatenate(ranks)
    return [joined, *wholes] if joined.size >= FEWEST else []


def _far_out(draws: Array, one: Array) -> float:
    """The share of draws (count, numbers) that lie nearer to their middle than `one`, by Mahalanobis' distance."""
    random = np.random.default_rng(0)
    size = draws.shape[1]
    views = np.eye(size) if size <= MOST_VIEWS else random.normal(size=(size, MOST_VIEWS))
    together = np.concatenate([draws, one[None]]) @ views
    apart = together - together.mean(axis=0)
    spread = apart.T @ apart
    spread += 1e-9 * max(1e-30, float(np.trace(spread))) * np.eye(len(spread))
    distance = np.einsum("ni,ij,nj->n", apart, np.linalg.inv(spread), apart)
    return float((distance[:-1] < distance[-1]).mean() + (distance[:-1] == distance[-1]).mean() / 2)


def _uniform(ranks: Array, count: int) -> float:
    """The probability of ranks at least so far from uniform, as if there were `count` of them."""
    ordered = np.sort(ranks)
    steps = np.arange(ordered.size + 1) / ordered.size
    farthest = float(max(np.max(steps[1:] - ordered), np.max(ordered - steps[:-1])))
    number = np.sqrt(min(count, ordered.size))
    scaled = (number + 0.12 + 0.11 / number) * max(farthest - 1 / DRAWS, 1e-9)
    terms = np.arange(1, 101)
    return float(np.clip(2 * np.sum((-1.0) ** (terms - 1) * np.exp(-2 * (terms * scaled) ** 2)), 0, 1))
