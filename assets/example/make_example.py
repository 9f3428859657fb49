"""Makes the two examples that come with rnnscope: trained by real Keras, with what real Keras says of them.

Run it under Keras 3:

    python make_example.py

It writes, beside itself, `household.*` and `wrong_port.npy` (a SimpleRNN behind Masking, Functional) and `sentences.*`
(an LSTM behind an Embedding, Sequential). `*.keras.npz` are the stored Keras values: outputs of every layer, the state
right after every step, the mask.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import household
import keras
import numpy as np
import sentences
from keras import layers, ops
from numpy.typing import NDArray

HERE = Path(__file__).parent
BATCH = 64
SEED = 15

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]
Arrays = dict[str, NDArray[np.generic]]


# Household: SimpleRNN behind Masking.


def household_network() -> keras.Model:
    inputs = layers.Input((household.STEPS, len(household.NAMES)), name="main_input")
    masked = layers.Masking(household.MISSING, name="masking")(inputs)
    output, _ = layers.SimpleRNN(64, return_state=True, return_sequences=False, name="rnn")(masked)
    hidden = layers.Dense(64, activation="tanh", name="dense1")(layers.Dropout(0.2, name="dropout_15")(output))
    return keras.Model(inputs, layers.Dense(1, activation="tanh", name="denseoutput")(hidden), name="household")


def household_evenings(rng: np.random.Generator, count: int) -> tuple[Floats, Floats]:
    """Inputs (count, 10, 76), and the people in at the last step that was seen: 0 … 6 as −1 … 1, (count, 1)."""
    signals, people = household.simulate(rng, count)
    seen = household.patterns(rng, count)
    inputs = household.hide(signals, seen, household.weather_station_off(rng, count))
    scaled = household.last_seen(people, seen) / (household.PEOPLE / 2) - 1
    return inputs, scaled[:, None].astype(np.float32)


def train_household(rng: np.random.Generator) -> keras.Model:
    inputs, targets = household_evenings(rng, 32_000)
    network = household_network()
    assert network.count_params() == 13_249
    rate = keras.optimizers.schedules.CosineDecay(2e-3, decay_steps=20 * 500)
    network.compile(keras.optimizers.AdamW(rate, weight_decay=0.05), "mse")
    network.fit(inputs, targets, batch_size=BATCH, epochs=20, verbose=2)

    inputs, targets = household_evenings(rng, 4_000)
    missed = household.PEOPLE / 2 * np.abs(network.predict(inputs, verbose=0) - targets)
    print(f"household: on held-out evenings off by {missed.mean():.2f} people on average,")
    print(f"           the right number on {np.mean(missed < 0.5):.1%} of them")
    return uncompiled(network, household_network())


def household_shown(rng: np.random.Generator) -> Floats:
    """The 64 evenings of the example, (64, 10, 76)."""
    kinds = [household.trailing] * 35 + [household.leading] * 8 + [household.holes] * 8
    kinds += [household.mixed] * 7 + [household.complete] * 6
    seen = np.stack([kinds[index](rng) for index in rng.permutation(len(kinds))])
    seen[25] = [False, False, True, False, True, True, False, True, False, True]
    seen[40] = household.silent(rng)

    signals, people = household.simulate(rng, 1_000)
    evenings = np.arange(len(seen))
    evenings[25] = eventful(people[:, seen[25]])

    station_off = np.zeros_like(seen)
    station_off[[3, 17, 33, 52], 1:4] = True
    return household.hide(signals[evenings], seen, station_off)


def eventful(people: NDArray[np.float64]) -> int:
    """The evening on which the house fills up most, with the most coming and going on the way."""
    return int((2 * (people[:, -1] - people[:, 0]) + np.abs(np.diff(people, axis=1)).sum(axis=1)).argmax())


def record_household(network: keras.Model, inputs: Floats) -> Arrays:
    layer = network.get_layer("rnn")
    mask = np.any(inputs != household.MISSING, axis=-1)
    recorded = layer_outputs(network, inputs)
    recorded["layer/rnn/state/h"] = states(layer, recorded["layer/masking/output/0"], mask)["h"]
    recorded["layer/rnn/mask"] = mask
    agree(recorded["layer/rnn/state/h"][:, -1], recorded["layer/rnn/output/1"])
    return recorded


def wrong_port(inputs: Floats, weights: list[Floats]) -> Floats:
    """A port to NumPy with one mistake, for the program to find: the state starts from ones instead of zeros."""
    kernel, recurrent_kernel, bias, kernel1, bias1, kernel2, bias2 = weights
    state = np.ones((len(inputs), len(recurrent_kernel)), np.float32)
    for step in range(inputs.shape[1]):
        now = inputs[:, step]
        seen = np.any(now != household.MISSING, axis=-1, keepdims=True)
        state = np.where(seen, np.tanh(now @ kernel + state @ recurrent_kernel + bias), state)
    hidden = np.tanh(state @ kernel1 + bias1)
    return np.tanh(hidden @ kernel2 + bias2)


# Sentences: LSTM behind an Embedding.


def sentences_network() -> keras.Model:
    return keras.Sequential(
        [
            layers.Input((sentences.STEPS,), dtype="int32", name="words"),
            layers.Embedding(len(sentences.VOCABULARY), 8, mask_zero=True, name="embedding"),
            layers.LSTM(24, name="lstm"),
            layers.Dense(1, activation="sigmoid", name="dense"),
        ],
        name="sentences",
    )


def train_sentences(rng: np.random.Generator) -> keras.Model:
    inputs, targets = sentences.dataset(rng, 12_000)
    network = sentences_network()
    network.compile(keras.optimizers.AdamW(4e-3, weight_decay=0.02), "binary_crossentropy")
    network.fit(inputs, targets, batch_size=BATCH, epochs=10, verbose=2)

    inputs, targets = sentences.dataset(rng, 4_000)
    right = (network.predict(inputs, verbose=0) > 0.5) == (targets > 0.5)
    print(f"sentences: right on {right.mean():.1%} of held-out sentences")
    return uncompiled(network, sentences_network())


def record_sentences(network: keras.Model, inputs: sentences.Indices) -> Arrays:
    layer = network.get_layer("lstm")
    recorded = layer_outputs(network, inputs)
    words, mask = recorded["layer/embedding/output/0"], inputs != 0
    after = states(layer, words, mask)
    recorded |= {f"layer/lstm/state/{name}": value for name, value in after.items()}
    recorded |= {f"layer/lstm/gate/{name}": value for name, value in lstm_gates(layer, words, after["h"]).items()}
    recorded["layer/lstm/mask"] = mask
    agree(after["h"][:, -1], recorded["layer/lstm/output/0"])
    return recorded


# What real Keras computes, step by step.


def layer_outputs(network: keras.Model, inputs: NDArray[np.generic]) -> Arrays:
    """Every layer's outputs and the network's own, from one `predict` of one batch."""
    returned = {layer.name: keras.tree.flatten(layer.output) for layer in network.layers}
    recorded = keras.Model(network.inputs, returned).predict(inputs, batch_size=BATCH, verbose=0)
    keyed = {
        f"layer/{name}/output/{index}": np.asarray(value)
        for name, values in recorded.items()
        for index, value in enumerate(values)
    }
    return {"output/0": network.predict(inputs, batch_size=BATCH, verbose=0)} | keyed


def states(layer: layers.Layer, inputs: NDArray[np.generic], mask: Mask) -> Arrays:
    """Each state right after each step, (batch, steps, units): the same layer, its input cut off after that step."""
    probe = type(layer).from_config(layer.get_config() | {"return_sequences": False, "return_state": True})
    probe.build(inputs.shape)
    probe.set_weights(layer.get_weights())
    ends = [probe(inputs[:, : step + 1], mask=mask[:, : step + 1])[1:] for step in range(inputs.shape[1])]
    return {
        name: np.stack([np.asarray(end[index]) for end in ends], 1) for index, name in enumerate("hc"[: len(ends[0])])
    }


def lstm_gates(layer: layers.LSTM, inputs: NDArray[np.generic], h: NDArray[np.generic]) -> Arrays:
    """The gates at each step, (batch, steps, units), by Keras's own operations on the recorded state before that step.

    At a masked step they are what Keras computes there and then throws away.
    """
    cell = layer.cell
    before = np.concatenate([np.zeros_like(h[:, :1]), h[:, :-1]], axis=1)
    sums = ops.matmul(inputs, cell.kernel) + ops.matmul(before, cell.recurrent_kernel) + cell.bias
    blocks = dict(zip("ifgo", ops.split(sums, 4, axis=-1), strict=True))
    act = {"g": cell.activation}
    return {name: np.asarray(act.get(name, cell.recurrent_activation)(block)) for name, block in blocks.items()}


def agree(ours: NDArray[np.generic], returned: NDArray[np.generic]) -> None:
    """The states recorded step by step must end where the whole run ended."""
    np.testing.assert_allclose(ours, returned, rtol=0, atol=1e-6)


# Files.


def uncompiled(trained: keras.Model, fresh: keras.Model) -> keras.Model:
    """The trained weights without the optimizer's variables, which nobody needs here."""
    fresh.set_weights(trained.get_weights())
    return fresh


