"""Attention with several heads: MultiHeadAttention and GroupedQueryAttention."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from rnnscope.context import Context
from rnnscope.errors import ShapeMismatch
from rnnscope.layers.attention_masks import MaskedSoftmax, causal_mask, joined, window_mask
from rnnscope.layers.base import Arguments, Operation, Result, Weights
from rnnscope.layers.config import Config
from rnnscope.layers.heads import Heads
from rnnscope.layers.registry import keras_layer
from rnnscope.semantics import Semantics
from rnnscope.types import Array, Mask, Shape

MASKS = ("query_mask", "value_mask", "key_mask")


@keras_layer("MultiHeadAttention", "GroupQueryAttention", "GroupedQueryAttention")
@dataclass(frozen=True, slots=True, eq=False)
class MultiHeadAttention(Operation):
    """softmax(q·kᵀ/√d)·v for every head, q, k and v being projections of query, key and value; all heads projected.

    With a gate each head's result is multiplied by sigmoid(query·W + b). Where key and value have fewer heads, as in
    GroupedQueryAttention, each serves a group of the query's. Vaswani et al. (2017), Ainslie et al. (2023).
    """

    heads: Heads
    window: int | None
    dropout: bool  # decides, before Keras 3, nothing; since 3.7 whether the fused softmax is used
    robust: bool
    grouped: bool

    takes_mask: ClassVar[bool] = True
    tensor_arguments: ClassVar[tuple[str, ...]] = ("query", "value", "key")
    call_arguments: ClassVar[tuple[str, ...]] = (
        *tensor_arguments,
        *MASKS,
        "attention_mask",
        "return_attention_scores",
        "training",
        "use_causal_mask",
    )

    @property
    def label(self) -> str:
        heads = int(self.heads.query.kernel.shape[1])
        return "(1 head)" if heads == 1 else f"({heads} heads)"

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        if len(shapes) not in (2, 3) or any(len(shape) != len(shapes[0]) or len(shape) < 3 for shape in shapes):
            raise ShapeMismatch(
                f"{config.class_name} input", layer=config.layer, expected="query and value of one rank", found=shapes
            )
        window = config.take_number("sliding_window", None)
        dropout = config.take_float("dropout", 0.0) > 0
        robust = config.take_bool("softmax_robust_masking", False)
        config.ignore("seed", "flash_attention", "query_shape", "key_shape", "value_shape")
        grouped = config.class_name != "MultiHeadAttention"
        heads = (Heads.read_grouped if grouped else Heads.read_several)(config, weights, shapes)
        return cls(heads, None if window is None else int(window), dropout, robust, grouped)

    def output_shapes(self, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
        return ((*shapes[0][:-1], *self.heads.output.kernel.shape[2:]),)

    def call_shapes(self, shapes: tuple[Shape, ...], keywords: Mapping[str, object]) -> tuple[Shape, ...]:
        outputs = self.output_shapes(shapes)
        return (*outputs, self.heads.score_shape(shapes)) if keywords.get("return_attention_scores") else outputs

    def unmasks(self, semantics: Semantics) -> bool:
        return semantics.heads_unmask and not self.grouped

    def call(self, arguments: Arguments, context: Context) -> Result:
        query, value, key = arguments.x, arguments.tensors[1], arguments.tensors[-1]
        with_scores = bool(arguments.keywords.get("return_attention_scores"))
        fused = context.semantics.version >= (3, 7) and not (self.dropout or with_scores or query.ndim != 3)
        softmax = MaskedSoftmax.of_heads(len(self.heads.axes), context.semantics, fused=fused, robust=self.robust)
        scores = self.heads.scores(query, key)
        given = self._masks(arguments, context.semantics) if context.use_masks else (None, None, None)
        mask = self._widened(self._mask(given, arguments), scores)
        probabilities = softmax(scores, mask)
        output = self.heads.combine(probabilities, value, query)
        outputs = (output, probabilities) if with_scores else (output,)
        passed = arguments.masks[0] if context.semantics.heads_heed_masks else None
        # The scores are what a Softmax layer inside gave, and in Keras 3 they carry the mask that it was handed.
        of_scores = mask.astype(bool) if mask is not None and context.semantics.is_keras3 else None
        return Result(outputs, (passed, of_scores)[: len(outputs)], mask=given[0])

    def _masks(self, arguments: Arguments, semantics: Semantics) -> tuple[Mask | None, Mask | None, Mask | None]:
        """The masks of query, value and key: passed by hand, or else those that travel with them.

        Where MultiHeadAttention takes the masks off, it knows only the one that travels with the query.
        """
        travelling = (*arguments.masks, None)[:3] if semantics.heads_heed_masks else (None, None, None)
        by_hand = [arguments.keywords.get(name) for name in MASKS]
        if self.unmasks(semantics):
            by_hand[0] = None
        masks = [
            mask if hand is None else np.asarray(hand, bool) for hand, mask in zip(by_hand, travelling, strict=True)
        ]
        return masks[0], masks[1], masks[2]

    def _mask(self, given: tuple[Mask | None, ...], arguments: Arguments) -> Array | None:
        """All masks at once, (batch, queries, keys)."""
        query, *keyed = given
        steps, keys = arguments.x.shape[1], arguments.tensors[1].shape[1]
        by_hand = arguments.keywords.get("attention_mask")
        return joined(
            None if query is None else query[..., np.newaxis],
            *[None if mask is None else mask[..., np.newaxis, :] for mask in keyed],
            causal_mask(steps, keys)[np.newaxis] if arguments.keywords.get("use_causal_mask") else None,
            None if self.window is None else window_mask(steps, keys, self.window)[np.newaxis],
            by_hand if isinstance(by_hand, np.ndarray) else None,
        )

    def _widened(self, mask: Array | None, scores: Array) -> Array | None:
        """`mask` with axes of size 1 for the heads, and for what else stands before the axes that attend."""
        while mask is not None and mask.ndim < scores.ndim:
            mask = np.expand_dims(mask, -2 * len(self.heads.axes) - 1)
        return mask
