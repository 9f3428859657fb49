from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest

import rnnscope
from rnnscope import Reference, Trace, Verdict
from rnnscope.by_sample import BySample, Compared
from rnnscope.errors import BadInput, Cancelled
from rnnscope.floor import measure_floor
from rnnscope.layers.activations import Activation
from rnnscope.layers.core import Dense, InputLayer
from rnnscope.layers.dense_cells import SimpleRNNCell
from rnnscope.layers.masking import Masking
from rnnscope.layers.recurrent import Recurrent
from rnnscope.model import Model
from rnnscope.semantics import Semantics
from rnnscope.types import Array
from rnnscope.unroll import Direction
from rnnscope.verdicts import Row, compared
from tests.conftest import Example
from tests.core.models import FEATURES, STEPS, UNITS, chain, masked_input, masked_rnn, simple_cell

compare_module = sys.modules["rnnscope.compare"]  # the package gives its function the same name


def trace() -> Trace:
    return rnnscope.run(masked_rnn(), masked_input())


def stored(**changes: Array) -> Reference:
    """What Keras would have stored if it computed exactly as we do, with some arrays exchanged."""
    arrays = {key: trace().get(key).copy() for key in trace().quantities()}
    return Reference(arrays | {key.replace("__", "/"): value for key, value in changes.items()})


def test_equal_values_are_the_same_to_the_bit() -> None:
    result = rnnscope.compare(trace(), stored())
    assert result.verdict is Verdict.SAME
    assert result.matches
    assert result.first_difference is None
    assert all(row.worst is None for row in result.rows)


def test_one_rounding_of_a_float_is_rounding() -> None:
    h = trace()["rnn"].states["h"]
    result = rnnscope.compare(trace(), stored(layer__rnn__state__h=np.nextafter(h, np.float32(9))))
    row = result.row("layer/rnn/state/h")
    assert row is not None
    assert row.verdict is Verdict.ROUNDING
    assert result.matches
    assert 0 < row.max_abs < 1e-6


def test_the_first_difference_is_the_earliest_in_time_then_by_sample_and_unit() -> None:
    h = trace()["rnn"].states["h"].copy()
    h[0, 4, 1] += 0.1
    h[5, 2, 3] += 0.01
    h[3, 2, 2] += 0.01
    result = rnnscope.compare(trace(), stored(layer__rnn__state__h=h))
    assert not result.matches
    assert result.first_difference == rnnscope.Location("rnn", "state/h", 3, 2, 2)
    row = result.row("layer/rnn/state/h")
    assert row is not None
    assert row.worst == rnnscope.Location("rnn", "state/h", 0, 4, 1)
    assert result.layer_verdict("rnn") is Verdict.DIFFERENT
    assert result.layer_verdict("dense") is Verdict.SAME


def test_a_weight_changed_by_a_thousandth_is_caught() -> None:
    model = masked_rnn()
    kernel = model["rnn"].operation.cell.kernel  # type: ignore[attr-defined]
    kernel[1, 2] += 1e-3 * np.abs(kernel).max()
    other = rnnscope.run(model, masked_input())
    arrays = {key: other.get(key) for key in other.quantities()}
    result = rnnscope.compare(trace(), Reference(arrays))
    assert result.first_difference is not None
    assert result.first_difference.layer == "rnn"
    assert result.first_difference.step == 0


def test_verdicts_are_given_for_one_sample_too() -> None:
    h = trace()["rnn"].states["h"].copy()
    h[3, 5, 0] += 1
    result = rnnscope.compare(trace(), stored(layer__rnn__state__h=h))
    verdict, distance = result.sample_verdict("layer/rnn/state/h", 3)
    assert verdict is Verdict.DIFFERENT
    assert distance == pytest.approx(1, rel=1e-6)
    assert result.sample_verdict("layer/rnn/state/h", 2) == (Verdict.SAME, 0.0)
    assert result.sample_verdict("layer/none/state/h", 2) == (Verdict.NOT_COMPARED, 0.0)