def save(name: str, network: keras.Model, inputs: NDArray[np.generic], recorded: Arrays) -> None:
    network.save(HERE / f"{name}.keras")
    network.save(HERE / f"{name}.h5")
    np.save(HERE / f"{name}.npy", inputs)
    meta = {
        **versions(),
        "dtype": network.dtype_policy.name,
        "batch_size": BATCH,
        "model": f"{name}.keras",
        "model_sha256": sha256(f"{name}.keras"),
        "input": f"{name}.npy",
        "input_sha256": sha256(f"{name}.npy"),
        "same_weights_sha256": {f"{name}.h5": sha256(f"{name}.h5")},
        "made_by": Path(__file__).name,
    }
    np.savez_compressed(HERE / f"{name}.keras.npz", allow_pickle=False, meta=np.array(json.dumps(meta)), **recorded)


def versions() -> dict[str, str]:
    backend = keras.backend.backend()
    return {"keras_version": keras.version(), "backend": backend, "backend_version": __import__(backend).__version__}


def sha256(name: str) -> str:
    return hashlib.sha256((HERE / name).read_bytes()).hexdigest()


def make_household() -> None:
    keras.utils.set_random_seed(SEED)
    rng = np.random.default_rng(SEED)
    network, inputs = train_household(rng), household_shown(rng)
    recorded = record_household(network, inputs)
    save("household", network, inputs, recorded)
    (HERE / "household.signals.txt").write_text("\n".join(household.NAMES) + "\n")

    wrong = wrong_port(inputs, network.get_weights())
    np.save(HERE / "wrong_port.npy", wrong)
    print(f"           the wrong port is off by up to {np.abs(wrong - recorded['output/0']).max():.3f}")


def make_sentences() -> None:
    keras.utils.set_random_seed(SEED)
    rng = np.random.default_rng(SEED)
    network, inputs = train_sentences(rng), sentences.shown(rng)
    save("sentences", network, inputs, record_sentences(network, inputs))
    (HERE / "sentences.vocab.txt").write_text("\n".join(sentences.VOCABULARY) + "\n")


if __name__ == "__main__":
    print("Keras {keras_version} on {backend} {backend_version}".format(**versions()))
    make_household()
    make_sentences()
