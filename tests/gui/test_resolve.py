from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import rnnscope
from rnnscope import Reference, Verdict
from rnnscope.trace import Trace, layer_key
from rnnscope_gui.resolve import (
    first_layer,
    picture,
    preferred_quantity,
    settled,
    shown_quantities,
)
from rnnscope_gui.sides import layer_verdict
from rnnscope_gui.state import Document, View
from tests.core.models import STEPS, UNITS, masked_input, masked_rnn

TRACE = rnnscope.run(masked_rnn(), masked_input())
RNN = View(layer="rnn", quantity="state/h")
ANY = st.integers(-(10**6), 10**6)


def document(reference: Reference | None = None, trace: Trace = TRACE) -> Document:
    comparison = rnnscope.compare(trace, reference) if reference is not None else None
    return Document(model=trace.model, inputs=masked_input(), trace=trace, reference=reference, comparison=comparison)


def stored(**changed: np.ndarray) -> Reference:
    arrays = {key: TRACE.get(key) for key in TRACE.quantities()}
    return Reference({**arrays, **changed})


@given(sample=ANY, step=ANY, unit=ANY, output=st.integers(0, 10**6), layer=st.text(), quantity=st.text())
def test_any_view_settles_on_something_that_can_be_drawn(
    sample: int, step: int, unit: int, output: int, layer: str, quantity: str
) -> None:
    wild = View(layer=layer, quantity=quantity, sample=sample, step=step, unit=unit, output=output)
    view = settled(document(), wild)
    shown = picture(document(), view)
    assert shown is not None
    assert 0 <= view.sample < TRACE.batch_size
    assert 0 <= view.step < shown.columns
    assert 0 <= view.unit < shown.rows
    assert settled(document(), view) == view


def test_a_view_within_range_stays_what_it_is() -> None:
    view = replace(RNN, sample=2, step=3, unit=1, steps=(1.0, 4.0))
    assert settled(document(), view) == view


def test_a_range_beyond_the_last_step_is_forgotten() -> None:
    assert settled(document(), replace(RNN, steps=(0.0, STEPS + 1.0))).steps is None


def test_without_a_run_nothing_is_drawn_and_the_view_stays() -> None:
    view = View(layer="rnn", sample=99)
    assert settled(Document(), view) is view
    assert picture(Document(), view) is None


@pytest.mark.parametrize("view", [View(layer="nobody"), View(layer="rnn", quantity="state/z")])
def test_what_does_not_exist_is_no_picture(view: View) -> None:
    assert picture(document(), view) is None


def test_units_go_down_and_steps_go_right() -> None:
    shown = picture(document(), replace(RNN, sample=2))
    assert shown is not None
    assert (shown.rows, shown.columns) == (UNITS, STEPS)
    np.testing.assert_array_equal(shown.ours, TRACE["rnn"].states["h"][2].T)
    assert shown.ours.flags.c_contiguous


def test_a_layer_without_time_is_one_column() -> None:
    trace = rnnscope.run(masked_rnn(return_sequences=False), masked_input())
    view = settled(document(trace=trace), View(layer="dense", quantity="output/0"))
    shown = picture(document(trace=trace), view)
    assert shown is not None
    assert (shown.has_steps, shown.columns, shown.mask) == (False, 1, None)
    np.testing.assert_array_equal(shown.ours[:, 0], trace["dense"].output[0])


def test_the_mask_is_the_one_of_the_sample() -> None:
    mask = TRACE["rnn"].mask
    assert mask is not None
    for sample in range(TRACE.batch_size):
        shown = picture(document(), replace(RNN, sample=sample))
        assert shown is not None
        assert shown.mask is not None
        np.testing.assert_array_equal(shown.mask, mask[sample])


def test_stored_values_bring_the_difference_and_its_verdict() -> None:
    key = layer_key("rnn", "state/h")
    wrong = TRACE.get(key).copy()
    wrong[1, 2, 3] += 0.25
    open_ = document(stored(**{key: wrong}))
    bad, good = picture(open_, replace(RNN, sample=1)), picture(open_, replace(RNN, sample=0))
    assert bad is not None
    assert good is not None
    assert bad.difference is not None
    assert bad.difference[3, 2] == pytest.approx(-0.25)
    assert np.count_nonzero(bad.difference) == 1
    assert (bad.verdict, good.verdict) == (Verdict.DIFFERENT, Verdict.SAME)
    assert bad.largest == pytest.approx(0.25)


def test_while_the_comparison_runs_the_difference_is_there_without_a_verdict() -> None:
    shown = picture(replace(document(stored()), comparison=None), RNN)
    assert shown is not None
    assert shown.difference is not None
    assert shown.verdict is Verdict.NOT_COMPARED


def test_why_nothing_is_compared_is_said() -> None:
    key = layer_key("rnn", "state/h")
    missing = Reference({"output/0": TRACE.get("output/0")})
    other = Reference({"output/0": TRACE.get("output/0"), key: TRACE.get(key)[:, :2]})
    for reference, reason in (
        (None, "No Keras values are open."),
        (missing, "The stored values do not hold this quantity."),
        (other, f"The stored values have another shape: {(TRACE.batch_size, 2, UNITS)}."),
    ):
        shown = picture(document(reference), RNN)
        assert shown is not None
        assert shown.reason == reason
        assert shown.theirs is None
        assert shown.difference is None


def test_several_axes_beyond_time_are_named_one_by_one() -> None:
    shown = picture(document(), RNN)
    assert shown is not None
    assert shown.row_label(3) == "3"
    assert replace(shown, shape=(2, 3)).row_label(4) == "1, 1"


def test_the_first_layer_with_states_and_its_h_come_first() -> None:
    assert first_layer(TRACE) == "rnn"
    assert "mask" not in shown_quantities(TRACE["rnn"])
    assert preferred_quantity(Document(), "rnn", ("gate/i", "state/h", "output/0")) == "state/h"
    assert preferred_quantity(Document(), "rnn", ("state/backward/h", "state/forward/h")) == "state/forward/h"
    assert preferred_quantity(Document(), "rnn", ("gate/i",)) == "gate/i"
    stored = Document(reference=Reference({"layer/rnn/output/0": np.zeros(1)}))
    assert preferred_quantity(stored, "rnn", ("state/h", "output/0")) == "output/0"


def test_a_stored_output_of_the_model_stands_beside_the_layer_that_gives_it() -> None:
    other = TRACE.outputs[0] + np.float32(0.25)
    shown = document(Reference({"output/0": other}))
    made = picture(shown, View("dense", "output/0", 1))
    assert made is not None
    assert made.theirs is not None
    np.testing.assert_array_equal(made.theirs, other[1].T)
    assert made.verdict is Verdict.DIFFERENT
    assert layer_verdict(shown, shown.comparison, "dense") is Verdict.DIFFERENT
    assert layer_verdict(shown, shown.comparison, "rnn") is Verdict.NOT_COMPARED


def test_without_a_comparison_no_layer_has_a_verdict() -> None:
    assert layer_verdict(document(), None, "rnn") is Verdict.NOT_COMPARED
