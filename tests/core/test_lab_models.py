"""The masking laboratory on every golden model: it runs in each way, or says why it cannot."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rnnscope.errors import BadInput
from rnnscope.lab import Way, entries, laboratory, preset
from rnnscope.trace import Trace
from tests.conftest import GOLDEN
from tests.core.test_golden import FILES, file_id, traced

ENTERED = [path for path in FILES if path.suffix == ".keras"]


def quantities(trace: Trace) -> list[str]:
    """What a run recorded, masks left out: a way that ignores them has none."""
    return [key for key in trace.quantities() if not key.endswith("mask") and "mask by hand" not in key]


@pytest.mark.parametrize("path", ENTERED, ids=file_id)
def test_any_model_is_run_in_every_way_or_takes_no_mask(path: Path) -> None:
    trace = traced(path)
    assert trace.model is not None
    x = {name: array[:2] for name, array in trace.inputs.items()}
    if not entries(trace):
        with pytest.raises(BadInput, match="no layer of this model makes a mask or takes one"):
            laboratory(trace.model, x)
        return
    lab = laboratory(trace.model, x)
    assert set(lab.variants) == set(Way)
    for way, variant in lab.variants.items():
        assert bool(variant.problem) == (variant.trace is None), way
        if variant.trace is not None:
            assert quantities(variant.trace) == quantities(lab.keras)
            assert [out.shape for out in variant.trace.outputs] == [out.shape for out in lab.keras.outputs]
            assert len(variant.moved) == len(lab.keras.outputs)


def test_a_mask_that_two_layers_are_given_is_edited_for_both() -> None:
    trace = traced(GOLDEN / "mask_input.keras")
    assert trace.model is not None
    mask = preset("every other", np.ones(6, bool))
    lab = laboratory(trace.model, dict(trace.inputs), mask=mask)
    for layer in ("lstm", "gru"):
        used = lab.keras[layer].mask
        assert used is not None
        assert (used == mask).all()
    assert lab.variants[Way.CUT].moved[0] <= 1e-6
