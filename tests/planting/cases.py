"""One case of the evaluation: a random model, its right port and a mistaken one, and what is said of both."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnnscope import Finding, RnnscopeError, diagnose
from rnnscope.types import Array
from tests.planting.forms import FORMS, KINDS, LARGER, draw_model
from tests.planting.models import Ported
from tests.planting.plants import Plant, draw_plant, numbers, recurrent, right

VISIBLE = 1e-4  # of the largest number: what changes less cannot be asked for
SHOWN = 3  # findings of a miss
HARD = {"3.15.1": "hard_sigmoid_keras3", "2.15.0": "hard_sigmoid_keras2"}
# What an outcome is called. The first two are right answers.
FIRST, TIED, UNPROVEN, UNPROVABLE = "first", "tied", "unproven", "unprovable"
OTHER, NONE, AGREED, FAILED = "another", "none", "agreed", "failed"
SUFFICE = 1.5  # numbers for each unknown one, before they can prove anything
FOUND = (FIRST, TIED)


@dataclass(frozen=True)
class Outcome:
    """What was planted where, and what came of it; blamed is what was said of the right port, "" for nothing."""

    index: int
    words: str
    form: str
    kind: str
    plant: Plant | None
    verdict: str
    said: str
    seconds: float
    blamed: str


def drawn(seed: str, index: int) -> tuple[Ported, dict[str, Any], np.random.Generator]:
    """The model of one case: the same for the same seed and index."""
    random = np.random.default_rng([*f"{seed}/{index}".encode()])
    kind, form = str(random.choice(KINDS)), str(random.choice([*FORMS, *LARGER]))
    version = str(random.choice(["3.15.1", "3.15.1", "2.15.0"]))
    options: dict[str, Any] = {}
    if random.random() < 0.2:
        options["recurrent_activation"] = HARD[version]
    if random.random() < 0.3:
        options["reset_after"] = False
    if random.random() < 0.15:
        options["activation"] = str(random.choice(["relu", "softsign", "elu", "sigmoid"]))
    how: dict[str, Any] = {
        "masks": bool(random.random() < 0.65),
        "batch": int(np.exp(random.uniform(0, np.log(64.5)))),
        "version": version,
        "trained": bool(random.random() < 0.5),
        "words": bool(random.random() < 0.25),
        "head": str(random.choice(["linear", "tanh", "sigmoid", "softmax"])),
        "sizes": {
            "steps": int(np.exp(random.uniform(np.log(3), np.log(60.5)))),
            "units": int(random.integers(3, 25)),
            "outs": int(random.integers(1, 6)),
        },
    }
    ported = draw_model(kind, form, f"{seed}/{index}/model", **how, **options)
    return ported, {"kind": kind, "form": form, **how, **options}, random


def judged(
    seed: str, index: int, *, only: tuple[str, ...] = (), pair: bool = False, check_right: bool = True
) -> Outcome:
    """One case from beginning to end."""
    ported, how, random = drawn(seed, index)
    good = right(ported)
    blamed = shown(diagnose(ported.model, ported.inputs, good)) if check_right else ""
    plant, wrong = visible(ported, good, random, only, pair)
    began = time.process_time()
    verdict, said = ("", "") if plant is None else asked(ported, plant, wrong)
    words = " ".join(f"{key}={value}" for key, value in how.items())
    return Outcome(index, words, how["form"], how["kind"], plant, verdict, said, time.process_time() - began, blamed)


def visible(
    ported: Ported, good: Array, random: np.random.Generator, only: tuple[str, ...], pair: bool
) -> tuple[Plant | None, Array]:
    """A plant that shows in the outputs; of a pair, each has to show beside the other."""
    for _ in range(12):
        plant = draw_plant(ported, random, only=only, pair=pair)
        if plant is None:
            continue
        try:
            wrong = numbers(ported, plant)
            others = [numbers(ported, Plant((name,), plant.reading, seed=plant.seed)) for name in plant.ids if pair]
        except (ValueError, IndexError):  # the port itself breaks
            continue
        if np.isfinite(wrong).all() and all(differ(wrong, other) for other in (good, *others)):
            return plant, wrong
    return None, good


def differ(wrong: Array, other: Array) -> bool:
    """Whether they differ visibly: by more than the port's own type rounds, where that is float16."""
    if wrong.shape != other.shape:
        return True
    size = np.abs(wrong.astype(np.float64))
    rounding = 2.0**-10 * size if wrong.dtype == np.float16 else 0.0
    return bool((np.abs(wrong.astype(np.float64) - other) > VISIBLE * max(float(size.max()), 1e-30) + rounding).any())


def asked(ported: Ported, plant: Plant, wrong: Array) -> tuple[str, str]:
    """What the diagnosis makes of these numbers."""
    try:
        found = diagnose(ported.model, ported.inputs, wrong)
    except RnnscopeError as error:
        return FAILED, str(error)
    if not found:
        return AGREED, ""
    first = [finding for finding in found if finding.rank == 0 and finding.explains]
    if any(set(finding.ids) == set(plant.ids) for finding in first):
        if len(first) > 1 and not all(finding.tell_apart for finding in first):
            return OTHER, f"tied and not said to be: {shown(found)}"
        return (TIED if len(first) > 1 else FIRST), shown(found)
    if not first and plant.ids == ("initial-state-random",):
        if wrong.size < SUFFICE * unknown(ported, plant):
            return UNPROVABLE, shown(found)
        return UNPROVEN if found[0].ids == plant.ids else NONE, shown(found)
    return (OTHER if first else NONE), shown(found)


def unknown(ported: Ported, plant: Plant) -> int:
    """How many numbers initial states are, where they are drawn for each sample or for all."""
    loops = recurrent([*ported.encoder, *ported.layers])
    sizes = [len(loop["recurrent_kernel"]) * (2 if loop["kind"] == "LSTM" else 1) for loop in loops]
    return sum(sizes) * (len(ported.x) if plant.reading >= 2 else 1)


def shown(found: tuple[Finding, ...]) -> str:
    return "; ".join(
        f"{'+'.join(finding.ids)} {'yes' if finding.explains else 'no'} {finding.distance:.2g}"
        for finding in found[:SHOWN]
    )
