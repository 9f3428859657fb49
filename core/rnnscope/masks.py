"""How a mask travels, told in words: the journey of it through every layer of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from rnnscope.graph import Call
from rnnscope.layers.attention import Attention
from rnnscope.layers.base import Operation
from rnnscope.layers.bidirectional import Bidirectional
from rnnscope.layers.core import Dense, Dropout, Flatten, InputLayer
from rnnscope.layers.masking import Embedding, Masking
from rnnscope.layers.multi_head import MultiHeadAttention
from rnnscope.layers.pooling import GlobalPooling1D
from rnnscope.layers.recurrent import Recurrent
from rnnscope.model import Model
from rnnscope.trace import LayerTrace, Trace
from rnnscope.types import Mask

Role = Literal["none", "made", "used", "carried", "dropped", "ignored"]


@dataclass(frozen=True, slots=True, eq=False)
class Stop:
    """One layer on the mask's way: its role there, the sample's mask (steps,) and a sentence."""

    layer: str
    role: Role
    mask: Mask | None
    text: str


def journey(trace: Trace, sample: int) -> tuple[Stop, ...]:
    """The mask's way through every layer of `trace.model` for one sample, in execution order."""
    if trace.model is None:
        return ()
    calls = (call for call in trace.model.calls if trace.model[call.layer].is_layer)
    return tuple(_stop(trace.model, call, trace, sample) for call in calls)


def _stop(model: Model, call: Call, trace: Trace, sample: int) -> Stop:
    here, arriving = trace[call.key], _arriving(call, trace)
    role, text = _role(model[call.layer].operation, here, arriving, call, sample)
    if role == "none" and _ended_before(call, trace):
        text = "ended: only the last step is left"
    shown = arriving if role in ("dropped", "ignored") else here.mask if here.mask is not None else here.output_mask
    mask = None if shown is None else shown[sample].reshape(len(shown[sample]), -1).any(axis=1)
    return Stop(call.key, role, mask, text)


def _arriving(call: Call, trace: Trace) -> Mask | None:
    by_hand = call.mask[0] if call.mask else None
    if by_hand is not None:
        return trace[by_hand.call].outputs[by_hand.output].astype(bool)
    # Only the first output of a layer carries its mask on; the states do not.
    first = call.inputs[0] if call.inputs else None
    return trace[first.call].output_mask if first is not None and first.output == 0 else None


def _ended_before(call: Call, trace: Trace) -> bool:
    """Whether the layer that this one reads from used the mask and let it end."""
    sources = [trace[tensor.call] for tensor in call.inputs]
    return any(source.mask is not None and source.output_mask is None for source in sources)


def _role(operation: Operation, here: LayerTrace, arriving: Mask | None, call: Call, sample: int) -> tuple[Role, str]:
    if isinstance(operation, Masking | Embedding) and here.output_mask is not None:
        return "made", f"made here: {_rule(operation)}"
    if arriving is None:
        return "none", "no mask" if isinstance(operation, InputLayer) else "–"
    if here.mask is not None:
        return "used", f"used: {_use(operation, here.mask[sample])}"
    if isinstance(operation, Recurrent | Bidirectional):
        why = "initial_state switches it off" if call.has_initial_state else "switched off"
        return "ignored", f"ignored here: {why}"
    if here.output_mask is None:
        return "dropped", "dropped: time is gone" if isinstance(operation, Flatten) else "dropped here"
    return "carried", "passes through" if isinstance(operation, Dropout | Dense) else "carried on"


def _rule(operation: Masking | Embedding) -> str:
    if isinstance(operation, Embedding):
        return "index ≠ 0"
    return f"any(x ≠ {operation.mask_value:g})".replace("-", "−")


def _use(operation: Operation, valid: Mask) -> str:
    if isinstance(operation, GlobalPooling1D):
        return f"the average of {int(np.count_nonzero(valid))} steps"
    frozen = int(np.count_nonzero(~valid))
    if not frozen:
        return "no step is masked"
    if isinstance(operation, Attention | MultiHeadAttention):
        return "1 query is masked" if frozen == 1 else f"{frozen} queries are masked"
    return "1 step freezes the state" if frozen == 1 else f"{frozen} steps freeze the state"
