"""The lint: what about the masks of this model on this input is probably not what was meant."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from rnnscope.errors import BadInput
from rnnscope.graph import Call, Layer, Tensor
from rnnscope.lab.lint_input import fully_masked, on_embedding, on_masking
from rnnscope.lab.remarks import Remark, remark, samples_of, steps_of, verb
from rnnscope.layers.attention import Attention
from rnnscope.layers.base import Operation
from rnnscope.layers.bidirectional import Bidirectional
from rnnscope.layers.dense_cells import GRUCell, LSTMCell
from rnnscope.layers.masking import Embedding, Masking
from rnnscope.layers.merging import Concatenate, ElementWise
from rnnscope.layers.multi_head import MultiHeadAttention
from rnnscope.layers.pooling import GlobalPooling1D
from rnnscope.layers.recurrent import Recurrent
from rnnscope.model import Model
from rnnscope.semantics import Semantics
from rnnscope.trace import Trace
from rnnscope.types import Mask

# Why a mask ends, by the layer's Keras name; of others only that it does.
ENDS = {
    "Flatten": "it puts steps and features on one axis, and no step is left to mask",
    "Reshape": "it makes other axes of steps and features, and no Keras carries a mask over",
    "Permute": "it changes the axes over, and no Keras carries a mask over",
    "RepeatVector": "its steps are new ones",
    "GlobalMaxPooling1D": "it takes the largest of all steps, masked ones too",
    "Identity": "before Keras 3, Identity hands no mask on",
}
ATTENTION = (Attention, MultiHeadAttention)  # they have rules of their own for what they take in
SEVERITIES = ("problem", "warning", "note")


def lint(trace: Trace) -> tuple[Remark, ...]:
    """Remarks on the masks of a run, problems first, then in the order of the layers.

    The ids: ``mask-value-never-met``, ``nearly-masked``, ``scaled-padding``, ``nan-padding``, ``partly-masked``,
    ``fully-masked``, ``mask-dropped``, ``mask-unused``, ``initial-state-hides-mask``, ``average-of-nothing``,
    ``cudnn-mask``, ``embedding-without-mask``. Raises BadInput for a trace that was loaded from a file.
    """
    if trace.model is None:
        raise BadInput("this trace was loaded from a file and has no model to look at", advice="Run the model")
    found = [remark for call in trace.model.calls for remark in _on(trace, trace.model, call)]
    return tuple(sorted(found, key=lambda one: SEVERITIES.index(one.severity)))


def _on(trace: Trace, model: Model, call: Call) -> Iterator[Remark]:
    """Everything about one call."""
    operation = model.by_name[call.layer].operation
    if call.inputs and isinstance(operation, Masking):
        yield from on_masking(trace, call, operation)
    if call.inputs and isinstance(operation, Embedding):
        yield from on_embedding(trace, call, operation, _feeds_recurrence(model, call))
    made = _made(trace, call, operation)
    if made is not None:
        yield from fully_masked(call, made)
        yield from _unused(trace, model, call, made)
    arriving = _arriving(trace, call)
    if arriving is None or arriving.all():
        return
    here = trace[call.key]
    if isinstance(operation, Recurrent | Bidirectional):
        yield from _recurrent(trace, model, call, operation, arriving)
    elif isinstance(operation, GlobalPooling1D) and here.mask is not None:
        yield from _average(call, here.mask)
    elif here.mask is None and here.output_mask is None:
        yield from _dropped(trace, model, call, arriving)


def _made(trace: Trace, call: Call, operation: Operation) -> Mask | None:
    makes = isinstance(operation, Masking) or (isinstance(operation, Embedding) and operation.mask_zero)
    return trace[call.key].output_mask if makes else None


def _arriving(trace: Trace, call: Call) -> Mask | None:
    """The mask that comes with the first tensor, or is passed by hand."""
    by_hand = call.mask[0] if call.mask else None
    if by_hand is not None:
        mask = trace[by_hand.call].outputs[by_hand.output]
        return mask if mask.dtype == bool else mask.astype(bool)
    first = call.inputs[0] if call.inputs else None
    return trace[first.call].output_mask if first is not None and first.output == 0 else None


def _below(model: Model, call: Call) -> list[Call]:
    """Every call that reads, at first or at second hand, what this one gives."""
    reached, found = {call.key}, []
    for other in model.calls:
        if any(tensor.call in reached for tensor in other.tensors()):
            reached.add(other.key)
            found.append(other)
    return found


def _feeds_recurrence(model: Model, call: Call) -> bool:
    return any(
        isinstance(model.by_name[below.layer].operation, Recurrent | Bidirectional) for below in _below(model, call)
    )


def _unused(trace: Trace, model: Model, call: Call, made: Mask) -> Iterator[Remark]:
    """A mask that no layer ever used."""
    if made.all() or any(trace[below.key].mask is not None for below in _below(model, call)):
        return
    are = verb(~_flat(made), "is", "are")
    masked = f"The mask that '{call.key}' makes is used by no layer: {steps_of(~_flat(made))} {are} masked"
    effect = "only their inputs become 0" if _is_masking(model, call) else "it changes nothing"
    text = f"{masked}, and {effect}."
    advice = "Masks act in recurrent layers, attention and averages over steps; see where it ends in the mask's journey"
    yield remark("mask-unused", "warning", call.key, text, advice, ~_flat(made))


def _is_masking(model: Model, call: Call) -> bool:
    return isinstance(model.by_name[call.layer].operation, Masking)


def _flat(mask: Mask) -> Mask:
    """A mask as (batch, steps); a step of several places is valid when any of them is."""
    return np.asarray(mask if mask.ndim == 2 else mask.reshape(*mask.shape[:2], -1).any(axis=-1))


def _recurrent(
    trace: Trace, model: Model, call: Call, operation: Recurrent | Bidirectional, arriving: Mask
) -> Iterator[Remark]:
    used = trace[call.key].mask
    if used is None and trace.use_masks:
        yield _hidden(model.semantics, call, arriving)
    if used is not None:
        yield from _cudnn(model.semantics, call, operation, used)


def _hidden(semantics: Semantics, call: Call, arriving: Mask) -> Remark:
    """A recurrent layer that is called with more than one tensor, and so is handed no mask."""
    text = (
        f"'{call.key}' ignores its mask, which masks {steps_of(~_flat(arriving))}: Keras 3 hands a layer its mask only "
        f"when it is called with one tensor, and this one is given an initial_state too. tf-keras honours it."
    )
    advice = f"Pass mask= by hand in the call if masking was meant; this file is read as {semantics}"
    return remark("initial-state-hides-mask", "warning", call.key, text, advice, ~_flat(arriving))


def _cudnn(semantics: Semantics, call: Call, operation: Recurrent | Bidirectional, mask: Mask) -> Iterator[Remark]:
    """On a GPU, Keras 3 on TensorFlow runs this layer by cuDNN, which takes padding behind the sequence alone."""
    layers = (operation.forward, operation.backward) if isinstance(operation, Bidirectional) else (operation,)
    if not (semantics.is_keras3 and semantics.backend == "tensorflow" and all(map(_runs_on_cudnn, layers))):
        return
    steps = np.arange(mask.shape[1])
    trailing = np.asarray((mask == (steps < mask.sum(axis=1, keepdims=True))).all(axis=1) & mask.any(axis=1))
    if not trailing.all():
        text = (
            f"On a GPU, Keras 3 runs '{call.key}' by cuDNN and refuses this mask: of {samples_of(~trailing)} it is no "
            "padding behind the sequence. On a CPU it is honoured, as here."
        )
        yield remark(
            "cudnn-mask", "note", call.key, text, "Build the layer with use_cudnn=False, if it is not", ~trailing
        )


def _runs_on_cudnn(layer: Recurrent) -> bool:
    """Keras 3's own conditions: the default activations, a bias, no unrolling, and a GRU's reset after the product."""
    cell = layer.cell
    if not isinstance(cell, LSTMCell | GRUCell) or cell.bias is None or layer.direction.unroll:
        return False
    plain = cell.activation.name == "tanh" and cell.recurrent_activation.name == "sigmoid"
    return plain and (isinstance(cell, LSTMCell) or cell.reset_after)


def _average(call: Call, mask: Mask) -> Iterator[Remark]:
    empty = np.asarray(~mask.any(axis=1))
    if empty.any():
        text = f"The average of {samples_of(empty)} is NaN: every step is masked, and 0 ÷ 0 is left."
        advice = "Keras gives NaN as well; leave such samples out, or guard the average"
        yield remark("average-of-nothing", "problem", call.key, text, advice, empty)


def _dropped(trace: Trace, model: Model, call: Call, arriving: Mask) -> Iterator[Remark]:
    """A mask that ends at a layer that makes no use of it."""
    layer = model.by_name[call.layer]
    if trace[call.key].output.dtype == bool or not call.inputs or isinstance(layer.operation, ATTENTION):
        return
    used = _used_above(trace, model, call.inputs[0])
    reason = _why(layer, model.semantics)
    text = f"The mask ends at '{call.key}' ({layer.class_name}){reason}. " + (
        "What stands at masked steps goes on as data." if used else "It ends before any layer has used it."
    )
    advice = "Put the layer that is to heed the mask before this one" if not used else "See what stands at masked steps"
    yield remark("mask-dropped", "note" if used else "warning", call.key, text, advice, ~_flat(arriving))


def _why(layer: Layer, semantics: Semantics) -> str:
    """The rule by which a mask ends at a layer."""
    if isinstance(layer.operation, ElementWise | Concatenate):
        if not semantics.lists_carry_masks:
            return ": Keras 3.0 to 3.3 carries no mask through a list of tensors"
        return ": since Keras 3.4, merged tensors have a mask only where every one of them has one"
    why = ENDS.get(layer.class_name)
    return f": {why}" if why else f", as {semantics} has it"


def _used_above(trace: Trace, model: Model, tensor: Tensor) -> bool:
    """Whether a layer that this tensor comes through used a mask."""
    calls = {call.key: call for call in model.calls}
    waiting, seen = [tensor.call], set()
    while waiting:
        key = waiting.pop()
        if key in seen or key not in calls:
            continue
        seen.add(key)
        if trace[key].mask is not None:
            return True
        waiting += [other.call for other in calls[key].tensors()]
    return False
