"""Small models built by hand for tests of behaviour; numbers are checked against real Keras in the golden tests."""

from __future__ import annotations

import numpy as np

from rnnscope.graph import Call, Layer, Tensor
from rnnscope.layers.activations import Activation
from rnnscope.layers.base import Operation
from rnnscope.layers.core import Dense, InputLayer
from rnnscope.layers.dense_cells import SimpleRNNCell
from rnnscope.layers.masking import Masking
from rnnscope.layers.recurrent import Recurrent
from rnnscope.model import Model
from rnnscope.semantics import Semantics
from rnnscope.types import Array, Shape
from rnnscope.unroll import Direction

STEPS, FEATURES, UNITS = 6, 3, 4


def simple_cell(scale: float = 0.5, units: int = UNITS, features: int = FEATURES) -> SimpleRNNCell:
    random = np.random.default_rng(1)
    return SimpleRNNCell(
        kernel=random.normal(0, scale, (features, units)).astype(np.float32),
        recurrent_kernel=random.normal(0, scale, (units, units)).astype(np.float32),
        bias=random.normal(0, scale, units).astype(np.float32),
        activation=Activation("tanh"),
    )


def chain(*operations: tuple[str, Operation], semantics: Semantics | None = None) -> Model:
    """A model whose layers follow one another."""
    names = [name for name, _ in operations]
    calls = [Call(names[0], names[0])]
    for name in names[1:]:
        calls.append(Call(name, name, (Tensor(calls[-1].key, 0),)))
    layers: list[Layer] = []
    shapes: tuple[Shape, ...] = ()
    for name, operation in operations:
        shapes = operation.output_shapes(shapes)
        layers.append(Layer(name, type(operation).__name__, operation, shapes, 0, 0))
    return Model(
        name="chain",
        class_name="Functional",
        layers=tuple(layers),
        calls=tuple(calls),
        inputs=(Tensor(names[0], 0),),
        outputs=(Tensor(names[-1], 0),),
        semantics=semantics or Semantics(),
    )


def masked_rnn(
    *, return_sequences: bool = True, scale: float = 0.5, stateful: bool = False, semantics: Semantics | None = None
) -> Model:
    """Input → Masking(−99) → SimpleRNN → Dense."""
    recurrent = Recurrent(simple_cell(scale), Direction(), return_sequences, False, stateful)
    random = np.random.default_rng(2)
    dense = Dense(random.normal(size=(UNITS, 2)).astype(np.float32), None, Activation("linear"))
    return chain(
        ("entry", InputLayer((None, STEPS, FEATURES))),
        ("masking", Masking(-99.0)),
        ("rnn", recurrent),
        ("dense", dense),
        semantics=semantics,
    )


def masked_input() -> Array:
    """Six samples: nothing masked, leading, trailing, a hole, everything; a step with only one feature −99."""
    x = np.random.default_rng(3).normal(size=(6, STEPS, FEATURES)).astype(np.float32)
    x[1, :2] = x[2, -3:] = x[3, 2:4] = x[4] = -99
    x[5, 3, 0] = -99
    return x
