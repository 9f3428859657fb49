"""Makes the golden file on which Keras 2 and Keras 3 differ, by tf-keras:

    TF_USE_LEGACY_KERAS=1 python make_readings.py

An LSTM with hard_sigmoid gates over masked words, and a GRU over it. Writes `hard_sigmoid.h5`, `hard_sigmoid.input.npy`
and `hard_sigmoid.keras.npz`, which holds what every layer returns.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tf_keras as keras

HERE = Path(__file__).parent
BATCH, STEPS, VOCABULARY, SIZE, UNITS = 6, 12, 9, 4, 8


def main() -> None:
    keras.utils.set_random_seed(3)
    rng = np.random.default_rng(3)
    words = rng.integers(1, VOCABULARY, (BATCH, STEPS)).astype(np.int32)
    for sample, length in enumerate((12, 9, 7, 12, 3, 10)):
        words[sample, length:] = 0
    model = build()
    for weight in model.weights:
        weight.assign(rng.normal(0, 0.8, weight.shape).astype(np.float32))
    model.save(HERE / "hard_sigmoid.h5", include_optimizer=False)
    np.save(HERE / "hard_sigmoid.input.npy", words)
    names = [layer.name for layer in model.layers[1:]]
    probe = keras.Model(model.inputs, [layer.output for layer in model.layers[1:]])
    values = dict(zip(names, probe.predict(words, verbose=0), strict=True))
    arrays = {f"layer/{name}/output/0": value for name, value in values.items()}
    np.savez_compressed(HERE / "hard_sigmoid.keras.npz", **arrays, **{"output/0": model.predict(words, verbose=0)})


def build() -> keras.Model:
    words = keras.Input((STEPS,), dtype="int32", name="words")
    embedded = keras.layers.Embedding(VOCABULARY, SIZE, mask_zero=True, name="embedded")(words)
    read = keras.layers.LSTM(UNITS, recurrent_activation="hard_sigmoid", return_sequences=True, name="read")(embedded)
    summed = keras.layers.GRU(UNITS, name="summed")(read)
    return keras.Model(words, keras.layers.Dense(2, activation="softmax", name="verdict")(summed))


if __name__ == "__main__":
    main()
