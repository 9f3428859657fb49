"""Runs every check of the project with the Python it is run with, a headline over each, and pytest's words last.

All stages run whatever the earlier ones said; the exit code is 1 when any failed. Arguments go to pytest.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(sys.executable).parent
STAGES = {
    "ruff check": [str(HERE / "ruff"), "check"],
    "ruff format --check": [str(HERE / "ruff"), "format", "--check"],
    "mypy --strict": [str(HERE / "mypy")],
    "lint-imports": [str(HERE / "lint-imports")],
    "pytest": [sys.executable, "-m", "pytest"],
}


def main(arguments: list[str]) -> int:
    names = list(STAGES) if "--lint" not in arguments else [name for name in STAGES if name != "pytest"]
    for_pytest = [argument for argument in arguments if argument != "--lint"]
    failed = [name for name in names if not passes(name, for_pytest if name == "pytest" else [])]
    if failed:
        print(f"\nFailed: {', '.join(failed)}", flush=True)
    return 1 if failed else 0


def passes(name: str, arguments: list[str]) -> bool:
    print(f"\n── {name} {'─' * (76 - len(name))}", flush=True)
    began = time.perf_counter()
    code = subprocess.run([*STAGES[name], *arguments], env=environment(), check=False).returncode
    if name != "pytest":
        print(f"{'ok' if code == 0 else 'FAILED'}, {time.perf_counter() - began:.1f} s", flush=True)
    return code == 0


def environment() -> dict[str, str]:
    """The caller's, with UTF-8 whatever the locale, so that the headlines and the tools' own symbols can be printed."""
    return os.environ | {"PYTHONUTF8": "1"}


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    sys.exit(main(sys.argv[1:]))
