"""Where a mask enters a model, and the model with another mask there, or without the steps that it masks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from rnnscope.errors import BadInput, one_line
from rnnscope.graph import Call, Layer, Tensor
from rnnscope.lab.operations import Cut, GivenMask, edited
from rnnscope.layers.base import Operation
from rnnscope.layers.bidirectional import Bidirectional
from rnnscope.layers.masking import Embedding, Masking
from rnnscope.layers.recurrent import Recurrent
from rnnscope.model import Model
from rnnscope.trace import Trace
from rnnscope.types import Array, Mask

BY_HAND, CUT = "mask by hand", "steps cut out"


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One place where a mask enters.

    layer: the call's key. how: ``made`` by a layer, or passed to a recurrent layer ``by hand``. mask: (batch, steps),
    what Keras has there; all True where it has none. text: a sentence on where an edited mask goes in.
    """

    layer: str
    how: Literal["made", "by hand"]
    mask: Mask
    text: str


def entries(trace: Trace) -> tuple[Entry, ...]:
    """Every place where a mask can enter the model of a run: layers that make one; else recurrent layers."""
    model = _model(trace)
    made = tuple(entry for call in model.calls if (entry := _maker(model, call, trace)) is not None)
    return made or tuple(entry for call in model.calls if (entry := _recurrent(model, call, trace)) is not None)


def entry_of(trace: Trace, layer: str | None = None) -> Entry:
    """The entry at `layer`, or the first one; BadInput when there is none."""
    found = entries(trace)
    if not found:
        raise BadInput("no layer of this model makes a mask or takes one")
    if layer is None:
        return found[0]
    known = {entry.layer: entry for entry in found}
    if layer not in known:
        raise BadInput(f"no mask enters at '{one_line(layer)}'", expected=" or ".join(known))
    return known[layer]


def with_mask(trace: Trace, entry: Entry, mask: Mask) -> Model:
    """The model of a run on the same samples, with `mask` (batch, steps) at `entry`.

    The operations that Keras 3 writes into a functional file to make the same mask once more give the edited one too.
    """
    model = _model(trace)
    call = _call(model, entry.layer)
    if entry.how == "by hand":
        return _by_hand(model, call, mask)
    maker = model.by_name[call.layer].operation
    assert isinstance(maker, Masking | Embedding)
    changed = _put(model, call, edited(maker, mask))
    for twin in _twins(trace, call, entry.mask):
        changed = _put(changed, twin, GivenMask(mask))
    return changed


def without_steps(trace: Trace, entry: Entry, kept: Array) -> Model:
    """The model in which only the steps `kept` (batch, k) go on from `entry`, with no mask on them."""
    model = _model(trace)
    call = _call(model, entry.layer)
    if entry.how == "made":
        every = np.ones(entry.mask.shape, bool)
        model = with_mask(trace, entry, every)
        for twin in _twins(trace, call, entry.mask):
            model = _put(model, twin, GivenMask(np.ones(kept.shape, bool)))
        return _between(model, call, Tensor(call.key, 0), Cut(kept), _readers(model, Tensor(call.key, 0)))
    alike = _given_alike(model, call)
    model = replace(model, calls=tuple(_unmasked(one) if one.key in alike else one for one in model.calls))
    return _between(model, None, call.inputs[0], Cut(kept), {call.key})


def _model(trace: Trace) -> Model:
    if trace.model is None:
        raise BadInput("this trace was loaded from a file and has no model", advice="Run the model")
    return trace.model


def _call(model: Model, key: str) -> Call:
    return next(call for call in model.calls if call.key == key)


def _maker(model: Model, call: Call, trace: Trace) -> Entry | None:
    operation, mask = model.by_name[call.layer].operation, trace[call.key].output_mask
    makes = isinstance(operation, Masking) or (isinstance(operation, Embedding) and operation.mask_zero)
    if not makes or mask is None or mask.ndim != 2:
        return None
    kind = model.by_name[call.layer].class_name
    return Entry(call.key, "made", mask, f"The mask goes in at '{one_line(call.key)}', the {kind} layer that makes it.")


def _recurrent(model: Model, call: Call, trace: Trace) -> Entry | None:
    operation = model.by_name[call.layer].operation
    if not isinstance(operation, Recurrent | Bidirectional) or not operation.takes_mask or not call.inputs:
        return None
    first = call.inputs[0]
    x, mask = trace[first.call].outputs[first.output], trace[call.key].mask
    mask = np.ones(x.shape[:2], bool) if mask is None else mask
    if mask.ndim != 2:
        return None
    text = f"No layer makes a mask here: it is passed to '{one_line(call.key)}' by hand, as mask= in a call."
    return Entry(call.key, "by hand", mask, text)


