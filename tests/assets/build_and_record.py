"""Builds a model of every kind of recurrent layer with the Keras that runs this, and records it: `… FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2] / "assets"))

import record_keras

# More steps than the recorder takes without compiling them.
STEPS, FEATURES, SAMPLES = 18, 3, 6


def main(folder: Path) -> int:
    kit = record_keras.find_keras()
    rng = np.random.default_rng(1)
    model = build(kit.keras, kit.layers)
    for weight in model.weights:
        weight.assign(rng.normal(0.0, 0.4, tuple(weight.shape)))
    model.save(str(folder / "model.keras"))
    x = rng.normal(0.0, 0.8, (SAMPLES, STEPS, FEATURES))
    x[rng.random((SAMPLES, STEPS)) < 0.4] = -1.0
    x[0], x[-1] = -1.0, rng.normal(0.0, 0.8, (STEPS, FEATURES))
    images = rng.normal(0.0, 0.8, (SAMPLES, 2, 3, 3, 1))
    np.savez(folder / "inputs.npz", x=x.astype(np.float32), images=images.astype(np.float32))
    words = [str(folder / name) for name in ("model.keras", "inputs.npz", "keras.npz")]
    return int(record_keras.main([*words[:2], "-o", words[2], "--batch-size", "3"]))


def build(keras: Any, layers: Any) -> Any:
    x, images = keras.Input((STEPS, FEATURES), name="x"), keras.Input((2, 3, 3, 1), name="images")
    seen = layers.Masking(-1.0, name="seen")(x)
    again = layers.GRU(FEATURES, return_sequences=True, go_backwards=True, name="again")
    both = layers.Bidirectional(layers.LSTM(3, return_sequences=True), name="both")(again(again(seen)))
    stack = layers.RNN([layers.LSTMCell(2), layers.GRUCell(3)], return_sequences=True, name="stack")(both)
    inside = keras.Input((STEPS, 3), name="inside")
    inner = layers.SimpleRNN(3, return_sequences=True, return_state=True, name="inner")(inside)[0]
    outer = keras.Model(inside, inner, name="outer")(stack)
    steps = layers.TimeDistributed(layers.GRU(2), name="steps")(layers.Reshape((2, 9, 3), name="apart")(outer))
    pictures = layers.ConvLSTM2D(2, 2, name="pictures")(images)
    flat = [layers.Flatten(name=f"flat{index}")(part) for index, part in enumerate((steps, pictures))]
    return keras.Model([x, images], layers.Dense(1, name="dense")(layers.Concatenate(name="all")(flat)))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
