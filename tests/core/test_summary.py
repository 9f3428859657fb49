from __future__ import annotations

from pathlib import Path

import numpy as np

import rnnscope
from rnnscope.summary import shape_text

EXAMPLE = Path(__file__).parents[2] / "assets" / "example"
GOLDEN = Path(__file__).parents[1] / "golden"


def test_a_functional_model_lists_every_node_as_keras_does() -> None:
    lines = rnnscope.load_model(EXAMPLE / "household.keras").summary().splitlines()
    assert lines[0] == 'Model: "household"'
    names = [line.split()[1] for line in lines if line.startswith("│")]
    assert names == ["main_input", "not_equal_1", "masking", "any_1", "rnn", "dropout_15", "dense1", "denseoutput"]
    row = next(line for line in lines if line.startswith("│ rnn "))
    assert "[(None, 64), (None, 64)]" in row
    assert "9,024" in row
    assert "masking[0], any_1[0]" in row


def test_a_sequential_model_leaves_out_its_input_and_the_connections() -> None:
    table = rnnscope.load_model(EXAMPLE / "sentences.keras").summary()
    assert "InputLayer" not in table
    assert "Connected to" not in table
    assert "Total params: 3,473" in table


def test_the_table_is_rectangular() -> None:
    lines = rnnscope.load_model(EXAMPLE / "household.keras").summary().splitlines()
    table = [line for line in lines if line[:1] in "┏┃┡│├└"]
    assert len({len(line) for line in table}) == 1


def test_weights_that_an_archive_holds_twice_count_once() -> None:
    for name in ("spectral_normalization.keras", "spectral_normalization.h5"):
        assert rnnscope.load_model(GOLDEN / name)["spectral"].parameters == 4 * 3 + 3 + 3


def test_one_shape_stands_alone_and_several_in_brackets() -> None:
    assert shape_text([(None, 3)]) == "(None, 3)"
    assert shape_text([(None, 3), (None, 3)]) == "[(None, 3), (None, 3)]"


def test_both_formats_of_one_model_compute_the_same() -> None:
    x = rnnscope.load_input(EXAMPLE / "household.npy")
    one, other = (rnnscope.run(rnnscope.load_model(EXAMPLE / f"household{end}"), x) for end in (".keras", ".h5"))
    np.testing.assert_array_equal(one["rnn"].states["h"], other["rnn"].states["h"])
    assert one.model is not None
    assert one.model.parameters == 13_249
