"""Makes the golden files of vocabularies, by tf-keras:

    TF_USE_LEGACY_KERAS=1 python make_lookups.py

`lookups` holds its vocabularies in the configuration, `adapted` beside its weights, which an ``.h5`` cannot. Each
writes `<name>.keras` and `<name>.npz`, with the inputs as ``input/<name>`` and the predictions as ``output/<i>``;
`lookups` also `lookups.h5`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tf_keras as keras
from make_operations import compress

HERE = Path(__file__).parent
KNOWN = ["the", "cat", "sat", "grün"]
TEXTS = np.array([["the", "cat", "", "", "unheard"], ["grün", "sat", "the", "cat", ""], ["", "", "", "", ""]])
NUMBERS = np.array([[0, 1, 2], [5, 9, 4], [3, 0, 5]])
layers = keras.layers


def main() -> None:
    for name, build in (("lookups", lookups), ("adapted", adapted)):
        keras.utils.set_random_seed(3)
        texts, numbers = (
            keras.Input((5,), dtype="string", name="texts"),
            keras.Input((3,), dtype="int64", name="numbers"),
        )
        model = keras.Model([texts, numbers], build(texts, numbers))
        outputs = model.predict([TEXTS, NUMBERS], verbose=0)
        model.save(HERE / f"{name}.keras")
        compress(HERE / f"{name}.keras")
        if name == "lookups":
            model.save(HERE / f"{name}.h5")
        arrays = {f"output/{place}": as_array(output) for place, output in enumerate(outputs)}
        np.savez_compressed(HERE / f"{name}.npz", **arrays, **{"input/texts": TEXTS, "input/numbers": NUMBERS})


def lookups(texts: object, numbers: object) -> list[object]:
    index = layers.StringLookup(vocabulary=KNOWN, mask_token="", name="index")(texts)
    read = layers.Embedding(6, 3, mask_zero=True, name="embedding")(index)
    weights = [0.25, 0.5, 1.0, 2.0]
    return [
        layers.LSTM(2, name="lstm")(read),
        layers.StringLookup(vocabulary=KNOWN, mask_token="", invert=True, name="word")(numbers),
        layers.StringLookup(vocabulary=KNOWN, mask_token="", output_mode="multi_hot", name="multi_hot")(texts),
        layers.StringLookup(vocabulary=KNOWN, output_mode="count", max_tokens=8, pad_to_max_tokens=True, name="padded")(
            texts
        ),
        layers.StringLookup(vocabulary=KNOWN, output_mode="tf_idf", idf_weights=weights, name="tf_idf")(texts),
        layers.IntegerLookup(vocabulary=[1, 2, 4, 9], output_mode="tf_idf", idf_weights=weights, name="idf")(numbers),
    ]


def adapted(texts: object, numbers: object) -> list[object]:
    results = []
    for layer, examples, x in (
        (layers.StringLookup(mask_token="", name="index"), [KNOWN[:3], KNOWN[1:]], texts),
        (layers.StringLookup(output_mode="tf_idf", name="tf_idf"), [KNOWN[:3], KNOWN[1:]], texts),
        (layers.IntegerLookup(mask_token=0, name="place"), [[7, 2, 5], [5, 2, 3]], numbers),
    ):
        layer.adapt(np.array(examples))
        results.append(layer(x))
    read = layers.Embedding(8, 3, mask_zero=True, name="embedding")(results[0])
    return [layers.GRU(2, name="gru")(read), *results]


def as_array(output: np.ndarray) -> np.ndarray:
    return np.char.decode(output.astype(bytes), "utf-8") if output.dtype == object else output


if __name__ == "__main__":
    main()
