"""A model saved in every format that this Keras writes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.recording import IS_KERAS3

# (architecture and weights, or the whole model): file names in a case's folder.
WHOLE = ("model.keras", "model.h5")
APART = ("weights.weights.h5", "legacy_weights.h5")


def save_all(model: Any, folder: Path) -> tuple[list[list[str]], dict[str, str]]:
    """Lists of the files to load together, and why others could not be written."""
    failed: dict[str, str] = {}
    whole = [[name] for name in WHOLE if wrote(model.save, folder / name, failed)]
    if not wrote(lambda path: path.write_text(model.to_json()), folder / "model.json", failed):
        return whole, failed
    names = APART[: 1 if IS_KERAS3 else 2]
    apart = [
        ["model.json", name]
        for name in names
        if wrote(lambda path: model.save_weights(str(path)), folder / name, failed)
    ]
    return whole + apart, failed


def wrote(write: Callable[[Path], Any], path: Path, failed: dict[str, str]) -> bool:
    try:
        write(path)
    except Exception as error:  # noqa: BLE001  whatever keeps Keras from writing its own model
        failed[path.name] = f"{type(error).__name__}: {error}"[:200]
        return False
    return True
