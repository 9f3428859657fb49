"""Mistakes with the data: axes, orders, types, indices, and what belongs to training."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from rnnscope.context import Context
from rnnscope.layers.base import Arguments, Result
from rnnscope.layers.core import Dropout
from rnnscope.layers.masking import Embedding
from rnnscope.layers.normalization import BY_BATCH, GATHERED, BatchNormalization
from rnnscope.layers.recurrent import Given, Recurrent
from rnnscope.mistakes.case import Case, Mistake, Variation, never
from rnnscope.mistakes.loop import VariedRecurrent, varied
from rnnscope.mistakes.places import everywhere
from rnnscope.types import Array, Mask
from rnnscope.unroll import Unrolled


@dataclass(frozen=True, slots=True, eq=False)
class ReshapedRecurrent(VariedRecurrent):
    """Reads (batch, steps, …) as (steps, batch, …) without moving a number."""

    def run(self, given: Given, carried: Mapping[str, Array], context: Context, layer: str) -> Unrolled:
        mask = None if given.mask is None else _reshaped(given.mask)
        return VariedRecurrent.run(self, given._replace(x=_reshaped(given.x), mask=mask), carried, context, layer)


def _reshaped(array: Array | Mask) -> Array:
    """(batch, steps, …) laid out as (steps, batch, …), and its first two axes changed over."""
    batch, steps, *rest = array.shape
    return array.reshape(steps, batch, *rest).swapaxes(0, 1)


def _time_major(case: Case) -> Iterator[Variation]:
    for arrange in (lambda array: array.swapaxes(0, 1), _reshaped):
        yield Variation(_arranging(arrange), mixes_samples=True)
    for variation in everywhere(case, Recurrent, lambda layer: True, _reshaping):
        yield replace(variation, mixes_samples=True)


def _arranging(arrange: Callable[[Array], Array]) -> Callable[[Case], Case]:
    return lambda case: replace(
        case, inputs={name: arrange(array) if array.ndim > 1 else array for name, array in case.inputs.items()}
    )


def _reshaping(layer: Recurrent) -> Recurrent:
    plain = varied(layer)
    return ReshapedRecurrent(**{name: getattr(plain, name) for name in plain.__dataclass_fields__})


def _halved(case: Case) -> Iterator[Variation]:
    yield Variation(lambda given: replace(_in_half(given), dtype=np.dtype(np.float16)))
    yield Variation(_in_half)


def _in_half(case: Case) -> Case:
    layers = tuple(replace(layer, dtype="float16") for layer in case.model.layers)
    return replace(case, model=replace(case.model, layers=layers, dtype="float16"))


@dataclass(frozen=True, slots=True, eq=False)
class ShiftedEmbedding(Embedding):
    """Looks up the index plus `shift`; `seen` is whether its mask is made of the shifted indices."""

    shift: int = 0
    seen: bool = False

    def call(self, arguments: Arguments, context: Context) -> Result:
        moved = np.mod(arguments.x + self.shift, len(self.embeddings))
        result = Embedding.call(self, replace(arguments, tensors=(moved,)), context)
        if self.seen or not (self.mask_zero and context.use_masks):
            return result
        return replace(result, masks=(context.decide(arguments.x != 0),))


def _shifted(case: Case) -> Iterator[Variation]:
    for shift in (1, -1):
        for seen in (False, True):
            yield from everywhere(case, Embedding, lambda part: True, _shifting(shift, seen))


def _shifting(shift: int, seen: bool) -> Callable[[Embedding], Embedding]:
    return lambda part: ShiftedEmbedding(part.embeddings, part.mask_zero, shift, seen)


def _batch_statistics(case: Case) -> Iterator[Variation]:
    for variation in everywhere(
        case, BatchNormalization, lambda part: part.mode == GATHERED, lambda part: replace(part, mode=BY_BATCH)
    ):
        yield replace(variation, mixes_samples=True)


@dataclass(frozen=True, slots=True, eq=False)
class AppliedDropout(Dropout):
    """Drops numbers at random and makes the others greater, as in training."""

    seed: int = 0

    def apply(self, x: Array) -> Array:
        random = np.random.default_rng((self.seed, x.size))
        kept = random.random(x.shape) >= self.rate
        return np.asarray(x * kept / (1 - self.rate), x.dtype)


MISTAKES = (
    Mistake(
        "dropout-applied",
        "Dropout is at work",
        "Dropout belongs to training. The numbers scatter around the right ones just as they do when the layer "
        "drops its share of them at random.",
        "y = x  # dropout does nothing when a model predicts",
        "the same input twice: the numbers then differ from call to call",
        "dropout",
        never,
        recognised=True,
    ),
    Mistake(
        "batch-order",
        "The samples stand in another order",
        "The numbers are right, and belong to other rows of the input: somebody shuffled or sorted the one and not "
        "the other.",
        "y = y[np.argsort(order)]  # undo the permutation `order` that the samples went through",
        "two different samples or more",
        "order of samples",
        never,
        recognised=True,
    ),
    Mistake(
        "time-major-mixup",
        "Batch and time are taken for each other",
        "Keras has (batch, steps, features). This port loops over the first axis, or reshapes where axes are to be "
        "swapped, so that steps of different samples follow one another.",
        "x = x.swapaxes(0, 1)  # (steps, batch, features); reshape only cuts the numbers up anew",
        "two different samples or more",
        "axes",
        _time_major,
        stage=4,
    ),
    Mistake(
        "float16",
        "The arithmetic is done in float16",
        "The model computes in float32, the port in float16, which keeps three decimal digits: the numbers are "
        "right but for its rounding.",
        "x = x.astype(np.float32)  # and every weight",
        "any input",
        "type",
        _halved,
        stage=7,
    ),
    Mistake(
        "batch-norm-batch-statistics",
        "BatchNormalization uses the batch's own statistics",
        "When a model predicts, the mean and variance that training gathered are used. This port takes those of the "
        "batch at hand, so that a sample's numbers depend on its neighbours.",
        "y = (x - moving_mean) / np.sqrt(moving_variance + epsilon) * gamma + beta",
        "more samples than one",
        "statistics",
        _batch_statistics,
    ),
    Mistake(
        "embedding-off-by-one",
        "The Embedding's rows are off by one",
        "Each index looks up the row before or after its own, as it comes of a vocabulary that starts at 1, or of a "
        "row for padding that was cut off or put before.",
        "x = embeddings[index]  # row 0 belongs to index 0, with mask_zero too",
        "any input",
        "index",
        _shifted,
    ),
)
