"""What real Keras computed and stored is the rightest of ports: whether anything is said against it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import rnnscope
from rnnscope.types import Array
from tests.planting.cases import shown

GOLDEN = Path(__file__).parents[1] / "golden"
Case = tuple[str, rnnscope.Model, Any, dict[str, Array]]


def archive(path: Path) -> dict[str, Array]:
    with np.load(path) as stored:
        return dict(stored)


def golden() -> Iterator[Case]:
    """The golden files that give numbers, in both formats, with what Keras on their own backend gave."""
    for path in sorted(GOLDEN.iterdir()):
        values = path.with_suffix(".keras.npz")
        if path.suffix not in (".keras", ".h5") or not values.exists():
            continue
        stored = archive(values)
        backend = json.loads(str(stored.pop("meta")))["backend"]
        outputs = {key: value for key, value in stored.items() if key.startswith("output/") and value.dtype.kind == "f"}
        try:
            model = rnnscope.load_model(path, backend=backend, bypass_lambda=True)
        except rnnscope.RnnscopeError:  # files that are there to be refused
            continue
        if outputs:
            yield path.name, model, archive(path.with_suffix(".input.npz")), outputs


def real(folder: Path) -> Iterator[Case]:
    """Files of strangers in a folder with an `index.json`, with what their own Keras gave."""
    for entry in json.loads((folder / "index.json").read_text()):
        files = [folder / entry[key] for key in ("architecture", "model") if key in entry]
        stored = archive(folder / entry["oracle"])
        model = rnnscope.load_model(*files)
        outputs = {f"output/{place}": stored[f"output_{place}"] for place in range(len(model.outputs))}
        yield entry["model"], model, [stored[f"input_{place}"] for place in range(len(model.inputs))], outputs


def blamed(cases: Iterator[Case]) -> tuple[int, list[str]]:
    """How many there were, and what was said of those that were blamed."""
    said: list[str] = []
    count = 0
    for name, model, inputs, outputs in cases:
        count += 1
        if found := rnnscope.diagnose(model, inputs, outputs):
            said.append(f"{name}: {shown(found)}")
    return count, said
