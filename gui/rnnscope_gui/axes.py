"""What the axes of a quantity are: steps and units, or the rows, columns and channels of an image. Pure; no widgets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from weakref import WeakKeyDictionary

from rnnscope import Model
from rnnscope.graph import Call, Tensor
from rnnscope.layers.attention import Attention
from rnnscope.layers.base import Operation
from rnnscope.layers.bidirectional import Bidirectional
from rnnscope.layers.conv_lstm import ConvLSTMCell
from rnnscope.layers.multi_head import MultiHeadAttention
from rnnscope.layers.pooling import GlobalPooling
from rnnscope.layers.recurrent import Recurrent
from rnnscope.layers.spatial import Layout, Spatial
from rnnscope.layers.time_distributed import TimeDistributed

Names = tuple[str, ...]
STEP = "step"
STEPS, INNER = (STEP,), ("inner step", "unit")
IMAGE: Mapping[int, Names] = {1: ("row",), 2: ("row", "column"), 3: ("slice", "row", "column")}
PLAIN_RANK = 3  # (batch, steps, units) needs no names

_known: WeakKeyDictionary[Model, Mapping[Tensor, Names]] = WeakKeyDictionary()


def axis_names(model: Model | None, layer: str, quantity: str, rank: int) -> Names:
    """The names of all axes beyond the batch of one quantity of rank `rank`; () where they are plain or not known."""
    if model is None:
        return ()
    try:
        operation = model[layer].operation
    except KeyError:
        return ()
    kind, _, index = quantity.partition("/")
    if kind == "output":
        if model not in _known:
            _known[model] = _tensor_names(model)
        names = _known[model].get(Tensor(layer, int(index)), ())
    else:
        names = _state_names(operation, rank)
    return names if len(names) == rank - 1 else ()


def words(names: Sequence[str], place: Sequence[int]) -> str:
    """``row 3, channel 1``."""
    return ", ".join(f"{name} {index}" for name, index in zip(names, place, strict=True))


def _tensor_names(model: Model) -> Mapping[Tensor, Names]:
    """What is known of each tensor: from the layer that makes it, from the one that reads it, or handed on."""
    found: dict[Tensor, Names] = {}
    for call in model.calls:
        layer = model[call.key]
        for index, shape in enumerate(layer.output_shapes):
            names = _made(layer.operation, index, len(shape))
            handed = found.get(call.inputs[0], ()) if call.inputs and _keeps_shape(model, call) else ()
            if names or handed:
                found[Tensor(call.key, index)] = names or handed
    for call in reversed(model.calls):
        for tensor in call.inputs:
            rank = len(model[tensor.call].output_shapes[tensor.output])
            handed = found.get(Tensor(call.key, 0), ()) if _keeps_shape(model, call) else ()
            names = _read(model[call.key].operation, rank) or handed
            if names and not found.get(tensor):
                found[tensor] = names
    return found


def _keeps_shape(model: Model, call: Call) -> bool:
    """Whether a call gives one tensor of the shape that it gets, as activations, normalizations and sums do."""
    shapes = model[call.key].output_shapes
    given = {model[tensor.call].output_shapes[tensor.output] for tensor in call.inputs}
    return len(shapes) == 1 and given == set(shapes) and len(shapes[0]) > PLAIN_RANK


def _made(operation: Operation, index: int, rank: int) -> Names:
    """The axes of an output of this rank, as far as the operation itself tells."""
    match operation:
        case TimeDistributed(layer=inner) if rank > PLAIN_RANK:
            names = _made(inner, index, rank - 1) or (INNER if rank == PLAIN_RANK + 1 else ())
            return STEPS + tuple("inner step" if name == STEP else name for name in names) if names else ()
        case MultiHeadAttention() if index == 1:
            return ("head", "query step", "key step")
        case Attention() if index == 1:
            return (*STEPS, "key step")
    return _read(operation, rank)


def _read(operation: Operation, rank: int) -> Names:
    """The axes of a tensor of this rank that an operation over images, or over sequences of them, takes or gives."""
    match operation:
        case Spatial(layout=layout) | GlobalPooling(layout=layout) if layout.rank > 1 and rank == layout.rank + 2:
            return _image(layout)
        case TimeDistributed(layer=inner) if rank > PLAIN_RANK and (names := _read(inner, rank - 1)):
            return STEPS + tuple("inner step" if name == STEP else name for name in names)
    images = _convolved(operation)
    names = _image(images) if images is not None else ()
    return names if rank == len(names) + 1 else STEPS + names if names and rank == len(names) + 2 else ()


def _state_names(operation: Operation, rank: int) -> Names:
    """The axes of a state or gate: at every step, an image of the cell's; inside TimeDistributed, the outer steps."""
    match operation:
        case TimeDistributed(layer=inner) if rank > PLAIN_RANK:
            names = _state_names(inner, rank - 1)
            return STEPS + (("inner step", *names[1:]) if names else INNER)
    layout = _convolved(operation)
    return () if layout is None else STEPS + _image(layout)


def _convolved(operation: Operation) -> Layout | None:
    """How the images lie that a convolutional recurrence goes through; None of any other operation."""
    recurrent = operation.forward if isinstance(operation, Bidirectional) else operation
    if not isinstance(recurrent, Recurrent) or not isinstance(recurrent.cell, ConvLSTMCell):
        return None
    return Layout(recurrent.cell.kernel.ndim - 2, recurrent.cell.channels_first)


def _image(layout: Layout) -> Names:
    return ("channel", *IMAGE[layout.rank]) if layout.channels_first else (*IMAGE[layout.rank], "channel")
