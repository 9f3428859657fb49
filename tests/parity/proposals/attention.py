"""Attention in all its forms."""

from __future__ import annotations

from typing import Any

from tests.parity.description import Json
from tests.parity.draft import Draft, Rejected, Tensor
from tests.parity.proposals.registry import KERAS3, proposes


def query_and_value(draft: Draft) -> tuple[Tensor, Tensor]:
    """Two sequences with as many features, the second one often the first."""
    if draft.chain:
        raise Rejected("attention reads several tensors")
    query = draft.sequence()
    if draft.chance(0.3):
        return query, query
    value = draft.values([draft.choose([2, 3, 4]), query.shape[-1]])
    return query, draft.mask(value) if draft.chance(0.5) else value


@proposes("Attention", "AdditiveAttention", weight=1.5)
def attention(draft: Draft, class_name: str) -> None:
    query, value = query_and_value(draft)
    tensors = [query, value]
    if draft.chance(0.3):
        tensors.append(draft.values(value.shape))
    config: Json = draft.options(0.4, use_scale=[True, False], dropout=[0.1])
    if class_name == "Attention":
        config |= draft.options(0.4, score_mode=["dot", "concat"])
    kwargs: dict[str, Any] = draft.options(0.3, use_causal_mask=[True], return_attention_scores=[True])
    if draft.chance(0.25):
        kwargs["mask"] = [draft.flags(query.shape[:1]), draft.flags(value.shape[:1])]
    draft.layer(class_name, config, tensors, **kwargs)


@proposes("MultiHeadAttention", weight=1.5)
def multi_head_attention(draft: Draft, class_name: str) -> None:
    query, value = query_and_value(draft)
    config: Json = {"num_heads": draft.choose([1, 2, 3]), "key_dim": draft.choose([1, 2, 3])}
    config |= draft.options(0.3, value_dim=[1, 2], use_bias=[False], output_shape=[2, [3]], dropout=[0.1])
    tensors = [query, value, *([draft.values(value.shape)] if draft.chance(0.3) else [])]
    draft.layer(class_name, config, *tensors, **_masks(draft, query, value))


@proposes("GroupedQueryAttention", weight=1.0, only=KERAS3)
def grouped_query_attention(draft: Draft, class_name: str) -> None:
    query, value = query_and_value(draft)
    heads, groups = draft.choose([(2, 1), (2, 2), (4, 2)])
    config: Json = {"head_dim": draft.choose([1, 2, 3]), "num_query_heads": heads, "num_key_value_heads": groups}
    config |= draft.options(0.3, use_bias=[False], dropout=[0.1])
    tensors = [query, value, *([draft.values(value.shape)] if draft.chance(0.3) else [])]
    draft.layer(class_name, config, *tensors, **_masks(draft, query, value))


def _masks(draft: Draft, query: Tensor, value: Tensor) -> Json:
    kwargs: dict[str, Any] = draft.options(0.3, use_causal_mask=[True], return_attention_scores=[True])
    if draft.chance(0.3):
        kwargs["attention_mask"] = draft.flags([query.shape[0], value.shape[0]])
    if draft.world.keras3 and draft.chance(0.2):
        kwargs["query_mask"] = draft.flags(query.shape[:1])
    if draft.world.keras3 and draft.chance(0.2):
        kwargs["value_mask"] = draft.flags(value.shape[:1])
    return kwargs
