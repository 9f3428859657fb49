"""TimeDistributed: the same layer at every step, all steps at once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rnnscope.context import Context
from rnnscope.layers.base import Arguments, Operation
from rnnscope.layers.time_distributed import TimeDistributed
from rnnscope.script.observe import Seen
from rnnscope.script.use import TEMPLATES, NotReadable, Use, template


@template(TimeDistributed)
def time_distributed(use: Use) -> None:
    operation = use.operation
    assert isinstance(operation, TimeDistributed)
    masks = [mask for mask in use.seen.arguments.masks if mask is not None]
    write = TEMPLATES.get(type(operation.layer))
    if write is None or operation.stateful or len(use.tensors) > 1 or any(mask.ndim > 2 for mask in masks):
        raise NotReadable("states or masks that go from step to step")
    use.say(f"The same {operation.inner_class} at every step, masked or not; the steps are folded into the batch.")
    inner = _inner(use, operation.layer)
    use.define(inner.tensors[0], f"{use.x}.reshape(-1, *{use.x}.shape[2:])")
    write(inner)
    result = inner.seen.result.outputs[0]
    made = str(inner.output if result is not inner.array else inner.tensors[0])
    use.statements += inner.statements
    use.comments += inner.comments
    rest = f", *{made}.shape[1:]" if result.ndim > 1 else ""
    use.define(use.output, f"{made}.reshape(len({use.x}), -1{rest})")


def _inner(use: Use, layer: Operation) -> Use:
    """The call of the inner layer, on the sample's steps as samples of their own."""
    folded = use.array.reshape(-1, *use.array.shape[2:])
    arguments = Arguments((folded,), masks=(None,), layer=use.call.layer)
    with np.errstate(all="ignore"):
        result = layer.call(arguments, Context(use.semantics, layer_dtype=use.seen.layer.dtype))
    if result.masks[0] is not None:
        raise NotReadable("a mask that is made inside")
    seen = Seen(replace(use.seen.layer, operation=layer), arguments, result)
    x, y = use.temporary("each"), use.temporary("each")
    return Use(
        use.call, seen, use.module, use.semantics, (x,), (None,), None, {}, (y,), read=(True,)
    )  # fmt: skip
