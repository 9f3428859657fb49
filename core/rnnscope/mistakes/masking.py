"""Mistakes with masks: steps that run where Keras holds the states, and outputs taken from the wrong ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from rnnscope.context import Context
from rnnscope.layers.base import Arguments, Operation, Result
from rnnscope.layers.masking import Embedding, Masking
from rnnscope.layers.recurrent import Recurrent
from rnnscope.mistakes.case import Case, Mistake, Variation
from rnnscope.mistakes.cells import Masked
from rnnscope.mistakes.loop import Pick, varied
from rnnscope.mistakes.places import Place, everywhere, find, put

MASKED_STEP = "a sequence with a masked step between valid ones"


@dataclass(frozen=True, slots=True, eq=False)
class RawMasking(Masking):
    """Makes the mask and leaves the input as it is, where Keras clears masked steps."""

    def call(self, arguments: Arguments, context: Context) -> Result:
        return replace(Masking.call(self, arguments, context), outputs=(arguments.x,))


@dataclass(frozen=True, slots=True, eq=False)
class FeatureMasking(Masking):
    """Clears each feature that equals the mask value by itself; makes the mask all the same."""

    def call(self, arguments: Arguments, context: Context) -> Result:
        cleared = np.where(arguments.x == self._compared(context), 0, arguments.x).astype(arguments.x.dtype)
        return replace(Masking.call(self, arguments, context), outputs=(cleared,))


@dataclass(frozen=True, slots=True, eq=False)
class ClearedEmbedding(Embedding):
    """Puts zeros in place of the rows of masked indices; makes the mask all the same."""

    def call(self, arguments: Arguments, context: Context) -> Result:
        result = Embedding.call(self, arguments, context)
        (valid,), (rows,) = result.masks, result.outputs
        return result if valid is None else replace(result, outputs=(rows * valid[..., np.newaxis],))


def has_masks(case: Case) -> bool:
    """Whether anything in the model makes a mask."""
    return bool(find(case.model, Masking)) or any(place.part.mask_zero for place in find(case.model, Embedding))


def _masking(case: Case, kind: type[Masking]) -> Case:
    """The case with another kind of Masking layers."""
    return replace(case, model=put(case.model, find(case.model, Masking), lambda part: kind(part.mask_value)))


def with_raw_masking(variation: Variation) -> Variation:
    """A variation in which layers see the padding as it is in the input."""
    return _with_masking(variation, RawMasking)


def _with_masking(variation: Variation, kind: type[Masking]) -> Variation:
    change = variation.change
    return replace(variation, change=lambda case: _masking(change(case), kind))


def _loops(case: Case, *, sequences: bool | None = None, **changes: object) -> Iterator[Variation]:
    """The loop of every recurrent layer changed, and of each by itself; only where the model has masks."""
    if has_masks(case):

        def fits(layer: Recurrent) -> bool:
            return sequences is None or layer.return_sequences == sequences

        yield from everywhere(case, Recurrent, fits, lambda layer: varied(layer, **changes))


def _ignored(case: Case) -> Iterator[Variation]:
    if has_masks(case):
        yield Variation(lambda given: replace(given, use_masks=False))
        yield from map(with_raw_masking, _loops(case, masked=Masked.IGNORED))
        yield from map(with_raw_masking, _running(case, masked=Masked.IGNORED))


def _zeroed_inputs(case: Case) -> Iterator[Variation]:
    yield from _loops(case, masked=Masked.ZERO_INPUT)
    yield from _loops(case, masked=Masked.IGNORED)
    yield from _cleared_rows(case)
    yield from _running(case, masked=Masked.ZERO_INPUT)


def _cleared_rows(case: Case) -> Iterator[Variation]:
    """An Embedding's rows of masked indices become zeros, and every step runs."""
    places = [place for place in find(case.model, Embedding) if place.part.mask_zero]
    for variation in _loops(case, masked=Masked.IGNORED) if places else ():
        yield replace(variation, change=_clearing(places, variation.change))


def _clearing(places: list[Place[Embedding]], change: Callable[[Case], Case]) -> Callable[[Case], Case]:
    def cleared(case: Case) -> Case:
        case = change(case)
        return replace(case, model=put(case.model, places, lambda part: ClearedEmbedding(part.embeddings, True)))

    return cleared


def _running(case: Case, **changes: object) -> Iterator[Variation]:
    """Every step runs, but masked outputs become zeros where the layer has zeros."""
    if any(place.part.direction.zero_output_for_mask for place in find(case.model, Recurrent)) and has_masks(case):
        yield from everywhere(
            case,
            Recurrent,
            lambda layer: True,
            lambda layer: varied(layer, zeroed=layer.direction.zero_output_for_mask, **changes),
        )


def _feature_wise(case: Case) -> Iterator[Variation]:
    if find(case.model, Masking):
        for variation in _loops(case, masked=Masked.IGNORED):
            if variation.broad:
                yield _with_masking(variation, FeatureMasking)
        yield Variation(lambda given: _masking(given, FeatureMasking))


