"""Real Kerases in processes of their own: asked for one case after another, started again when they fall over."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

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


class Conversation:
    """One process of an oracle, asked for one case after another: ``with Conversation(…) as oracle: oracle.ask(…)``."""

    def __init__(self, oracle: Oracle, log: Path) -> None:
        self.oracle, self.log = oracle, log

    def __enter__(self) -> Self:
        environment = os.environ | QUIET | self.oracle.environment | {"PYTHONPATH": str(ROOT)}
        command = [str(python_of(self.oracle)), "-m", "tests.parity.oracle"]
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        with self.log.open("a") as errors:
            self._process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=errors, **pipes)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def ask(self, request: Json) -> Json:
        """The answer, or ``{"crashed": …}`` when the process died of the request."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
        line = self._process.stdout.readline()
        answer: Json = json.loads(line) if line else {"crashed": f"{self.oracle.name} died; see {self.log}"}
        return answer


def ask(oracle: Oracle, requests: Sequence[Json], log: Path) -> Iterator[tuple[Json, Json]]:
    """Each request with its answer, as they come; an oracle that died, or has done its share, is started again."""
    waiting = list(reversed(requests))
    while waiting:
        with Conversation(oracle, log) as conversation:
            for _ in range(CASES_PER_PROCESS):
                if not waiting:
                    return
                request = waiting.pop()
                answer = conversation.ask(request)
                yield request, answer
                if "crashed" in answer:
                    break
