"""A few of the planted mistakes that `make planting` draws, and the port against the engine."""

from __future__ import annotations

import numpy as np
import pytest

import rnnscope
from rnnscope.mistakes.catalogue import BY_ID
from tests.planting.cases import FOUND, judged
from tests.planting.forms import FORMS, KINDS, LARGER, draw_model
from tests.planting.models import Ported
from tests.planting.plants import possible, right


@pytest.mark.parametrize("index", range(10))
def test_what_is_planted_is_named(index: int) -> None:
    outcome = judged("tests", index)
    assert not outcome.blamed
    assert outcome.plant is None or outcome.verdict in FOUND, outcome


@pytest.mark.parametrize("form", [*FORMS, *LARGER])
@pytest.mark.parametrize("version", ["2.15.0", "3.15.1"])
def test_the_port_and_the_engine_agree(form: str, version: str) -> None:
    for ported in models(form, version):
        ours = rnnscope.run(ported.model, ported.inputs).outputs[0]
        np.testing.assert_allclose(right(ported), ours, atol=1e-5)


def test_every_mistake_of_the_catalogue_can_be_planted() -> None:
    planted: set[str] = set()
    for form in (*FORMS, *LARGER):
        for ported in models(form, "3.15.1"):
            planted |= set(possible(ported))
    for version, gates in (("3.15.1", "hard_sigmoid_keras3"), ("2.15.0", "hard_sigmoid_keras2")):
        model = draw_model("LSTM", "single", 1, masks=True, version=version, recurrent_activation=gates)
        planted |= set(possible(model))
    assert planted == set(BY_ID)


def models(form: str, version: str) -> list[Ported]:
    return [
        draw_model(kind, form, 3, masks=masks, version=version, batch=25, words=kind == "GRU", trained=masks)
        for kind in KINDS
        for masks in (True, False)
    ]