def _zero_outputs(case: Case) -> Iterator[Variation]:
    yield from _loops(case, zeroed=True)
    yield from _loops(case, zeroed=True, sequences=True)


def _no_zero_outputs(case: Case) -> Iterator[Variation]:
    def fits(layer: Operation) -> bool:
        return isinstance(layer, Recurrent) and layer.direction.zero_output_for_mask

    if has_masks(case):
        yield from everywhere(case, Recurrent, fits, lambda layer: varied(layer, zeroed=False))
        held = {"zeroed": False, "masked": Masked.HELD_OUTPUT}
        yield from everywhere(case, Recurrent, fits, lambda layer: varied(layer, **held))


def _last_valid(case: Case) -> Iterator[Variation]:
    for masked, pick in (
        (Masked.IGNORED, Pick.LAST_VALID),
        (Masked.IGNORED, Pick.COUNTED),
        (Masked.AS_KERAS, Pick.COUNTED),
        (Masked.AS_KERAS, Pick.LAST_VALID),
        (Masked.ZERO_INPUT, Pick.LAST_VALID),
        (Masked.ZERO_INPUT, Pick.COUNTED),
    ):
        yield from map(with_raw_masking, _loops(case, masked=masked, picks=pick, sequences=False))
    if any(not place.part.return_sequences for place in find(case.model, Recurrent)):
        for masked in (Masked.IGNORED, Masked.ZERO_INPUT):
            for pick in (Pick.LAST_VALID, Pick.COUNTED):
                stacked = (*_loops(case, masked=masked, picks=pick), *_running(case, masked=masked, picks=pick))
                for variation in stacked:
                    if variation.broad:
                        yield variation
                        yield with_raw_masking(variation)


MISTAKES = (
    Mistake(
        "mask-ignored",
        "The mask is ignored: every step runs on the raw input",
        "Padding goes through the network as if it were data. Keras holds every state at a masked step. The same "
        "comes of np.dot on a numpy.ma array, which multiplies the numbers under the mask.",
        "h = np.where(mask[:, t, None], new_h, h)  # mask = (x != mask_value).any(axis=-1)",
        MASKED_STEP,
        "masks",
        _ignored,
        stage=4,
    ),
    Mistake(
        "masked-inputs-zeroed",
        "Masked inputs become zeros, and the steps run all the same",
        "Masking does put zeros at masked steps, but that is not all: the recurrent layer must also hold its states "
        "there. A step on zeros still changes them, through bias and recurrence.",
        "h = np.where(mask[:, t, None], new_h, h)",
        MASKED_STEP,
        "masks",
        _zeroed_inputs,
        stage=4,
    ),
    Mistake(
        "masked-state-zeroed",
        "A masked step sets the states to zero",
        "At a masked step the states are multiplied by the mask, and everything before it is forgotten. Keras holds "
        "them.",
        "h = np.where(mask[:, t, None], new_h, h)  # not new_h * mask[:, t, None]",
        MASKED_STEP,
        "masks",
        lambda case: _loops(case, masked=Masked.ZERO_STATE),
        stage=4,
    ),
    Mistake(
        "masked-feature-wise",
        "Each feature that equals the mask value is dropped by itself",
        "Masking looks at a step as a whole: it is masked when all its features equal the mask value, and computed "
        "as it stands otherwise, mask values included. This port drops single features, as products of numpy.ma "
        "arrays do.",
        "mask = (x != mask_value).any(axis=-1)  # (batch, steps), not (batch, steps, features)",
        "a step in which only some of the features equal the mask value",
        "masks",
        _feature_wise,
        stage=4,
    ),
    Mistake(
        "mask-zeros-output",
        "Masked steps give zeros",
        "The output at a masked step is zero here. Keras repeats the output before it, so that padding behind a "
        "sequence leaves its last output standing; zeros are what zero_output_for_mask=True gives.",
        "outputs[:, t] = np.where(mask[:, t, None], new_h, outputs[:, t - 1])  # zeros before the first valid step",
        "a sequence with padding behind it",
        "masked outputs",
        _zero_outputs,
        stage=4,
    ),
    Mistake(
        "mask-output-not-zeroed",
        "Masked steps repeat the output, where Keras has zeros",
        "A Bidirectional layer that returns sequences, or any layer with zero_output_for_mask=True, gives zeros at "
        "masked steps. Here the output before them stands there still.",
        "outputs = np.where(mask[..., None], outputs, 0)",
        "a sequence with padding, and what the layer returns at it",
        "masked outputs",
        _no_zero_outputs,
        stage=4,
    ),
    Mistake(
        "last-valid-vs-last-step",
        "The output is taken at the last valid step instead of the last one",
        "Keras holds the states through masked steps and hands on the last output. Running every step and picking "
        "the one at the last valid index, or at the number of valid steps less one, is the same only for padding "
        "behind a sequence; before it or inside it lie masked steps that have then changed the states.",
        "h = np.where(mask[:, t, None], new_h, h)  # in the loop; after it, h is the output",
        "a sequence with masked steps before valid ones",
        "masks",
        _last_valid,
        stage=4,
    ),
)
