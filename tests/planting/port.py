"""A port of Keras's recurrent layers to NumPy as a person would write it, making any mistake of the catalogue.

It shares nothing with the engine: it reads weights and options from plain dictionaries, and computes with loops. Where
a mistake can be made in several ways, `reading` says which.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from rnnscope.types import Array
from tests.planting.cells import ACTIVATIONS, CELLS

MASK_VALUE = -99.0
HALVES = ("forward", "backward")
MERGES: dict[str, Any] = {
    "concat": lambda a, b: np.concatenate([a, b], axis=-1),
    "sum": lambda a, b: a + b,
    "ave": lambda a, b: (a + b) / 2,
    "mul": lambda a, b: a * b,
}
States = tuple[Array, ...]


class Port:
    """layers: dictionaries with ``kind``, ``name``, options and weights; encoder: those that give the first recurrent
    layer its initial states; wrong: ids of the mistakes to make; only: the one layer that is wrong."""

    def __init__(
        self,
        layers: Sequence[Mapping[str, Any]],
        wrong: Iterable[str] = (),
        *,
        only: str = "",
        seed: int = 0,
        reading: int = 0,
        encoder: Sequence[Mapping[str, Any]] = (),
        mask_with_states: bool = False,
    ) -> None:
        self.layers, self.encoder = layers, encoder
        self.wrong = dict.fromkeys(wrong, reading)
        self.only, self.seed, self.mask_with_states = only, seed, mask_with_states

    def predict(self, x: Array, source: Array | None = None) -> Array:
        """The output for x, batch first; source is what the encoder reads."""
        self.earlier: dict[str, States] = {}
        if self.wrong.get("stateful-carry") == 1:
            self.once(x, source)
            self.earlier = self.final
        return self.once(x, source)

    def once(self, x: Array, source: Array | None) -> Array:
        self.random = np.random.default_rng(self.seed)
        self.final: dict[str, States] = {}
        x = self.arranged(x)
        self.given: States | None = None
        if source is not None:
            self.given = self.encoded(self.arranged(source))
        self.mask: Array | None = None
        for layer in self.layers:
            x = getattr(self, layer["kind"].lower())(self.prepared(layer), x)
        return np.asarray(x)

    def arranged(self, x: Array) -> Array:
        """What a port does to its input before anything else."""
        if "batch-order" in self.wrong:
            x = x[np.random.default_rng(self.seed).permutation(len(x))]
        if self.wrong.get("time-major-mixup") == 0:
            x = x.reshape(x.shape[1], x.shape[0], *x.shape[2:]).swapaxes(0, 1)
        if self.wrong.get("time-major-mixup") == 1:
            x = x.swapaxes(0, 1)
        if "float16" in self.wrong and x.dtype.kind == "f":
            x = x.astype(np.float16)
        if self.wrong.get("time-reversed") == 0:
            x = x[:, ::-1]
        if self.wrong.get("missing-first-step") == 2:
            x = x[:, 1:]
        if self.wrong.get("missing-last-step") == 2:
            x = x[:, :-1]
        return x

    def bad(self, layer: Mapping[str, Any]) -> dict[str, int]:
        """The mistakes that are made in this layer, with their readings."""
        return self.wrong if self.only in ("", layer["name"]) else {}

    def prepared(self, layer: Mapping[str, Any]) -> dict[str, Any]:
        """The layer with its weights in float16 when everything is."""
        if "float16" not in self.wrong:
            return dict(layer)
        return {k: v.astype(np.float16) if isinstance(v, np.ndarray) else v for k, v in layer.items()} | {
            half: self.prepared(layer[half]) for half in HALVES if half in layer
        }

    def encoded(self, x: Array) -> States:
        """The encoder's final states."""
        self.mask = None
        for layer in self.encoder[:-1]:
            x = getattr(self, layer["kind"].lower())(self.prepared(layer), x)
        last = self.prepared(self.encoder[-1])
        return self.loop(last, x, self.mask, last["name"])[2]

    # Layers.

    def masking(self, layer: dict[str, Any], x: Array) -> Any:
        seen = np.any(x != MASK_VALUE, axis=2)
        if "mask-ignored" in self.wrong:
            return x
        self.mask = seen
        if "masked-feature-wise" in self.wrong:
            self.mask = None
            return np.where(x == MASK_VALUE, x.dtype.type(0), x)
        if "masked-inputs-zeroed" in self.wrong:
            self.mask = None
        if "extra-step" in self.wrong or self.wrong.get("last-valid-vs-last-step", 0) >= 2:
            return x
        return x * seen[:, :, None]

    def embedding(self, layer: dict[str, Any], x: Array) -> Any:
        table, index = layer["table"], x
        if "embedding-off-by-one" in self.wrong:
            index = [x - 1, (x + 1) % len(table), x - 1][self.wrong["embedding-off-by-one"]]
        if layer["mask_zero"] and "mask-ignored" not in self.wrong:
            seen = (index if self.wrong.get("embedding-off-by-one") == 2 else x) != 0
            if "masked-inputs-zeroed" in self.wrong:
                return table[index] * seen[:, :, None]
            self.mask = seen
        return table[index]

    def dense(self, layer: dict[str, Any], x: Array) -> Any:
        y = x @ layer["kernel"] + layer["bias"]
        return y if "dense-activation-missing" in self.bad(layer) else ACTIVATIONS[layer["activation"]](y)

    timedistributed = dense

    def repeatvector(self, layer: dict[str, Any], x: Array) -> Any:
        return np.repeat(x[:, None], layer["n"], axis=1)

    def dropout(self, layer: dict[str, Any], x: Array) -> Any:
        if "dropout-applied" not in self.wrong:
            return x
        kept = self.random.random(x.shape) > layer["rate"]
        return (x * kept / (1 - layer["rate"])).astype(x.dtype)

    def batchnormalization(self, layer: dict[str, Any], x: Array) -> Any:
        mean, variance = layer["mean"], layer["variance"]
        if "batch-norm-batch-statistics" in self.wrong:
            axes = tuple(range(x.ndim - 1))
            mean, variance = x.mean(axis=axes), x.var(axis=axes)
        return ((x - mean) / np.sqrt(variance + 1e-3) * layer["gamma"] + layer["beta"]).astype(x.dtype)

    def simplernn(self, layer: dict[str, Any], x: Array) -> Any:
        given, self.given = self.given, None
        mask = self.mask if given is None or self.mask_with_states else None
        outputs, last, _ = self.loop(layer, x, mask, layer["name"], given)
        if layer["return_sequences"]:
            self.mask = self.shortened(self.mask, layer)
            return outputs
        self.mask = None
        return last

    lstm = gru = simplernn

    def bidirectional(self, layer: dict[str, Any], x: Array) -> Any:
        sequences, mask, wrong = layer["return_sequences"], self.mask, self.bad(layer)
        ahead, back = dict(layer["forward"]), dict(layer["backward"])
        if wrong.get("directions-swapped") == 0:
            ahead, back = back, ahead
        turned = "backward-not-reversed" not in wrong
        x2, mask2 = (x[:, ::-1], None if mask is None else mask[:, ::-1]) if turned else (x, mask)
        outputs, last, _ = self.loop(ahead, x, mask, f"{layer['name']}/forward")
        outputs2, last2, _ = self.loop(back, x2, mask2, f"{layer['name']}/backward")
        if wrong.get("time-reversed") == 1 and mask is not None and mask2 is not None:
            mask, mask2 = mask[:, ::-1], mask2[:, ::-1]
        if mask is not None and mask2 is not None and "mask-output-not-zeroed" not in wrong and layer["zeroes"]:
            outputs, outputs2 = outputs * mask[:, :, None], outputs2 * mask2[:, :, None]
        if "backward-last-step" in wrong:
            last2 = outputs2[:, 0]
        if (turned and "backward-not-flipped" not in wrong) or wrong.get("backward-not-reversed") == 1:
            outputs2 = outputs2[:, ::-1]
        a, b = (outputs, outputs2) if sequences else (last, last2)
        if not sequences:
            self.mask = None
        if wrong.get("directions-swapped") == 1:
            a, b = b, a
        mode = layer["merge_mode"]
        if "merge-mode-wrong" in wrong:
            others = ["sum", "ave", "mul"] if mode != "concat" else ["sum"]
            mode = [other for other in others if other != mode][wrong["merge-mode-wrong"] % (len(others) - 1 or 1)]
        return MERGES[mode](a, b).astype(x.dtype)

    # The loop.

    def loop(
        self, layer: dict[str, Any], x: Array, mask: Array | None, key: str, given: States | None = None
    ) -> tuple[Array, Array, States]:
        """Outputs (batch, steps, units) in the order of processing, the last one, and the final states."""
        wrong = self.bad(layer)
        batch, steps = x.shape[:2]
        if wrong.get("time-reversed", 0) >= 1:
            x, mask = x[:, ::-1], None if mask is None else mask[:, ::-1]
        size = {0: 1, 2: 32}.get(wrong.get("stateful-carry", 1))
        if size is not None and batch > size and given is None:
            return self.in_batches(layer, x, mask, size)
        states = self.start(wrong, layer, batch, x.dtype, key, given)
        first, end = self.ends(wrong, steps)
        cell = CELLS[layer["kind"]]
        outputs = np.zeros((batch, steps, states[0].shape[1]), x.dtype)
        output = np.zeros_like(outputs[:, 0])
        for t in range(first, end):
            new, shown = cell(layer, x[:, t], states, wrong)
            if mask is None or "last-valid-vs-last-step" in wrong:
                states, output = new, shown
            else:
                states, output = self.masked_step(mask[:, t, None], states, new, output, shown, wrong)
            outputs[:, t] = output
        if "extra-step" in wrong:
            states, output = cell(layer, x[:, -1], states, wrong)
        if "last-valid-vs-last-step" in wrong and mask is not None:
            output = outputs[np.arange(batch), last_valid(mask, wrong["last-valid-vs-last-step"])]
        if "mask-zeros-output" in wrong and mask is not None:
            outputs, output = outputs * mask[:, :, None], output * mask[:, -1:]
        if wrong.get("time-reversed") == 2:
            outputs = outputs[:, ::-1]
        outputs = self.shortened(outputs, layer)
        self.final[key] = states
        return outputs, output.astype(x.dtype), states

    def masked_step(
        self, m: Array, states: States, new: States, output: Array, shown: Array, wrong: Mapping[str, int]
    ) -> tuple[States, Array]:
        """States and output after a step at which some samples are masked."""
        zeroed = "masked-state-zeroed" in wrong
        kept = [np.zeros_like(s) for s in states] if zeroed else states
        held = tuple(np.where(m, n, k) for n, k in zip(new, kept, strict=True))
        if wrong.get("initial-state-ones") == 0 or wrong.get("initial-state-random", -1) % 2 == 0:
            return held, held[-1 if "cell-state-as-output" in wrong else 0]
        return held, np.where(m, shown, np.zeros_like(output) if zeroed else output)

    def ends(self, wrong: Mapping[str, int], steps: int) -> tuple[int, int]:
        """Where the loop begins and ends."""
        first = 1 if wrong.get("missing-first-step", 2) < 2 else 0
        return first, steps - 1 if wrong.get("missing-last-step", 2) < 2 else steps

    def shortened(self, array: Any, layer: Mapping[str, Any]) -> Any:
        """(batch, steps, …) without the steps that were left out, where outputs are put in a list."""
        wrong = self.bad(layer)
        if array is not None and wrong.get("missing-first-step") == 1:
            array = array[:, 1:]
        if array is not None and wrong.get("missing-last-step") == 1:
            array = array[:, :-1]
        return array

    def in_batches(self, layer: dict[str, Any], x: Array, mask: Array | None, size: int) -> tuple[Array, Array, States]:
        """Some samples after the other, the states going on."""
        cell = CELLS[layer["kind"]]
        states = self.start({}, layer, size, x.dtype, "", None)
        outputs = np.zeros((*x.shape[:2], states[0].shape[1]), x.dtype)
        finals: list[States] = []
        for begin in range(0, len(x), size):
            rows = slice(begin, min(begin + size, len(x)))
            count = rows.stop - rows.start
            states, output = tuple(s[:count] for s in states), np.zeros_like(outputs[rows, 0])
            for t in range(x.shape[1]):
                new, shown = cell(layer, x[rows, t], states, {})
                valid = np.ones((count, 1), bool) if mask is None else mask[rows, t, None]
                states = tuple(np.where(valid, n, s) for n, s in zip(new, states, strict=True))
                output = np.where(valid, shown, output)
                outputs[rows, t] = output
            finals.append(states)
        return outputs, outputs[:, -1], tuple(np.concatenate(parts) for parts in zip(*finals, strict=True))

    def start(
        self, wrong: Mapping[str, int], layer: Mapping[str, Any], batch: int, dtype: Any, key: str, given: States | None
    ) -> States:
        """The states before the first step."""
        units, count = layer["recurrent_kernel"].shape[0], 2 if layer["kind"] == "LSTM" else 1
        if given is not None and "initial-state-dropped" not in wrong and wrong.get("initial-state-ones", 0) < 2:
            return given
        if key in self.earlier:
            return self.earlier[key]
        if "initial-state-ones" in wrong:
            return tuple(np.ones((batch, units), dtype) for _ in range(count))
        if "initial-state-random" in wrong:
            rows = batch if wrong["initial-state-random"] >= 2 else 1
            drawn = (self.random.normal(size=(rows, units)).astype(dtype) for _ in range(count))
            return tuple(np.broadcast_to(row, (batch, units)) for row in drawn)
        return tuple(np.zeros((batch, units), dtype) for _ in range(count))


def last_valid(mask: Array, reading: int) -> Array:
    """The index of the last valid step, or how many there are less one."""
    if reading % 2 == 0:
        return np.asarray(mask.sum(axis=1) - 1)
    return np.asarray(mask.shape[1] - 1 - mask[:, ::-1].argmax(axis=1))
