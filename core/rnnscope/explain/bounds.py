"""Between which numbers a state, a gate or an output can lie, by the activations that make it."""

from __future__ import annotations

from rnnscope.explain.hearing import plain_cells
from rnnscope.layers.activation_layers import ActivationLayer
from rnnscope.layers.activations import Activation
from rnnscope.layers.base import Operation
from rnnscope.layers.bidirectional import Bidirectional
from rnnscope.layers.cells import Cell
from rnnscope.layers.core import Dense
from rnnscope.layers.dense_cells import GRUCell, LSTMCell, SimpleRNNCell
from rnnscope.layers.recurrent import Recurrent
from rnnscope.layers.stacked_cells import StackedCells
from rnnscope.layers.time_distributed import TimeDistributed

Bounds = tuple[float, float] | None

RANGES: dict[str, tuple[float, float]] = {
    "tanh": (-1.0, 1.0),
    "hard_tanh": (-1.0, 1.0),
    "softsign": (-1.0, 1.0),
    "sigmoid": (0.0, 1.0),
    "hard_sigmoid": (0.0, 1.0),
    "sparse_sigmoid": (0.0, 1.0),
    "softmax": (0.0, 1.0),
    "relu6": (0.0, 6.0),
}


def bounds_of(operation: Operation, quantity: str) -> Bounds:
    """The range of a quantity such as ``state/h``, ``gate/forward/i`` or ``output/0``; None where there is no such.

    A state of an LSTM or a GRU has the range of the activation in it: gates between 0 and 1 only make it smaller. An
    initial state that somebody gave may lie outside, and be held there.
    """
    kind, _, name = quantity.partition("/")
    if isinstance(operation, TimeDistributed):
        return bounds_of(operation.layer, quantity)
    if kind == "output":
        return _of_output(operation, int(name))
    if kind not in ("state", "gate"):
        return None
    if isinstance(operation, Bidirectional):
        side, _, name = name.partition("/")
        operation = operation.forward if side == "forward" else operation.backward
    if not isinstance(operation, Recurrent) or plain_cells(operation.cell) is None:
        return None
    return _of_cell(operation.cell, kind, name)


def _of_output(operation: Operation, index: int) -> Bounds:
    """The range of one of the tensors that a layer returns; final states stand behind the first."""
    if isinstance(operation, Dense | ActivationLayer):
        return _of(operation.activation)
    if isinstance(operation, Recurrent) and plain_cells(operation.cell) is not None:
        names = (operation.cell.output_state, *operation.cell.state_sizes)
        return _of_cell(operation.cell, "state", names[index])
    if isinstance(operation, Bidirectional) and index == 0 and operation.merge_mode in ("concat", "ave", None):
        ahead, back = _of_output(operation.forward, 0), _of_output(operation.backward, 0)
        return ahead if ahead == back else None
    return None


def _of_cell(cell: Cell, kind: str, name: str) -> Bounds:
    if isinstance(cell, StackedCells):
        index, _, name = name.partition("/")
        cell = cell.cells[int(index)]
    assert isinstance(cell, SimpleRNNCell | LSTMCell | GRUCell)
    if kind == "gate":
        inner = name in ("g", "hh") or isinstance(cell, SimpleRNNCell)
        return _of(cell.activation if inner else cell.recurrent_activation)  # type: ignore[union-attr]
    if name == "c" or (not isinstance(cell, SimpleRNNCell) and _of(cell.recurrent_activation) != (0.0, 1.0)):
        return None
    return _of(cell.activation)


def _of(activation: Activation) -> Bounds:
    return RANGES.get(activation.keras_name)
