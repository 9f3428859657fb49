from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import rnnscope
from rnnscope import Reference, Verdict
from rnnscope.trace import Trace
from rnnscope_gui.output_reading import OutputReading, masking_words, output_reading
from rnnscope_gui.state import Document, View
from tests.core.models import masked_input, masked_rnn

TRACE = rnnscope.run(masked_rnn(), masked_input())


def document(trace: Trace = TRACE, reference: Reference | None = None, *, atol: float | None = None) -> Document:
    comparison = rnnscope.compare(trace, reference, atol=atol) if reference is not None else None
    unmasked = rnnscope.run(masked_rnn(), masked_input(), use_masks=False)
    return Document(model=trace.model, trace=trace, reference=reference, comparison=comparison, unmasked=unmasked)


def read(opened: Document, view: View | None = None) -> OutputReading:
    reading = output_reading(opened, view or View())
    assert reading is not None
    return reading


def test_without_stored_values_there_are_our_numbers_alone() -> None:
    reading = read(document())
    assert np.array_equal(reading.ours, TRACE.outputs[0][0].reshape(-1)[: reading.ours.size])
    assert reading.theirs is None
    assert reading.verdict is Verdict.NOT_COMPARED


@pytest.mark.parametrize("atol", [None, 1e-3])
def test_every_element_has_its_floor_whichever_rule_judges(atol: float | None) -> None:
    reading = read(document(reference=Reference({"output/0": TRACE.outputs[0]}), atol=atol))
    assert reading.verdict is Verdict.SAME
    assert reading.floor is not None
    assert reading.floor.shape == reading.ours.shape
    assert reading.difference(reading.prominent) == 0


def test_values_of_another_shape_are_not_held_against_ours() -> None:
    opened = replace(document(), reference=Reference({"output/0": np.zeros((1, 99))}))
    assert read(opened).theirs is None


def test_an_output_that_is_not_there_is_nothing() -> None:
    assert output_reading(document(), View(output=7)) is None
    assert output_reading(Document(), View()) is None


def test_the_mask_is_told_in_sentences() -> None:
    opened = document()
    told = [
        " ".join(masking_words(opened, View(sample=sample), read(opened, View(sample=sample)), 0))
        for sample in range(TRACE.batch_size)
    ]
    assert any("masked in this sample" in words and "Without the mask" in words for words in told)


def test_a_model_without_a_mask_says_so() -> None:
    layers = {name: replace(layer, mask=None, output_mask=None) for name, layer in TRACE.layers.items()}
    opened = document(replace(TRACE, layers=layers))
    assert masking_words(opened, View(), read(opened), 0) == ("This model has no mask.",)
