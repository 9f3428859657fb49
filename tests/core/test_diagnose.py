"""Mistakes planted in a port that shares nothing with the engine, and found by its numbers alone."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rnnscope
from rnnscope import BadInput, Cancelled, Finding, Mine, ShapeMismatch, diagnose
from rnnscope.cli import main
from rnnscope.mistakes.catalogue import BY_ID, CATALOGUE
from rnnscope.mistakes.target import aimed
from rnnscope.types import Array
from tests.conftest import ROOT, Example
from tests.core.models import masked_input, masked_rnn
from tests.planting.forms import draw_model
from tests.planting.models import Ported
from tests.planting.port import Port

FORMS = ("single", "sequence", "stacked", "embedding", "bidirectional", "both", "halves", "normalized")
KINDS = ("SimpleRNN", "LSTM", "GRU")
OLDER = {"recurrent_activation": "hard_sigmoid_keras2", "version": "2.15.0"}
NEWER = {"recurrent_activation": "hard_sigmoid_keras3"}

# (mistake, kind of layer, form of the model, whether it has masks, options)
PLANTED: list[tuple[str, str, str, bool, dict[str, Any]]] = [
    ("initial-state-ones", "LSTM", "single", True, {}),
    ("initial-state-ones", "GRU", "both", True, {}),
    ("initial-state-random", "SimpleRNN", "single", False, {}),
    ("stateful-carry", "GRU", "single", True, {}),
    ("extra-step", "SimpleRNN", "single", True, {}),
    ("extra-step", "LSTM", "bidirectional", False, {}),
    ("missing-last-step", "GRU", "stacked", False, {}),
    ("missing-first-step", "LSTM", "stacked", True, {}),
    ("time-reversed", "LSTM", "sequence", True, {}),
    ("mask-ignored", "SimpleRNN", "single", True, {}),
    ("mask-ignored", "LSTM", "embedding", True, {}),
    ("masked-inputs-zeroed", "GRU", "single", True, {}),
    ("masked-state-zeroed", "LSTM", "stacked", True, {}),
    ("masked-feature-wise", "SimpleRNN", "single", True, {}),
    ("mask-zeros-output", "GRU", "sequence", True, {}),
    ("mask-output-not-zeroed", "SimpleRNN", "halves", True, {}),
    ("last-valid-vs-last-step", "LSTM", "single", True, {}),
    ("bias-missing", "SimpleRNN", "bidirectional", True, {}),
    ("recurrent-kernel-transposed", "GRU", "single", True, {}),
    ("kernel-missing-recurrence", "LSTM", "stacked", True, {}),
    ("gate-order-ifog", "LSTM", "both", True, {}),
    ("gate-order-icfo", "LSTM", "single", True, {}),
    ("gate-order-torch-gru", "GRU", "stacked", True, {}),
    ("gru-update-gate-swapped", "GRU", "single", True, {}),
    ("reset-after-flipped", "GRU", "single", True, {}),
    ("reset-after-flipped", "GRU", "single", False, {"reset_after": False}),
    ("gru-one-bias-row", "GRU", "bidirectional", True, {}),
    ("hard-sigmoid-keras2", "LSTM", "single", True, NEWER),
    ("hard-sigmoid-keras3", "GRU", "stacked", True, OLDER),
    ("sigmoid-for-hard-sigmoid", "LSTM", "single", False, OLDER),
    ("hard-sigmoid-for-sigmoid", "GRU", "single", True, {}),
    ("activation-missing", "LSTM", "single", True, {}),
    ("relu-for-tanh", "GRU", "single", True, {}),
    ("cell-state-as-output", "LSTM", "stacked", True, {}),
    ("output-tanh-missing", "LSTM", "single", True, {}),
    ("dense-activation-missing", "SimpleRNN", "normalized", True, {}),
    ("dropout-applied", "GRU", "normalized", True, {"batch": 40}),
    ("backward-not-flipped", "LSTM", "halves", True, {}),
    ("backward-not-reversed", "GRU", "bidirectional", True, {}),
    ("backward-last-step", "LSTM", "bidirectional", True, {}),
    ("directions-swapped", "GRU", "bidirectional", True, {}),
    ("merge-mode-wrong", "GRU", "bidirectional", True, {}),
    ("batch-order", "LSTM", "single", True, {}),
    ("time-major-mixup", "GRU", "single", False, {}),
    ("float16", "LSTM", "single", False, {}),
    ("batch-norm-batch-statistics", "GRU", "normalized", True, {}),
    ("embedding-off-by-one", "LSTM", "embedding", True, {}),
]


def planted(mistake: str, ported: Ported, **how: Any) -> Array:
    return Port(ported.layers, filter(None, mistake.split("+")), **how).predict(ported.x)


def first(findings: tuple[Finding, ...]) -> set[tuple[str, ...]]:
    """The ids of all that stand first."""
    return {finding.ids for finding in findings if finding.explains and finding.rank == 0}


@pytest.mark.parametrize(("mistake", "kind", "form", "masks", "options"), PLANTED)
def test_a_planted_mistake_is_found(mistake: str, kind: str, form: str, masks: bool, options: dict[str, Any]) -> None:
    seed = 2 if mistake == "merge-mode-wrong" else 1
    ported = draw_model(kind, form, seed, masks=masks, **options)
    found = diagnose(ported.model, ported.x, planted(mistake, ported))
    assert (mistake,) in first(found)
    tied = [finding for finding in found if finding.rank == 0]
    assert all(bool(finding.tell_apart) == (len(tied) > 1) for finding in tied)


def test_every_mistake_of_the_catalogue_is_planted() -> None:
    # These are planted below, where layers of equal shapes stand, and where states are handed over.
    below = {"weights-of-another-layer", "initial-state-dropped"}
    assert {mistake for mistake, *_ in PLANTED} | below == set(BY_ID)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("masks", [True, False])
def test_a_right_port_is_never_blamed(kind: str, form: str, masks: bool) -> None:
    for seed in (1, 2):
        ported = draw_model(kind, form, seed, masks=masks)
        assert diagnose(ported.model, ported.x, Port(ported.layers).predict(ported.x)) == ()
        doubled = [widened(layer) for layer in ported.layers]
        x = ported.x if ported.x.dtype.kind == "i" else ported.x.astype(np.float64)
        assert diagnose(ported.model, ported.x, Port(doubled).predict(x)) == ()


def widened(layer: dict[str, Any]) -> dict[str, Any]:
    """A layer with its weights in float64."""
    return {
        key: value.astype(np.float64) if isinstance(value, np.ndarray) else widened(value) if key in HALVES else value
        for key, value in layer.items()
    }


HALVES = ("forward", "backward")


@pytest.mark.parametrize(
    ("pair", "kind", "form"),
    [
        ("bias-missing+mask-ignored", "GRU", "single"),
        ("gate-order-ifog+initial-state-ones", "LSTM", "stacked"),
        ("bias-missing+masked-inputs-zeroed", "SimpleRNN", "single"),
        ("dense-activation-missing+directions-swapped", "GRU", "bidirectional"),
    ],
)
def test_two_mistakes_at_once_are_found(pair: str, kind: str, form: str) -> None:
    ported = draw_model(kind, form, 1, masks=True)
    found = diagnose(ported.model, ported.x, planted(pair, ported))
    assert set(pair.split("+")) in [set(ids) for ids in first(found)]
    assert all(len(finding.ids) == 2 for finding in found)
    assert "\n" in found[0].fix


def test_a_mistake_in_one_of_several_layers_is_placed() -> None:
    ported = draw_model("LSTM", "stacked", 1, masks=True)
    (found, *_) = diagnose(ported.model, ported.x, planted("gate-order-icfo", ported, only="lstm_2"))
    assert (found.ids, found.places) == (("gate-order-icfo",), ("lstm_2",))


def test_weights_of_another_layer() -> None:
    ported = draw_model("GRU", "bidirectional", 1, masks=True)
    bidirectional = ported.layers[1]
    wrong = [
        {**layer, "backward": {**layer["backward"], "kernel": layer["forward"]["kernel"]}}
        if layer is bidirectional
        else layer
        for layer in ported.layers
    ]
    (found, *_) = diagnose(ported.model, ported.x, Port(wrong).predict(ported.x))
    assert (found.ids, found.explains) == (("weights-of-another-layer",), True)
    assert found.places == ("bidirectional_1/backward",)


def test_a_first_step_that_is_missing_shortens_the_mask_too() -> None:
    ported = draw_model("LSTM", "stacked", 1, masks=True)
    found = diagnose(ported.model, ported.x, Port(ported.layers, ["missing-first-step"], reading=1).predict(ported.x))
    assert ("missing-first-step",) in first(found)


@pytest.mark.parametrize(("mistake", "reading"), [("initial-state-dropped", 0), ("initial-state-ones", 2)])
def test_states_that_an_encoder_hands_over_and_nobody_takes(mistake: str, reading: int) -> None:
    ported = draw_model("LSTM", "translator", 1, masks=True)
    port = Port(ported.layers, [mistake], encoder=ported.encoder, reading=reading)
    (found, *_) = diagnose(ported.model, ported.inputs, port.predict(ported.x, ported.source))
    assert (found.ids, found.explains) == ((mistake,), True)


def test_a_random_state_shows_in_the_states_where_the_output_cannot_prove_it() -> None:
    ported = draw_model("SimpleRNN", "single", 1, masks=True)
    recurrent = ported.layers[1]
    random = np.random.default_rng(5)
    h = random.normal(size=(len(ported.x), recurrent["kernel"].shape[1])).astype(np.float32)
    states = []
    for t in range(ported.x.shape[1]):
        step = ported.x[:, t]
        new = np.tanh(step @ recurrent["kernel"] + recurrent["bias"] + h @ recurrent["recurrent_kernel"])
        h = np.where((step != -99).any(axis=1, keepdims=True), new, h)
        states.append(h)
    found = diagnose(ported.model, ported.x, {"layer/simplernn_1/state/h": np.stack(states, axis=1)})
    assert first(found) == {("initial-state-random",)}


def test_ties_are_said_to_be_ties() -> None:
    ported = draw_model("GRU", "single", 3, masks=True)
    x = ported.x.copy()
    x[0, 1, 0] = x[1, -1, -1] = 0.5  # no step in which only some features are the mask value
    x[1, -1] = -99
    wrong = Port(ported.layers, frozenset(["masked-inputs-zeroed"])).predict(x)
    found = diagnose(ported.model, x, wrong)
    assert {("masked-inputs-zeroed",), ("masked-feature-wise",)} <= first(found)
    assert "a step in which only some of the features equal the mask value" in found[0].tell_apart


def test_what_no_mistake_explains_is_not_explained() -> None:
    ported = draw_model("LSTM", "single", 1, masks=True)
    wrong = [dict(layer) for layer in ported.layers]
    wrong[1]["kernel"] = wrong[1]["kernel"] * np.float32(1.1)
    found = diagnose(ported.model, ported.x, Port(wrong).predict(ported.x))
    assert found
    assert not any(finding.explains for finding in found)
    assert [finding.rank for finding in found] == list(range(len(found)))


# The question that the program began with: a SimpleRNN behind Masking, and three functions of NumPy.


def question(network: rnnscope.Model, x: Array, start: float, *, masked: bool, once_more: bool = False) -> Array:
    """The question's functions on the household network: from a state of `start`, with or without the mask."""
    cell: Any = network["rnn"].operation
    kernel, recurrent_kernel, bias = cell.cell.kernel, cell.cell.recurrent_kernel, cell.cell.bias
    hidden = np.ma.masked_equal(x, -99) if not masked else x
    h = np.full((len(x), len(recurrent_kernel)), start, np.float32)
    for t in range(x.shape[1]):
        new = np.tanh(np.dot(np.asarray(hidden[:, t]), kernel) + bias + np.dot(h, recurrent_kernel))
        h = np.where((x[:, t] != -99).any(axis=1, keepdims=True), new, h) if masked else new
    if once_more:
        h = np.tanh(np.dot(np.asarray(hidden[:, -1]), kernel) + bias + np.dot(h, recurrent_kernel))
    for name in ("dense1", "denseoutput"):
        dense: Any = network[name].operation
        h = np.tanh(h @ dense.kernel + dense.bias)
    return h


