"""Operations that put an edited mask into a model, and one that takes steps out of a sequence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from rnnscope.context import Context
from rnnscope.errors import Unsupported
from rnnscope.layers.base import Arguments, Operation, Result, Weights
from rnnscope.layers.config import Config
from rnnscope.layers.masking import Embedding, Masking
from rnnscope.types import Array, Mask, Shape

Maker = Masking | Embedding


@dataclass(frozen=True, slots=True, eq=False)
class EditedMasking(Masking):
    """A Masking layer whose mask somebody drew; `mask_value` only names what it was."""

    edited: Mask

    def valid(self, x: Array, context: Context) -> Mask:
        return self.edited


@dataclass(frozen=True, slots=True, eq=False)
class EditedEmbedding(Embedding):
    """An Embedding whose mask somebody drew."""

    edited: Mask

    def valid(self, x: Array) -> Mask:
        return self.edited


class Laboratory(Operation):
    """An operation that stands in no file: it is put into a model, never read."""

    __slots__ = ()

    @property
    def keeps_integers(self) -> bool:
        return True

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        raise Unsupported("an operation of the laboratory is not read from files", layer=config.layer)

    def output_shapes(self, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
        return shapes[:1]


@dataclass(frozen=True, slots=True, eq=False)
class GivenMask(Laboratory):
    """A mask that somebody drew, as a tensor, whatever goes in."""

    edited: Mask

    def output_shapes(self, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
        return (tuple(self.edited.shape),)

    def call(self, arguments: Arguments, context: Context) -> Result:
        return Result((self.edited,), (None,))


@dataclass(frozen=True, slots=True, eq=False)
class Cut(Laboratory):
    """(batch, steps, …) → (batch, k, …): the steps `kept` (batch, k) of each sample, and no mask."""

    kept: Array

    def call(self, arguments: Arguments, context: Context) -> Result:
        return Result((arguments.x[np.arange(len(arguments.x))[:, np.newaxis], self.kept],), (None,))


def edited(maker: Maker, mask: Mask) -> Operation:
    """A layer that makes masks, with this mask instead of its own."""
    if isinstance(maker, Masking):
        return EditedMasking(maker.mask_value, mask)
    return EditedEmbedding(maker.embeddings, mask_zero=True, edited=mask)
