"""Text on its way through a run: taken where the model takes it, refused elsewhere, kept, compared, never computed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rnnscope
from rnnscope import BadInput, Unsupported, Verdict
from rnnscope.layers.core import Identity, InputLayer
from rnnscope.layers.scaling import Rescaling
from rnnscope.lens import lens
from rnnscope.texts import as_texts
from tests.core.models import chain

GOLDEN = Path(__file__).parents[1] / "golden"
FILE = GOLDEN / "words_read_by_an_lstm.keras"
TEXTS = np.array([["the", "cat", "sat", "grün", "the", ""], ["cat", "unheard", "", "", "", ""]])


@pytest.fixture(scope="module")
def model() -> rnnscope.Model:
    return rnnscope.load_model(FILE)


@pytest.fixture(scope="module")
def trace(model: rnnscope.Model) -> rnnscope.Trace:
    return rnnscope.run(model, np.where(TEXTS == "unheard", "cat", TEXTS))


def test_texts_may_be_given_in_any_form_that_numpy_has(model: rnnscope.Model) -> None:
    known = np.where(TEXTS == "unheard", "cat", TEXTS)
    forms: list[Any] = [known, known.tolist(), known.astype(object), np.char.encode(known, "utf-8"), {"words": known}]
    forms.append(np.char.encode(known, "utf-8").astype(object))
    if hasattr(np.dtypes, "StringDType"):
        forms.append(known.astype(np.dtypes.StringDType()))
    first, *others = [rnnscope.run(model, form) for form in forms]
    for other in others:
        np.testing.assert_array_equal(other.inputs["words"], known)
        np.testing.assert_array_equal(other.outputs[0], first.outputs[0])


@pytest.mark.parametrize(
    ("x", "problem"),
    [
        (np.zeros((2, 6)), "layer 'words': the input takes text; expected texts, found float64"),
        ([["a", "b", "c", "d", "e", 1]], "int among the texts"),
        (np.array([[{}] * 6]), "dict among the texts"),
        ([["a"] * 5 + ["\ud800"]], "half a character"),
        ([[b"\xff"] * 6], "utf-8"),
        ([["a"] * 5], r"wrong shape; expected \(None, 6\), found \(1, 5\)"),
    ],
)
def test_an_input_of_texts_takes_nothing_else(model: rnnscope.Model, x: Any, problem: str) -> None:
    with pytest.raises(rnnscope.RnnscopeError, match=problem):
        rnnscope.run(model, x)


def test_an_input_of_numbers_takes_no_text() -> None:
    model = rnnscope.load_model(GOLDEN / "embedding_mask_zero.keras")
    with pytest.raises(BadInput, match="not a number; expected floats or integers, found <U1"):
        rnnscope.run(model, np.array([["1"] * 6]))


def test_a_layer_that_computes_numbers_is_given_no_text() -> None:
    """NumPy would make numbers of "1"."""
    scaling = Rescaling(np.array(2.0), np.array(0.0))
    model = chain(("words", InputLayer((None, 2), "string")), ("same", Identity()), ("scaled", scaling))
    with pytest.raises(Unsupported, match=r"layer 'scaled': the layer is given text.*StringLookup"):
        rnnscope.run(model, np.array([["1", "2"]]))


def test_a_trace_with_texts_is_kept_and_read_again(trace: rnnscope.Trace, tmp_path: Path) -> None:
    trace.save(tmp_path / "trace.h5")
    loaded = rnnscope.load_trace(tmp_path / "trace.h5")
    assert list(loaded.quantities()) == list(trace.quantities())
    np.testing.assert_array_equal(loaded.inputs["words"], trace.inputs["words"])
    for key in trace.quantities():
        assert loaded.get(key).dtype.kind == trace.get(key).dtype.kind
        np.testing.assert_array_equal(loaded.get(key), trace.get(key))
    assert rnnscope.compare(trace, rnnscope.load_reference(tmp_path / "trace.h5")).verdict is Verdict.SAME


def test_texts_are_equal_or_different(trace: rnnscope.Trace) -> None:
    key = "layer/word/output/0"
    theirs = trace.get(key).astype("U9")
    assert theirs[1, 0] == "cat"
    same = rnnscope.compare(trace, rnnscope.Reference({key: theirs}))
    assert same.matches
    theirs[1, 0] = "cathedral"
    for tolerance in (None, 1.0):
        result = rnnscope.compare(trace, rnnscope.Reference({key: theirs}), atol=tolerance, rtol=tolerance)
        row = result.row(key)
        assert row is not None
        assert row.verdict is Verdict.DIFFERENT
        assert row.reason == "1 of 12 texts differ"
        assert row.first == row.worst
        assert row.first is not None
        assert (row.first.sample, row.first.unit if row.first.step is None else row.first.step) == (1, 0)
        assert result.sample_verdict(key, 0)[0] is Verdict.SAME
        assert result.sample_verdict(key, 1)[0] is Verdict.DIFFERENT


def test_texts_and_numbers_are_different(trace: rnnscope.Trace) -> None:
    stored = {"layer/word/output/0": np.zeros((2, 6)), "layer/index/output/0": np.full((2, 6), "1")}
    good = {"layer/lstm/output/0": trace["lstm"].output}
    rows = {row.key: row for row in rnnscope.compare(trace, rnnscope.Reference(good | stored)).rows}
    assert rows["layer/word/output/0"].reason == "the stored values are numbers, ours text"
    assert rows["layer/index/output/0"].reason == "the stored values are text, ours numbers"
    assert all(rows[key].verdict is Verdict.DIFFERENT for key in stored)


def test_the_lens_reads_texts() -> None:
    found = lens(FILE, np.where(TEXTS == "unheard", "cat", TEXTS))
    assert all("text" not in reading.problem for reading in found.readings)
    assert any(reading.trace is not None for reading in found.readings)


def test_text_is_brought_to_one_form() -> None:
    assert as_texts(np.array([b"a", "gr\u00fcn"], object)).tolist() == ["a", "grün"]
    assert as_texts(np.zeros((0, 3), "S4")).shape == (0, 3)
    assert as_texts(np.zeros((2, 0), object)).shape == (2, 0)