@pytest.mark.parametrize(
    ("start", "how", "named"),
    [
        (0, {"masked": False, "once_more": True}, {("extra-step", "mask-ignored")}),
        (1, {"masked": False}, {("initial-state-ones", "mask-ignored")}),
        (1, {"masked": True}, {("initial-state-ones",)}),
        (0, {"masked": True, "once_more": True}, {("extra-step",)}),
        (0, {"masked": True}, set()),
    ],
)
def test_the_question_s_functions_are_named_for_what_they_are(
    start: float, how: dict[str, bool], named: set[tuple[str, ...]], example: Example
) -> None:
    network, x = rnnscope.load_model(example.model), rnnscope.load_input(example.input)
    assert isinstance(x, np.ndarray)
    found = diagnose(network, x, question(network, x, start, **how))
    assert first(found) == named
    assert bool(found) == bool(named)


# Numbers that fit, partly or not at all.


def test_keras_s_own_values_are_not_blamed(example: Example) -> None:
    network, x = rnnscope.load_model(example.model), rnnscope.load_input(example.input)
    assert diagnose(network, x, rnnscope.load_reference(example.reference).arrays) == ()


def test_an_array_is_taken_for_what_has_its_shape() -> None:
    model, x = masked_rnn(), masked_input()
    trace = rnnscope.run(model, x)
    assert diagnose(model, x, trace["rnn"].states["h"]) == ()
    assert diagnose(model, x, [trace.outputs[0]]) == ()


