"""What opening does to a document, with no window and no other process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import permutations

import numpy as np
import pytest

import rnnscope
from rnnscope import Cancelled, Reference, RnnscopeError, ShapeMismatch, Trace, UnreadableFile
from rnnscope_gui.judging import judged
from rnnscope_gui.opening import ORDER, Outcome, Request, open_files
from rnnscope_gui.read_as import ReadAs
from rnnscope_gui.reader import Kind, Opened
from rnnscope_gui.state import Document
from tests.core.models import FEATURES, STEPS, masked_input, masked_rnn
from tests.gui.windows import Quiet

MODEL, INPUT = masked_rnn(), masked_input()
TRACE = rnnscope.run(MODEL, INPUT)
STORED = Reference({key: TRACE.get(key) for key in TRACE.quantities()})
FILES: Mapping[str, Opened] = {
    "m.keras": Opened("model", MODEL, "1"),
    "x.npy": Opened("input", INPUT, "2"),
    "k.npz": Opened("reference", STORED, "3"),
    "wide.npy": Opened("input", np.zeros((2, STEPS, FEATURES + 1), np.float32), "4"),
    "y.npy": Opened("input", TRACE.outputs[0], "7"),
    "few.npy": Opened("input", INPUT[:2], "5"),
    "m.json": Opened("architecture", "", "8"),
    "w.h5": Opened("weights", "LSTM(4), Dense(2)", "9"),
    "odd.h5": Opened("weights", "", "10"),
    "last.keras": Opened("model", masked_rnn(return_sequences=False), "6"),
}


JAX = ReadAs(backend="jax")


@dataclass
class Shelf:
    """Reads from a table instead of the disk, and remembers what it was asked for."""

    files: Mapping[str, Opened] = field(default_factory=lambda: FILES)
    asked: list[tuple[str, Kind | None, ReadAs]] = field(default_factory=list)

    def __call__(self, path: str, kind: Kind | None, cancelled: object, read_as: ReadAs) -> Opened:
        self.asked.append((path, kind, read_as))
        if path not in self.files:
            raise UnreadableFile("there is no such file", file=path)
        if read_as.weights is not None:
            assert kind == "model"
            return Opened("model", MODEL, "11")
        return self.files[path]


class Stopped(Quiet):
    def cancelled(self) -> bool:
        return True


def open_(document: Document, *paths: str) -> Outcome:
    return open_files(document, [Request(path) for path in paths], Shelf(), Quiet())


def all_open() -> Document:
    outcome = open_(Document(), "m.keras", "x.npy", "k.npz")
    return judged(outcome.document, outcome.fresh, Quiet()).document


@pytest.mark.parametrize("paths", list(permutations(("m.keras", "x.npy", "k.npz"))))
def test_files_opened_together_may_come_in_any_order(paths: tuple[str, ...]) -> None:
    outcome = open_(Document(), *paths)
    document = outcome.document
    assert (document.model_path, document.input_path, document.reference_path) == ("m.keras", "x.npy", "k.npz")
    assert document.input_sha256 == "2"
    assert isinstance(document.trace, Trace)
    assert outcome.judge
    assert outcome.message is None


def test_each_file_is_read_once_as_what_was_asked_for_by_the_rules_that_were_chosen() -> None:
    shelf = Shelf()
    open_files(Document(), [Request("m.keras", "model"), Request("x.npy")], shelf, Quiet(), JAX)
    assert shelf.asked == [("m.keras", "model", JAX), ("x.npy", None, JAX)]


def test_a_model_alone_waits_for_its_input_without_a_word() -> None:
    outcome = open_(Document(), "m.keras")
    assert outcome.document.model is MODEL
    assert outcome.document.trace is None
    assert outcome.message is None
    assert not outcome.judge


@pytest.mark.parametrize("path", ["x.npy", "k.npz"])
def test_what_cannot_be_shown_without_a_model_asks_for_it(path: str) -> None:
    outcome = open_(Document(), path)
    assert outcome.message is not None
    assert outcome.message.kind == "note"
    assert "Open the model" in outcome.message.text


def test_files_opened_one_by_one_come_together() -> None:
    document = Document()
    for path in ("k.npz", "x.npy", "m.keras"):
        document = open_(document, path).document
    assert document.trace is not None
    assert judged(document, frozenset({"model"}), Quiet()).document.comparison is not None


def test_new_stored_values_do_not_run_the_model_again() -> None:
    document = all_open()
    outcome = open_(document, "k.npz")
    assert outcome.document.trace is document.trace
    assert outcome.document.unmasked is document.unmasked
    assert outcome.document.comparison is None
    assert outcome.judge


def test_judging_brings_the_comparison_and_the_run_without_masks() -> None:
    document = all_open()
    assert document.comparison is not None
    assert document.comparison.matches
    assert document.unmasked is not None
    assert not document.unmasked.use_masks


def test_judging_without_stored_values_still_runs_without_masks() -> None:
    outcome = open_(Document(), "m.keras", "x.npy")
    document = judged(outcome.document, outcome.fresh, Quiet()).document
    assert document.unmasked is not None
    assert document.comparison is None


def test_judging_nothing_changes_nothing() -> None:
    document = Document(model=MODEL)
    assert judged(document, frozenset(), Quiet()).document is document


def test_a_new_input_that_does_not_fit_is_an_error_that_names_the_file_and_the_shapes() -> None:
    with pytest.raises(ShapeMismatch, match=r"wide\.npy: .*expected .*\(None, 6, 3\), found \(2, 6, 4\)"):
        open_(all_open(), "wide.npy")


def test_an_open_input_that_does_not_fit_a_new_model_is_closed_with_a_note() -> None:
    document = open_(Document(), "wide.npy").document
    outcome = open_(document, "m.keras")
    assert outcome.document.model is MODEL
    assert outcome.document.inputs is None
    assert outcome.document.trace is None
    assert outcome.message is not None
    assert outcome.message.kind == "note"
    assert outcome.message.text.startswith("wide.npy does not fit this model and was closed: ")


def test_open_stored_values_that_fit_no_longer_are_closed_with_a_note() -> None:
    outcome = open_(all_open(), "few.npy")
    verdict = judged(outcome.document, outcome.fresh, Quiet())
    assert verdict.document.trace is outcome.document.trace
    assert verdict.document.reference is None
    assert verdict.document.reference_path == ""
    assert verdict.message is not None
    assert verdict.message.kind == "note"
    assert verdict.message.text.startswith("k.npz does not fit any more and was closed: ")


def test_new_stored_values_of_another_batch_are_an_error_and_the_run_stays() -> None:
    alone = open_(Document(), "m.keras", "few.npy").document
    outcome = open_(alone, "k.npz")
    verdict = judged(outcome.document, outcome.fresh, Quiet())
    assert verdict.document.trace is alone.trace
    assert verdict.document.reference is None
    assert verdict.message is not None
    assert verdict.message.kind == "error"
    assert verdict.message.text.startswith("k.npz: ")
    assert "2 samples" in verdict.message.text


@pytest.mark.parametrize("same", [True, False])
def test_values_recorded_with_another_file_are_named_and_still_compared(same: bool) -> None:
    arrays = STORED.arrays if same else {**STORED.arrays, "output/0": STORED.arrays["output/0"] + 1}
    foreign = Reference(arrays, {"input_sha256": "another", "input": "theirs.npy"})
    document = replace(all_open(), reference=foreign, reference_path="/somewhere/theirs.npz", comparison=None)
    verdict = judged(document, frozenset({"reference"}), Quiet())
    assert verdict.document.comparison is not None
    assert verdict.message is not None
    assert verdict.message.kind == ("note" if same else "error")
    assert verdict.message.text.startswith("theirs.npz: ")
    assert "another input (theirs.npy)" in verdict.message.text


@pytest.mark.parametrize("paths", list(permutations(("m.keras", "x.npy", "y.npy"))), ids=" ".join)
def test_a_bare_array_that_fits_the_output_alone_is_what_keras_gave(paths: tuple[str, ...]) -> None:
    document = open_(Document(), *paths).document
    assert document.inputs is INPUT
    assert document.reference is not None
    assert list(document.reference.arrays) == ["output/0"]
    assert document.reference_path == "y.npy"


def test_a_bare_array_opened_as_input_is_an_input_whatever_it_looks_like() -> None:
    with pytest.raises(ShapeMismatch, match=r"y\.npy"):
        open_files(all_open(), [Request("y.npy", "input")], Shelf(), Quiet())


@pytest.mark.parametrize("paths", [("nothing.npy",), ("m.keras", "nothing.npy"), ("nothing.npy", "m.keras")])
def test_a_file_that_cannot_be_read_raises_whatever_came_with_it(paths: tuple[str, ...]) -> None:
    with pytest.raises(UnreadableFile, match=r"nothing\.npy: there is no such file"):
        open_(all_open(), *paths)


@pytest.mark.parametrize(
    "work",
    [
        lambda: open_files(Document(), [Request("m.keras"), Request("x.npy")], Shelf(), Stopped()),
        lambda: judged(replace(all_open(), unmasked=None), frozenset(), Stopped()),
    ],
    ids=["opening", "judging"],
)
def test_stopping_is_not_mistaken_for_a_bad_file(work: Callable[[], Outcome]) -> None:
    with pytest.raises(Cancelled):
        work()


def test_stopping_a_comparison_closes_nothing() -> None:
    with pytest.raises(Cancelled):
        judged(replace(all_open(), comparison=None, floor=None), frozenset(), Stopped())


def test_kinds_stand_in_the_order_in_which_they_depend_on_one_another() -> None:
    assert ORDER == ("model", "input", "reference", "mine")
    assert issubclass(Cancelled, RnnscopeError)


@pytest.mark.parametrize("paths", list(permutations(("m.json", "w.h5", "x.npy"))))
def test_an_architecture_and_its_weights_are_one_model_in_any_order(paths: tuple[str, ...]) -> None:
    document = open_(Document(), *paths).document
    assert (document.model, document.model_path, document.input_path) == (MODEL, "m.json", "x.npy")
    assert document.read_as.weights == "w.h5"
    assert document.half is None
    assert document.trace is not None


@pytest.mark.parametrize("paths", [("m.json", "w.h5"), ("w.h5", "m.json"), ("odd.h5", "m.json")])
def test_half_a_model_waits_for_the_other_half_and_asks_for_it(paths: tuple[str, str]) -> None:
    first = open_(Document(), paths[0])
    assert first.message is not None
    assert first.message.kind == "note"
    assert paths[0] in first.message.text
    assert first.document.model is None
    second = open_(first.document, paths[1])
    assert second.document.model is MODEL
    assert second.document.half is None


def test_weights_that_tell_a_stack_say_how_to_have_it_assumed() -> None:
    told, untold = (open_(Document(), path).message for path in ("w.h5", "odd.h5"))
    assert told is not None
    assert "--infer" in told.text
    assert "LSTM(4), Dense(2)" in told.text
    assert untold is not None
    assert "--infer" not in untold.text


def test_half_a_model_leaves_open_what_is_open() -> None:
    before = all_open()
    after = open_(before, "m.json")
    assert (after.document.model, after.document.trace) == (before.model, before.trace)
    assert after.document.comparison is before.comparison


def test_weights_opened_with_a_whole_model_take_the_place_of_its_own() -> None:
    document = open_(Document(), "last.keras", "w.h5").document
    assert (document.model_path, document.read_as.weights) == ("last.keras", "w.h5")


def test_another_model_takes_the_place_of_a_half_that_waits() -> None:
    waiting = open_(Document(), "m.json").document
    assert open_(waiting, "x.npy").document.half == waiting.half
    assert open_(waiting, "m.keras").document.half is None
