"""Makes the golden files: small models saved by real Keras, their inputs, and what real Keras computes for them.

Run it under Keras 3, once for each backend whose cases there are; it leaves the other backend's files alone:

    KERAS_BACKEND=tensorflow python make_golden.py
    KERAS_BACKEND=jax python make_golden.py

For each case it writes `<case>.keras`, `<case>.h5`, `<case>.input.npz` (members named as the input layers) and
`<case>.keras.npz` (stored Keras values). Names of cases on the command line limit it to those.
"""

from __future__ import annotations

import hashlib
import json
import sys
import zipfile
import zlib
from pathlib import Path

import keras
import numpy as np
from cases import CASES, VOCABULARY, WORDS, Builder
from keras import layers

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1]))

from tests.recording import Array, Arrays, kit, recorder  # noqa: E402

BATCH = 6
VARIABLE_STEPS = 7


def main(wanted: list[str]) -> None:
    print(f"Keras {keras.version()} on {keras.backend.backend()}")
    for name, build in CASES[keras.backend.backend()].items():
        if not wanted or name in wanted:
            make(name, build, HERE)


def make(name: str, build: Builder, folder: Path, seed: int = 0) -> None:
    """Build, fill with random weights, save and record one case."""
    keras.backend.clear_session()
    rng = np.random.default_rng(zlib.crc32(name.encode()) + seed)
    model = build()
    randomize(model, rng)
    inputs = make_inputs(model, rng)
    if model.compiled:
        model.fit(inputs, rng.normal(size=(BATCH, 1)), epochs=3, verbose=0)

    model.save(folder / f"{name}.keras")
    compress(folder / f"{name}.keras")
    save_h5(model, folder / f"{name}.h5")
    np.savez_compressed(folder / f"{name}.input.npz", **inputs)
    meta = {
        "keras_version": keras.version(),
        "backend": keras.backend.backend(),
        "dtype": model.dtype_policy.name,
        "batch_size": BATCH,
        "model_sha256": sha256(folder / f"{name}.keras"),
        "input_sha256": sha256(folder / f"{name}.input.npz"),
        "made_by": Path(__file__).name,
    }
    recorded = recorder.record(kit, model, inputs, BATCH, note=complain)
    np.savez_compressed(folder / f"{name}.keras.npz", meta=np.array(json.dumps(meta)), **recorded)
    print(f"{name}: {len(recorded)} quantities")


def complain(line: str) -> None:
    """Golden files hold everything or are not made."""
    raise AssertionError(line)


def compress(path: Path) -> None:
    """The same members, deflated: Keras stores them plain, ten times as large."""
    with zipfile.ZipFile(path) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for member, content in members.items():
            archive.writestr(zipfile.ZipInfo(member), content, zipfile.ZIP_DEFLATED)


def save_h5(model: keras.Model, path: Path) -> None:
    """The older format as well, where Keras is able to write it."""
    try:
        model.save(path)
    except (NotImplementedError, TypeError, ValueError) as error:
        path.unlink(missing_ok=True)
        print(f"{path.name}: not written, {error}")


def randomize(model: keras.Model, rng: np.random.Generator) -> None:
    """Every weight drawn anew, biases too, so that none of them can be forgotten unnoticed; quantized ones stay."""
    quantized = {id(weight) for layer in model._flatten_layers() if layer.quantization_mode for weight in layer.weights}
    for weight in model.weights:
        if id(weight) in quantized and "bias" not in weight.path:
            continue
        values = rng.normal(0.0, 0.4, weight.shape)
        weight.assign(np.exp(values) if "variance" in weight.path else values)


# Inputs: row 0 has every step, row 1 lacks the last ones, row 2 the first, row 3 has holes, row 4 only lacks some
# features here and there, which is no mask, and row 5 has nothing.


def make_inputs(model: keras.Model, rng: np.random.Generator) -> Arrays:
    values = mask_values(model)
    return {
        tensor.name: make_input(tensor, np.roll(np.arange(BATCH), 2 * index), values[min(index, len(values) - 1)], rng)
        for index, tensor in enumerate(model.inputs)
    }


def mask_values(model: keras.Model) -> list[float]:
    found = [layer.mask_value for layer in model._flatten_layers() if isinstance(layer, layers.Masking)]
    return found or [-1.0]


def make_input(tensor: keras.KerasTensor, order: Array, mask_value: float, rng: np.random.Generator) -> Array:
    shape = (BATCH, *(VARIABLE_STEPS if size is None else size for size in tensor.shape[1:]))
    if tensor.dtype == "string":
        return np.where(seen_steps(shape[1])[order], rng.choice(WORDS, shape), "")
    if len(shape) == 2 and tensor.dtype == "float32" and not reads_indices(tensor):
        return rng.normal(0.0, 0.8, shape).astype(np.float32)
    if len(shape) == 4:
        seen = np.stack([seen_steps(shape[2])[np.roll(order, step)] for step in range(shape[1])], axis=1)
    else:
        seen = seen_steps(shape[1])[order]
    if len(shape) == 3 and not tensor.dtype.startswith("float"):
        return np.where(seen[..., None], rng.integers(0, 2 if tensor.dtype == "bool" else 5, shape), 0).astype(
            tensor.dtype
        )
    if tensor.dtype == "bool":
        return seen
    if reads_indices(tensor):
        return np.where(seen, rng.integers(1, VOCABULARY, shape), 0).astype(tensor.dtype)
    if len(shape) > 4:
        return rng.normal(0.0, 0.8, shape).astype(np.float32)
    values = np.where(seen[..., None], rng.normal(0.0, 0.8, shape), mask_value)
    partly = order == 4
    values[partly, ..., 1::2, 0] = mask_value
    values[partly, ..., 2, :-1] = mask_value
    # Keras's predict() takes float64 through float32 unless the global floatx says otherwise, which no file tells.
    return values.astype(np.float32).astype(tensor.dtype)


def reads_indices(tensor: keras.KerasTensor) -> bool:
    return tensor.dtype.startswith("int") or tensor.name == "words"


def seen_steps(steps: int) -> Array:
    """(6, steps) bool; rows 0 and 4 have everything."""
    seen = np.ones((BATCH, steps), bool)
    seen[1, steps - steps // 2 :] = False
    seen[2, : steps // 3] = False
    seen[3, [1, steps - 2]] = False
    seen[5] = False
    return seen


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    main(sys.argv[1:])
