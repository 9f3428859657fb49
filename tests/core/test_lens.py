"""One file by the rules of several Kerases."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import rnnscope
from rnnscope.errors import Cancelled, UnreadableFile
from rnnscope.lens import READINGS, Reading, lens, readings_of
from rnnscope.model import Model
from rnnscope.semantics import Semantics
from tests.conftest import GOLDEN
from tests.core.models import masked_input, masked_rnn

JAX = Semantics("3.15.1", "jax")


def golden(name: str) -> tuple[Any, dict[str, Any]]:
    with np.load(GOLDEN / f"{name}.input.npz") as stored:
        return GOLDEN / f"{name}.keras", dict(stored)


def test_what_no_rule_touches_does_not_move_by_a_single_bit() -> None:
    path, x = golden("lstm_backwards_without_mask")
    found = lens(path, x, readings=[JAX])
    assert found.own == Semantics("3.15.1", "tensorflow")
    assert [reading.same for reading in found.readings] == [True]


def test_the_layers_that_move_are_named_and_the_first_of_them_is_told_apart() -> None:
    path, x = golden("lstm_unrolled_zero_output")
    (reading,) = lens(path, x, readings=[JAX]).readings
    assert not reading.same
    assert [(moved.layer, moved.begins) for moved in reading.moved] == [("lstm", True)]
    assert reading.moved[0].quantity == "output/0"
    assert reading.output == reading.moved[0].largest > 0
    assert reading.trace is not None
    ours = rnnscope.run(rnnscope.load_model(path, backend="jax"), x)
    assert all(np.array_equal(a, b) for a, b in zip(ours.outputs, reading.trace.outputs, strict=True))


def test_the_own_reading_is_not_held_against_itself() -> None:
    path, x = golden("lstm_backwards_without_mask")
    found = lens(path, x)
    assert [reading.semantics for reading in found.readings] == [each for each in READINGS if each != found.own]


def load_or_fail(semantics: Semantics) -> Model:
    if semantics.backend == "jax":
        raise UnreadableFile("gone", file="m.keras")
    return masked_rnn(semantics=semantics)


def test_a_reading_that_cannot_be_made_is_kept_with_its_reason() -> None:
    readings = [JAX, Semantics("3.14.0", "tensorflow")]
    done: list[tuple[int, int]] = []
    found = readings_of(
        masked_rnn(), load_or_fail, masked_input(), readings=readings, progress=lambda a, b: done.append((a, b))
    )
    assert [reading.problem for reading in found.readings] == ["m.keras: gone", ""]
    assert not found.readings[0].same
    assert done == [(1, 2), (2, 2)]
    assert all(reading.trace is None for reading in found.without_traces().readings)


def test_a_lens_can_be_stopped() -> None:
    with pytest.raises(Cancelled):
        readings_of(masked_rnn(), load_or_fail, masked_input(), cancelled=lambda: True)


def test_values_that_only_one_reading_has_count_as_moved() -> None:
    def load(semantics: Semantics) -> Model:
        return masked_rnn(semantics=semantics, return_sequences=False)

    (reading,) = readings_of(masked_rnn(), load, masked_input(), readings=[JAX]).readings
    assert isinstance(reading, Reading)
    assert reading.output == np.inf
    assert [moved.layer for moved in reading.moved if moved.begins] == ["rnn"]
