"""Attention and AdditiveAttention: scores, what masks do to them, and the weighted mean of the values."""

from __future__ import annotations

from rnnscope.layers.activations import Activation
from rnnscope.layers.attention import Attention
from rnnscope.script.templates.activations import activated
from rnnscope.script.use import NotReadable, Use, template


@template(Attention)
def attention(use: Use) -> None:
    operation = use.operation
    assert isinstance(operation, Attention)
    value = use.tensors[1]
    query_mask, value_mask = use.masks[:2]
    if any(mask is not None and mask.dtype != bool for mask in use.seen.arguments.masks):
        raise NotReadable("masks that are numbers")
    use.say("Every query becomes a mean of the values, weighted by how well it goes with each key.")
    scores = use.temporary("scores")
    use.define(scores, _scores(use, operation))
    seen = [f"{value_mask}[..., None, :]"] if value_mask is not None else []
    if operation.causal or use.keywords.get("use_causal_mask"):
        use.say("No step looks at a later one.")
        seen.append(f"np.tri(*{scores}.shape[-2:], dtype=bool)")
    if seen:
        use.say("What must not be looked at scores 10⁹ less.")
        allowed, lowered = use.temporary("allowed"), use.temporary("scores")
        use.define(allowed, " & ".join(seen))
        use.define(lowered, f"{scores} - (1 - {allowed}.astype({scores}.dtype)) * 1e9")
        scores = lowered
    weights = use.outputs[1] if len(use.outputs) > 1 else use.temporary("shares")
    use.define(weights, activated(use.module, Activation("softmax"), str(scores)))
    mean = f"{weights} @ {value}"
    if query_mask is not None:
        use.say("Where the query is masked the output is 0.")
        mean = f"np.where({query_mask}[..., None], {mean}, 0)"
    use.define(use.output, mean)


def _scores(use: Use, operation: Attention) -> str:
    """How well each query goes with each key: (batch, queries, keys)."""
    query, key = use.tensors[0], use.tensors[-1]
    scale = None if operation.scale is None else use.weight("scale", operation.scale)
    if operation.mode == "dot":
        dot = f"{query} @ np.swapaxes({key}, -2, -1)"
        return dot if scale is None else f"({dot}) * {scale}"
    both = f"{query}[..., None, :] + {key}[..., None, :, :]"
    if operation.mode == "additive":
        bent = f"np.tanh({both})"
        return f"{bent}.sum(axis=-1)" if scale is None else f"({bent} * {scale}).sum(axis=-1)"
    assert operation.concat_weight is not None
    weight = use.weight("concat_weight", operation.concat_weight)
    return f"{weight} * np.tanh({both if scale is None else f'{scale} * ({both})'}).sum(axis=-1)"
