"""Mistakes with activations, and with what a cell hands on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from rnnscope.layers.activation_layers import ActivationLayer
from rnnscope.layers.activations import Activation
from rnnscope.layers.base import Operation
from rnnscope.layers.cells import Cell
from rnnscope.layers.conv_lstm import ConvLSTMCell
from rnnscope.layers.core import Dense
from rnnscope.layers.dense_cells import GRUCell, LSTMCell
from rnnscope.layers.recurrent import Recurrent
from rnnscope.mistakes.case import Case, Mistake, Variation
from rnnscope.mistakes.cells import HandsOnCellState, SwappedUpdate, WithoutOutputActivation
from rnnscope.mistakes.places import activations_in, at_places, find_all, map_activations
from rnnscope.mistakes.weights import cells

LINEAR, RELU, SIGMOID = Activation("linear"), Activation("relu"), Activation("sigmoid")
OLDER, NEWER = Activation("hard_sigmoid_keras2"), Activation("hard_sigmoid_keras3")


def _replacing(
    case: Case, kinds: tuple[type[Operation], ...], old: tuple[Activation, ...], new: Activation
) -> Iterator[Variation]:
    """Every one of the `old` activations in the layers of `kinds` replaced, in all of them and in each."""

    def change(part: Operation) -> Operation:
        return map_activations(part, lambda activation: new if activation in old else activation)

    places = [place for place in find_all(case.model) if isinstance(place.part, kinds)]
    return at_places(
        [place for place in places if any(activation in old for activation in activations_in(place.part))], change
    )


def _gating(case: Case, old: tuple[Activation, ...], new: Activation) -> Iterator[Variation]:
    """The activation of the gates replaced where it is one of the `old`."""
    return cells(
        case,
        lambda cell: getattr(cell, "recurrent_activation", None) in old,
        lambda cell: replace(cell, recurrent_activation=new),  # type: ignore[type-var]
    )


def _swapping(old: tuple[Activation, ...], *news: Activation) -> Callable[[Case], Iterator[Variation]]:
    """The `old` activations replaced, in the recurrent layers, and wherever they stand."""

    def variations(case: Case) -> Iterator[Variation]:
        for new in news:
            yield from _gating(case, old, new)
            yield from _replacing(case, (Recurrent,), old, new)
            yield from _replacing(case, (Recurrent, Dense, ActivationLayer), old, new)

    return variations


def _own(cell: Cell) -> Activation | None:
    """The activation of a cell that is not that of its gates."""
    found = getattr(cell, "activation", None)
    return found if isinstance(found, Activation) else None


def _acting(wanted: Callable[[Activation], bool], new: Activation) -> Callable[[Case], Iterator[Variation]]:
    def fits(cell: Cell) -> bool:
        own = _own(cell)
        return own is not None and wanted(own)

    return lambda case: cells(case, fits, lambda cell: replace(cell, activation=new))  # type: ignore[type-var]


def _dense_linear(case: Case) -> Iterator[Variation]:
    def is_active(part: Operation) -> bool:
        return isinstance(part, Dense | ActivationLayer) and part.activation != LINEAR

    places = [place for place in find_all(case.model) if is_active(place.part)]
    return at_places(places, lambda part: map_activations(part, lambda _: LINEAR))


def _is_lstm(cell: Cell) -> bool:
    return isinstance(cell, LSTMCell | ConvLSTMCell)


MISTAKES = (
    Mistake(
        "gru-update-gate-swapped",
        "The GRU's update gate works the wrong way round",
        "Keras has h' = z·h + (1 − z)·hh: where the gate is open the state stays. Papers often write it the other "
        "way, (1 − z)·h + z·hh, and so does this port.",
        "h = z * h + (1 - z) * hh",
        "any sequence",
        "update gate",
        lambda case: cells(case, lambda cell: isinstance(cell, GRUCell), SwappedUpdate),
        stage=2,
    ),
    Mistake(
        "hard-sigmoid-keras2",
        "hard_sigmoid is Keras 2's",
        "hard_sigmoid is two functions: clip(0.2·x + 0.5, 0, 1) up to Keras 2, relu6(x + 3) / 6 in Keras 3. This "
        "model is of Keras 3, and the port has the older one.",
        "gate = np.clip(z + 3, 0, 6) / 6",
        "any sequence",
        "gates",
        _swapping((NEWER,), OLDER),
        stage=1,
    ),
    Mistake(
        "hard-sigmoid-keras3",
        "hard_sigmoid is Keras 3's",
        "hard_sigmoid is two functions: clip(0.2·x + 0.5, 0, 1) up to Keras 2, relu6(x + 3) / 6 in Keras 3. This "
        "model is of an older Keras, and the port has the newer one.",
        "gate = np.clip(0.2 * z + 0.5, 0, 1)",
        "any sequence",
        "gates",
        _swapping((OLDER,), NEWER),
        stage=1,
    ),
    Mistake(
        "sigmoid-for-hard-sigmoid",
        "The gates use sigmoid, where the model has hard_sigmoid",
        "The model's recurrent_activation is hard_sigmoid, the default of LSTM and GRU up to Keras 2.2; this port "
        "uses the logistic function.",
        "gate = np.clip(0.2 * z + 0.5, 0, 1)  # Keras 1 and 2; np.clip(z + 3, 0, 6) / 6 in Keras 3",
        "any sequence",
        "gates",
        _swapping((OLDER, NEWER), SIGMOID),
        stage=1,
    ),
    Mistake(
        "hard-sigmoid-for-sigmoid",
        "The gates use hard_sigmoid, where the model has sigmoid",
        "The model's recurrent_activation is sigmoid, the default of LSTM and GRU in TensorFlow 2 and Keras 3; this "
        "port uses one of the two functions called hard_sigmoid.",
        "gate = 1 / (1 + np.exp(-z))",
        "any sequence",
        "gates",
        _swapping((SIGMOID,), OLDER, NEWER),
        stage=1,
    ),
    Mistake(
        "activation-missing",
        "The recurrent layer's activation is left out",
        "The sums are used as they are at every place where the layer has its activation (the candidate, and for an "
        "LSTM the output too).",
        "h = np.tanh(x[:, t] @ W + h @ U + b)",
        "any sequence",
        "activation",
        _acting(lambda activation: activation != LINEAR, LINEAR),
        stage=1,
    ),
    Mistake(
        "relu-for-tanh",
        "The recurrent layer uses relu instead of tanh",
        "At every place where the layer has its activation, tanh unless one was chosen, this port has relu.",
        "h = np.tanh(x[:, t] @ W + h @ U + b)",
        "any sequence",
        "activation",
        _acting(lambda activation: activation.name == "tanh", RELU),
        stage=1,
    ),
    Mistake(
        "cell-state-as-output",
        "The LSTM hands on c instead of h",
        "An LSTM has two states, the output h and the cell state c. This port returns c; the recurrence itself is "
        "right.",
        "return h  # not c",
        "any sequence",
        "output of the cell",
        lambda case: cells(case, _is_lstm, HandsOnCellState),
        stage=2,
    ),
    Mistake(
        "output-tanh-missing",
        "The LSTM's output lacks its activation",
        "The output is h = o·tanh(c); this port has h = o·c.",
        "h = o * np.tanh(c)",
        "any sequence",
        "output of the cell",
        lambda case: cells(case, _is_lstm, WithoutOutputActivation),
        stage=2,
    ),
    Mistake(
        "dense-activation-missing",
        "A Dense layer's activation is left out",
        "What comes out of the product and the bias is handed on as it is.",
        "y = np.tanh(h @ kernel + bias)  # the activation that the layer's configuration names",
        "any input",
        "dense activation",
        _dense_linear,
        stage=1,
    ),
)
