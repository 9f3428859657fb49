"""Runs written code in a Python of its own that finds NumPy and the standard library, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from rnnscope.types import Array

# argv: a folder with a folder for each job; in each are source.py, weights.npz and given.npz.
RUNNER = """
import sys
from pathlib import Path
import numpy as np

class NothingElse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in sys.stdlib_module_names | {"numpy"}:
            raise ModuleNotFoundError(f"{name} is not to be had here", name=name)

sys.meta_path.insert(0, NothingElse())
for folder in sorted(path for path in Path(sys.argv[1]).iterdir() if path.is_dir()):
    namespace = {"__name__": folder.name, "__file__": str(folder / "source.py")}
    sys.modules[folder.name] = type(sys)(folder.name)
    sys.modules[folder.name].__dict__.update(namespace)
    namespace = sys.modules[folder.name].__dict__
    try:
        exec(compile((folder / "source.py").read_text("utf-8"), folder.name, "exec"), namespace)
        given = np.load(folder / "given.npz")
        namespace["given"] = [given[key] for key in given.files]
        with np.errstate(all="ignore"):
            made = eval((folder / "expression").read_text("utf-8"), namespace)
        made = {str(place): array for place, array in enumerate(made) if array is not None}
    except Exception as error:
        made = {"error": f"{type(error).__name__}: {error}"}
    np.savez(folder / "made.npz", **made)
"""


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """Code to run: `expression` is evaluated below `source`, with the list `given` there, and gives several arrays."""

    source: str
    weights: Mapping[str, Array]
    given: Sequence[Array]
    expression: str
    made: dict[int, Array] = field(default_factory=dict)


def run_alone(jobs: Mapping[str, Job], folder: Path) -> None:
    """Run all jobs in one process, each in a folder of its own, and fill in what each of them has `made`."""
    for name, job in jobs.items():
        place = folder / name
        place.mkdir()
        (place / "source.py").write_text(job.source, "utf-8")
        (place / "expression").write_text(job.expression, "utf-8")
        np.savez(place / "weights.npz", **job.weights)  # type: ignore[arg-type]
        np.savez(place / "given.npz", *job.given)
    command = [sys.executable, "-I", "-c", RUNNER, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert (done.returncode, done.stderr) == (0, "")
    for name, job in jobs.items():
        with np.load(folder / name / "made.npz") as made:
            assert "error" not in made.files, f"{name}: {made['error']}"
            job.made.update({int(key): made[key] for key in made.files})
