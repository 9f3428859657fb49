from __future__ import annotations

from math import inf, nan

import pytest

from rnnscope_gui import numbers


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.824264, " 0.824264"),
        (-0.824264, "-0.824264"),
        (0.0, " 0.000000"),
        (1.2e-5, " 1.20e-05"),
        (-123456.0, "-1.23e+05"),
        (nan, " nan"),
        (-inf, "-inf"),
    ],
)
def test_a_sign_always_has_its_column(number: float, text: str) -> None:
    assert numbers.value(number) == text


@pytest.mark.parametrize(
    ("number", "text"), [(0.0, "0"), (8.9e-8, "8.9e-8"), (0.0123, "0.0123"), (inf, "inf"), (1.5e7, "1.5e7")]
)
def test_a_difference_is_brief_in_a_sentence(number: float, text: str) -> None:
    assert numbers.brief_difference(number) == text


@pytest.mark.parametrize(
    ("ours", "theirs", "apart"), [(1.0, 1.5, 0.5), (nan, nan, 0.0), (inf, inf, 0.0), (inf, 1.0, inf), (inf, -inf, inf)]
)
def test_the_same_oddity_is_no_difference(ours: float, theirs: float, apart: float) -> None:
    assert numbers.distance(ours, theirs) == apart


def test_words_are_counted() -> None:
    assert numbers.count(1, "step") == "1 step"
    assert numbers.count(2000, "step") == "2,000 steps"


@pytest.mark.parametrize(
    ("number", "text"),
    [(0.918574, " 0.91857"), (-0.5, "-0.50000"), (0.0, " 0.00000"), (1.04231e-4, " 1.0423e-04"), (nan, " nan")],
)
def test_an_answer_keeps_five_figures_however_small_it_is(number: float, text: str) -> None:
    assert numbers.answer(number) == text
