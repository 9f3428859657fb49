"""Five demonstrations of what masking does, each a small model, an input, and the words to say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rnnscope.compare import Location
from rnnscope.graph import Call, Layer, Tensor
from rnnscope.layers.activations import Activation
from rnnscope.layers.base import Operation
from rnnscope.layers.core import Dense, Flatten, InputLayer
from rnnscope.layers.dense_cells import SimpleRNNCell
from rnnscope.layers.masking import Masking
from rnnscope.layers.recurrent import Recurrent
from rnnscope.model import Model
from rnnscope.semantics import Semantics
from rnnscope.types import Array, Shape
from rnnscope.unroll import Direction

STEPS, FEATURES, UNITS, MISSING = 8, 2, 6, -99.0


@dataclass(frozen=True, slots=True, eq=False)
class Demonstration:
    """One thing that masking does, to be shown to a class.

    id, title: its name, and a line. words: two or three sentences to say. model, x: what to run. look: the number to
    look at. mask: the preset of the laboratory that shows it on any other model.
    """

    id: str
    title: str
    words: str
    model: Model
    x: Array
    look: Location
    mask: str


def demonstrations() -> tuple[Demonstration, ...]:
    """The five: padding behind, padding in front, nothing but padding, a mask that is lost, a step masked in part."""
    return (_trailing(), _leading(), _nothing(), _flattened(), _partly())


def _trailing() -> Demonstration:
    return Demonstration(
        "trailing-padding",
        "Padding behind a sequence changes nothing",
        "The sequence is five steps long, and three steps of −99 stand behind it. From step 5 on the state is "
        "frozen: it stays what step 4 made of it, so the last output is that of the last real step. Cut the three "
        "steps off, and the answer is the same; ignore the mask, and it is not.",
        network("trailing_padding"),
        padded(behind=3),
        Location("rnn", "state/h", 0, 5, 0),
        "trailing",
    )


def _leading() -> Demonstration:
    return Demonstration(
        "leading-padding",
        "Padding in front of a sequence: it begins later",
        "Three steps of −99 stand before the sequence. Until step 3 nothing has been processed, and the state is "
        "still the initial one, zeros; step 3 finds it as a first step would. Ignore the mask, and the padding has "
        "filled the state before the first real step comes.",
        network("leading_padding"),
        padded(before=3),
        Location("rnn", "state/h", 0, 3, 0),
        "leading",
    )


def _nothing() -> Demonstration:
    return Demonstration(
        "nothing-but-padding",
        "A sample that is masked throughout still gets an answer",
        "Every step is −99, so no step runs, and the state is zeros from the first step to the last. The answer is "
        "what the Dense layer makes of zeros: its bias through its activation. It looks like any other number, and "
        "says nothing about the sample.",
        network("nothing_but_padding"),
        padded(behind=STEPS),
        Location("dense", "output/0", 0, None, 0),
        "all",
    )


def _flattened() -> Demonstration:
    return Demonstration(
        "mask-lost-at-flatten",
        "Flatten loses the mask",
        "Both samples hold the same five steps, one with padding behind, one with padding in front. The recurrent "
        "layer heeds the mask and ends in the same state for both. But Flatten puts all eight steps side by side "
        "and hands no mask on: Dense weighs what stands at masked steps as well, and the two answers differ.",
        network("mask_lost_at_flatten", flatten=True),
        np.concatenate([padded(behind=3), padded(before=3)]),
        Location("dense", "output/0", 1, None, 0),
        "leading",
    )


def _partly() -> Demonstration:
    x = padded(behind=3)
    x[0, 3, 1] = MISSING
    return Demonstration(
        "partly-masked",
        "One feature of −99 is no mask",
        "At step 3 one of the two features is −99, the other a real number. Masking masks a step only when all its "
        "features are −99, so this step runs, with −99 as if it were measured: nearly every unit is driven to −1 or 1, "
        "and what the state knew before is gone.",
        network("partly_masked"),
        x,
        Location("rnn", "state/h", 0, 3, 0),
        "as Keras",
    )


def padded(before: int = 0, behind: int = 0) -> Array:
    """One sample (1, 8, 2): five steps of numbers with −99 before or behind them."""
    x = np.full((1, STEPS, FEATURES), MISSING, np.float32)
    count = STEPS - before - behind
    x[0, before : STEPS - behind] = np.random.default_rng(7).normal(0, 1, (5, FEATURES))[:count].round(2)
    return x


def network(name: str, *, flatten: bool = False) -> Model:
    """Input (8, 2) → Masking(−99) → SimpleRNN(6) → Dense(1), with Flatten before Dense where asked for."""
    random = np.random.default_rng(30)

    def weight(*shape: int) -> Array:
        return random.normal(0, 0.6, shape).round(2).astype(np.float32)

    cell = SimpleRNNCell(weight(FEATURES, UNITS), weight(UNITS, UNITS), weight(UNITS), Activation("tanh"))
    layers: list[tuple[str, str, Operation]] = [
        ("sequence", "InputLayer", InputLayer((None, STEPS, FEATURES))),
        ("masking", "Masking", Masking(MISSING)),
        ("rnn", "SimpleRNN", Recurrent(cell, Direction(), flatten, return_state=False, stateful=False)),
    ]
    if flatten:
        layers.append(("flatten", "Flatten", Flatten()))
    width = UNITS * (STEPS if flatten else 1)
    layers.append(("dense", "Dense", Dense(weight(width, 1), weight(1), Activation("tanh"))))
    return chained(name, layers)


def chained(name: str, operations: list[tuple[str, str, Operation]]) -> Model:
    """A model of layers (name, Keras class, operation) one after another."""
    calls: list[Call] = []
    layers: list[Layer] = []
    shapes: tuple[Shape, ...] = ()
    for key, class_name, operation in operations:
        shapes = operation.output_shapes(shapes)
        calls.append(Call(key, key, (Tensor(calls[-1].key, 0),) if calls else ()))
        count = _parameters(operation)
        layers.append(Layer(key, class_name, operation, shapes, count, count))
    ends = (Tensor(calls[0].key, 0),), (Tensor(calls[-1].key, 0),)
    return Model(name, "Functional", tuple(layers), tuple(calls), *ends, semantics=Semantics(), written_by=Semantics())


def _parameters(operation: Operation) -> int:
    holder = operation.cell if isinstance(operation, Recurrent) else operation
    names = ("kernel", "recurrent_kernel", "bias")
    return sum(weight.size for name in names if (weight := getattr(holder, name, None)) is not None)