def _by_hand(model: Model, call: Call, mask: Mask) -> Model:
    """The mask as a tensor of its own that the call is given as ``mask=``."""
    alike = _given_alike(model, call)
    calls: list[Call] = []
    for one in model.calls:
        if one.key == call.key:
            calls.append(Call(BY_HAND, BY_HAND, call.inputs[:1]))
        asked = {**one.keywords, "mask": Tensor(BY_HAND, 0)}
        calls.append(replace(one, keywords=asked) if one.key in alike else one)
    layer = Layer(BY_HAND, "GivenMask", GivenMask(mask), ((None, None),), 0, 0, is_layer=False)
    return replace(model, layers=(*model.layers, layer), calls=tuple(calls))


def _given_alike(model: Model, call: Call) -> set[str]:
    """The call, and every later one that is given the very tensor that it is given as its mask."""
    own = call.mask[0] if call.mask else None
    alike = {one.key for one in model.calls if own is not None and one.mask and one.mask[0] == own}
    return alike | {call.key}


def _unmasked(call: Call) -> Call:
    return replace(call, keywords={name: value for name, value in call.keywords.items() if name != "mask"})


def _twins(trace: Trace, maker: Call, mask: Mask) -> list[Call]:
    """The bare operations that make the maker's mask once more from what the maker reads."""
    model = _model(trace)
    source = maker.inputs[0]
    reads: set[str] = set()
    twins: list[Call] = []
    for call in model.calls:
        bare = not model.by_name[call.layer].is_layer
        if not bare or not any(tensor == source or tensor.call in reads for tensor in call.tensors()):
            continue
        made = trace[call.key].output
        if made.dtype == bool and made.shape == mask.shape:
            twins += [call] * bool(np.array_equal(made, mask))
        else:
            reads.add(call.key)
    return twins


def _put(model: Model, call: Call, operation: Operation) -> Model:
    """The model with another operation at one call; a layer that is called more often stays as it is elsewhere."""
    layer = model.by_name[call.layer]
    shared = sum(other.layer == call.layer for other in model.calls) > 1
    name = f"{call.key} (edited)" if shared else layer.name
    put = replace(layer, operation=operation, name=name)
    layers = (*model.layers, put) if shared else tuple(put if other is layer else other for other in model.layers)
    calls = tuple(replace(other, layer=name) if other.key == call.key else other for other in model.calls)
    return replace(model, layers=layers, calls=calls)


def _between(model: Model, after: Call | None, tensor: Tensor, operation: Operation, readers: set[str]) -> Model:
    """The model with `operation` between a tensor and those calls that read it."""
    cut = Call(CUT, CUT, (tensor,))
    shape = next(layer for layer in model.layers if layer.name == _call(model, tensor.call).layer).output_shapes[0]
    layer = Layer(CUT, "Cut", operation, (shape,), 0, 0, is_layer=False)
    calls: list[Call] = []
    for call in model.calls:
        if after is None and call.key in readers and cut not in calls:
            calls.append(cut)
        calls.append(_rerouted(call, tensor) if call.key in readers else call)
        if after is not None and call.key == after.key:
            calls.append(cut)
    outputs = tuple(Tensor(CUT, 0) if end == tensor and after is not None else end for end in model.outputs)
    return replace(model, layers=(*model.layers, layer), calls=tuple(calls), outputs=outputs)


def _readers(model: Model, tensor: Tensor) -> set[str]:
    return {call.key for call in model.calls if tensor in call.tensors()}


def _rerouted(call: Call, tensor: Tensor) -> Call:
    """The call reading the cut sequence where it read `tensor`."""

    def route(value: object) -> object:
        if value == tensor and isinstance(value, Tensor):
            return Tensor(CUT, 0)
        if isinstance(value, list | tuple) and not isinstance(value, Tensor):
            return type(value)(map(route, value))
        return value

    inputs = tuple(Tensor(CUT, 0) if one == tensor else one for one in call.inputs)
    keywords: Mapping[str, object] = {name: route(value) for name, value in call.keywords.items()}
    return replace(call, inputs=inputs, keywords=keywords)
