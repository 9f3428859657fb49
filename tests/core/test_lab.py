"""The masking laboratory: five ways with masked steps, run on one mask."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import rnnscope
from rnnscope.compare import Location
from rnnscope.errors import BadInput, Cancelled
from rnnscope.explain import explain
from rnnscope.lab import PRESETS, Way, demonstrations, entries, laboratory, preset
from rnnscope.layers.activations import Activation
from rnnscope.layers.bidirectional import Bidirectional
from rnnscope.layers.core import Dense, Flatten, InputLayer
from rnnscope.layers.masking import Embedding, Masking
from rnnscope.layers.recurrent import Recurrent
from rnnscope.masks import journey
from rnnscope.model import Model
from rnnscope.run import run
from rnnscope.types import Array, Mask
from rnnscope.unroll import Direction
from tests.conftest import Example
from tests.core.models import FEATURES, STEPS, UNITS, chain, masked_input, masked_rnn, simple_cell

BATCH = 6
MASKS = arrays(np.bool_, (BATCH, STEPS))


def plain(*, backwards: bool = False) -> Model:
    """Input → SimpleRNN → Dense, with nothing that makes a mask."""
    layer = Recurrent(simple_cell(), Direction(go_backwards=backwards), True, False, False)
    return chain(("entry", InputLayer((None, STEPS, FEATURES))), ("rnn", layer))


def tokens() -> Model:
    table = np.random.default_rng(4).normal(size=(9, FEATURES)).astype(np.float32)
    return chain(
        ("entry", InputLayer((None, STEPS), "int32")),
        ("embedding", Embedding(table, mask_zero=True)),
        ("rnn", Recurrent(simple_cell(), Direction(), False, False, False)),
    )


def raw_input() -> Array:
    return np.random.default_rng(6).normal(size=(BATCH, STEPS, FEATURES)).astype(np.float32)


@given(MASKS)
@settings(max_examples=40)
def test_a_mask_of_any_shape_equals_the_steps_being_cut_out(mask: Mask) -> None:
    lab = laboratory(masked_rnn(), raw_input(), mask=mask, ways=(Way.CUT,))
    np.testing.assert_array_equal(lab.keras["rnn"].mask, mask)
    difference = lab.difference(Way.CUT, "layer/rnn/state/h")
    assert difference is not None
    assert np.abs(difference).max() <= 1e-6


@given(MASKS)
@settings(max_examples=20)
def test_so_it_is_backwards_and_in_both_directions_and_by_hand(mask: Mask) -> None:
    ahead = Recurrent(simple_cell(), Direction(), True, False, False)
    back = Recurrent(simple_cell(), Direction(go_backwards=True), True, False, False)
    both = chain(("entry", InputLayer((None, STEPS, FEATURES))), ("rnn", Bidirectional(ahead, back, "concat")))
    for model in (plain(backwards=True), both):
        lab = laboratory(model, raw_input(), mask=mask, ways=(Way.CUT,))
        assert lab.entry.how == "by hand"
        for name in lab.keras["rnn"].states:
            difference = lab.difference(Way.CUT, f"layer/rnn/state/{name}")
            assert difference is not None
            assert np.abs(difference).max() <= 1e-6, name


@given(MASKS)
@settings(max_examples=20)
def test_outputs_that_were_computed_stand_at_the_time_of_their_step(mask: Mask) -> None:
    lab = laboratory(plain(backwards=True), raw_input(), mask=mask, ways=(Way.CUT,))
    difference = lab.difference(Way.CUT, "layer/rnn/output/0")
    assert difference is not None
    processed = mask[:, ::-1]
    kept = processed & mask.any(axis=1, keepdims=True)
    assert np.abs(difference[kept]).max(initial=0.0) <= 1e-6
    assert np.isnan(difference[~processed & mask.any(axis=1, keepdims=True)]).all()


def test_the_mask_that_keras_has_gives_what_a_plain_run_gives() -> None:
    x = masked_input()
    lab = laboratory(masked_rnn(), x)
    trace = run(masked_rnn(), x)
    np.testing.assert_array_equal(lab.keras["rnn"].states["h"], trace["rnn"].states["h"])
    np.testing.assert_array_equal(lab.mask, trace["rnn"].mask)
    assert list(lab.variants) == list(Way)


def test_ignoring_is_a_run_without_masks_and_so_is_numpy_ma() -> None:
    x = masked_input()
    lab = laboratory(masked_rnn(), x)
    bare = run(masked_rnn(), x, use_masks=False)
    for way in (Way.IGNORED, Way.NUMPY_MA):
        trace = lab.variants[way].trace
        assert trace is not None
        np.testing.assert_array_equal(trace["rnn"].states["h"], bare["rnn"].states["h"])


def test_a_port_with_numpy_ma_really_computes_that() -> None:
    x = masked_input()
    cell = simple_cell()
    masked: Any = np.ma.masked_equal(x, -99)
    h: Any = np.zeros((len(x), UNITS), np.float32)
    states = []
    for t in range(STEPS):
        h = np.tanh(np.dot(masked[:, t], cell.kernel) + np.dot(h, cell.recurrent_kernel) + cell.bias)
        assert not np.ma.getmaskarray(h).any()
        states.append(np.asarray(h))
    trace = laboratory(masked_rnn(), x, ways=(Way.NUMPY_MA,)).variants[Way.NUMPY_MA].trace
    assert trace is not None
    np.testing.assert_allclose(trace["rnn"].states["h"], np.stack(states, axis=1), atol=1e-6)


def test_where_numpy_ma_keeps_the_mask_by_accident_the_text_says_so() -> None:
    cell = simple_cell(units=FEATURES)
    model = chain(
        ("entry", InputLayer((None, STEPS, FEATURES))),
        ("masking", Masking(-99.0)),
        ("rnn", Recurrent(cell, Direction(), False, False, False)),
    )
    assert "by accident" in laboratory(model, masked_input()).variants[Way.NUMPY_MA].text
    assert "by accident" not in laboratory(masked_rnn(), masked_input()).variants[Way.NUMPY_MA].text


def test_zeroed_inputs_run_on_zeros() -> None:
    x = raw_input()
    mask = preset("trailing", np.ones((BATCH, STEPS), bool))
    trace = laboratory(masked_rnn(), x, mask=mask, ways=(Way.ZEROED,)).variants[Way.ZEROED].trace
    zeroed = run(masked_rnn(), np.where(mask[..., None], x, 0).astype(np.float32), use_masks=False)
    assert trace is not None
    np.testing.assert_array_equal(trace["rnn"].states["h"], zeroed["rnn"].states["h"])


def test_how_far_an_output_moved_is_its_largest_difference() -> None:
    lab = laboratory(masked_rnn(), masked_input())
    for way, variant in lab.variants.items():
        difference = lab.difference(way, "output/0")
        assert difference is not None
        assert variant.moved == (float(np.nanmax(np.abs(difference))),)
    assert lab.variants[Way.IGNORED].moved > (0.01,)


def test_a_valid_step_that_was_masked_has_its_input_back() -> None:
    x = masked_input()
    lab = laboratory(masked_rnn(), x, mask=np.ones(STEPS, bool), ways=())
    np.testing.assert_array_equal(lab.keras["masking"].output, x)
    lab = laboratory(masked_rnn(), x, mask=np.zeros(STEPS, bool), ways=())
    assert not lab.keras["masking"].output.any()
    assert not lab.keras["rnn"].states["h"].any()


def test_another_mask_value_masks_other_steps() -> None:
    x = raw_input()
    x[2, 3:] = 7
    lab = laboratory(masked_rnn(), x, mask_value=7.0, ways=())
    assert np.argwhere(~lab.mask).tolist() == [[2, 3], [2, 4], [2, 5]]


def test_the_mask_of_an_embedding_can_be_edited() -> None:
    x = np.random.default_rng(0).integers(0, 9, (BATCH, STEPS))
    lab = laboratory(tokens(), x, mask=preset("holes", np.ones(STEPS, bool)))
    assert (lab.entry.layer, lab.entry.how) == ("embedding", "made")
    assert lab.keras["rnn"].mask is not None
    assert lab.variants[Way.CUT].moved[0] <= 1e-6
    assert lab.variants[Way.IGNORED].moved[0] > 1e-3


def test_the_mask_that_keras_3_writes_into_a_file_once_more_is_edited_too(example: Example) -> None:
    model, x = rnnscope.load_model(example.model), np.load(example.input)
    mask = preset("every other", np.ones(10, bool))
    lab = laboratory(model, x, mask=mask)
    assert lab.keras["rnn"].mask is not None
    np.testing.assert_array_equal(lab.keras["rnn"].mask[17], mask)
    assert lab.variants[Way.CUT].moved[0] <= 1e-6


def test_the_journey_and_the_arithmetic_of_an_edited_run_are_told() -> None:
    lab = laboratory(plain(), raw_input(), mask=preset("leading", np.ones(STEPS, bool)), ways=())
    assert "by hand" in lab.entry.text
    assert [stop.role for stop in journey(lab.keras, 0)] == ["none", "used"]
    assert explain(lab.keras, Location("rnn", "state/h", 0, 0, 0)).kind == "frozen"


def test_one_sample_is_run_alone() -> None:
    x = masked_input()
    lab = laboratory(masked_rnn(), x, mask=np.array([True, False] * 3), sample=3)
    assert lab.samples == (3,)
    assert lab.keras["rnn"].states["h"].shape == (1, STEPS, UNITS)
    np.testing.assert_array_equal(lab.keras.inputs["entry"], x[3:4])


def test_what_needs_all_its_steps_cannot_be_run_without_some() -> None:
    dense = Dense(np.ones((STEPS * UNITS, 1), np.float32), None, Activation("linear"))
    model = chain(
        ("entry", InputLayer((None, STEPS, FEATURES))),
        ("masking", Masking(-99.0)),
        ("rnn", Recurrent(simple_cell(), Direction(), True, False, False)),
        ("flatten", Flatten()),
        ("dense", dense),
    )
    cut = laboratory(model, raw_input(), mask=preset("trailing", np.ones(STEPS, bool))).variants[Way.CUT]
    assert cut.trace is None
    assert "dense" in cut.problem
    assert cut.moved == ()


def test_of_a_sample_that_is_masked_throughout_nothing_is_left_to_cut() -> None:
    lab = laboratory(masked_rnn(), masked_input())
    assert "Of 1 sample no step is left to run" in lab.variants[Way.CUT].text


def test_work_can_be_stopped_and_says_how_far_it_is() -> None:
    seen: list[tuple[int, int]] = []
    laboratory(masked_rnn(), masked_input(), progress=lambda done, total: seen.append((done, total)))
    assert seen == [(done, 5) for done in range(1, 6)]
    with pytest.raises(Cancelled):
        laboratory(masked_rnn(), masked_input(), cancelled=lambda: True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mask": np.ones(4, bool)}, "the mask does not fit; expected booleans of shape"),
        ({"mask": np.ones(STEPS)}, "found float64"),
        ({"mask": np.ones(STEPS, bool), "mask_value": 1.0}, "a mask and a mask_value were given"),
        ({"sample": 6}, "there is no such sample; expected 0 to 5, found 6"),
        ({"at": "rnn"}, "no mask enters at 'rnn'; expected masking"),
    ],
)
def test_what_does_not_fit_is_said(options: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        laboratory(masked_rnn(), masked_input(), **options)


def test_a_mask_value_is_only_for_masking() -> None:
    with pytest.raises(BadInput, match="only a Masking layer has a mask_value"):
        laboratory(tokens(), np.ones((1, STEPS), np.int64), mask_value=3.0)


def test_a_model_that_no_mask_enters_says_so() -> None:
    model = chain(("entry", InputLayer((None, STEPS, FEATURES))), ("flatten", Flatten()))
    with pytest.raises(BadInput, match="no layer of this model makes a mask or takes one"):
        laboratory(model, raw_input())
    assert entries(run(model, raw_input())) == ()


@given(st.sampled_from(PRESETS), st.integers(1, 12))
def test_presets_have_the_shape_that_is_asked_for(name: str, steps: int) -> None:
    own = np.arange(steps) % 2 == 0
    assert preset(name, own).shape == own.shape
    assert preset(name, np.broadcast_to(own, (3, steps))).shape == (3, steps)


def test_presets_are_what_they_are_called() -> None:
    own = np.array([True] * 5 + [False])
    shown = {name: "".join("·█"[int(valid)] for valid in preset(name, own)) for name in PRESETS}
    assert shown == {
        "as Keras": "█████·",
        "no mask": "██████",
        "trailing": "████··",
        "leading": "··████",
        "holes": "█·██·█",
        "every other": "█·█·█·",
        "all": "······",
    }
    with pytest.raises(BadInput, match="no such mask"):
        preset("some", own)


def test_the_five_demonstrations_show_what_their_words_say() -> None:
    shown = {one.id: (one, laboratory(one.model, one.x)) for one in demonstrations()}
    assert len(shown) == 5
    for one, lab in shown.values():
        assert 2 <= one.words.count(". ") + 1 <= 4
        assert np.isfinite(explain(lab.keras, one.look).value)
        assert one.mask in PRESETS
    states = {name: lab.keras["rnn"].states["h"] for name, (_, lab) in shown.items()}
    trailing = states["trailing-padding"][0]
    assert (trailing[5:] == trailing[4]).all()
    assert shown["trailing-padding"][1].variants[Way.CUT].moved[0] <= 1e-6
    assert shown["trailing-padding"][1].variants[Way.IGNORED].moved[0] > 0.05
    assert not states["leading-padding"][0, :3].any()
    assert shown["leading-padding"][1].variants[Way.CUT].moved[0] <= 1e-6
    assert not states["nothing-but-padding"].any()
    both = states["mask-lost-at-flatten"]
    np.testing.assert_array_equal(both[0, -1], both[1, -1])
    outputs = shown["mask-lost-at-flatten"][1].keras.outputs[0]
    assert abs(outputs[0, 0] - outputs[1, 0]) > 0.05
    assert np.count_nonzero(np.abs(states["partly-masked"][0, 3]) > 0.999) >= 5
