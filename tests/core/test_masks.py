from __future__ import annotations

import numpy as np
import pytest

import rnnscope
from rnnscope.context import Context
from rnnscope.graph import Call, Tensor
from rnnscope.layers.activations import Activation
from rnnscope.layers.base import Arguments, Operation
from rnnscope.layers.core import Dense, Flatten
from rnnscope.layers.masking import Embedding
from rnnscope.layers.recurrent import Recurrent
from rnnscope.masks import journey
from rnnscope.semantics import Semantics
from rnnscope.types import Mask
from rnnscope.unroll import Direction
from rnnscope.walk import choose_masks
from tests.core.models import STEPS, masked_input, masked_rnn, simple_cell

MASK = np.array([[True, False]])
X = Tensor("x", 0)
RECURRENT = Recurrent(simple_cell(), Direction(), True, False, False)
DENSE = Dense(np.zeros((3, 2), np.float32), None, Activation("linear"))


def chosen(
    call: Call, operation: Operation, *, by_hand: Mask | None = None, keras_version: str = "3.15.1"
) -> tuple[Mask | None, Mask | None]:
    """The mask that is used, and the one that goes with the first tensor."""
    given = None if by_hand is None else [by_hand]
    used, masks = choose_masks(call, operation, [MASK], given, Context(Semantics(keras_version)))
    return used, masks[0]


def test_a_lone_tensor_brings_its_mask() -> None:
    used, passed = chosen(Call("rnn", "rnn", (X,)), RECURRENT)
    assert used is MASK
    assert passed is MASK


def test_an_initial_state_makes_keras_3_ignore_the_mask_and_still_pass_it_on() -> None:
    call = Call("rnn", "rnn", (X,), {"initial_state": [Tensor("h", 0)]})
    used, passed = chosen(call, RECURRENT)
    assert used is None
    assert passed is MASK


def test_an_initial_state_leaves_the_mask_alone_before_keras_3() -> None:
    call = Call("rnn", "rnn", (X,), {"initial_state": [Tensor("h", 0)]})
    used, _ = chosen(call, RECURRENT, keras_version="2.15.0")
    assert used is MASK


def test_a_mask_by_hand_is_used_even_with_an_initial_state() -> None:
    call = Call("rnn", "rnn", (X,), {"mask": Tensor("mask", 0), "initial_state": [Tensor("h", 0)]})
    by_hand = np.array([[False, True]])
    assert chosen(call, RECURRENT, by_hand=by_hand) == (by_hand, by_hand)


def test_a_layer_that_takes_no_mask_only_passes_it_on() -> None:
    assert chosen(Call("dense", "dense", (X,)), DENSE) == (None, MASK)


def test_flatten_drops_the_mask_and_dense_carries_it() -> None:
    context = Context(Semantics())
    arguments = Arguments((np.ones((1, 2, 3), np.float32),), incoming=MASK)
    assert DENSE.call(arguments, context).masks == (MASK,)
    flat = Flatten().call(arguments, context)
    assert flat.masks == (None,)
    assert flat.outputs[0].shape == (1, 6)


def test_the_journey_tells_where_a_mask_is_made_used_and_ends() -> None:
    trace = rnnscope.run(masked_rnn(return_sequences=False), masked_input())
    stops = journey(trace, 3)
    assert [(stop.layer, stop.role) for stop in stops] == [
        ("entry", "none"),
        ("masking", "made"),
        ("rnn", "used"),
        ("dense", "none"),
    ]
    assert stops[1].text == "made here: any(x ≠ −99)"
    assert stops[2].text == "used: 2 steps freeze the state"
    assert stops[3].text == "ended: only the last step is left"
    assert stops[2].mask is not None
    assert stops[2].mask.tolist() == [True, True, False, False, True, True]


def test_the_journey_goes_on_behind_a_layer_that_returns_sequences() -> None:
    stops = journey(rnnscope.run(masked_rnn(), masked_input()), 0)
    assert [stop.role for stop in stops] == ["none", "made", "used", "carried"]
    assert len(stops[3].mask) == STEPS  # type: ignore[arg-type]


@pytest.mark.parametrize("index", [7, -8, 1_000_000])
def test_a_token_id_outside_the_vocabulary_is_named(index: int) -> None:
    from rnnscope.layers.core import InputLayer
    from tests.core.models import chain

    table = np.arange(14, dtype=np.float32).reshape(7, 2)
    model = chain(("words", InputLayer((None, 3), "int64")), ("embedding", Embedding(table, True)))
    with pytest.raises(rnnscope.BadInput, match=rf"token id {index} at \(1, 2\).*expected 0 to 6"):
        rnnscope.run(model, [[1, 2, 0], [0, 0, index]])
    trace = rnnscope.run(model, [[1, 2, 0], [0, 0, 6]])
    assert trace["embedding"].output_mask is not None
    assert trace["embedding"].output_mask.tolist() == [[True, True, False], [False, False, True]]
    np.testing.assert_array_equal(trace["embedding"].output[1, 2], table[6])
