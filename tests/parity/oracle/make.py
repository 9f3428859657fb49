"""One case: grown from its seed or built from its description, saved in every format, computed and recorded."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from tests.parity.data import make_inputs
from tests.parity.description import Json, without_unused
from tests.parity.draft import Draft, Rejected, World
from tests.parity.growing import available, grow
from tests.parity.oracle.build import REFUSALS, Building, randomize
from tests.parity.oracle.formats import save_all
from tests.parity.oracle.whole import record_case
from tests.recording import IS_KERAS3, backend_name, keras, version

ATTEMPTS = 12
POLICIES = ("float32",) * 14 + ("float64", "mixed_float16", "float16", "bfloat16", "mixed_bfloat16")


def make_seeded(seed: str, index: int, folder: Path) -> Json:
    """The case of a seed: growing and building are tried until Keras takes the whole and computes it."""
    reasons = []
    for attempt in range(ATTEMPTS):
        try:
            description = describe(f"{seed}/{index}/{attempt}", index)
            return make_described(description, folder)
        except (*REFUSALS, Rejected) as error:
            reasons.append(f"{type(error).__name__}: {error}"[:300])
    raise Rejected(" | ".join(reasons[-3:]))


def describe(seed: str, index: int) -> Json:
    """A model grown at random, the layer in focus chosen by the index, so that every kind has its turn."""
    rng = random.Random(seed)
    policy = rng.choice([policy for policy in POLICIES if policy != "float64" or backend_name != "jax"])
    fixed = rng.random() < 0.12
    world = World(IS_KERAS3, backend_name, policy, rng.choice([1, 2, 3, 4, 5]), fixed)
    chain = rng.random() < 0.3
    with policy_in_force(policy):
        draft = Draft(rng, world, Building(world.batch if fixed else None), chain=chain)
        kinds = [proposal.name for proposal in available(draft)]
        grow(draft, kinds[index % len(kinds)], rng.choice([1, 2, 3, 4, 6]))
        outputs = draft.unread()
    if not outputs:
        raise Rejected("nothing was grown")
    model = without_unused(draft.model("sequential" if chain else "functional", outputs))
    for entry in model["inputs"]:
        if not fixed and len(entry["size"]) > 1 and rng.random() < 0.15:
            entry["open"] = [0]
    return {"oracle": world.oracle, "seed": seed, "policy": policy, "batch": world.batch,
            "fixed_batch": fixed, "focus": kinds[index % len(kinds)], "model": model}  # fmt: skip


def make_described(description: Json, folder: Path) -> Json:
    """Build, save and record; the folder then holds the files, ``inputs.npz``, ``keras.npz`` and ``case.json``."""
    keras.backend.clear_session()
    with policy_in_force(description["policy"]):
        model = Building(description["batch"] if description["fixed_batch"] else None).whole(description["model"])
        randomize(model, description["seed"])
        inputs = make_inputs(description)
        recorded, circumstances = record_case(model, inputs, description)
    folder.mkdir(parents=True, exist_ok=True)
    files, unwritten = save_all(model, folder)
    np.savez(folder / "inputs.npz", **inputs)
    np.savez(folder / "keras.npz", **recorded)
    case = {
        "description": description, "keras_version": version, "backend": backend_name, "files": files,
        "unwritten": unwritten,
        **circumstances,
    }  # fmt: skip
    (folder / "case.json").write_text(json.dumps(case))
    return case


@contextmanager
def policy_in_force(policy: str) -> Iterator[None]:
    """The dtype policy that new layers get, as a user's script sets it."""
    setter: Any = keras.config.set_dtype_policy if IS_KERAS3 else keras.mixed_precision.set_global_policy
    setter(policy)
    try:
        yield
    finally:
        setter("float32")
