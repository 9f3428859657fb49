"""What every test may use. Nothing here imports Qt: the engine's tests run without it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # before anything imports Qt

ROOT = Path(__file__).resolve().parent.parent


class Example(NamedTuple):
    """The files of the example that the program ships."""

    model: Path
    input: Path
    reference: Path


@pytest.fixture(scope="session")
def example() -> Example:
    folder = ROOT / "assets" / "example"
    return Example(folder / "household.keras", folder / "household.npy", folder / "household.keras.npz")
