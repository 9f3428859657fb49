"""The order in which a layer makes its numbers: where each stands in processing time, and what comes before what."""

from __future__ import annotations

import numpy as np

from rnnscope.layers.base import Operation
from rnnscope.layers.bidirectional import AHEAD, Bidirectional
from rnnscope.layers.recurrent import Recurrent
from rnnscope.model import Model
from rnnscope.types import Array

KINDS = ("mask", "gate", "state", "output")  # within one step


def operation_of(model: Model | None, layer: str) -> Operation | None:
    """The operation behind the key of a call; None for the model's outputs, and without a model."""
    if model is None:
        return None
    try:
        return model[layer].operation
    except KeyError:
        return None


def rank(quantity: str) -> int:
    """The place of a quantity's kind within one step: masks, gates, states, outputs."""
    kind = quantity.partition("/")[0]
    return KINDS.index(kind) if kind in KINDS else len(KINDS)


def has_steps(key: str, array: Array) -> bool:
    """Whether axis 1 of a quantity is time: states, gates and masks always, outputs from rank 3 on."""
    *_, kind, last = ["", *key.split("/")]
    return array.ndim >= (3 if kind == "output" and last.isdigit() else 2)


def runs_backwards(operation: Operation | None, quantity: str) -> bool:
    """Whether the layer comes last to index 0 on the time axis of a mask, a state or a gate."""
    if isinstance(operation, Bidirectional):
        name = quantity.partition("/")[2]
        part = operation.forward if name.startswith(f"{AHEAD}/") else operation.backward
        return bool(name) and part.direction.go_backwards
    return isinstance(operation, Recurrent) and operation.direction.go_backwards


def positions(operation: Operation | None, quantity: str, shape: tuple[int, ...]) -> Array:
    """When each number of a quantity with steps is made: how many steps were processed before, over axis 1 and on.

    States, gates and masks are indexed by the input's time, which a layer may read from its end. Outputs stand in
    processing order, save the backward half of a Bidirectional layer, which is flipped; what is made of both halves is
    made when the later of the two is.
    Returns integers of a shape that broadcasts over ``shape[1:]``.
    """
    ahead = np.arange(shape[1]).reshape(-1, *[1] * (len(shape) - 2))
    back = ahead[::-1]
    kind, _, index = quantity.partition("/")
    if kind != "output":
        return back if runs_backwards(operation, quantity) else ahead
    if not isinstance(operation, Bidirectional) or not operation.forward.return_sequences:
        return ahead
    if operation.merge_mode == "concat" and index == "0":
        half = operation.forward.cell.units
        return np.where(np.arange(shape[-1]) < half, ahead, back)
    if operation.merge_mode in ("sum", "ave", "mul"):
        return np.maximum(ahead, back)
    return back if operation.merge_mode is None and index == "1" else ahead