def test_masks_must_be_equal() -> None:
    mask = trace()["rnn"].mask
    assert mask is not None
    flipped = mask.copy()
    flipped[2, 1] = not flipped[2, 1]
    row = rnnscope.compare(trace(), stored(layer__rnn__mask=flipped)).row("layer/rnn/mask")
    assert row is not None
    assert row.verdict is Verdict.DIFFERENT
    assert row.first == rnnscope.Location("rnn", "mask", 2, 1, 0)


def test_nan_equals_nan_and_differs_from_a_number() -> None:
    h = trace()["rnn"].states["h"].copy()
    h[0, 0, 0] = np.nan
    row = rnnscope.compare(trace(), stored(layer__rnn__state__h=h)).row("layer/rnn/state/h")
    assert row is not None
    assert row.verdict is Verdict.DIFFERENT
    assert row.max_abs == np.inf
    x = masked_input()
    x[0, 0, 0] = np.nan
    both = rnnscope.run(masked_rnn(), x)
    arrays = {key: both.get(key) for key in both.quantities()}
    assert rnnscope.compare(both, Reference(arrays)).verdict is Verdict.SAME


def test_a_fixed_rule_is_np_allclose() -> None:
    h = trace()["rnn"].states["h"] + np.float32(1e-3)
    reference = stored(layer__rnn__state__h=h)
    for atol, rtol in ((2e-3, 0.0), (0.0, 1e-3), (5e-4, 0.0), (5e-4, 1.0)):
        row = rnnscope.compare(trace(), reference, atol=atol, rtol=rtol).row("layer/rnn/state/h")
        assert row is not None
        expected = np.allclose(trace()["rnn"].states["h"], h, rtol=rtol, atol=atol)
        assert (row.verdict is not Verdict.DIFFERENT) == expected
    assert rnnscope.compare(trace(), reference, atol=2e-3).rule == (
        "|difference| ≤ 0.002 + 0·|keras|, as np.allclose has it with atol=0.002, rtol=0"
    )


@pytest.mark.parametrize("tolerance", [-1.0, float("nan"), float("inf")])
def test_a_tolerance_that_would_pass_nothing_or_everything_is_refused(tolerance: float) -> None:
    with pytest.raises(BadInput, match="not a tolerance"):
        rnnscope.compare(trace(), stored(), atol=tolerance)
    with pytest.raises(BadInput, match="not a tolerance"):
        rnnscope.compare(trace(), stored(), rtol=tolerance)


def test_a_stored_array_of_another_shape_differs_and_says_so() -> None:
    result = rnnscope.compare(trace(), stored(output__0=np.zeros((6, STEPS, 9), np.float32)))
    row = result.row("output/0")
    assert row is not None
    assert row.verdict is Verdict.DIFFERENT
    assert row.reason == "the stored values have shape (6, 6, 9), ours (6, 6, 2)"
    assert not result.matches


def test_a_mask_that_only_keras_used_differs() -> None:
    result = rnnscope.compare(rnnscope.run(masked_rnn(), masked_input(), use_masks=False), stored())
    row = result.row("layer/rnn/mask")
    assert row is not None
    assert (row.verdict, row.reason) == (Verdict.DIFFERENT, "Keras used a mask here, this run used none")


def test_what_only_the_stored_values_have_is_named() -> None:
    row = rnnscope.compare(trace(), stored(layer__typo__output__0=np.zeros(6))).row("layer/typo/output/0")
    assert row is not None
    assert row.verdict is Verdict.NOT_COMPARED
    assert row.reason == "this model's run has no such quantity; the nearest is layer/entry/output/0"


def test_a_mask_that_is_passed_on_is_compared_where_it_is_stored() -> None:
    passed = trace()["rnn"].output_mask
    assert passed is not None
    assert rnnscope.compare(trace(), stored(layer__rnn__output_mask=passed)).matches
    assert not rnnscope.compare(trace(), stored(layer__rnn__output_mask=~passed)).matches


def test_equal_numbers_of_another_type_are_the_same() -> None:
    output = trace().outputs[0].astype(np.float64)
    row = rnnscope.compare(trace(), stored(output__0=output)).row("output/0")
    assert row is not None
    assert row.verdict is Verdict.SAME


