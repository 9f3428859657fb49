"""Random recurrent models twice: as the engine reads them, and as a port has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rnnscope.graph import Call, Layer, Tensor
from rnnscope.layers.core import InputLayer
from rnnscope.model import Model
from rnnscope.semantics import Semantics
from rnnscope.types import Array
from tests.core.layering import layer as read
from tests.planting.port import HALVES, MASK_VALUE

BLOCKS = {"SimpleRNN": 1, "LSTM": 4, "GRU": 3}
RECURRENT = tuple(BLOCKS)
VOCABULARY = 12
ENTRY, SOURCE = "entry", "source"
Entry = dict[str, Any]


@dataclass
class Ported:
    """One model in both forms, with an input that has masked steps of every kind where it has masks.

    encoder, source: the layers that give the first recurrent layer its initial states, and what they read.
    """

    model: Model
    layers: list[Entry]
    x: Array
    version: str
    encoder: list[Entry] = field(default_factory=list)
    source: Array | None = None

    @property
    def inputs(self) -> Any:
        return self.x if self.source is None else {ENTRY: self.x, SOURCE: self.source}


class Maker:
    """Draws weights; `trained` ones look as training leaves them, others are normal of one scale."""

    def __init__(
        self, seed: int | str, *, scale: float = 1.0, version: str = "3.15.1", trained: bool = False, units: int = 0
    ) -> None:
        self.random = np.random.default_rng([*seed.encode()] if isinstance(seed, str) else seed)
        self.scale, self.version, self.trained = scale, version, trained

    def draw(self, *shape: int, spread: float | None = None) -> Array:
        wide = self.scale / np.sqrt(shape[0]) if spread is None else spread
        return self.random.normal(0, wide, shape).astype(np.float32)

    def recurrent(self, kind: str, features: int, units: int, **options: Any) -> Entry:
        blocks = BLOCKS[kind]
        after = options.pop("reset_after", True)
        bias = (2, blocks * units) if kind == "GRU" and after else (blocks * units,)
        weights = {
            "kernel": self.draw(features, blocks * units),
            "recurrent_kernel": self.draw(units, blocks * units),
            "bias": self.draw(*bias, spread=0.4 * self.scale),
        }
        if self.trained:
            weights = self.looking_trained(weights, kind, units)
        return {
            "kind": kind,
            **weights,
            "activation": "tanh",
            "recurrent_activation": "sigmoid",
            "return_sequences": False,
            "reset_after": after,
            **options,
        }

    def looking_trained(self, weights: dict[str, Array], kind: str, units: int) -> dict[str, Array]:
        """Orthogonal recurrent kernels a little off, small biases, open forget gates."""
        blocks = np.split(weights["recurrent_kernel"], BLOCKS[kind], axis=1)
        orthogonal = np.concatenate([np.linalg.qr(block)[0] for block in blocks], axis=1)
        bias = weights["bias"] * np.float32(0.4)
        if kind == "LSTM":
            bias[units : 2 * units] += 1
        noise = self.draw(*orthogonal.shape, spread=0.1)
        return {**weights, "recurrent_kernel": (orthogonal + noise).astype(np.float32), "bias": bias}

    def dense(self, features: int, units: int, activation: str = "tanh", kind: str = "Dense") -> Entry:
        return {
            "kind": kind,
            "kernel": self.draw(features, units),
            "bias": self.draw(units, spread=0.3),
            "activation": activation,
        }

    def normalization(self, units: int) -> Entry:
        return {
            "kind": "BatchNormalization",
            "gamma": self.draw(units, spread=0.5) + 1,
            "beta": self.draw(units, spread=0.3),
            "mean": self.draw(units, spread=0.3),
            "variance": np.abs(self.draw(units, spread=0.3)) + np.float32(0.2),
        }

    def embedding(self, features: int, mask_zero: bool) -> Entry:
        return {
            "kind": "Embedding",
            "table": self.draw(VOCABULARY, features, spread=0.8),
            "mask_zero": mask_zero,
        }

    def signals(self, batch: int, steps: int, features: int, masks: bool) -> Array:
        x = self.random.normal(0, 1, (batch, steps, features)).astype(np.float32)
        if masks:
            x[~self.seen(batch, steps)] = MASK_VALUE
            x[0, 1, 0] = x[min(1, batch - 1), steps - 1, -1] = MASK_VALUE
        return x

    def words(self, batch: int, steps: int, masks: bool) -> Array:
        x = self.random.integers(1, VOCABULARY, (batch, steps)).astype(np.int32)
        if masks:
            x[~self.seen(batch, steps)] = 0
        return x

    def seen(self, batch: int, steps: int) -> Array:
        """Which steps are valid: all, padding behind, padding before, holes, in turn; never none."""
        seen = np.ones((batch, steps), bool)
        for sample in range(batch):
            cut = int(self.random.integers(1, max(2, steps - 1)))
            if sample % 4 == 1:
                seen[sample, -cut:] = False
            if sample % 4 == 2:
                seen[sample, :cut] = False
            if sample % 4 == 3:
                seen[sample, 1:-1] = self.random.random(steps - 2) < 0.5
        return seen


class Building:
    """Puts layers in the port's form together to a model of the engine."""

    def __init__(self, version: str) -> None:
        self.version = version
        self.layers: list[Layer] = []
        self.calls: list[Call] = []
        self.named: list[Entry] = []

    def chain(self, entries: Sequence[Entry], x: Array, entry: str = ENTRY, initial: Sequence[Tensor] = ()) -> None:
        """These layers one after the other on an input like x; the first recurrent one starts from `initial`."""
        words = x.ndim == 2
        shape: tuple[int | None, ...] = (None, *x.shape[1:])
        self._call(entry, "InputLayer", InputLayer(shape, "int32" if words else "float32"), (shape,), ())
        for layer in entries:
            name = f"{layer['kind'].lower()}_{len(self.named)}"
            own = {**layer, "name": name}
            for half in HALVES:
                if half in own:
                    own[half] = {**own[half], "name": name, "return_sequences": own["return_sequences"]}
            options, weights = described(own)
            operation = read(own["kind"], options, (shape,), weights, version=self.version)
            shapes = operation.output_shapes((shape,))
            given = initial if own["kind"] in RECURRENT else ()
            self._call(name, own["kind"], operation, shapes, (Tensor(self.calls[-1].key, 0),), given)
            initial, shape = () if given else initial, shapes[0]
            self.named.append(own)

    def _call(
        self,
        name: str,
        kind: str,
        operation: Any,
        shapes: Any,
        inputs: tuple[Tensor, ...],
        initial: Sequence[Tensor] = (),
    ) -> None:
        self.layers.append(Layer(name, kind, operation, shapes, 0, 0))
        self.calls.append(Call(name, name, inputs, {"initial_state": tuple(initial)} if initial else {}))

    def model(self, inputs: Sequence[str]) -> Model:
        return Model(
            "planted",
            "Functional",
            tuple(self.layers),
            tuple(self.calls),
            tuple(Tensor(name, 0) for name in inputs),
            (Tensor(self.calls[-1].key, 0),),
            Semantics(self.version),
        )


