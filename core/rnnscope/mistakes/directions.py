"""Mistakes with Bidirectional layers: what is reversed, and how the halves are joined."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

from rnnscope.layers.bidirectional import MERGE_MODES, Bidirectional
from rnnscope.mistakes.case import Case, Mistake, Variation
from rnnscope.mistakes.loop import Pick, varied
from rnnscope.mistakes.places import everywhere
from rnnscope.types import Array


@dataclass(frozen=True, slots=True, eq=False)
class SwappedBidirectional(Bidirectional):
    """Joins the backward half before the forward one."""

    def _merge(self, ahead: Array, back: Array) -> tuple[Array, ...]:
        return Bidirectional._merge(self, back, ahead)


def _backward(case: Case, *, sequences: bool | None = None, **changes: object) -> Iterator[Variation]:
    """The loop of the backward half changed."""

    def fits(layer: Bidirectional) -> bool:
        return sequences is None or layer.backward.return_sequences == sequences

    return everywhere(
        case, Bidirectional, fits, lambda layer: replace(layer, backward=varied(layer.backward, **changes))
    )


def _not_reversed(case: Case) -> Iterator[Variation]:
    yield from _backward(case, turned=True, flipped=True)
    yield from _backward(case, turned=True, sequences=True)


def _swapped(case: Case) -> Iterator[Variation]:
    yield from everywhere(case, Bidirectional, lambda layer: True, _joined_backwards)
    yield from everywhere(case, Bidirectional, _alike, _exchanged)


def _joined_backwards(layer: Bidirectional) -> Bidirectional:
    return SwappedBidirectional(**{field.name: getattr(layer, field.name) for field in fields(Bidirectional)})


def _alike(layer: Bidirectional) -> bool:
    return type(layer.forward.cell) is type(layer.backward.cell)


def _exchanged(layer: Bidirectional) -> Bidirectional:
    return replace(
        layer,
        forward=replace(layer.forward, cell=layer.backward.cell),
        backward=replace(layer.backward, cell=layer.forward.cell),
    )


def _merged_otherwise(case: Case) -> Iterator[Variation]:
    for mode in MERGE_MODES:
        if mode is not None:
            yield from _merging(case, mode)


def _merging(case: Case, mode: str) -> Iterator[Variation]:
    return everywhere(
        case,
        Bidirectional,
        lambda layer: layer.merge_mode not in (mode, None),
        lambda layer: replace(layer, merge_mode=mode),
    )


MISTAKES = (
    Mistake(
        "backward-not-flipped",
        "The backward half's outputs stay in the order of processing",
        "A Bidirectional layer that returns sequences flips the outputs of its backward half in time before it "
        "joins the two, so that both speak of the same step. Here they are joined as they were computed.",
        "backward = backward[:, ::-1]  # before the merge",
        "any sequence of two steps or more",
        "backward",
        lambda case: _backward(case, sequences=True, flipped=True),
        stage=5,
    ),
    Mistake(
        "backward-not-reversed",
        "The backward half reads forwards",
        "The second half of a Bidirectional layer reads the sequence, and its mask, from the end. Here it reads it "
        "from the beginning, like the first.",
        "for t in reversed(range(x.shape[1])):",
        "a sequence that is not the same read backwards",
        "backward",
        _not_reversed,
        stage=5,
    ),
    Mistake(
        "backward-last-step",
        "The backward half is taken at the sequence's last step",
        "Without return_sequences, the backward half hands on what it has after reading everything, which is at the "
        "sequence's first step. outputs[:, -1] of the flipped sequence has read a single step.",
        "backward_last = backward_in_time_order[:, 0]",
        "any sequence of two steps or more",
        "backward",
        lambda case: _backward(case, sequences=False, picks=Pick.FIRST),
        stage=5,
    ),
    Mistake(
        "directions-swapped",
        "Forward and backward half are taken for each other",
        "Keras joins the forward half first, and stores the forward weights first. Here either the halves are "
        "joined in the other order, or each has the other's weights.",
        "np.concatenate([forward, backward], axis=-1)",
        "any sequence",
        "halves",
        _swapped,
        stage=6,
    ),
    Mistake(
        "merge-mode-wrong",
        "The two halves are merged in another way",
        "A Bidirectional layer joins its halves by its merge_mode: concat, sum, ave or mul. This port uses another "
        "than the model.",
        "np.concatenate([forward, backward], axis=-1)  # concat; sum: +, ave: (f + b) / 2, mul: *",
        "any sequence",
        "merge mode",
        _merged_otherwise,
        stage=6,
    ),
)
