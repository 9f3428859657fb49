"""Random recurrent models twice: as the engine reads them, and as a port has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnnscope.layers.core import InputLayer
from rnnscope.model import Model
from rnnscope.semantics import Semantics
from rnnscope.types import Array
from tests.core.layering import layer as read
from tests.core.models import chain
from tests.core.ports import MASK_VALUE

BLOCKS = {"SimpleRNN": 1, "LSTM": 4, "GRU": 3}
VOCABULARY = 12


@dataclass
class Ported:
    """One model in both forms, with an input that has masked steps of every kind where it has masks."""

    model: Model
    layers: list[dict[str, Any]]
    x: Array


class Maker:
    """Draws weights; layers are appended to `layers` in the port's form."""

    def __init__(self, seed: int, *, scale: float = 1.0, version: str = "3.15.1") -> None:
        self.random = np.random.default_rng(seed)
        self.scale, self.version = scale, version

    def draw(self, *shape: int, spread: float | None = None) -> Array:
        wide = self.scale / np.sqrt(shape[0]) if spread is None else spread
        return self.random.normal(0, wide, shape).astype(np.float32)

    def recurrent(self, kind: str, features: int, units: int, **options: Any) -> dict[str, Any]:
        blocks = BLOCKS[kind]
        after = options.pop("reset_after", True)
        bias = (2, blocks * units) if kind == "GRU" and after else (blocks * units,)
        return {
            "kind": kind,
            "kernel": self.draw(features, blocks * units),
            "recurrent_kernel": self.draw(units, blocks * units),
            "bias": self.draw(*bias, spread=0.4 * self.scale),
            "activation": "tanh",
            "recurrent_activation": "sigmoid",
            "return_sequences": False,
            "reset_after": after,
            **options,
        }

    def build(self, layers: Sequence[dict[str, Any]], steps: int, features: int, batch: int, masks: bool) -> Ported:
        """The model of these layers, named by their place, and an input for it."""
        named = [{**entry, "name": f"{entry['kind'].lower()}_{index}"} for index, entry in enumerate(layers)]
        for entry in named:
            for half in ("forward", "backward"):
                if half in entry:
                    entry[half] = {**entry[half], "name": entry["name"], "return_sequences": entry["return_sequences"]}
        words = named[0]["kind"] == "Embedding"
        shape: tuple[int | None, ...] = (None, steps) if words else (None, steps, features)
        operations: list[Any] = [("entry", InputLayer(shape, "int32" if words else "float32"))]
        for entry in named:
            operation = self.read(entry, shape)
            operations.append((entry["name"], operation))
            (shape,) = operation.output_shapes((shape,))
        model = chain(*operations, semantics=Semantics(self.version))
        x = self.words(batch, steps, masks) if words else self.signals(batch, steps, features, masks)
        return Ported(model, named, x)

    def read(self, entry: Mapping[str, Any], shape: tuple[int | None, ...]) -> Any:
        options, weights = described(entry)
        return read(entry["kind"], options, (shape,), weights, version=self.version)

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


def described(entry: Mapping[str, Any]) -> tuple[dict[str, Any], list[Array]]:
    """A layer as Keras's configuration and its weights in file order."""
    kind = entry["kind"]
    if kind == "Masking":
        return {"mask_value": MASK_VALUE}, []
    if kind == "Embedding":
        vocabulary, features = entry["table"].shape
        return {"input_dim": vocabulary, "output_dim": features, "mask_zero": entry["mask_zero"]}, [entry["table"]]
    if kind == "Dense":
        return {"units": entry["kernel"].shape[1], "activation": entry["activation"]}, [entry["kernel"], entry["bias"]]
    if kind == "Dropout":
        return {"rate": entry["rate"]}, []
    if kind == "BatchNormalization":
        return {}, [entry[key] for key in ("gamma", "beta", "mean", "variance")]
    if kind == "Bidirectional":
        halves = [described(entry[half]) for half in ("forward", "backward")]
        wrapped = {"class_name": entry["forward"]["kind"], "config": {"name": "it", **halves[0][0]}}
        return {"layer": wrapped, "merge_mode": entry["merge_mode"]}, [*halves[0][1], *halves[1][1]]
    options: dict[str, Any] = {
        "units": entry["recurrent_kernel"].shape[0],
        "activation": entry["activation"],
        "return_sequences": entry["return_sequences"],
    }
    if kind != "SimpleRNN":
        options["recurrent_activation"] = entry["recurrent_activation"].partition("_keras")[0]
    if kind == "GRU":
        options["reset_after"] = entry["reset_after"]
    return options, [entry[key] for key in ("kernel", "recurrent_kernel", "bias")]


def dense(maker: Maker, features: int, units: int, activation: str = "tanh") -> dict[str, Any]:
    return {
        "kind": "Dense",
        "kernel": maker.draw(features, units),
        "bias": maker.draw(units, spread=0.3),
        "activation": activation,
    }


def draw_model(kind: str, form: str, seed: int, *, masks: bool, batch: int = 20, **options: Any) -> Ported:
    """A random model: `form` is single, sequence, stacked, embedding, bidirectional, both,
    halves or normalized."""
    version = options.pop("version", "3.15.1")
    maker = Maker(seed, version=version)
    random = maker.random
    steps, features = int(random.integers(4, 9)), int(random.integers(3, 7))
    units, outs = int(random.integers(4, 9)), int(random.integers(1, 5))
    begin: list[dict[str, Any]] = [{"kind": "Masking"}] if masks else []
    first = features
    if form == "embedding":
        begin = [{"kind": "Embedding", "table": maker.draw(VOCABULARY, 5, spread=0.8), "mask_zero": masks}]
        first = 5
    one = maker.recurrent(kind, first, units, **options)
    if form in ("single", "embedding"):
        layers = [*begin, one, dense(maker, units, outs)]
    elif form == "sequence":
        layers = [*begin, {**one, "return_sequences": True}]
    elif form == "stacked":
        two = maker.recurrent(kind, units, units, **options)
        layers = [*begin, {**one, "return_sequences": True}, two, dense(maker, units, outs, "sigmoid")]
    elif form == "normalized":
        norm = {
            "kind": "BatchNormalization",
            "gamma": maker.draw(units, spread=0.5) + 1,
            "beta": maker.draw(units, spread=0.3),
            "mean": maker.draw(units, spread=0.3),
            "variance": np.abs(maker.draw(units, spread=0.3)) + np.float32(0.2),
        }
        layers = [*begin, one, norm, {"kind": "Dropout", "rate": 0.3}, dense(maker, units, outs, "softmax")]
    else:
        back = maker.recurrent(kind, first, units, **options)
        mode = str(random.choice(["concat", "sum", "ave", "mul"]))
        width = 2 * units if mode == "concat" else units
        both = {"kind": "Bidirectional", "forward": one, "backward": back, "merge_mode": mode}
        if form == "halves":
            layers = [*begin, {**both, "return_sequences": True}]
        elif form == "bidirectional":
            layers = [*begin, {**both, "return_sequences": False}, dense(maker, width, outs)]
        else:
            after = maker.recurrent(kind, width, units, **options)
            layers = [*begin, {**both, "return_sequences": True}, after, dense(maker, units, outs)]
    return maker.build(layers, steps, features, batch, masks)
