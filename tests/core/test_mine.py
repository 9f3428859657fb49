"""A port's numbers, taken for what they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import rnnscope
from rnnscope import BadInput, Verdict
from tests.conftest import Example
from tests.core.models import masked_input, masked_rnn


@pytest.fixture
def trace() -> rnnscope.Trace:
    return rnnscope.run(masked_rnn(), masked_input())


def test_a_flat_array_is_the_output_with_its_axis_of_one_put_back(example: Example) -> None:
    model = rnnscope.load_model(example.model)
    trace = rnnscope.run(model, rnnscope.load_input(example.input))
    output = trace.outputs[0]
    mine = rnnscope.take_mine(output.reshape(-1), trace)
    flat = (len(output),)
    assert mine.taken == (f"{flat} is taken for the output {model.output_names[0]}, as {output.shape}",)
    assert rnnscope.compare(trace, mine.reference()).verdict is Verdict.SAME


def test_states_are_known_by_their_shape(example: Example) -> None:
    trace = rnnscope.run(rnnscope.load_model(example.model), rnnscope.load_input(example.input))
    recurrent = next(name for name, layer in trace.layers.items() if layer.states)
    mine = rnnscope.take_mine(trace[recurrent].states["h"], trace)
    assert list(mine.arrays) == [f"layer/{recurrent}/state/h"]
    assert f"state/h of {recurrent}" in mine.taken[0]


def test_an_array_that_fits_nothing_says_so(trace: rnnscope.Trace) -> None:
    mine = rnnscope.take_mine(np.zeros((2, 3, 5, 7)), trace)
    assert mine.taken[0].endswith("the shapes do not fit")


def test_a_file_s_numbers_keep_their_type(tmp_path: Path, trace: rnnscope.Trace) -> None:
    np.save(tmp_path / "mine.npy", trace.outputs[0].astype(np.float16))
    mine = rnnscope.take_mine(rnnscope.load_mine(tmp_path / "mine.npy"), trace, "mine.npy")
    assert mine.arrays["output/0"].dtype == np.float16
    assert mine.reference().file == "mine.npy"


def test_an_unknown_key_is_told_with_the_nearest(trace: rnnscope.Trace) -> None:
    with pytest.raises(BadInput, match=r"no 'layer/rnn/state/hh' in the run.*layer/rnn/state/h"):
        rnnscope.take_mine({"layer/rnn/state/hh": np.zeros(3)}, trace)
