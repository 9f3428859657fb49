"""One step of a recurrent cell as a function, its gates spelled out."""

from __future__ import annotations

from dataclasses import dataclass

from rnnscope.layers.cells import Cell
from rnnscope.layers.dense_cells import GRUCell, LSTMCell, SimpleRNNCell
from rnnscope.script.module import NAME, Module
from rnnscope.script.templates.activations import activated
from rnnscope.script.use import NotReadable
from rnnscope.types import Array


@dataclass(frozen=True, slots=True, eq=False)
class StepCode:
    """The function for one step of a cell: ``function(x, *states, *weights)`` gives the new states.

    kind: the layer that has this cell. weights: parameter → array and what its axes are.
    """

    kind: str
    function: str
    states: tuple[str, ...]
    weights: dict[str, tuple[Array, str]]


def step_code(module: Module, cell: Cell) -> StepCode:
    """The step of a cell as code; NotReadable for cells that are none of the three."""
    if type(cell) is SimpleRNNCell:
        return _simple(module, cell)
    if type(cell) is LSTMCell:
        return _lstm(module, cell)
    if type(cell) is GRUCell:
        return _gru(module, cell)
    raise NotReadable(type(cell).__name__)


def _simple(module: Module, cell: SimpleRNNCell) -> StepCode:
    weights = {
        "kernel": (cell.kernel, "features, units"),
        "recurrent_kernel": (cell.recurrent_kernel, "h, units"),
    }
    added = ""
    if cell.bias is not None:
        weights["bias"] = (cell.bias, "units")
        added = " + bias"
    new = activated(module, cell.activation, f"x @ kernel{added} + h @ recurrent_kernel")
    text = f'''
def {NAME}(x, h, {", ".join(weights)}):
    """One step of a SimpleRNN: x (batch, features) and the state h (batch, units) -> the new h."""
    return {new}
'''
    return StepCode("simple_rnn", module.function("simple_rnn_step", text), ("h",), weights)


def _lstm(module: Module, cell: LSTMCell) -> StepCode:
    weights = {
        "kernel": (cell.kernel, "features, i f g o"),
        "recurrent_kernel": (cell.recurrent_kernel, "h, i f g o"),
    }
    added = ""
    if cell.bias is not None:
        weights["bias"] = (cell.bias, "i f g o")
        added = " + bias"
    gate, act = cell.recurrent_activation, cell.activation
    text = f'''
def {NAME}(x, h, c, {", ".join(weights)}):
    """One step of an LSTM: x (batch, features), the states h and c (batch, units) -> the new h and c."""
    z = x @ kernel + h @ recurrent_kernel{added}
    i, f, g, o = np.split(z, 4, axis=-1)  # in Keras's order
    i = {activated(module, gate, "i")}  # input gate: how much of the candidate comes in
    f = {activated(module, gate, "f")}  # forget gate: how much of the old cell state stays
    g = {activated(module, act, "g")}  # the candidate
    o = {activated(module, gate, "o")}  # output gate: how much of the cell state is shown
    c = f * c + i * g
    h = o * {activated(module, act, "c")}
    return h, c
'''
    return StepCode("lstm", module.function("lstm_step", text), ("h", "c"), weights)


def _gru(module: Module, cell: GRUCell) -> StepCode:
    weights = {
        "kernel": (cell.kernel, "features, z r hh"),
        "recurrent_kernel": (cell.recurrent_kernel, "h, z r hh"),
    }
    if cell.bias is not None:
        rows = "for x and for h, z r hh" if cell.bias.ndim == 2 else "z r hh"
        weights["bias"] = (cell.bias, rows)
    lines = _reset_after(cell) if cell.reset_after else _reset_before(cell)
    gate, act = cell.recurrent_activation, cell.activation
    reset = "r * h_hh" if cell.reset_after else "(r * h) @ recurrent_kernel[:, 2 * units :]"
    when = "after" if cell.reset_after else "before"
    text = f'''
def {NAME}(x, h, {", ".join(weights)}):
    """One step of a GRU: x (batch, features) and the state h (batch, units) -> the new h."""
    {lines}
    z = {activated(module, gate, "x_z + h_z")}  # update gate: how much of the old state stays
    r = {activated(module, gate, "x_r + h_r")}  # reset gate: how much of it the candidate sees
    # reset_after={cell.reset_after}: the reset comes {when} the product with the recurrent kernel.
    hh = {activated(module, act, f"x_hh + {reset}")}
    return z * h + (1 - z) * hh
'''
    return StepCode("gru", module.function("gru_step", text), ("h",), weights)


def _reset_after(cell: GRUCell) -> str:
    of_x, of_h = (" + bias[0]", " + bias[1]") if cell.bias is not None else ("", "")
    return (
        f"x_z, x_r, x_hh = np.split(x @ kernel{of_x}, 3, axis=-1)\n"
        f"    h_z, h_r, h_hh = np.split(h @ recurrent_kernel{of_h}, 3, axis=-1)"
    )


def _reset_before(cell: GRUCell) -> str:
    of_x = " + bias" if cell.bias is not None else ""
    return (
        "units = len(recurrent_kernel)\n"
        f"    x_z, x_r, x_hh = np.split(x @ kernel{of_x}, 3, axis=-1)\n"
        "    h_z, h_r = np.split(h @ recurrent_kernel[:, : 2 * units], 2, axis=-1)"
    )
