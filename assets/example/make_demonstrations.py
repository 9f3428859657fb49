"""Makes the five demonstrations of masking: model, input, and the values that Keras computes, from `rnnscope.lab`.

    python make_demonstrations.py

Needs Keras 3 and rnnscope; run it again when a demonstration has changed.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import keras
import numpy as np

from rnnscope.lab import Demonstration, demonstrations
from rnnscope.lab.demonstrations import FEATURES, MISSING, STEPS, UNITS
from rnnscope.layers.core import Dense
from rnnscope.layers.recurrent import Recurrent

HERE = Path(__file__).parent


def built(one: Demonstration) -> keras.Model:
    """The same model in Keras."""
    flatten = any(layer.class_name == "Flatten" for layer in one.model.layers)
    inputs = keras.Input((STEPS, FEATURES), name="sequence")
    masked = keras.layers.Masking(MISSING, name="masking")(inputs)
    after = keras.layers.SimpleRNN(UNITS, return_sequences=flatten, name="rnn")(masked)
    flat = keras.layers.Flatten(name="flatten")(after) if flatten else after
    network = keras.Model(inputs, keras.layers.Dense(1, activation="tanh", name="dense")(flat))
    recurrent, dense = one.model["rnn"].operation, one.model["dense"].operation
    assert isinstance(recurrent, Recurrent)
    assert isinstance(dense, Dense)
    cell = recurrent.cell
    network.get_layer("rnn").set_weights([cell.kernel, cell.recurrent_kernel, cell.bias])
    network.get_layer("dense").set_weights([dense.kernel, dense.bias])
    return network


def main() -> None:
    for one in demonstrations():
        model, x = HERE / f"{one.id}.keras", HERE / f"{one.id}.npy"
        built(one).save(model)
        np.save(x, one.x, allow_pickle=False)
        recorder = [sys.executable, HERE.parent / "record_keras.py", model, x, "-o", HERE / f"{one.id}.keras.npz"]
        subprocess.run([str(part) for part in recorder], check=True)  # noqa: S603 - the recorder that lies beside


if __name__ == "__main__":
    main()