def built(layers: Sequence[Entry], x: Array, version: str = "3.15.1") -> Ported:
    """The model of these layers, named by their place."""
    building = Building(version)
    building.chain(layers, x)
    return Ported(building.model([ENTRY]), building.named, x, version)


def built_translator(
    encoder: Sequence[Entry], source: Array, layers: Sequence[Entry], x: Array, version: str = "3.15.1"
) -> Ported:
    """An encoder whose last layer's states are those that the decoder begins with."""
    building = Building(version)
    building.chain(encoder, source, SOURCE)
    last = building.named[-1]
    count = 2 if last["kind"] == "LSTM" else 1
    length = len(building.named)
    building.chain(layers, x, ENTRY, [Tensor(last["name"], 1 + index) for index in range(count)])
    model = building.model([ENTRY, SOURCE])
    return Ported(model, building.named[length:], x, version, building.named[:length], source)


def described(entry: Mapping[str, Any]) -> tuple[dict[str, Any], list[Array]]:
    """A layer as Keras's configuration and its weights in file order."""
    kind = entry["kind"]
    if kind in PLAIN:
        options, weights = PLAIN[kind]
        return options(entry), [entry[key] for key in weights]
    if kind == "TimeDistributed":
        inner, arrays = described({**entry, "kind": "Dense"})
        return {"layer": {"class_name": "Dense", "config": {"name": "it", **inner}}}, arrays
    if kind == "Bidirectional":
        halves = [described(entry[half]) for half in HALVES]
        wrapped = {"class_name": entry["forward"]["kind"], "config": {"name": "it", **halves[0][0]}}
        return {"layer": wrapped, "merge_mode": entry["merge_mode"]}, [*halves[0][1], *halves[1][1]]
    options = {
        "units": entry["recurrent_kernel"].shape[0],
        "activation": entry["activation"],
        "return_sequences": entry["return_sequences"],
        "return_state": entry.get("return_state", False),
    }
    if kind != "SimpleRNN":
        options["recurrent_activation"] = entry["recurrent_activation"].partition("_keras")[0]
    if kind == "GRU":
        options["reset_after"] = entry["reset_after"]
    return options, [entry[key] for key in ("kernel", "recurrent_kernel", "bias")]


PLAIN: dict[str, Any] = {
    "Masking": (lambda entry: {"mask_value": MASK_VALUE}, ()),
    "Embedding": (
        lambda entry: {
            "input_dim": entry["table"].shape[0],
            "output_dim": entry["table"].shape[1],
            "mask_zero": entry["mask_zero"],
        },
        ("table",),
    ),
    "Dense": (
        lambda entry: {"units": entry["kernel"].shape[1], "activation": entry["activation"]},
        ("kernel", "bias"),
    ),
    "Dropout": (lambda entry: {"rate": entry["rate"]}, ()),
    "RepeatVector": (lambda entry: {"n": entry["n"]}, ()),
    "BatchNormalization": (lambda entry: {}, ("gamma", "beta", "mean", "variance")),
}