@pytest.mark.parametrize(
    ("mine", "error", "says"),
    [
        (np.zeros((6, 6, 7)), ShapeMismatch, "fit nothing that this model gives"),
        (np.full((6, 6, 2), np.nan), BadInput, "every one of your numbers is NaN"),
        (np.full((6, 6, 2), 3.0), BadInput, "all of your numbers are the same"),
        (np.full((6, 6, 2), np.inf), BadInput, "none of your numbers is finite"),
        (np.zeros((0, 2)), BadInput, "holds no numbers"),
        (np.array(["a"]), BadInput, "no array of numbers"),
        ({"layer/rn/state/h": np.zeros((6, 6, 4))}, BadInput, "keys such as layer/rnn/state/h"),
        ({}, BadInput, "no key"),
        ([np.zeros((6, 6, 2)), np.zeros((6, 6, 2))], BadInput, "more arrays than outputs"),
    ],
)
def test_numbers_that_fit_nothing_are_one_clear_line(mine: object, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says) as raised:
        diagnose(masked_rnn(), masked_input(), mine)
    assert "\n" not in str(raised.value)


def test_numbers_copied_from_a_print_out_are_taken_as_such() -> None:
    ported = draw_model("GRU", "normalized", 5, masks=True, sizes={"outs": 4})
    right, wrong = planted("", ported), planted("bias-missing", ported)
    assert diagnose(ported.model, ported.x, np.round(right, 3)) == ()
    assert ("bias-missing",) in first(diagnose(ported.model, ported.x, np.round(wrong, 3)))


