"""Whether there are initial states from which the right network gives the numbers at hand.

They are unknown, and either one set for all samples or one for each. Levenberg's and Marquardt's method looks for them.
That it finds some proves something only where most numbers could not have been met so:

- one set for all: more numbers than unknowns, all met;
- one for each sample: many directions of the numbers in which initial states of any plausible size hardly move
  anything, and in which the numbers are met all the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from rnnscope.context import Cancelling
from rnnscope.errors import Cancelled, RnnscopeError
from rnnscope.layers.recurrent import Recurrent
from rnnscope.mistakes.case import Case
from rnnscope.mistakes.cells import Masked
from rnnscope.mistakes.loop import varied
from rnnscope.mistakes.masking import has_masks
from rnnscope.mistakes.places import Place, find, groups, names, put
from rnnscope.mistakes.target import Target
from rnnscope.trace import Trace
from rnnscope.types import Array

PLAUSIBLE = 6.0  # the largest number that an initial state is believed to hold
HARD = 20.0  # a direction is hard when a generic difference would need states so many times its unit
EVIDENCE = 8  # hard directions that make a case
ROUNDS, STARTS = 60, 5
MOST_UNKNOWN, MOST_ROWS, MOST_NUMBERS = 256, 8, 16_000_000
STEP = 1e-4
SLOW, FAST = 0.9, 0.1  # of the cost: what is left after a step that hardly helped, and after a good one
ENOUGH = 1.5  # numbers for each unknown, before one set of states proves anything
REMAINS = 1e-3  # the share of a difference that may be left over


@dataclass(frozen=True, slots=True, eq=False)
class Started:
    """Initial states that lead to the numbers: where, how many numbers they are, and whether that proves anything."""

    places: tuple[str, ...]
    unknown: int
    proven: bool


def starting(case: Case, target: Target, ours: Trace, noise: float, cancelled: Cancelling | None) -> Started | None:
    """Initial states other than zeros that explain the target, or might; None when there are none.

    noise: the largest gap, as a share of the target's largest number, that rounding explains.
    """
    gaps = target.gaps(ours)
    if gaps is None or not target.finite or target.batch_size != case.batch_size:
        return None
    maybe: Started | None = None
    for broad, chosen in groups(find(case.model, Recurrent)):
        sizes = [size for place in chosen for size in place.part.cell.state_sizes.values()]
        if not 0 < sum(sizes) <= MOST_UNKNOWN or (not broad and "/" in chosen[0].name):
            continue
        problem = _Problem(case, target, chosen, sizes, ours, noise, cancelled)
        try:
            found = problem.shared() or problem.by_sample()
        except Cancelled:
            raise
        except (RnnscopeError, ValueError, np.linalg.LinAlgError):
            continue
        if found is not None and found.proven:
            return found
        maybe = maybe or found
    return maybe


@dataclass(slots=True, eq=False)
class _Problem:
    case: Case
    target: Target
    chosen: list[Place[Recurrent]]
    sizes: list[int]
    ours: Trace
    noise: float
    cancelled: Cancelling | None

    @property
    def unknown(self) -> int:
        return sum(self.sizes)

    def shared(self) -> Started | None:
        """One set of states for all samples: more numbers than unknowns, or as good as nothing is said."""
        order = self._by_gap()
        numbers = self._numbers(order[:1]).size
        rows = order[: max(1, min(len(order), -(-2 * self.unknown // numbers)))]
        if len(rows) * (self.unknown + 1) * self._recorded() > MOST_NUMBERS:
            return None
        mine = self._numbers(rows).ravel()

        def predict(states: Array) -> Array:
            """(count, unknown) → (count, numbers)."""
            count = len(states)
            return self._predicted(np.tile(rows, count), np.repeat(states, len(rows), axis=0)).reshape(count, -1)

        states, first = self._solved(predict, mine)
        if states is None:
            return None
        everywhere = np.arange(self.case.batch_size)
        predicted = self._predicted(everywhere, np.tile(states, (len(everywhere), 1)))
        met = np.abs(predicted - self._numbers(everywhere)).max() <= max(4 * self.noise, 10 * REMAINS * first)
        if not met:
            return None
        enough = self._numbers(everywhere).size >= ENOUGH * self.unknown
        return Started(names(self.chosen), self.unknown, enough or self._hard(predict, mine, states) >= EVIDENCE)

    def by_sample(self) -> Started | None:
        """A set of states for each of some samples that differ."""
        rows = [row for row in self._by_gap() if self._gap(row) > 4 * self.noise][:MOST_ROWS]
        if not rows or len(rows) * (self.unknown + 1) * self._recorded() > MOST_NUMBERS:
            return None
        evidence = unsolved = 0
        for row in rows:
            mine = self._numbers(np.array([row])).ravel()

            def predict(states: Array, row: int = row) -> Array:
                return self._predicted(np.full(len(states), row), states)

            states, _ = self._solved(predict, mine)
            if states is None:
                unsolved += 1
                if unsolved > len(rows) // 4:
                    return None
                continue
            evidence += self._hard(predict, mine, states)
        return Started(names(self.chosen), self.unknown * self.case.batch_size, evidence >= EVIDENCE)

    def _hard(self, predict: Callable[[Array], Array], mine: Array, states: Array) -> int:
        """In how many directions the numbers are met although initial states of a plausible size hardly move them."""
        generic = float(np.linalg.norm(mine - predict(np.zeros((1, self.unknown)))[0])) / np.sqrt(mine.size)
        strengths = np.linalg.svd(_jacobian(predict, states)[1], compute_uv=False)
        return mine.size - int(np.count_nonzero(strengths * HARD >= generic))

    def _solved(self, predict: Callable[[Array], Array], mine: Array) -> tuple[Array | None, float]:
        """States of plausible size that meet `mine`, or None; and the largest gap that zeros leave.

        The method can end in a valley beside the right one, so that it is begun from several places where there are
        numbers enough to prove anything.
        """
        random, first = np.random.default_rng(0), np.inf
        for start in range(STARTS if mine.size >= ENOUGH * self.unknown else 1):
            begin = random.normal(0, 0.5 * (start > 0), self.unknown)
            states, left, gap = _solve(predict, mine, begin, self.noise)
            first = gap if start == 0 else first
            if left <= max(self.noise, REMAINS * first) and np.abs(states).max() <= PLAUSIBLE:
                return states, first
        return None, first

    def _by_gap(self) -> Array:
        return np.argsort([-self._gap(row) for row in range(self.case.batch_size)], kind="stable")

    def _gap(self, row: int) -> float:
        mine = self._numbers(np.array([row]))
        return float(np.abs(self._flat(self.ours, np.array([row])) - mine).max())

    def _numbers(self, rows: Array) -> Array:
        scale = self.target.scale
        return np.concatenate(
            [array[rows].reshape(len(rows), -1) / scale[key] for key, array in self.target.arrays.items()], axis=1
        )

    def _flat(self, trace: Trace, rows: Array | None = None) -> Array:
        scale = self.target.scale
        arrays = [(trace.get(key).astype(np.float64), scale[key]) for key in self.target.arrays]
        chosen = [(array if rows is None else array[rows], unit) for array, unit in arrays]
        return np.concatenate([array.reshape(len(array), -1) / unit for array, unit in chosen], axis=1)

    def _recorded(self) -> int:
        """How many numbers the run records for one sample."""
        return sum(self.ours.get(key).size for key in self.ours.quantities()) // self.ours.batch_size

    def _predicted(self, rows: Array, states: Array) -> Array:
        """What the network makes of the samples `rows` from `states` (len(rows), unknown), in units of the target."""
        model, at = self.case.model, 0
        masked = Masked.HELD_OUTPUT if has_masks(self.case) else Masked.AS_KERAS
        for place in self.chosen:
            start = []
            for size in place.part.cell.state_sizes.values():
                start.append(states[:, at : at + size])
                at += size
            arrays = tuple(start)
            model = put(model, [place], lambda part, arrays=arrays: varied(part, start=arrays, masked=masked))  # type: ignore[misc]
        case = replace(self.case.of(rows), model=model, dtype=np.dtype(np.float64))
        return self._flat(case.run(self.cancelled))


def _jacobian(predict: Callable[[Array], Array], states: Array) -> tuple[Array, Array]:
    """The prediction at `states` (unknown,), and its derivatives (numbers, unknown) by finite differences."""
    predicted = predict(np.concatenate([states[None], states + STEP * np.eye(len(states))]))
    return predicted[0], (predicted[1:] - predicted[0]).T / STEP


def _solve(predict: Callable[[Array], Array], mine: Array, states: Array, noise: float) -> tuple[Array, float, float]:
    """The states that meet `mine` best, the largest gap that is left, and the one at the beginning.

    Derivatives are measured anew where a step helped little; otherwise Broyden's update does. It ends at a tenth of the
    noise, and where three rounds hardly helped, or six not at all.
    """
    at, slopes = _jacobian(predict, states)
    first = left = float(np.abs(mine - at).max())
    damping, idle, refused, fresh = 1e-3, 0, 0, True
    for _ in range(ROUNDS):
        if left <= noise / 10 or idle > 2 or refused > 5 or not np.isfinite(slopes).all():
            break
        step = _step(slopes, mine - at, damping)
        after = predict((states + step)[None])[0]
        cost, new_cost = np.sum((mine - at) ** 2), np.sum((mine - after) ** 2)
        if new_cost < cost:
            idle = idle + 1 if new_cost > SLOW * cost else 0
            slopes = slopes + np.outer(after - at - slopes @ step, step) / max(float(step @ step), 1e-300)
            states, at, damping, fresh = states + step, after, damping / 10, False
            left = float(np.abs(mine - at).max())
            measure = new_cost > FAST * cost
        else:
            damping, refused = (damping * 10, refused + 1) if fresh else (damping, refused)
            measure = not fresh
        if measure:
            at, slopes = _jacobian(predict, states)
            fresh = True
    return states, left, first


def _step(slopes: Array, gap: Array, damping: float) -> Array:
    """Levenberg's and Marquardt's step."""
    normal = slopes.T @ slopes
    weight = damping * max(float(np.trace(normal)) / len(normal), 1e-30)
    return np.asarray(np.linalg.solve(normal + weight * np.eye(len(normal)), slopes.T @ gap))
