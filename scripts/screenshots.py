"""Makes every picture of the guide with the program itself: ``make screenshots``."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[1]
EXAMPLE, IMAGES = ROOT / "assets" / "example", ROOT / "docs" / "images"
KERAS_2 = ROOT / "tests" / "golden" / "keras2"
CURSOR = ["--sample", "25", "--step", "5", "--unit", "12"]


def main() -> int:
    IMAGES.mkdir(parents=True, exist_ok=True)
    household = files("household")
    sentences = files("sentences")
    picture("window-light", household, *CURSOR)
    picture("window-dark", household, *CURSOR, "--theme", "dark")
    picture("cell-state", sentences, "--sample", "0", "--step", "4", "--unit", "3", "--quantity", "state/c")
    picture("arithmetic", household, *CURSOR, "--page", "arithmetic")
    picture("laboratory", household, *CURSOR, "--page", "laboratory")
    picture("no-keras-values", household[:2], *CURSOR)
    port = [*household, "--mine", str(EXAMPLE / "household.port.npz")]
    picture("mine", port, *CURSOR)
    picture("why", port, *CURSOR, "--why")
    older = [str(KERAS_2 / f"hard_sigmoid{end}") for end in (".h5", ".input.npy", ".keras.npz")]
    picture("lens", older, "--sample", "1", "--step", "6", "--unit", "2", "--layer", "read", "--lens")
    with tempfile.TemporaryDirectory() as folder:
        changed = Path(folder) / "changed.keras.npz"
        np.savez(changed, allow_pickle=False, **with_a_difference(EXAMPLE / "household.keras.npz"))
        picture("difference", [*household[:2], str(changed)], *CURSOR)
    return 0


def files(name: str) -> list[str]:
    return [str(EXAMPLE / f"{name}{end}") for end in (".keras", ".npy", ".keras.npz")]


def with_a_difference(path: Path) -> dict[str, Any]:
    """The stored values with one unit of one sample moved from step 5 on, as an error in a port would."""
    with np.load(path) as stored:
        arrays = dict(stored)
    arrays["layer/rnn/state/h"][25, 5:, 12] += 0.05
    return arrays


def picture(name: str, opened: list[str], *options: str) -> None:
    target = str(IMAGES / f"{name}.png")
    subprocess.run([sys.executable, "-m", "rnnscope_gui", "snapshot", *opened, "-o", target, *options], check=True)


if __name__ == "__main__":
    sys.exit(main())