@pytest.mark.parametrize(
    ("numbers", "digit"),
    [
        ([0.25, 0.125, -0.5, 0.75], 0.001),
        ([0.1, 0.2, -0.3, 12.5], 0.1),
        ([0.1, 0.2, 0.3], 0.0),
        ([6e7, 5e7, -4e7, 0.5], 0.0),
        ([0.123456789, 0.2, 0.3, 0.4], 0.0),
        ([0.0, 0.0, 0.0, 0.0, 0.3], 0.0),
    ],
)
def test_rounding_is_seen_where_numbers_tell_it(numbers: list[float], digit: float) -> None:
    assert aimed(Mine({"output/0": np.array(numbers, np.float32)}, ())).digit == pytest.approx(digit)


def test_axes_in_another_order_are_seen() -> None:
    ported = draw_model("GRU", "halves", 5, masks=True)
    right = planted("", ported)
    assert first(diagnose(ported.model, ported.x, right.swapaxes(0, 1))) == {("time-major-mixup",)}
    with pytest.raises(ShapeMismatch, match=r"mine\.transpose\(0, 2, 1\)"):
        diagnose(ported.model, ported.x, right.swapaxes(1, 2))
    with pytest.raises(ShapeMismatch, match="Give the input of these samples only"):
        diagnose(ported.model, ported.x, right[:3])


