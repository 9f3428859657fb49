"""Whose numbers a file holds, where nobody said so."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest

import rnnscope
from rnnscope import BadInput, Reference
from rnnscope_gui.judging import judged
from rnnscope_gui.opening import Outcome, Request, open_files, requests
from rnnscope_gui.read_as import ReadAs
from rnnscope_gui.reader import Kind, Opened
from rnnscope_gui.state import Choice, Document
from tests.core.models import masked_input, masked_rnn
from tests.gui.windows import Quiet

MODEL, INPUT = masked_rnn(), masked_input()
TRACE = rnnscope.run(MODEL, INPUT)
STATES = {"layer/rnn/state/h": TRACE["rnn"].states["h"] + 1}
FILES = {
    "m.keras": Opened("model", MODEL, "1"),
    "x.npy": Opened("input", INPUT, "2"),
    "keras.npz": Opened("reference", Reference({"output/0": TRACE.outputs[0]}, {"keras_version": "3.15"}), "3"),
    "later.npz": Opened("reference", Reference({"output/0": TRACE.outputs[0]}, {"keras_version": "2.4"}), "4"),
    "port.npz": Opened("reference", Reference(STATES), "5"),
    "y.npy": Opened("input", TRACE.outputs[0] + 1, "6"),
    "h.npy": Opened("input", STATES["layer/rnn/state/h"], "7"),
    "short.npy": Opened("mine", np.zeros((2, 7)), "8"),
    "odd.npz": Opened("mine", {"layer/nowhere/state/h": INPUT}, "9"),
}


def read(path: str, kind: Kind | None, cancelled: object, read_as: ReadAs) -> Opened:
    found = FILES[path]
    if kind == "mine" and isinstance(found.value, Reference):
        return found._replace(kind="mine", value=dict(found.value.arrays))
    return found if kind is None else found._replace(kind=kind)


def open_(document: Document, *paths: str, kind: Kind | None = None) -> Outcome:
    return open_files(document, [Request(path, kind) for path in paths], read, Quiet())


def running(*paths: str) -> Document:
    return open_(Document(), "m.keras", "x.npy", *paths).document


def whose(document: Document) -> tuple[str, str]:
    return document.reference_path, document.mine_path


@pytest.mark.parametrize("paths", list(permutations(("m.keras", "x.npy", "keras.npz", "port.npz"))), ids=" ".join)
def test_what_the_recorder_signed_is_keras_s_and_the_rest_is_the_port_s(paths: tuple[str, ...]) -> None:
    document = open_(Document(), *paths).document
    assert whose(document) == ("keras.npz", "port.npz")
    assert document.mine is not None
    assert list(document.mine.arrays) == ["layer/rnn/state/h"]


def test_a_bare_output_is_keras_s_while_there_are_no_others_and_can_be_taken_for_the_port_s() -> None:
    outcome = open_(running(), "y.npy")
    assert whose(outcome.document) == ("y.npy", "")
    assert outcome.message is not None
    assert outcome.message.kind == "note"
    assert outcome.message.choice == Choice("It is my port’s", "y.npy", "mine")


@pytest.mark.parametrize("path", ["y.npy", "port.npz"])
def test_beside_keras_s_values_unsigned_numbers_are_the_port_s_and_can_be_taken_for_keras_s(path: str) -> None:
    outcome = open_(running("keras.npz"), path)
    assert whose(outcome.document) == ("keras.npz", path)
    assert outcome.message is not None
    assert path in outcome.message.text
    assert outcome.message.choice == Choice("It is Keras’s", path, "reference")


def test_newer_values_that_are_signed_take_the_place_of_keras_s() -> None:
    assert whose(open_(running("keras.npz", "port.npz"), "later.npz").document) == ("later.npz", "port.npz")


def test_a_file_opened_again_stays_what_it_was() -> None:
    document = running("keras.npz", "y.npy")
    assert whose(open_(document, "y.npy").document) == whose(document) == ("keras.npz", "y.npy")
    alone = running("y.npy")
    assert whose(open_(alone, "y.npy").document) == ("y.npy", "")


def test_a_bare_array_of_a_state_s_shape_is_the_port_s_and_says_what_it_was_taken_for() -> None:
    outcome = open_(running(), "h.npy")
    assert whose(outcome.document) == ("", "h.npy")
    assert outcome.message is not None
    assert "state/h of rnn" in outcome.message.text or "output/0 of rnn" in outcome.message.text


def test_numbers_of_no_known_shape_stay_open_with_the_reason() -> None:
    document = open_(running(), "short.npy").document
    assert document.mine is not None
    done = judged(document, frozenset({"mine"}), Quiet()).document
    assert done.port is None
    assert "fit nothing" in done.mine_problem
    assert not done.unjudged


def test_numbers_with_keys_that_the_run_has_not_are_an_error_that_names_the_file() -> None:
    with pytest.raises(BadInput, match=r"odd\.npz: .*layer/nowhere/state/h"):
        open_(running(), "odd.npz")


def test_numbers_wait_for_their_model_and_are_compared_once_it_is_there() -> None:
    first = open_(Document(), "port.npz", kind="mine").document
    assert first.mine is None
    document = open_(open_(first, "x.npy").document, "m.keras").document
    assert whose(document) == ("", "port.npz")
    done = judged(document, frozenset({"model"}), Quiet()).document
    assert done.mine_comparison is not None
    assert not done.mine_comparison.matches


def test_another_model_with_its_input_leaves_the_port_of_the_run_before_behind() -> None:
    document = running("keras.npz", "port.npz")
    assert whose(open_(document, "m.keras", "x.npy").document) == ("keras.npz", "")
    assert whose(open_(document, "m.keras").document) == ("keras.npz", "port.npz")


def test_new_numbers_run_nothing_again_and_leave_keras_s_verdict_alone() -> None:
    document = judged(running("keras.npz"), frozenset(), Quiet()).document
    outcome = open_(document, "port.npz")
    assert outcome.document.trace is document.trace
    assert outcome.document.comparison is document.comparison
    done = judged(outcome.document, outcome.fresh, Quiet()).document
    assert done.floor is document.floor
    assert done.port is not None


def test_both_comparisons_are_made_by_the_rule_that_was_chosen() -> None:
    document = judged(running("keras.npz", "y.npy"), frozenset(), Quiet()).document
    assert document.mine_comparison is not None
    assert not document.mine_comparison.matches
    loose = judged(replace(document.without_verdicts(), rule=document.rule._replace(atol=2.0)), frozenset(), Quiet())
    for comparison in (loose.document.comparison, loose.document.mine_comparison):
        assert comparison is not None
        assert comparison.matches
        assert "2" in comparison.rule


def test_files_of_a_command_line_have_their_kinds_by_place_and_by_name() -> None:
    assert requests(["m", "x"], mine="p") == [Request("m", "model"), Request("x", "input"), Request("p", "mine")]
    assert requests(["m", "x", None], "w") == [Request("m", "model"), Request("x", "input"), Request("w", "weights")]
    assert requests(["a", "b", "c", "d", "e"])[3:] == [Request("d", "mine"), Request("e", None)]