def test_what_is_not_stored_is_not_compared_and_says_why() -> None:
    result = rnnscope.compare(trace(), Reference({"output/0": trace().outputs[0]}))
    row = result.row("layer/rnn/state/h")
    assert row is not None
    assert (row.verdict, row.reason) == (Verdict.NOT_COMPARED, "no stored values")
    assert result.matches


def test_values_of_another_batch_are_refused() -> None:
    with pytest.raises(BadInput, match=r"another input; expected 6 samples.*found 5"):
        rnnscope.compare(trace(), Reference({"output/0": trace().outputs[0][:5]}, file="keras.npz"))


def test_values_of_which_nothing_fits_are_refused() -> None:
    with pytest.raises(BadInput, match="none of the stored values belongs"):
        rnnscope.compare(trace(), Reference({"layer/lstm/state/c": np.zeros((6, STEPS, UNITS))}))


def test_values_recorded_with_another_input_are_told_apart() -> None:
    other = rnnscope.run(masked_rnn(), masked_input() * 2)
    arrays = {key: other.get(key) for key in other.quantities()}
    assert "another input" in rnnscope.compare(trace(), Reference(arrays)).foreign
    by_hash = Reference(dict(stored().arrays), {"input_sha256": "aa", "input": "x.npy"})
    assert rnnscope.compare(trace(), by_hash, input_sha256="bb").foreign == (
        "The stored values were recorded with another input (x.npy)."
    )
    assert rnnscope.compare(trace(), by_hash, input_sha256="aa").foreign == ""


def test_the_floor_needs_the_model_and_a_fixed_rule_does_not() -> None:
    loaded = Trace(None, trace().inputs, trace().outputs, trace().layers)
    with pytest.raises(BadInput, match="no model"):
        rnnscope.compare(loaded, stored())
    assert rnnscope.compare(loaded, stored(), atol=0.0).matches


def test_a_floor_that_was_measured_before_judges_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    ran = trace()
    floor = measure_floor(ran)
    measured = rnnscope.compare(ran, stored())
    monkeypatch.setattr(compare_module, "measure_floor", None)
    shared = rnnscope.compare(ran, stored(), floor=floor)
    assert shared.rule == measured.rule
    for row, again in zip(measured.rows, shared.rows, strict=True):
        assert row.verdict is again.verdict
        assert np.array_equal(np.asarray(row.floor), np.asarray(again.floor))


def test_comparing_can_be_cancelled_and_reports_progress() -> None:
    seen: list[tuple[int, int]] = []
    rnnscope.compare(trace(), stored(), progress=lambda done, total: seen.append((done, total)))
    assert seen[-1][0] == seen[-1][1]
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    with pytest.raises(Cancelled):
        rnnscope.compare(trace(), stored(), cancelled=lambda: True)


def test_a_model_that_amplifies_noise_has_a_higher_floor() -> None:
    floors = []
    for scale in (0.05, 1.0):
        run = rnnscope.run(masked_rnn(scale=scale), masked_input())
        row = rnnscope.compare(run, Reference({"layer/rnn/state/h": run["rnn"].states["h"]})).row("layer/rnn/state/h")
        assert row is not None
        assert row.floor is not None
        assert row.floor.shape == (STEPS,)
        floors.append(row.floor.max())
    assert floors[1] > 3 * floors[0]


