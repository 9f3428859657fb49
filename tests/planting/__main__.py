"""Mistakes planted in ports of random models, and what the diagnosis says of them. See `make planting`.

Ends with 0 when at least 95 % of the mistakes are named and no right port is blamed, with 1 otherwise.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from tests.planting.cases import FOUND, TIED, UNPROVABLE, UNPROVEN, Outcome, judged
from tests.planting.stored import blamed, golden, real

WANTED = 0.95
EVERY = 50


def main(arguments: Sequence[str]) -> int:
    options = parse(arguments)
    if options.stored is not None:
        return checked_stored(options.stored)
    began = time.monotonic()
    outcomes: list[Outcome] = []
    with suppress(KeyboardInterrupt):  # what was done until then is summed up
        for index in range(options.first, options.first + options.n):
            if options.seconds and time.monotonic() - began > options.seconds:
                break
            outcomes.append(one_case(index, options))
            if len(outcomes) % EVERY == 0:
                print(f"… {len(outcomes)} cases, {time.monotonic() - began:.0f} s", flush=True)
    return summed(outcomes, began)


def one_case(index: int, options: argparse.Namespace) -> Outcome:
    """One case, told of where it did not go as it should."""
    only = tuple(options.only)
    outcome = judged(options.seed, index, only=only, pair=options.pairs, check_right=not options.wrong_only)
    if outcome.blamed:
        print(f"BLAMED {index}: {outcome.blamed}\n    {outcome.words}", flush=True)
    if outcome.plant is not None and outcome.verdict not in FOUND:
        verdict = outcome.verdict.upper()
        print(f"{verdict} {index}: {outcome.plant}\n    {outcome.said}\n    {outcome.words}", flush=True)
    return outcome


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.planting", description=__doc__)
    parser.add_argument("--n", type=int, default=200, help="how many models")
    parser.add_argument("--seed", default="1", help="another seed, other models")
    parser.add_argument("--first", type=int, default=0, help="the number of the first model, to plant in one again")
    parser.add_argument("--only", nargs="*", default=[], help="ids of the mistakes to plant; all by default")
    parser.add_argument("--pairs", action="store_true", help="plant two mistakes at once")
    parser.add_argument("--wrong-only", action="store_true", help="leave out the right ports")
    parser.add_argument("--seconds", type=float, default=0, help="stop after so many seconds")
    parser.add_argument(
        "--stored", nargs="*", type=Path, metavar="FOLDER", help="plant nothing: hold what real Keras stored against us"
    )
    return parser.parse_args(arguments)


def checked_stored(folders: Sequence[Path]) -> int:
    """The golden files, and the folders that are named, with an `index.json` in each; the exit code."""
    wrong = 0
    for name, cases in [("golden files", golden()), *((str(folder), real(folder)) for folder in folders)]:
        count, said = blamed(cases)
        wrong += len(said)
        print(f"{name}: {len(said)} of {count} blamed", *said, sep="\n    ", flush=True)
    return 1 if wrong else 0


def summed(outcomes: Sequence[Outcome], began: float) -> int:
    """Print the tables; the exit code."""
    planted = [outcome for outcome in outcomes if outcome.plant is not None and outcome.verdict != UNPROVABLE]
    unprovable = sum(outcome.verdict == UNPROVABLE for outcome in outcomes)
    rows: list[tuple[str, Callable[[Outcome], Iterable[str]]]] = [
        ("mistake", lambda outcome: outcome.plant.ids if outcome.plant else ()),
        ("form", lambda outcome: [outcome.form]),
        ("cell", lambda outcome: [outcome.kind]),
    ]
    for title, keys in rows:
        print("\n" + "\n".join(table(title, planted, keys)))
    good = sum(outcome.verdict in FOUND for outcome in planted)
    blamed = sum(bool(outcome.blamed) for outcome in outcomes)
    seconds = [outcome.seconds for outcome in planted] or [0.0]
    print(
        f"\n{good} of {len(planted)} named ({good / max(1, len(planted)):.1%}), "
        f"{sum(outcome.verdict == TIED for outcome in planted)} of them tied, "
        f"{sum(outcome.verdict == UNPROVEN for outcome in planted)} first but not proven; "
        f"besides, {unprovable} first whose initial states are more numbers than the outputs; "
        f"{blamed} of {len(outcomes)} right ports blamed; a diagnosis took {np.median(seconds):.1f} s of CPU, "
        f"at most {max(seconds):.1f} s; {time.monotonic() - began:.0f} s in all"
    )
    return 0 if good >= WANTED * len(planted) and not blamed else 1


def table(title: str, planted: Sequence[Outcome], keys: Callable[[Outcome], Iterable[str]]) -> list[str]:
    """How often what was planted is named, by some property of the cases."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for outcome in planted:
        for key in keys(outcome):
            counts[key][outcome.verdict] += 1
    lines = [f"{title:28} planted  named  tied  missed as"]
    for key, found in sorted(counts.items()):
        named = sum(found[verdict] for verdict in FOUND)
        missed = ", ".join(f"{count} {verdict}" for verdict, count in found.items() if verdict not in FOUND)
        lines.append(f"{key:28} {found.total():7}  {named:5}  {found[TIED]:4}  {missed}")
    return lines


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
