"""Makes the golden files of TensorFlow's operations among the layers of Keras 2, by tf-keras:

    TF_USE_LEGACY_KERAS=1 python make_operations.py op_lambda     # functions, as Keras 2.4 and later writes them
    TF_USE_LEGACY_KERAS=1 python make_operations.py op_layer      # raw operations, as TensorFlow 1 wrote them

Each writes `<name>.h5`, and `<name>.npz` with the inputs as ``input/<name>`` and the predictions as ``output/<i>``;
`op_lambda` also `op_lambda.keras`.
"""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import numpy as np
import tensorflow as tf
import tf_keras as keras

HERE = Path(__file__).parent
BATCH, STEPS, FEATURES, VOCABULARY = 4, 5, 3, 7


def main(name: str) -> None:
    if name == "op_layer":
        tf.compat.v1.disable_v2_behavior()
    rng = np.random.default_rng(1)
    values = {
        "x": rng.normal(size=(BATCH, STEPS, FEATURES)).astype(np.float32),
        "words": rng.integers(1, VOCABULARY, (BATCH, STEPS)).astype(np.int32),
    }
    values["words"][1, 3:] = values["words"][2, :2] = values["words"][3] = 0
    model = build()
    outputs = model.predict([values[key] for key in ("x", "words")], batch_size=BATCH)
    model.save(HERE / f"{name}.h5")
    if name == "op_lambda":
        model.save(HERE / f"{name}.keras")
        compress(HERE / f"{name}.keras")
    arrays = {f"output/{place}": output for place, output in enumerate(outputs)}
    np.savez_compressed(HERE / f"{name}.npz", **arrays, **{f"input/{key}": value for key, value in values.items()})


def compress(path: Path) -> None:
    """The same members, deflated: Keras stores them plain."""
    with zipfile.ZipFile(path) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for member, content in members.items():
            archive.writestr(zipfile.ZipInfo(member), content, zipfile.ZIP_DEFLATED)


def build() -> keras.Model:
    x = keras.Input((STEPS, FEATURES), name="x")
    words = keras.Input((STEPS,), dtype="int32", name="words")
    embedded = keras.layers.Embedding(VOCABULARY, FEATURES, mask_zero=True, name="embedded")(words)
    seen = tf.cast(tf.not_equal(words, 0), "float32")
    batch = tf.shape(x)[0]
    best, places = tf.math.top_k(x, 2)
    results = [
        (1.0 - x) * 2.0 + x**2.0 / 3.0,
        tf.reduce_sum(x * seen[:, :, tf.newaxis], axis=1) / (tf.reduce_sum(seen, axis=1, keepdims=True) + 1.0),
        keras.backend.clip(tf.where(x > 0.0, tf.exp(x), -1.0), -0.5, 2.0),
        tf.reshape(tf.transpose(x, [0, 2, 1]), [batch, -1]),
        keras.layers.Dense(2, name="dense")(tf.reshape(x, [batch, STEPS * FEATURES])),
        tf.concat([x[:, -1], x[:, 0, ::-1]], axis=-1),
        tf.stack(tf.unstack(x, axis=1)[:2], axis=1),
        tf.pad(x, [[0, 0], [1, 0], [0, 2]]),
        tf.matmul(x, x, transpose_b=True),
        tf.nn.softmax(x, axis=1) + tf.nn.leaky_relu(x),
        tf.one_hot(words, VOCABULARY),
        tf.gather(x, [0, 2], axis=1),
        tf.math.cumsum(x, axis=1, exclusive=True),
        tf.cast(tf.argmax(x, axis=-1), "float32") * 0.5,
        tf.math.floormod(words, 3),
        best,
        places,
        keras.layers.LSTM(2, name="masked")(tf.cast(embedded, "float32")),
        keras.layers.LSTM(2, name="unmasked")(embedded * 1.0),
    ]
    return keras.Model([x, words], results)


if __name__ == "__main__":
    main(sys.argv[1])
