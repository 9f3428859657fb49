"""Remarks on what feeds the layers that make masks: padding that is not met, nearly met, or met in part."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from rnnscope.graph import Call
from rnnscope.lab.remarks import Remark, counted, number, remark, samples_of, steps_of, verb
from rnnscope.layers.masking import Embedding, Masking
from rnnscope.trace import Trace
from rnnscope.types import Array, Mask

NEAR = 1e-3
MOST_ROWS = 200_000
REPEATS = 3


def on_masking(trace: Trace, call: Call, layer: Masking) -> Iterator[Remark]:
    """What there is to say about a Masking layer and its input."""
    first = call.inputs[0]
    x, mask = trace[first.call].outputs[first.output], trace[call.key].output_mask
    if mask is None or x.ndim != 3 or x.dtype.kind not in "fiu":
        return
    value = number(layer.mask_value)
    if mask.all():
        text = f"No step of this input is {value} in all its features: the mask masks nothing."
        advice = f"Pad with {value} after scaling, or give Masking the value that the padding has"
        yield remark("mask-value-never-met", "warning", call.key, text, advice)
    yield from _nan_steps(call, x, mask)
    yield from _nearly(call, layer, x, mask)
    if layer.mask_value != 0:
        yield from _partly(call, layer, x, mask)


def on_embedding(trace: Trace, call: Call, layer: Embedding, feeds_recurrence: bool) -> Iterator[Remark]:
    """What there is to say about an Embedding and its tokens."""
    first = call.inputs[0]
    tokens = trace[first.call].outputs[first.output]
    if tokens.ndim != 2:
        return
    zero = np.asarray(tokens == 0)
    if layer.mask_zero and not zero.any():
        text = "No token is 0: the mask that this Embedding makes masks nothing."
        yield remark("mask-value-never-met", "note", call.key, text, "Pad with 0, if this input has padding")
    if not layer.mask_zero and feeds_recurrence:
        padding = _at_an_end(zero)
        if padding.any():
            text = f"{steps_of(padding)} look like padding with 0, and this Embedding makes no mask (mask_zero=False)."
            advice = "Train with mask_zero=True, or cut the padding; the layers behind it run through it as data"
            yield remark("embedding-without-mask", "warning", call.key, text, advice, padding)


def fully_masked(call: Call, mask: Mask) -> Iterator[Remark]:
    """Samples of which every step is masked."""
    empty = np.asarray(~mask.reshape(len(mask), -1).any(axis=1))
    if empty.any():
        are, them = verb(empty, "is", "are"), verb(empty, "it", "them")
        text = f"{samples_of(empty).capitalize()} {are} masked throughout: nothing of {them} is ever processed."
        advice = "A recurrent layer then gives what its initial state gives, an average NaN; leave such samples out"
        yield remark("fully-masked", "warning", call.key, text, advice, empty)


def _nan_steps(call: Call, x: Array, mask: Mask) -> Iterator[Remark]:
    """Steps that are all NaN: NaN is equal to nothing, and is never masked."""
    nan = np.asarray(np.isnan(x).all(axis=-1) & mask) if x.dtype.kind == "f" else np.zeros(mask.shape, bool)
    if nan.any():
        are = verb(nan, "is", "are")
        text = f"{steps_of(nan)} {are} NaN throughout, and not masked: NaN is never equal to a mask value."
        advice = "Replace NaN by the mask value: x[np.isnan(x).all(axis=-1)] = mask_value"
        yield remark("nan-padding", "problem", call.key, text, advice, nan)


def _nearly(call: Call, layer: Masking, x: Array, mask: Mask) -> Iterator[Remark]:
    """Steps that were padding before somebody scaled them: near the value, or one and the same row at the ends."""
    value = float(layer.mask_value)
    with np.errstate(all="ignore"):
        distance = np.abs(x.astype(np.float64) - value).max(axis=-1)
    near = np.asarray(mask & (distance <= NEAR * max(1.0, abs(value))))
    if near.any() and not (value == 0 and x.shape[-1] == 1):
        largest = float(distance[near].max())
        off = f"{verb(near, 'is', 'are')} off {number(value)} by no more than {largest:.2g}"
        text = f"{steps_of(near)} {off}, and so not masked."
        advice = "Padding must equal the mask value to the bit: pad after scaling and after casting"
        yield remark("nearly-masked", "warning", call.key, text, advice, near)
    same = _one_row(x, mask & ~near)
    if same is not None:
        row = x[tuple(np.argwhere(same)[0])]
        constant = bool((row == row[0]).all())
        shown = f"all their features are {number(float(row[0]))}" if constant else "they are one and the same row"
        text = f"{steps_of(same)} look like padding that was scaled: {shown}, where the mask looks for {number(value)}."
        advice = "Pad after scaling, or scale without the padding; as it is, these steps run as data"
        yield remark("scaled-padding", "warning", call.key, text, advice, same)


def _one_row(x: Array, valid: Mask) -> Mask | None:
    """Where the most frequent valid row stands at the beginning or the end of sequences; None when that is chance."""
    rows = np.argwhere(valid)[:MOST_ROWS]
    if len(rows) < REPEATS:
        return None
    values = np.ascontiguousarray(x[rows[:, 0], rows[:, 1]])
    if values.shape[1] < 2:
        return None  # one number repeats by chance
    # -0.0 and 0.0 are one row; bytes are what a row is told by.
    keys = (values + np.zeros((), values.dtype)).view(np.dtype((np.void, values.dtype.itemsize * values.shape[1])))
    _, first, counts = np.unique(keys.ravel(), return_index=True, return_counts=True)
    most = int(np.argmax(counts))
    if counts[most] < REPEATS:
        return None
    alike = np.asarray(valid & (x == values[first[most]]).all(axis=-1))
    ends = _at_an_end(alike)
    return ends if ends.sum() >= REPEATS else None


def _at_an_end(where: Mask) -> Mask:
    """The part of `where` (batch, steps) that runs from the first step on or up to the last, two steps at least."""
    behind = np.logical_and.accumulate(where[:, ::-1], axis=1)[:, ::-1]
    before = np.logical_and.accumulate(where, axis=1)
    long = [run & (run.sum(axis=1, keepdims=True) >= 2) for run in (behind, before)]
    return np.asarray(long[0] | long[1])


def _partly(call: Call, layer: Masking, x: Array, mask: Mask) -> Iterator[Remark]:
    """Steps in which only some features are the value: they run, with that value as data."""
    met = np.asarray(x == np.asarray(layer.mask_value, x.dtype))
    partly = np.asarray(met.any(axis=-1) & mask)
    if partly.any():
        value = number(layer.mask_value)
        most = counted(int(met[partly].sum(axis=-1).max()), "feature")
        are, their, they = (verb(partly, *pair) for pair in (("is", "are"), ("its", "their"), ("it is", "they are")))
        text = (
            f"{steps_of(partly)} {are} {value} in some of {their} features only (in up to {most}): {they} not masked."
        )
        advice = (
            f"A step is masked when all its features are {value}; otherwise {value} goes through the layers as data"
        )
        yield remark("partly-masked", "warning", call.key, text, advice, partly)
