"""Attention and AdditiveAttention: for every query a weighted mean of the values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from rnnscope.context import Context
from rnnscope.errors import ShapeMismatch, Unsupported
from rnnscope.layers.attention_masks import FAR_BELOW, MaskedSoftmax, causal_mask, joined
from rnnscope.layers.base import Arguments, Operation, Result, Weights
from rnnscope.layers.config import Config
from rnnscope.layers.registry import keras_layer
from rnnscope.types import Array, Shape

SOFTMAX = MaskedSoftmax(1, FAR_BELOW, replaces=False, zeroes=False)


@keras_layer("Attention", "AdditiveAttention")
@dataclass(frozen=True, slots=True, eq=False)
class Attention(Operation):
    """softmax(scores(q, k))·v for [q, v] or [q, v, k] of (batch, steps, features); k is v where there is none.

    scores, by `mode`: ``dot`` s·(q·kᵀ); ``concat`` w·Σ tanh(s·(q + k)); ``additive`` Σ s·tanh(q + k); without
    `use_scale` s is 1. A masked value's score is 10⁹ less; a masked query's output is 0, and the query's mask passes
    on. Luong et al. (2015), Bahdanau et al. (2015).
    """

    mode: str
    scale: Array | None  # (), or (features,) of additive attention
    concat_weight: Array | None  # ()
    causal: bool

    takes_mask: ClassVar[bool] = True
    call_arguments: ClassVar[tuple[str, ...]] = (
        "inputs",
        "mask",
        "training",
        "return_attention_scores",
        "use_causal_mask",
    )

    @property
    def label(self) -> str:
        return "(causal)" if self.causal else ""

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        _check_shapes(config, shapes)
        additive = config.class_name == "AdditiveAttention"
        use_scale = config.take_bool("use_scale", additive)
        mode = "additive" if additive else config.take("score_mode", "dot")
        if mode not in ("dot", "concat", "additive"):
            raise Unsupported(f"Attention with score_mode={mode!r} is not computed", layer=config.layer)
        causal = config.take_bool("causal", False)  # the layer's until TensorFlow 2.10, the call's since
        config.ignore("dropout", "seed")
        scale = weights.take("scale", _features(config, shapes) if additive else ()) if use_scale else None
        concat_weight = weights.take("concat_score_weight", ()) if mode == "concat" else None
        return cls(str(mode), scale, concat_weight, causal)

    def output_shapes(self, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
        return ((*shapes[0][:-1], shapes[1][-1]),)

    def call_shapes(self, shapes: tuple[Shape, ...], keywords: Mapping[str, object]) -> tuple[Shape, ...]:
        outputs = self.output_shapes(shapes)
        return (*outputs, (*shapes[0][:-1], shapes[1][-2])) if keywords.get("return_attention_scores") else outputs

    def call(self, arguments: Arguments, context: Context) -> Result:
        query, value, *rest = arguments.tensors
        query_mask, value_mask = arguments.masks[:2]
        scores = self._scores(query, rest[0] if rest else value)
        causal = self.causal or arguments.keywords.get("use_causal_mask")
        mask = joined(
            None if value_mask is None else value_mask[..., np.newaxis, :],
            causal_mask(*scores.shape[-2:]) if causal else None,
        )
        probabilities = SOFTMAX(scores, mask)
        output = probabilities @ value
        if query_mask is not None:
            output = np.where(query_mask[..., np.newaxis], output, 0)
        outputs = (output, probabilities) if arguments.keywords.get("return_attention_scores") else (output,)
        passed = query_mask if context.semantics.lists_carry_masks else None
        return Result(outputs, (passed, *[None] * (len(outputs) - 1)), mask=query_mask)

    def _scores(self, query: Array, key: Array) -> Array:
        if self.mode == "dot":
            dot = query @ np.swapaxes(key, -2, -1)
            return np.asarray(dot if self.scale is None else dot * self.scale)
        both = query[..., np.newaxis, :] + key[..., np.newaxis, :, :]
        if self.mode == "additive":
            bent = np.tanh(both)
            return np.asarray((bent if self.scale is None else bent * self.scale).sum(axis=-1))
        assert self.concat_weight is not None
        return np.asarray(self.concat_weight * np.tanh(both if self.scale is None else self.scale * both).sum(axis=-1))


def _check_shapes(config: Config, shapes: tuple[Shape, ...]) -> None:
    if len(shapes) not in (2, 3) or any(len(shape) < 3 or len(shape) != len(shapes[0]) for shape in shapes):
        raise ShapeMismatch(
            f"{config.class_name} input",
            layer=config.layer,
            expected="[query, value] or [query, value, key], each (batch, steps, features)",
            found=shapes,
        )


def _features(config: Config, shapes: tuple[Shape, ...]) -> tuple[int]:
    """The size of the scale: the query's features in Keras 3, the value's before."""
    size = shapes[0 if config.semantics.is_keras3 else 1][-1]
    if size is None:
        raise ShapeMismatch(
            "AdditiveAttention input", layer=config.layer, expected="a known last axis", found=shapes[0]
        )
    return (size,)
