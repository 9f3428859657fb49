"""The masks of attention: who may look at whom, and what a masked score becomes in which Keras."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from rnnscope.semantics import Semantics
from rnnscope.types import Array, Mask

# Taken off a masked score, or put in its place. Keras has smaller numbers for 16-bit types; these are float32 here.
FAR_BELOW = 1e9
FUSED_FAR_BELOW = 0.7 * 3.38953e38


def causal_mask(queries: int, keys: int) -> Mask:
    """(queries, keys): no step looks at a later one."""
    return np.tri(queries, keys, dtype=bool)


def window_mask(queries: int, keys: int, size: int) -> Mask:
    """(queries, keys): no step looks `size` steps away or further, ahead or back."""
    return np.asarray(np.abs(np.arange(queries)[:, np.newaxis] - np.arange(keys)) < size)


def joined(*masks: Array | None) -> Array | None:
    """What all masks allow; one alone comes back as it is, which may be numbers instead of truth."""
    there = [mask for mask in masks if mask is not None]
    if len(there) < 2:
        return there[0] if there else None
    together = there[0].astype(bool)
    for mask in there[1:]:
        together = together & mask.astype(bool)
    return together


@dataclass(frozen=True, slots=True)
class MaskedSoftmax:
    """A softmax over the last `count` axes that heeds a mask.

    replaces: whether a masked score gives way to `far_below`, which makes a row without a valid key uniform; otherwise
    it is lowered by it. zeroes: whether masked probabilities become 0 afterwards, in a row without a valid key too.
    """

    count: int
    far_below: float
    replaces: bool
    zeroes: bool

    @classmethod
    def of_heads(cls, count: int, semantics: Semantics, *, fused: bool, robust: bool) -> Self:
        """As MultiHeadAttention has it: by its Softmax layer, or from 3.7 on, where it can, by a fused operation."""
        if fused:
            return cls(count, FUSED_FAR_BELOW, replaces=True, zeroes=False)
        replaces = semantics.version >= (3, 13) or robust
        return cls(count, FAR_BELOW, replaces, zeroes=semantics.version >= (3, 10))

    def __call__(self, scores: Array, mask: Array | None) -> Array:
        axes = tuple(range(-self.count, 0))
        if mask is not None:
            scores = self._lowered(scores, mask)
        raised = np.exp(scores - scores.max(axis=axes, keepdims=True))
        probabilities = raised / raised.sum(axis=axes, keepdims=True)
        return np.asarray(probabilities if mask is None or not self.zeroes else probabilities * mask)

    def _lowered(self, scores: Array, mask: Array) -> Array:
        if self.replaces:
            return np.where(mask > 0.5 if mask.dtype.kind == "f" else mask, scores, -self.far_below)
        lack: Array = np.asarray(1 - mask.astype(scores.dtype))
        return np.asarray(scores - lack * np.asarray(self.far_below, scores.dtype))
