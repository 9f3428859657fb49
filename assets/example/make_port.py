"""Makes `household.port.npz`: what a port of the household model gives that makes one mistake, in NumPy alone.

    python make_port.py

Its states start from ones instead of zeros. It stores what such a port has at hand: the state after every step, and the
output. Needs no Keras; run it again when the example was trained anew.
"""

from __future__ import annotations

from pathlib import Path

import h5py
import household
import numpy as np
from numpy.typing import NDArray

HERE = Path(__file__).parent

Floats = NDArray[np.float32]


def weights(path: Path) -> list[Floats]:
    """Kernels and biases of rnn, dense1 and denseoutput, in the order in which Keras's HDF5 file names them."""
    with h5py.File(path) as file:
        stored = file["model_weights"]
        layers = [stored[name] for name in ("rnn", "dense1", "denseoutput")]
        return [np.asarray(layer[name]) for layer in layers for name in layer.attrs["weight_names"]]


def states(inputs: Floats, kernel: Floats, recurrent_kernel: Floats, bias: Floats) -> Floats:
    """The state after every step, (samples, steps, units); the mistake is in the first line."""
    state = np.ones((len(inputs), len(recurrent_kernel)), np.float32)
    after = []
    for step in range(inputs.shape[1]):
        now = inputs[:, step]
        seen = np.any(now != household.MISSING, axis=-1, keepdims=True)
        state = np.where(seen, np.tanh(now @ kernel + state @ recurrent_kernel + bias), state)
        after.append(state)
    return np.stack(after, axis=1)


def main() -> None:
    kernel, recurrent_kernel, bias, kernel1, bias1, kernel2, bias2 = weights(HERE / "household.h5")
    after = states(np.load(HERE / "household.npy"), kernel, recurrent_kernel, bias)
    output = np.tanh(np.tanh(after[:, -1] @ kernel1 + bias1) @ kernel2 + bias2)
    arrays = {"output/0": output, "layer/rnn/state/h": after}
    np.savez_compressed(HERE / "household.port.npz", allow_pickle=False, **arrays)


if __name__ == "__main__":
    main()
