"""Where masks are made: Masking, and Embedding with mask_zero."""

from __future__ import annotations

import numpy as np

from rnnscope.context import HALF_TYPES, rounded, working_dtype
from rnnscope.layers.masking import Embedding, Masking
from rnnscope.script.use import NotReadable, Use, number, template

LARGEST = float(np.finfo(np.float32).max)


@template(Masking)
def masking(use: Use) -> None:
    operation = use.operation
    assert isinstance(operation, Masking)
    if use.array.dtype.kind == "b":
        raise NotReadable("truth values become numbers on the way")
    value = number(operation.mask_value)
    use.say(f"A step is valid where any of its features differs from {value}; the others become zeros.")
    differs = use.temporary("differs")
    use.define(differs, f"{use.x} != {_compared(use, operation.mask_value)}", inline=True)
    mask = use.define_mask(f"np.any({differs}, axis=-1)")
    if use.semantics.is_keras3:
        use.define(use.output, f"np.where({mask}[..., None], {use.x}, 0)")
    else:
        use.say("By multiplication, as this Keras does it: a masked NaN stays NaN.")
        use.define(use.output, f"{use.x} * {mask}[..., None]")


def _compared(use: Use, value: float) -> str:
    """`value` in the type in which Keras compares it, where that is not obvious."""
    layer_dtype = use.seen.layer.dtype
    if use.array.dtype.kind != "f" or (layer_dtype == "float32" and abs(value) < LARGEST):
        return number(value)
    if use.semantics.is_keras3 and use.semantics.backend == "tensorflow":
        return f"np.float32({number(value)})"
    if layer_dtype in HALF_TYPES:
        return f"np.float32({number(float(rounded(np.asarray(value, np.float32), layer_dtype)))})"
    return f"np.{working_dtype(layer_dtype)}({number(value)})"


@template(Embedding)
def embedding(use: Use) -> None:
    operation = use.operation
    assert isinstance(operation, Embedding)
    table = use.weight("embeddings", operation.embeddings, "one row for each token id")
    if use.seen.result.masks[0] is not None:
        use.say("mask_zero: a step with token id 0 is masked; its row is looked up all the same.")
        use.define_mask(f"{use.x} != 0")
    index = str(use.x) if use.array.dtype.kind in "iu" else f"{use.x}.astype(np.int64)"
    use.define(use.output, f"{table}[{index}]")
