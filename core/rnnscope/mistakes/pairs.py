"""Two mistakes at once: in which order pairs are tried, and when there are enough of them.

What two mistakes do together is, roughly, the sum of what each does alone. Pairs for which that sum comes nearest to
the target are tried first. Once a pair explains the target, only those that share a mistake with it are left to try:
what explains the numbers as well is the same but for one of the two.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from rnnscope.mistakes.search import COARSE, MOST_KEPT, Candidate, Confirmed, Search, Tried
from rnnscope.types import Array

FEWEST, MOST = 250, 700  # pairs that are tried
WORK = 45_000  # timesteps that those between the two may take
MOST_NUMBERS = 2000  # of the target, that the order goes by
MOST_APART = 10.0  # how far off a number counts at most, in units of the largest one
CLEAR, CLEARLY = 10.0, 1e-4  # times the noise, or of the largest number: what is no farther off is looked at at once
NARROWER = 1.5  # how much nearer a pair made in some layers only has to come, to be tried before one made in all


def affordable(steps: int) -> int:
    """How many pairs are tried in a model whose run takes so many timesteps."""
    return int(np.clip(WORK // max(1, steps), FEWEST, MOST))


def pairs(search: Search, singles: Sequence[Tried], most: int, noise: float) -> list[Confirmed]:
    """Pairs of mistakes of different families, one of which at least shows by itself; at most so many are tried.

    noise: the largest gap, as a share of the target's largest number, that rounding explains in the right run.
    """
    found = _pairable(search, singles)
    kept = _kept(found)
    tried: list[Candidate] = []
    explaining: list[Confirmed] = []
    shared: set[int] = set()
    for pair in _ordered(search, found):
        if len(tried) >= most:
            break
        if shared and not shared & set(pair):
            continue
        made = _made(search, found[pair[0]], found[pair[1]], kept)
        if made is None:
            continue
        tried.append(made)
        known = any(made.ids == one.candidate.ids for one in explaining)
        if not known and made.worst <= max(CLEAR * noise, CLEARLY):
            confirmed = search.confirm(made)
            if confirmed is not None and confirmed.explains:
                explaining.append(confirmed)
                shared = shared or set(pair)
    return explaining or search.confirmed(tried, noise)


def _made(search: Search, first: Tried, second: Tried, kept: bool) -> Candidate | None:
    """Both, in the order in which their changes are made."""
    a, b = sorted((first, second), key=lambda tried: tried.candidate.mistakes[0].stage)
    mistakes = (*a.candidate.mistakes, *b.candidate.mistakes)
    variations = (*a.candidate.variations, *b.candidate.variations)
    done = search.attempt(mistakes, variations, (a, b) if kept and a.right is b.right else ())
    return None if done is None else done.candidate


def _pairable(search: Search, singles: Sequence[Tried]) -> list[Tried]:
    """One way for each mistake and each result that it has, those made everywhere first."""
    kept: dict[tuple[object, ...], Tried] = {}
    for tried in sorted(singles, key=lambda tried: not tried.candidate.variations[0].broad):
        candidate = tried.candidate
        if COARSE in candidate.ids and not search.target.halved:
            continue
        if not tried.hidden:
            kept.setdefault((candidate.ids, round(candidate.distance, 12), candidate.worst), tried)
        elif candidate.variations[0].broad:
            kept.setdefault((candidate.ids, len(kept)), tried)
    return list(kept.values())


def _kept(found: Sequence[Tried]) -> bool:
    """Whether the runs of the singles are small enough to be taken up again."""
    sizes = (sum(run.trace.get(key).size for key in run.trace.quantities()) for run in (one.run for one in found))
    return sum(sizes) <= MOST_KEPT


def _ordered(search: Search, found: Sequence[Tried]) -> Iterator[tuple[int, int]]:
    """Pairs by how near the sum of what each does comes to the target; in between, those with the nearest mistakes."""
    if len(found) < 2:
        return
    together, alone = _left_over(search, found)
    broad = np.array([one.candidate.variations[0].broad for one in found])
    hidden = np.array([one.hidden for one in found])
    families = np.unique([one.candidate.mistakes[0].family for one in found], return_inverse=True)[1]
    first, second = np.triu_indices(len(found), 1)
    allowed = (families[first] != families[second]) & ~(hidden[first] & hidden[second])
    first, second = first[allowed], second[allowed]
    wide = np.where(broad[first] & broad[second], 1.0, NARROWER)
    summed = _places(together[first, second] * wide)
    nearest = _places(np.minimum(alone[first], alone[second]) * wide)
    for place in np.argsort(np.minimum(summed, 2 * nearest), kind="stable"):
        yield int(first[place]), int(second[place])


def _places(scores: Array) -> Array:
    """The place of each in the order of the scores."""
    return np.argsort(np.argsort(scores, kind="stable"), kind="stable")


def _left_over(search: Search, found: Sequence[Tried]) -> tuple[Array, Array]:
    """How far the sum of two mistakes' effects is from the target's, (found, found), and each by itself."""
    gap = search.gap()
    size = next((one.apart.size for one in found if one.apart is not None), 1)
    unknown = np.full(size, MOST_APART) if gap is None else gap
    thin = slice(None, None, max(1, -(-size // MOST_NUMBERS)))
    whole = np.stack([unknown if one.apart is None else one.apart for one in found])[:, thin]
    apart = np.clip(whole, -MOST_APART, MOST_APART)
    gap = np.zeros_like(apart[0]) if gap is None else gap[thin]
    effects = apart - gap
    alone = (apart**2).sum(axis=1)
    together = alone[:, None] + alone + 2 * effects @ effects.T - (gap**2).sum()
    return np.sqrt(np.maximum(together, 0)), np.sqrt(alone)
