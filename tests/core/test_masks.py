from __future__ import annotations

import numpy as np
import pytest

import rnnscope
from rnnscope.layers.activations import Activation
from rnnscope.layers.core import Dense, Flatten
from rnnscope.layers.masking import Embedding
from rnnscope.layers.recurrent import Recurrent
from rnnscope.masks import choose_masks, journey
from rnnscope.model import Call, Tensor
from rnnscope.unroll import Direction
from tests.core.models import STEPS, masked_input, masked_rnn, simple_cell

MASK = np.array([[True, False]])
X = Tensor("x", 0)
RECURRENT = Recurrent(simple_cell(), Direction(), True, False, False)
DENSE = Dense(np.zeros((3, 2), np.float32), None, Activation("linear"))


def test_a_lone_tensor_brings_its_mask() -> None:
    used, passed = choose_masks(Call("rnn", "rnn", (X,)), RECURRENT, None, [MASK])
    assert used is MASK
    assert passed is MASK


def test_an_initial_state_makes_keras_3_ignore_the_mask_and_still_pass_it_on() -> None:
    call = Call("rnn", "rnn", (X,), initial_state=(Tensor("h", 0),))
    used, passed = choose_masks(call, RECURRENT, None, [MASK])
    assert used is None
    assert passed is MASK


def test_a_mask_by_hand_is_used_even_with_an_initial_state() -> None:
    call = Call("rnn", "rnn", (X,), Tensor("mask", 0), (Tensor("h", 0),))
    used, passed = choose_masks(call, RECURRENT, np.array([[0.0, 1.0]]), [MASK])
    assert used is not None
    assert passed is not None
    assert used.tolist() == passed.tolist() == [[False, True]]


def test_a_layer_that_takes_no_mask_only_passes_it_on() -> None:
    assert choose_masks(Call("dense", "dense", (X,)), DENSE, None, [MASK]) == (None, MASK)


def test_flatten_drops_the_mask_and_dense_carries_it() -> None:
    from rnnscope.context import Context
    from rnnscope.layers.base import Arguments
    from rnnscope.semantics import Semantics

    single = np.dtype(np.float32)
    context = Context(single, single, Semantics())
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
