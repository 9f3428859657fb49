"""Fails unless the wheel and the source distribution in a folder hold all that they should and nothing that was made.

The wheel holds every file of the two packages and every asset; the source distribution every file that is tracked.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

PLACES = {"core/rnnscope": "rnnscope", "gui/rnnscope_gui": "rnnscope_gui", "assets": "rnnscope_gui/assets"}
NOT_SHIPPED = {".gitignore"}


def main(folder: Path) -> int:
    files = tracked()
    problems = list(wheel_problems(next(folder.glob("*.whl")), files))
    problems += sdist_problems(next(folder.glob("*.tar.gz")), files)
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


def tracked() -> set[str]:
    listing = subprocess.run(["git", "ls-files", "-z"], capture_output=True, text=True, check=True).stdout
    return {name for name in listing.split("\0") if name and Path(name).is_file()}


def wheel_problems(wheel: Path, files: set[str]) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        inside = {name for name in archive.namelist() if ".dist-info/" not in name}
    expected = {
        f"{package}/{name.removeprefix(source + '/')}"
        for source, package in PLACES.items()
        for name in files
        if name.startswith(source + "/")
    }
    return [f"{wheel.name} lacks {name}" for name in sorted(expected - inside)] + [
        f"{wheel.name} has {name}, which is not tracked" for name in sorted(inside - expected)
    ]


def sdist_problems(sdist: Path, files: set[str]) -> list[str]:
    with tarfile.open(sdist) as archive:
        inside = {member.name.partition("/")[2] for member in archive.getmembers() if member.isfile()}
    return [f"{sdist.name} lacks {name}" for name in sorted(files - inside - NOT_SHIPPED)] + [
        f"{sdist.name} has {name}" for name in sorted(inside) if "__pycache__" in name
    ]


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
