"""The zip file of a report: the part, its input, what it should give, scripts that show the difference, and a text."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import numpy as np

from rnnscope.modelfile.write import zipped
from rnnscope.order import has_steps
from rnnscope.reducing.naming import is_safe
from rnnscope.reducing.readme import Origin, readme
from rnnscope.reducing.scripts import WITH_KERAS, WITH_RNNSCOPE, filled
from rnnscope.reducing.specimen import Arrays, Specimen, Workshop, part_values
from rnnscope.trace import split_key
from rnnscope.types import Array


def packed(workshop: Workshop, specimen: Specimen, origin: Origin, done: Sequence[str]) -> bytes:
    """The bytes of the zip; the same difference in the same files gives the same bytes.

    Its members have names of ours; names from the files stand in it where they are safe, or as text.
    """
    values = part_values(workshop, specimen.cut, specimen.stored.values)
    stored = _comparable(specimen, values)
    expected = {key: specimen.trace.get(key) for key in stored} if origin.is_mine else stored
    members: dict[str, bytes] = {f"model{workshop.file.suffix}": specimen.source.data}
    names = specimen.model.input_names
    several = len(names) > 1
    inputs = {name: specimen.stored.inputs[name] for name in names}
    members |= {"input.npz": npz(inputs)} if several else {"input.npy": npy(inputs[names[0]])}
    members["expected.npz"] = npz(expected)
    members["allowed.npz"] = npz({key: _allowed(specimen, key) for key in expected})
    mine = "" if not origin.is_mine else "mine.npy" if list(stored) == ["output/0"] else "mine.npz"
    if mine:
        members[mine] = npy(stored["output/0"]) if mine == "mine.npy" else npz(stored)
    shown = any(key.startswith("output/") for key in expected)
    scripts = _scripts(workshop, specimen, mine, list(names) if several else [], shown)
    members |= {name: text.encode() for name, text in scripts.items()}
    members["README.md"] = readme(specimen, origin, values, done, list(members)).encode()
    return zipped(members)


def npy(array: Array) -> bytes:
    """An array as a .npy file's bytes."""
    stream = io.BytesIO()
    np.save(stream, np.ascontiguousarray(array).reshape(array.shape), allow_pickle=False)
    return stream.getvalue()


def npz(arrays: Arrays) -> bytes:
    """Arrays by key as a .npz file's bytes, which depend on nothing else."""
    return zipped({f"{key}.npy": npy(array) for key, array in arrays.items()})


def _comparable(specimen: Specimen, values: Arrays) -> dict[str, Array]:
    """Those of the stored values that the part computes too, under names that are safe."""
    found = {}
    for key, array in values.items():
        row = specimen.comparison.row(key)
        layer = split_key(key, specimen.trace.layers)[0] if row is not None and row.floor is not None else ""
        if row is not None and row.floor is not None and (layer is None or is_safe(layer.replace("@", "_"))):
            found[key] = array
    return found


def _allowed(specimen: Specimen, key: str) -> Array:
    """How far off each number may be, in a shape that broadcasts over the quantity."""
    row = specimen.comparison.row(key)
    floor = np.asarray(0.0 if row is None or row.floor is None else row.floor)
    array = specimen.trace.get(key)
    if floor.ndim == 1 and has_steps(key, array):
        return floor.reshape(1, -1, *[1] * (array.ndim - 2))
    return floor


def _scripts(
    workshop: Workshop, specimen: Specimen, mine: str, inputs: Sequence[str], shown: bool
) -> Mapping[str, str]:
    """reproduce.py, where the part has stored outputs and a Keras to load it, and reproduce_rnnscope.py."""
    written_by = workshop.file.written_by
    release = written_by.release[0]
    lambdas = any(layer.class_name == "Lambda" for layer in specimen.model.layers)
    with_keras = {
        "WRITTEN_BY": f"Keras {written_by.keras_version}",
        "MODEL": f"model{workshop.file.suffix}",
        "INPUTS": list(inputs),
        "KERASES": ["keras"] if release == 3 else ["tf_keras", "keras"],
        "RELEASE": release,
        "SAFE_MODE": not lambdas,
        "MINE": mine,
        "SAMPLES": specimen.samples,
    }
    with_rnnscope = {
        "MODEL": f"model{workshop.file.suffix}",
        "KERAS_VERSION": workshop.keras_version,
        "BACKEND": specimen.model.semantics.backend,
        "BYPASS": workshop.file.reading.bypass_lambda,
        "INPUT": "input.npz" if inputs else "input.npy",
        "STORED": mine or "expected.npz",
        "ATOL": workshop.atol,
        "RTOL": workshop.rtol,
    }
    # No Keras that runs today loads a file in the words of Keras 1.
    scripts = {"reproduce.py": filled(WITH_KERAS, with_keras)} if shown and release > 1 else {}
    return scripts | {"reproduce_rnnscope.py": filled(WITH_RNNSCOPE, with_rnnscope)}