def test_noise_does_not_move_what_is_masked() -> None:
    """Behind a Dense layer the padding is −99 in the steady run alone; the shaken runs must go by its mask."""
    identity = Dense(np.eye(FEATURES, dtype=np.float32), None, Activation("linear"))
    model = chain(
        ("entry", InputLayer((None, STEPS, FEATURES))),
        ("dense", identity),
        ("masking", Masking(-99.0)),
        ("rnn", Recurrent(simple_cell(), Direction(), True, False, False)),
    )
    run = rnnscope.run(model, masked_input())
    row = rnnscope.compare(run, Reference({"layer/rnn/state/h": run["rnn"].states["h"]})).row("layer/rnn/state/h")
    assert run["rnn"].mask is not None
    assert not run["rnn"].mask.all()
    assert row is not None
    assert row.floor is not None
    assert row.floor.max() < 1e-4


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
def test_no_tolerance_lets_pass_what_is_no_number(example: Example, odd: float) -> None:
    trace = rnnscope.run(rnnscope.load_model(example.model), rnnscope.load_input(example.input))
    output = trace.outputs[0].copy()
    output[3] = odd
    result = rnnscope.compare(trace, rnnscope.Reference({"output/0": output}), atol=1e-4, rtol=1e-3)
    assert result.verdict is rnnscope.Verdict.DIFFERENT
    assert result.first_difference is not None
    assert result.first_difference.sample == 3


def recurrence(cell: SimpleRNNCell, steps: int, semantics: Semantics | None = None, dtype: str = "float32") -> Model:
    features = cell.kernel.shape[0]
    model = chain(
        ("entry", InputLayer((None, steps, features))),
        ("rnn", Recurrent(cell, Direction(), True, False, False)),
        semantics=semantics,
    )
    return replace(model, dtype=dtype, layers=tuple(replace(layer, dtype=dtype) for layer in model.layers))


def test_an_activation_may_lose_a_rounding_of_one_next_to_zero() -> None:
    """Some Kerases compute elu as exp(x) − 1, others by expm1."""
    model = recurrence(replace(simple_cell(1e-4), activation=Activation("elu")), STEPS)
    run = rnnscope.run(model, masked_input())
    h = run["rnn"].states["h"]
    moved = np.where(h < 0, (h + np.float32(1)) - np.float32(1), h)
    assert rnnscope.compare(run, Reference({"layer/rnn/state/h": moved})).verdict is Verdict.ROUNDING


def test_where_rounding_leads_values_astray_the_floor_does_not_fall_again() -> None:
    """It grows until step 80; then a strong input forgets all, which another program may do later."""
    x = np.random.default_rng(4).normal(0, 0.3, (2, 100, FEATURES)).astype(np.float32)
    x[:, 80:] = 200
    run = rnnscope.run(recurrence(simple_cell(1.2, units=24), 100), x)
    row = rnnscope.compare(run, Reference({"layer/rnn/state/h": run["rnn"].states["h"]})).row("layer/rnn/state/h")
    assert row is not None
    assert row.floor is not None
    assert row.floor[0] < 1e-3
    assert row.floor[-1] >= row.floor[79] > 1
    assert row.sensitive
    assert row.caution == "sensitive: rounding alone may change these numbers altogether"


def test_a_model_that_only_rounds_is_not_called_sensitive() -> None:
    result = rnnscope.compare(trace(), stored())
    assert not any(row.sensitive for row in result.rows)
    assert result.caution == ""


def test_what_is_beyond_the_range_of_its_type_is_left_out_from_there_on() -> None:
    cell = replace(simple_cell(2.0), activation=Activation("linear"))
    x = np.ones((2, STEPS, FEATURES), np.float32)
    x[0] *= 3000
    run = rnnscope.run(recurrence(cell, STEPS, dtype="float16"), x)
    h = run["rnn"].states["h"].copy()
    lost = np.abs(h[0]).max(axis=1) > 2**15
    assert lost.any()
    h[0, int(np.argmax(lost)) :] = np.nan
    result = rnnscope.compare(run, Reference({"layer/rnn/state/h": h}))
    assert result.matches
    assert "beyond the range of its type in 1 of 2 samples" in result.caution
    h[1, 0, 0] = np.nan
    assert not rnnscope.compare(run, Reference({"layer/rnn/state/h": h})).matches


def test_a_reference_that_fits_nothing_is_listed_with_the_nearest_key() -> None:
    wrong = Reference({f"layer/lstm_{index}/state/h": np.zeros((6, STEPS, UNITS)) for index in range(8)}, {}, "k.npz")
    with pytest.raises(BadInput, match=r"k.npz: none of .* found layer/lstm_0/state/h, .* and 2 more .*nearest is"):
        rnnscope.compare(trace(), wrong)
    with pytest.raises(BadInput, match=r"have shape \(6, 3\), ours \(6, 6, 2\)"):
        rnnscope.compare(trace(), Reference({"output/0": np.zeros((6, 3))}))