def test_an_unnamed_array_of_one_state_is_taken_for_it() -> None:
    ported = draw_model("LSTM", "single", 5, masks=True)
    wrong = rnnscope.run(ported.model, ported.x, use_masks=False)["lstm_1"].states["c"]
    assert ("mask-ignored",) in first(diagnose(ported.model, ported.x, wrong))


def test_states_that_cannot_be_proven_are_said_to_be_so() -> None:
    ported = draw_model("SimpleRNN", "single", 1, masks=False, batch=2, sizes={"steps": 3, "units": 16, "outs": 1})
    (found, *_) = diagnose(ported.model, ported.x, planted("initial-state-random", ported))
    assert (found.ids, found.explains) == (("initial-state-random",), False)
    assert "16 numbers in them were free to be chosen, for 2 that had to be met" in found.explanation
    assert found.tell_apart == "the states at every step stored with the outputs"


def test_an_input_of_nothing_but_nan_is_refused() -> None:
    with pytest.raises(BadInput, match="every number of the input is NaN"):
        diagnose(masked_rnn(), np.full_like(masked_input(), np.nan), np.zeros((6, 6, 2)))


def test_progress_is_told_and_stopping_works() -> None:
    model, x = masked_rnn(), masked_input()
    mine = rnnscope.run(model, x, use_masks=False).outputs[0]
    told: list[tuple[int, int]] = []
    diagnose(model, x, mine, progress=lambda done, total: told.append((done, total)))
    assert told == sorted(told)
    assert told[-1][0] == told[-1][1] > 30
    with pytest.raises(Cancelled):
        diagnose(model, x, mine, cancelled=lambda: True)


def test_a_finding_holds_the_mistaken_run() -> None:
    model, x = masked_rnn(), masked_input()
    mine = rnnscope.run(model, x, use_masks=False).outputs[0]
    found = diagnose(model, x, mine)
    assert ("mask-ignored",) in first(found)
    trace = next(finding.trace for finding in found if finding.ids == ("mask-ignored",))
    assert trace is not None
    np.testing.assert_allclose(trace.outputs[0], mine)


# The command.


@pytest.fixture
def files(tmp_path: Path, example: Example) -> Callable[[Array], list[str]]:
    def saved(mine: Array) -> list[str]:
        np.savez(tmp_path / "mine.npz", mine)
        return ["diagnose", str(example.model), str(example.input), str(tmp_path / "mine.npz")]

    return saved


def test_the_command_names_the_example_s_wrong_port(example: Example, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        main(["diagnose", str(example.model), str(example.input), str(example.model.with_name("wrong_port.npy"))]) == 1
    )
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("≠ initial-state-ones: ")
    assert any(line.startswith("1     initial-state-ones  yes") and line.endswith("rnn") for line in lines)
    assert any(line.strip().startswith("> h = np.zeros(") for line in lines)


def test_the_command_agrees_with_a_right_port(
    files: Callable[[Array], list[str]], example: Example, capsys: pytest.CaptureFixture[str]
) -> None:
    output = rnnscope.load_reference(example.reference).arrays["output/0"]
    assert main(files(output)) == 0
    assert capsys.readouterr().out.startswith("≈ none needed")
    assert main(files(np.full_like(output, np.nan))) == 2
    assert capsys.readouterr().err == (
        "rnnscope: mine.npz: every one of your numbers is NaN. Nothing can be told from them\n"
    )


# The catalogue.


def test_the_guide_lists_every_mistake() -> None:
    guide = (ROOT / "docs" / "guide.md").read_text("utf-8")
    rows = [line for line in guide.splitlines() if line.startswith("| `")]
    listed = [row.split("`")[1] for row in rows if row.split("`")[1] in BY_ID]
    assert listed == [mistake.id for mistake in CATALOGUE]
    assert all(f"| `{mistake.id}` | {mistake.title} |" in guide for mistake in CATALOGUE)


def test_the_catalogue_s_words_are_whole() -> None:
    for mistake in CATALOGUE:
        assert mistake.explanation.endswith(".")
        assert not mistake.title.endswith(".")
        assert "\n" not in mistake.fix
        assert mistake.shown_by
    assert len(BY_ID) == len(CATALOGUE)


def test_the_catalogue_is_imported_by_those_who_ask() -> None:
    code = "import sys, rnnscope; print('rnnscope.mistakes.catalogue' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
