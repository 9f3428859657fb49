"""Layers and cells of one's own: the example of docs/extending.md, run as it stands, against what Keras computed."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import rnnscope
from rnnscope import plugins
from rnnscope.layers.cells import CELLS
from rnnscope.layers.registry import LAYERS
from rnnscope.plugin_files import PREFIX, run_plugin

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden"
CASE = "own_layer_and_cell"


@pytest.fixture(autouse=True)
def nothing_stays() -> Iterator[None]:
    tables: list[dict[str, type]] = [LAYERS, CELLS]
    before = [dict(table) for table in tables]
    yield
    for table, names in zip(tables, before, strict=True):
        table.clear()
        table.update(names)
    for name in [name for name in sys.modules if name.startswith(PREFIX)]:
        del sys.modules[name]


@pytest.fixture
def example(tmp_path: Path) -> Path:
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "extending.md").read_text(), re.DOTALL)
    path = tmp_path / "mine.py"
    path.write_text("\n\n".join(block for block in blocks if "load_model" not in block))
    return path


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_the_example_computes_what_keras_computed(example: Path, suffix: str) -> None:
    run_plugin(example)
    model = rnnscope.load_model(GOLDEN / f"{CASE}{suffix}")
    trace = rnnscope.run(model, rnnscope.load_input(GOLDEN / f"{CASE}.input.npz"))
    assert [layer.class_name for layer in model.layers[-4:]] == ["RNN", "ScaledTanh", "GRU", "Dense"]
    with np.load(GOLDEN / f"{CASE}.keras.npz") as stored:
        keys = [key for key in stored.files if key != "meta"]
        assert "layer/rnn/state/h" in keys
        for key in keys:
            np.testing.assert_allclose(trace.get(key), stored[key], rtol=0, atol=1e-5, err_msg=key)
    assert set(trace["rnn"].gates) == {"f", "hh"}


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_without_it_the_class_is_refused_by_name(suffix: str) -> None:
    with pytest.raises(rnnscope.Unsupported, match=r"(MinimalGatedCell|ScaledTanh) is not one of Keras's own"):
        rnnscope.load_model(GOLDEN / f"{CASE}{suffix}")


def test_the_name_of_a_built_in_class_is_taken_only_on_purpose() -> None:
    class Mine(plugins.Pointwise):
        @classmethod
        def read(cls, config: plugins.Config, weights: plugins.Weights, shapes: tuple[plugins.Shape, ...]) -> Mine:
            return cls()

        def apply(self, x: plugins.Array) -> plugins.Array:
            return x

    with pytest.raises(rnnscope.BadInput, match="'LSTM' is the name of one of rnnscope's own classes"):
        rnnscope.keras_layer("LSTM")(Mine)
    rnnscope.keras_layer("LSTM", replace=True)(Mine)
    assert LAYERS["LSTM"] is Mine
    rnnscope.keras_layer("LSTM")(type("Newer", (Mine,), {}))  # what is one's own may be written anew


def test_a_cell_cannot_take_a_built_in_name_by_accident() -> None:
    with pytest.raises(rnnscope.BadInput, match="GRUCell"):
        rnnscope.keras_cell("GRUCell")(type("Mine", (plugins.Cell,), {}))


def test_a_class_of_the_users_that_is_called_as_a_built_in_is_not_taken_for_it(example: Path) -> None:
    run_plugin(example)
    config = plugins.Config({}, class_name="TimeDistributed", layer="outer", semantics=plugins.Semantics())
    entry = {"class_name": "Dense", "config": {}, "module": "lab", "registered_name": "lab>Dense"}
    with pytest.raises(rnnscope.Unsupported, match="the class Dense is not one of Keras's own"):
        rnnscope.layers.registry.registered_name(entry, LAYERS, config.layer)
    own = {"class_name": "lab>ScaledTanh", "config": {}}
    assert rnnscope.layers.registry.registered_name(own, LAYERS, config.layer) == "ScaledTanh"
