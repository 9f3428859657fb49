"""Mistakes with weights: some left out, read in another order, or taken from elsewhere; and a GRU's formulas."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, replace

import numpy as np

from rnnscope.layers.base import Operation
from rnnscope.layers.cells import Cell
from rnnscope.layers.conv_lstm import ConvLSTMCell
from rnnscope.layers.dense_cells import GRUCell, LSTMCell, SimpleRNNCell
from rnnscope.layers.recurrent import Recurrent
from rnnscope.mistakes.case import Case, Mistake, Variation
from rnnscope.mistakes.places import Place, cells_of, everywhere, find, find_all, map_cells, names, put
from rnnscope.types import Array

GATES = "ifgo"
LIMIT = 24  # pairs of layers whose weights may have been mixed up


def cells(case: Case, fits: Callable[[Cell], bool], change: Callable[[Cell], Cell]) -> Iterator[Variation]:
    """Every cell that `fits` says yes to changed, in all recurrent layers and in each by itself."""
    return everywhere(
        case,
        Recurrent,
        lambda layer: any(map(fits, cells_of(layer.cell))),
        lambda layer: replace(layer, cell=map_cells(layer.cell, lambda cell: change(cell) if fits(cell) else cell)),
    )


def _is_lstm(cell: Cell) -> bool:
    return isinstance(cell, LSTMCell | ConvLSTMCell)


def _is_gru(cell: Cell) -> bool:
    return isinstance(cell, GRUCell)


def _has_bias(cell: Cell) -> bool:
    return getattr(cell, "bias", None) is not None


def _with(cell: Cell, **changes: object) -> Cell:
    return replace(cell, **changes)  # type: ignore[type-var]


def _bias_missing(case: Case) -> Iterator[Variation]:
    return cells(case, _has_bias, lambda cell: _with(cell, bias=None))


def _blocks(cell: Cell) -> int:
    return 4 if _is_lstm(cell) else 3 if _is_gru(cell) else 1


def _transposed(case: Case) -> Iterator[Variation]:
    def change(cell: Cell) -> Cell:
        recurrent = getattr(cell, "recurrent_kernel")  # noqa: B009
        blocks = [block.T for block in np.split(recurrent, _blocks(cell), axis=1)]
        return _with(cell, recurrent_kernel=np.concatenate(blocks, axis=1))

    return cells(case, lambda cell: isinstance(cell, SimpleRNNCell | LSTMCell | GRUCell), change)


def _no_recurrence(case: Case) -> Iterator[Variation]:
    def fits(cell: Cell) -> bool:
        return hasattr(cell, "recurrent_kernel")

    def change(cell: Cell) -> Cell:
        return _with(cell, recurrent_kernel=np.zeros_like(getattr(cell, "recurrent_kernel")))  # noqa: B009

    def change_all(cell: Cell) -> Cell:
        return _without_recurrent_bias(change(cell)) if _has_recurrent_bias(cell) else change(cell)

    yield from cells(case, fits, change)
    if any(_has_recurrent_bias(cell) for place in find(case.model, Recurrent) for cell in cells_of(place.part.cell)):
        yield from cells(case, fits, change_all)


def _has_recurrent_bias(cell: Cell) -> bool:
    return isinstance(cell, GRUCell) and cell.bias is not None and cell.bias.ndim == 2


def _without_recurrent_bias(cell: Cell) -> Cell:
    assert isinstance(cell, GRUCell)
    assert cell.bias is not None
    return replace(cell, bias=np.stack([cell.bias[0], np.zeros_like(cell.bias[1])]))


def _one_bias_row(case: Case) -> Iterator[Variation]:
    return cells(case, _has_recurrent_bias, _without_recurrent_bias)


def reordered(cell: Cell, own: str, read_as: str) -> Cell:
    """A cell whose blocks, stored in the order `own`, are read in the order `read_as`."""
    order = [read_as.index(gate) for gate in own]

    def pick(array: Array | None) -> Array | None:
        if array is None:
            return None
        blocks = np.split(array, len(own), axis=-1)
        return np.concatenate([blocks[index] for index in order], axis=-1)

    arrays = {name: pick(getattr(cell, name)) for name in ("kernel", "recurrent_kernel", "bias")}
    return _with(cell, **arrays)


def _lstm_order(read_as: str) -> Callable[[Case], Iterator[Variation]]:
    return lambda case: cells(case, _is_lstm, lambda cell: reordered(cell, GATES, read_as))


def _gru_order(case: Case) -> Iterator[Variation]:
    return cells(case, _is_gru, lambda cell: reordered(cell, "zrh", "rzh"))


def _flipped_reset(case: Case) -> Iterator[Variation]:
    yield from cells(case, _is_gru, lambda cell: _reset_flipped(cell, lambda bias: bias[0] + bias[1]))
    yield from cells(case, _has_recurrent_bias, lambda cell: _reset_flipped(cell, lambda bias: bias[0]))


def _reset_flipped(cell: Cell, joined: Callable[[Array], Array]) -> Cell:
    """The reset gate on the other side of the product; a bias of two rows becomes one, and one becomes two."""
    assert isinstance(cell, GRUCell)
    bias = cell.bias
    if bias is not None:
        bias = joined(bias) if cell.reset_after else np.stack([bias, np.zeros_like(bias)])
    return replace(cell, reset_after=not cell.reset_after, bias=bias)


def _foreign(case: Case) -> Iterator[Variation]:
    """One layer with the weights of another of the same shapes, all of them or a single array."""
    places = [place for place in find_all(case.model) if _arrays(_weighted(place))]
    found: list[tuple[bool, Variation]] = []
    for here in places:
        for there in places:
            mine, theirs = _arrays(_weighted(here)), _arrays(_weighted(there))
            shared = {name for name in mine if name in theirs and mine[name].shape == theirs[name].shape}
            if here is there or not shared or type(_weighted(here)) is not type(_weighted(there)):
                continue
            sets = [shared, *({name} for name in shared if len(shared) > 1)]
            found += [(taken == set(mine), _taking(here, {name: theirs[name] for name in taken})) for taken in sets]
    whole_first = sorted(found, key=lambda pair: not pair[0])
    yield from (variation for _, variation in whole_first[:LIMIT])


def _weighted(place: Place[Operation]) -> object:
    return place.part.cell if isinstance(place.part, Recurrent) else place.part


def _arrays(part: object) -> dict[str, Array]:
    values = {field.name: getattr(part, field.name) for field in fields(part)}  # type: ignore[arg-type]
    return {name: value for name, value in values.items() if isinstance(value, np.ndarray)}


def _taking(here: Place[Operation], arrays: dict[str, Array]) -> Variation:

    def change(part: Operation) -> Operation:
        if isinstance(part, Recurrent):
            return replace(part, cell=_with(part.cell, **arrays))
        return replace(part, **arrays)  # type: ignore[type-var]

    return Variation(lambda case: replace(case, model=put(case.model, [here], change)), names([here]), broad=False)


MISTAKES = (
    Mistake(
        "bias-missing",
        "The recurrent layer's bias is left out",
        "The sum before the activation has no bias: x·W + h·U instead of x·W + h·U + b.",
        "z = x[:, t] @ W + h @ U + b",
        "any sequence",
        "bias",
        _bias_missing,
    ),
    Mistake(
        "recurrent-kernel-transposed",
        "The recurrent kernel is transposed",
        "h multiplies the recurrent kernel from the left, h @ U. Here each gate's block of it is transposed, as it "
        "comes of U @ h, or of weights copied from a framework that keeps them the other way round.",
        "z = x[:, t] @ W + h @ U + b  # U as Keras stores it, (units, gates · units)",
        "sequences of two valid steps or more",
        "recurrent kernel",
        _transposed,
    ),
    Mistake(
        "kernel-missing-recurrence",
        "The recurrence is left out",
        "The states before never enter the sum: h·U is missing, so that each step stands for itself.",
        "z = x[:, t] @ W + h @ U + b",
        "sequences of two valid steps or more",
        "recurrent kernel",
        _no_recurrence,
    ),
    Mistake(
        "gate-order-ifog",
        "The LSTM's blocks are read in the order i, f, o, g",
        "Keras stores the blocks of kernel, recurrent kernel and bias in the order i, f, c, o. Here the candidate "
        "and the output gate are taken for each other.",
        "i, f, g, o = np.split(z, 4, axis=-1)",
        "any sequence",
        "gate order",
        _lstm_order("ifog"),
    ),
    Mistake(
        "gate-order-icfo",
        "The LSTM's blocks are read in the order i, c, f, o",
        "Keras stores the blocks of kernel, recurrent kernel and bias in the order i, f, c, o; the order i, c, f, o "
        "is that of Keras 1's twelve arrays. Here the forget gate and the candidate are taken for each other.",
        "i, f, g, o = np.split(z, 4, axis=-1)",
        "any sequence",
        "gate order",
        _lstm_order("igfo"),
    ),
    Mistake(
        "gate-order-torch-gru",
        "The GRU's blocks are read in PyTorch's order r, z, n",
        "Keras stores the blocks in the order z, r, h, PyTorch in the order r, z, n. Here update and reset gate are "
        "taken for each other.",
        "z, r, hh = np.split(…, 3, axis=-1)",
        "any sequence",
        "gate order",
        _gru_order,
    ),
    Mistake(
        "reset-after-flipped",
        "The GRU's reset gate is on the wrong side of the product",
        "With reset_after=True, the default since TensorFlow 2, the gate multiplies what comes out of the recurrent "
        "product, r·(h·U + b₁); with False it multiplies the state that goes in, (r·h)·U. This port has it the "
        "other way.",
        "hh = np.tanh(x[:, t] @ Wh + b[0, 2 * n:] + r * (h @ Uh + b[1, 2 * n:]))  # reset_after=True",
        "sequences of two valid steps or more",
        "reset",
        _flipped_reset,
    ),
    Mistake(
        "gru-one-bias-row",
        "Only one row of the GRU's bias is used",
        "With reset_after=True the bias is (2, 3 · units): a row for the input and a row for the recurrence, and "
        "both are added. Here the recurrent row is missing.",
        "from_h = h @ U + b[1]",
        "any sequence",
        "bias",
        _one_bias_row,
    ),
    Mistake(
        "weights-of-another-layer",
        "A layer has the weights of another one",
        "The shapes are the same, so nothing complains: a layer computes with weights, or with one array of them, "
        "that belong to another layer, or to the other direction.",
        "kernel, recurrent_kernel, bias = model.get_layer(name).get_weights()  # by name, not by position",
        "any sequence",
        "foreign weights",
        _foreign,
    ),
)
