"""The lint: what it says of masks that are probably not what was meant, and what it keeps quiet about."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import rnnscope
from rnnscope.errors import BadInput
from rnnscope.graph import Tensor
from rnnscope.lab import Remark, lint
from rnnscope.layers.activations import Activation
from rnnscope.layers.core import Flatten, Identity, InputLayer
from rnnscope.layers.dense_cells import LSTMCell
from rnnscope.layers.masking import Embedding, Masking
from rnnscope.layers.pooling import GlobalPooling1D
from rnnscope.layers.recurrent import Recurrent
from rnnscope.layers.reshaping import Reshape
from rnnscope.layers.spatial import Layout
from rnnscope.model import Model
from rnnscope.run import run
from rnnscope.semantics import Semantics
from rnnscope.types import Array
from rnnscope.unroll import Direction
from tests.conftest import GOLDEN, Example
from tests.core.models import FEATURES, STEPS, chain, masked_input, masked_rnn, simple_cell


def clean(batch: int = 4) -> Array:
    """Numbers with three steps of −99 behind each sequence."""
    x = np.random.default_rng(8).normal(size=(batch, STEPS, FEATURES)).astype(np.float32)
    x[:, 3:] = -99
    return x


def remarks(x: Array, model: Model | None = None) -> dict[str, Remark]:
    return {remark.id: remark for remark in lint(run(model or masked_rnn(), x))}


def behind_masking(*more: tuple[str, object], semantics: Semantics | None = None) -> Model:
    first = ("entry", InputLayer((None, STEPS, FEATURES))), ("masking", Masking(-99.0))
    return chain(*first, *more, semantics=semantics)  # type: ignore[arg-type]


def test_padding_that_is_met_leaves_nothing_to_say() -> None:
    assert lint(run(masked_rnn(), clean())) == ()


def test_a_value_that_is_never_met() -> None:
    x = np.random.default_rng(0).normal(size=(2, STEPS, FEATURES))
    found = remarks(x)["mask-value-never-met"]
    assert found.text == "No step of this input is −99 in all its features: the mask masks nothing."
    assert (found.layer, found.severity, found.samples) == ("masking", "warning", ())


def test_steps_that_are_nearly_the_value() -> None:
    x = clean()
    x[1, 4] = np.float32(-99) + np.float32(1e-4)
    found = remarks(x)["nearly-masked"]
    assert found.places == ((1, 4),)
    assert found.text.startswith("1 step of 1 sample is off −99 by no more than 9.9e-05")


def test_padding_that_was_scaled_to_one_number() -> None:
    x = clean()
    x[:, 3:] = -1.73
    found = remarks(x)["scaled-padding"]
    assert found.places == tuple((sample, step) for sample in range(4) for step in (3, 4, 5))
    assert "all their features are −1.73, where the mask looks for −99" in found.text


def test_padding_that_was_standardised_feature_by_feature() -> None:
    x = clean()
    scaled = (x - x.mean(axis=(0, 1))) / x.std(axis=(0, 1))
    found = remarks(scaled)
    assert "one and the same row" in found["scaled-padding"].text
    assert found["scaled-padding"].samples == (0, 1, 2, 3)
    assert "mask-value-never-met" in found


def test_rows_that_repeat_inside_a_sequence_are_no_padding() -> None:
    x = clean()
    x[:, 1] = 0.5
    assert "scaled-padding" not in remarks(x)


def test_padding_of_nan() -> None:
    x = clean()
    x[2, 4:] = np.nan
    found = remarks(x)["nan-padding"]
    assert (found.severity, found.places) == ("problem", ((2, 4), (2, 5)))


def test_steps_of_which_some_features_are_the_value() -> None:
    found = remarks(masked_input())["partly-masked"]
    assert found.places == ((5, 3),)
    assert "1 step of 1 sample is −99 in some of its features only" in found.text


def test_zero_in_some_features_is_data() -> None:
    model = chain(
        ("entry", InputLayer((None, STEPS, FEATURES))),
        ("masking", Masking(0.0)),
        ("rnn", Recurrent(simple_cell(), Direction(), False, False, False)),
    )
    x = np.random.default_rng(0).normal(size=(2, STEPS, FEATURES)).astype(np.float32)
    x[:, -1] = 0
    x[0, 1, 0] = 0
    assert remarks(x, model) == {}


def test_a_sample_that_is_masked_throughout() -> None:
    found = remarks(masked_input())["fully-masked"]
    assert (found.samples, found.places) == ((4,), ())
    assert found.text.startswith("Sample 4 is masked throughout")


def test_a_mask_that_flatten_ends_before_anyone_used_it() -> None:
    found = remarks(clean(), behind_masking(("flatten", Flatten())))
    assert found["mask-dropped"].layer == "flatten"
    assert "no step is left to mask. It ends before any layer has used it." in found["mask-dropped"].text
    assert found["mask-unused"].layer == "masking"
    assert "12 steps of 4 samples are masked, and only their inputs become 0" in found["mask-unused"].text


def test_a_mask_that_ends_after_it_was_used_is_worth_a_note() -> None:
    layer = Recurrent(simple_cell(), Direction(), True, False, False)
    found = remarks(clean(), behind_masking(("rnn", layer), ("flatten", Reshape((-1,)))))
    assert found["mask-dropped"].severity == "note"
    assert "What stands at masked steps goes on as data" in found["mask-dropped"].text
    assert "mask-unused" not in found


def test_identity_ends_the_mask_in_tf_keras_only() -> None:
    layer = ("rnn", Recurrent(simple_cell(), Direction(), False, False, False))
    newer, older = (Semantics(version) for version in ("3.15.1", "2.15.0"))
    assert remarks(clean(), behind_masking(("same", Identity()), layer, semantics=newer)) == {}
    found = remarks(clean(), behind_masking(("same", Identity()), layer, semantics=older))
    assert "before Keras 3, Identity hands no mask on" in found["mask-dropped"].text


def test_an_average_of_nothing() -> None:
    x = clean()
    x[3] = -99
    layout = Layout(1, channels_first=False)
    pooling = GlobalPooling1D(layout, average=True, keepdims=False)
    model = behind_masking(("average", pooling))
    found = remarks(x, model)["average-of-nothing"]
    assert (found.severity, found.samples) == ("problem", (3,))
    assert np.isnan(run(model, x).outputs[0][3]).all()


def test_an_initial_state_that_switches_the_mask_off() -> None:
    trace = rnnscope.run(
        rnnscope.load_model(GOLDEN / "initial_state_ignores_mask.keras"),
        dict(np.load(GOLDEN / "initial_state_ignores_mask.input.npz")),
    )
    found = {remark.id: remark for remark in lint(trace)}["initial-state-hides-mask"]
    assert "Keras 3 hands a layer its mask only when it is called with one tensor" in found.text
    assert found.layer == "gru"


def lstm(*, bias: bool = True) -> Recurrent:
    random = np.random.default_rng(0)
    kernel = random.normal(size=(FEATURES, 8)).astype(np.float32)
    recurrent = random.normal(size=(2, 8)).astype(np.float32)
    cell = LSTMCell(
        kernel, recurrent, np.zeros(8, np.float32) if bias else None, Activation("tanh"), Activation("sigmoid")
    )
    return Recurrent(cell, Direction(), False, False, False)


def test_masks_that_cudnn_refuses() -> None:
    x = clean()
    assert "cudnn-mask" not in remarks(x, behind_masking(("lstm", lstm())))
    x[1] = np.roll(x[1], 3, axis=0)
    found = remarks(x, behind_masking(("lstm", lstm())))["cudnn-mask"]
    assert (found.severity, found.samples) == ("note", (1,))
    assert "cudnn-mask" not in remarks(x, behind_masking(("lstm", lstm(bias=False))))
    assert "cudnn-mask" not in remarks(x, behind_masking(("lstm", lstm()), semantics=Semantics("3.15.1", "jax")))


def embedded(*, mask_zero: bool) -> Model:
    table = np.random.default_rng(4).normal(size=(9, FEATURES)).astype(np.float32)
    return chain(
        ("entry", InputLayer((None, STEPS), "int32")),
        ("embedding", Embedding(table, mask_zero)),
        ("rnn", Recurrent(simple_cell(), Direction(), False, False, False)),
    )


def test_an_embedding_without_a_mask_and_tokens_padded_with_zero() -> None:
    tokens = np.array([[3, 4, 5, 0, 0, 0], [0, 0, 1, 2, 3, 4], [1, 0, 2, 3, 4, 5]])
    found = remarks(tokens, embedded(mask_zero=False))["embedding-without-mask"]
    assert found.places == ((0, 3), (0, 4), (0, 5), (1, 0), (1, 1))
    assert remarks(tokens, embedded(mask_zero=True)) == {}


def test_an_embedding_whose_mask_masks_nothing() -> None:
    found = remarks(np.ones((2, STEPS), np.int64), embedded(mask_zero=True))
    assert found["mask-value-never-met"].severity == "note"


def test_problems_come_first(example: Example) -> None:
    x = np.load(example.input)
    x[9, 4:] = np.nan
    severities = [remark.severity for remark in lint(run(rnnscope.load_model(example.model), x))]
    assert severities[0] == "problem"
    assert severities == sorted(severities, key=("problem", "warning", "note").index)


def test_names_from_a_file_are_harmless() -> None:
    model = behind_masking(("flatten", Flatten()))
    hostile = "flat\x1b[31m\nten"
    layers = tuple(replace(one, name=hostile) if one.name == "flatten" else one for one in model.layers)
    calls = tuple(replace(one, key=hostile, layer=hostile) if one.key == "flatten" else one for one in model.calls)
    named = replace(model, layers=layers, calls=calls, outputs=(Tensor(hostile, 0),))
    assert all(remark.text.isprintable() and remark.advice.isprintable() for remark in lint(run(named, clean())))


def test_a_loaded_trace_says_that_it_has_no_model(tmp_path: Path) -> None:
    run(masked_rnn(), masked_input()).save(tmp_path / "trace.h5")
    with pytest.raises(BadInput, match="has no model to look at"):
        lint(rnnscope.load_trace(tmp_path / "trace.h5"))
