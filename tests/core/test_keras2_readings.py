"""The file on which Keras 2 and Keras 3 differ, against tf-keras (`tests/golden/keras2/make_readings.py`)."""

from __future__ import annotations

from pathlib import Path

import rnnscope
from rnnscope.lens import lens

FOLDER = Path(__file__).parents[1] / "golden" / "keras2"
MODEL, INPUT = FOLDER / "hard_sigmoid.h5", FOLDER / "hard_sigmoid.input.npy"


def test_it_is_computed_as_the_keras_that_wrote_it_computes_it() -> None:
    trace = rnnscope.run(rnnscope.load_model(MODEL), rnnscope.load_input(INPUT))
    result = rnnscope.compare(trace, rnnscope.load_reference(FOLDER / "hard_sigmoid.keras.npz"))
    assert result.matches
    assert sum(not row.reason for row in result.rows) == 5


def test_keras_3_alone_moves_it_and_the_lstm_is_where_it_begins() -> None:
    for reading in lens(MODEL, rnnscope.load_input(INPUT)).readings:
        assert not reading.problem
        assert reading.same == (not reading.semantics.is_keras3)
        assert [moved.layer for moved in reading.moved if moved.begins] == [] if reading.same else ["read"]
        if not reading.same:
            assert reading.output > 0.01
