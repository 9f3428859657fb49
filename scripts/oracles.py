"""Sets up the environments of the real Kerases that `make parity` asks, where they are missing.

They lie in `.oracles/` of the checkout; ORACLES_HOME names another place. Each is made for the pinned requirements in
`tests/parity/requirements/`, and made anew when those change; in a place named by ORACLES_HOME, one that is there is
taken as it is.

Usage: oracles.py [tensorflow] [jax] [tf-keras]
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
import venv
from pathlib import Path

ROOT = Path(__file__).parents[1]
REQUIREMENTS = ROOT / "tests" / "parity" / "requirements"
FOLDERS = {"tensorflow": "tf", "jax": "jax", "tf-keras": "tfk"}
BARE = {"tf-keras": "tf_keras==2.21.0"}


def main(names: list[str]) -> int:
    given = os.environ.get("ORACLES_HOME")
    home = Path(given).expanduser() if given else ROOT / ".oracles"
    for name in names or list(FOLDERS):
        if name not in FOLDERS:
            print(f"no oracle is called {name}; there are {', '.join(FOLDERS)}")
            return 2
        folder = home / FOLDERS[name]
        if not (is_ready(folder, name) or (given and python_of(folder).exists())):
            set_up(folder, name)
    return 0


def python_of(folder: Path) -> Path:
    return folder / "bin" / "python"


def is_ready(folder: Path, name: str) -> bool:
    mark = folder / "ready"
    return mark.exists() and mark.read_text() == fingerprint(name)


def fingerprint(name: str) -> str:
    """What an environment was made from."""
    wanted = (REQUIREMENTS / f"{name}.txt").read_bytes() + BARE.get(name, "").encode() + sys.version.encode()
    return hashlib.sha256(wanted).hexdigest()


def set_up(folder: Path, name: str) -> None:
    began = time.monotonic()
    print(f"Setting up the oracle {name} in {folder}.", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    venv.create(folder, with_pip=True)
    install(folder, "--requirement", str(REQUIREMENTS / f"{name}.txt"))
    if name in BARE:
        install(folder, "--no-deps", BARE[name])
    (folder / "ready").write_text(fingerprint(name))
    print(f"{time.monotonic() - began:.0f} s", flush=True)


def install(folder: Path, *what: str) -> None:
    pip = [str(python_of(folder)), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, *what], check=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