def test_a_reference_of_nothing_but_nan_is_refused() -> None:
    blank = Reference({"output/0": np.full(trace().outputs[0].shape, np.nan)}, {}, "k.npz")
    with pytest.raises(BadInput, match=r"k.npz: every stored number is NaN; found output/0"):
        rnnscope.compare(trace(), blank)


def test_samples_are_judged_together_as_they_are_one_by_one() -> None:
    h = trace()["rnn"].states["h"].copy()
    h[3, 5, 0] += 1
    h[1] = np.nextafter(h[1], np.float32(9))
    h[4, 2, 1] = np.nan
    for atol in (None, 1e-4):
        result = rnnscope.compare(trace(), stored(layer__rnn__state__h=h), atol=atol)
        together, keys = result.samples(), [row.key for row in result.rows]
        for sample in range(len(h)):
            each = [result.sample_verdict(key, sample) for key in keys]
            assert together.severity[sample] == max(verdict.severity for verdict, _ in each)
            assert together.largest[sample] == max(largest for _, largest in each)
        verdicts = [together.verdict(sample) for sample in range(6)]
        assert verdicts == ["same", "rounding", "same", "different", "different", "same"]
        assert together.over[1] <= 1 < together.over[3] < together.over[4] == np.inf
        assert together.over[0] == 0


def test_samples_are_held_against_the_floor_of_their_own_numbers() -> None:
    out = trace().outputs[0].astype(np.float64)
    shifted = out + np.linspace(0, 1, len(out))[:, np.newaxis, np.newaxis]
    result = rnnscope.compare(trace(), Reference({"output/0": shifted}), atol=0.5)
    np.testing.assert_allclose(result.samples().over, np.linspace(0, 2, len(out)), atol=1e-6)


def test_of_what_is_not_compared_no_sample_has_a_verdict() -> None:
    result = rnnscope.compare(trace(), stored())
    assert result.sample_verdict("output/0", 10**6) == (Verdict.NOT_COMPARED, 0.0)


def test_ten_thousand_samples_are_judged_together() -> None:
    random = np.random.default_rng(0)
    ours = random.normal(size=(10_000, 20, 32)).astype(np.float32)
    theirs = ours + np.float32(1e-6)
    pairs = {f"output/{index}": Compared(ours, theirs, np.full((1, 20, 1), 1e-5)) for index in range(5)}
    found = BySample(pairs, 10_000).together
    assert set(found.severity) == {Verdict.ROUNDING.severity}


def test_samples_of_any_shape_are_judged_as_the_plain_formula_does() -> None:
    random = np.random.default_rng(0)
    cases = [((5,), ()), ((5,), (5,)), ((5, 0), ()), ((5, 4), (5, 4)), ((5, 4, 3), (1, 4, 1)), ((5, 4, 3), (5, 4, 1))]
    for shape, floor_shape in cases:
        ours = random.normal(size=shape)
        theirs, floor = ours + 0.1 * random.normal(size=shape), np.abs(random.normal(size=floor_shape)) / 10
        apart = np.abs(ours - theirs)
        found = Compared(ours, theirs, np.asarray(floor)).by_sample()
        held = (apart / floor).reshape(5, -1)
        np.testing.assert_allclose(found.over, held.max(axis=1, initial=0.0))
        beyond = (apart > floor).reshape(5, -1).any(axis=1)
        np.testing.assert_array_equal(found.severity == Verdict.DIFFERENT.severity, beyond)


def test_nan_on_both_sides_is_called_what_it_is() -> None:
    ours = np.full((2, 3), np.nan, np.float32)
    row = compared(Row("output/0", "", "output/0", Verdict.NOT_COMPARED), ours, ours, np.zeros(()), None)
    assert row.verdict is Verdict.SAME
    assert row.caution == "NaN throughout, on both sides, so that nothing can be told from it"
