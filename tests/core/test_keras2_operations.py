"""TensorFlow's operations among the layers of Keras 2, against tf-keras (`tests/golden/keras2/make_operations.py`)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import rnnscope

FOLDER = Path(__file__).parents[1] / "golden" / "keras2"


@pytest.mark.parametrize("file", ["op_lambda.h5", "op_lambda.keras", "op_layer.h5"])
def test_every_operation_gives_what_tensorflow_gives(file: str) -> None:
    with np.load(FOLDER / f"{Path(file).stem}.npz") as stored:
        inputs = {key.removeprefix("input/"): stored[key] for key in stored.files if key.startswith("input/")}
        outputs = [stored[f"output/{place}"] for place in range(len(stored.files) - len(inputs))]
    trace = rnnscope.run(rnnscope.load_model(FOLDER / file), inputs)
    assert len(trace.outputs) == len(outputs)
    for place, (ours, theirs) in enumerate(zip(trace.outputs, outputs, strict=True)):
        assert ours.dtype.kind == theirs.dtype.kind, place
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5, err_msg=str(place))


@pytest.mark.parametrize("file", ["op_lambda.h5", "op_lambda.keras"])
def test_a_cast_to_its_own_type_leaves_the_mask_on_and_arithmetic_does_not(file: str) -> None:
    with np.load(FOLDER / "op_lambda.npz") as stored:
        trace = rnnscope.run(
            rnnscope.load_model(FOLDER / file), {key: stored[f"input/{key}"] for key in ("x", "words")}
        )
    assert trace["masked"].mask is not None
    assert trace["unmasked"].mask is None
