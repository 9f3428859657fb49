"""What every test may use. Nothing here imports Qt: the engine's tests run without it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import settings

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # before anything imports Qt

# A slow machine is not a failing test; whatever else Hypothesis chose (on CI: no chance) stays.
settings.register_profile("patient", settings.get_profile(settings.get_current_profile_name()), deadline=None)
settings.load_profile("patient")

ROOT = Path(__file__).resolve().parent.parent


GOLDEN = Path(__file__).parent / "golden"


class Example(NamedTuple):
    """The files of the example that the program ships."""

    model: Path
    input: Path
    reference: Path


@pytest.fixture(scope="session")
def example() -> Example:
    folder = ROOT / "assets" / "example"
    return Example(folder / "household.keras", folder / "household.npy", folder / "household.keras.npz")
