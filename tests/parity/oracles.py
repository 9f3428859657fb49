"""Real Kerases in processes of their own: asked for one case after another, started again when they fall over."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.parity.description import Json

ROOT = Path(__file__).parents[2]
# Started anew after so many cases: what Keras keeps of each adds up.
CASES_PER_PROCESS = 60


@dataclass(frozen=True, slots=True)
class Oracle:
    """One real Keras: where its environment lies, and what makes it this one."""

    name: str
    folder: str
    environment: dict[str, str]


ORACLES = {
    "tensorflow": Oracle("tensorflow", "tf", {"KERAS_BACKEND": "tensorflow"}),
    "jax": Oracle(
        "jax",
        "jax",
        # Compiling is most of what JAX does here.
        {"KERAS_BACKEND": "jax", "XLA_FLAGS": "--xla_backend_optimization_level=0"},
    ),
    "tf-keras": Oracle("tf-keras", "tfk", {"TF_USE_LEGACY_KERAS": "1"}),
}
QUIET = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "CUDA_VISIBLE_DEVICES": "-1",
    "OMP_NUM_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "PYTHONUTF8": "1",
}


def home() -> Path:
    """Where the environments of the oracles lie; ORACLES_HOME overrides it."""
    return Path(os.environ.get("ORACLES_HOME") or ROOT / ".oracles").expanduser()


def python_of(oracle: Oracle) -> Path:
    return home() / oracle.folder / "bin" / "python"


def ask(oracle: Oracle, requests: Sequence[Json], log: Path) -> Iterator[tuple[Json, Json]]:
    """Each request with its answer, as they come; ``{"crashed": …}`` for the one that a process died of."""
    waiting = list(requests)
    while waiting:
        batch, done = waiting[:CASES_PER_PROCESS], 0
        for request, answer in zip(batch, _answers(oracle, batch, log), strict=False):
            done += 1
            yield request, answer
        if done < len(batch):
            yield batch[done], {"crashed": f"{oracle.name} died; see {log}"}
            done += 1
        del waiting[:done]


def _answers(oracle: Oracle, requests: Sequence[Json], log: Path) -> Iterator[Json]:
    environment = os.environ | QUIET | oracle.environment | {"PYTHONPATH": str(ROOT)}
    lines = "".join(json.dumps(request) + "\n" for request in requests)
    with log.open("a") as errors, subprocess.Popen(
        [python_of(oracle), "-m", "tests.parity.oracle"],
        cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(lines)
        process.stdin.close()
        for line in process.stdout:
            yield json.loads(line)
