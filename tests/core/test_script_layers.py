"""Written scripts of every kind of model, run without rnnscope: they give what it gives, whatever names there are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import rnnscope
from rnnscope.layers.activations import Activation
from rnnscope.layers.core import Dense, InputLayer
from rnnscope.layers.ops.bare import BareOperation, Slot
from rnnscope.plugin_files import run_plugin
from rnnscope.script.write import Script, scripted
from rnnscope.types import Array
from tests.core.alone import Job, run_alone
from tests.core.layering import layer
from tests.core.models import chain
from tests.core.test_extending import example, nothing_stays
from tests.core.test_extract import CASES, GOLDEN, OPERATIONS, OWN_CLASSES, opened

__all__ = ["example", "nothing_stays"]  # fixtures
PREDICT = "(lambda made: made if isinstance(made, tuple) else (made,))(predict(*given))"
TOLERANCES = {"f2": 1e-2, "f4": 1e-5, "f8": 1e-12}


def job(script: Script) -> Job:
    given = [array for key, array in script.sample.items() if key.startswith("input_")]
    return Job(script.text, script.weights, given, PREDICT)


def agrees(script: Script, made: dict[int, Array]) -> None:
    """Up to rounding: a readable loop may add in another order than the engine."""
    outputs = [array for key, array in script.sample.items() if key.startswith("output_")]
    assert len(made) == len(outputs)
    for place, output in enumerate(outputs):
        assert made[place].dtype == output.dtype
        tolerance = TOLERANCES.get(output.dtype.str[1:], 0.0)
        if tolerance:
            np.testing.assert_allclose(made[place], output, rtol=tolerance, atol=tolerance)
        else:
            np.testing.assert_array_equal(made[place], output)


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Script, Job]]:
    """The script of every golden model, run alone."""
    written = {}
    for path in (*CASES, *OPERATIONS):
        trace = opened(path)
        assert trace.model is not None
        script = scripted(trace.model, trace.inputs)
        written[path.name] = script, job(script)
    run_alone({name: job for name, (_, job) in written.items()}, tmp_path_factory.mktemp("scripts"))
    return written


@pytest.mark.parametrize("path", [*CASES, *OPERATIONS], ids=lambda path: path.name)
def test_the_script_of_a_golden_model_gives_what_the_engine_gives(
    path: Path, scripts: dict[str, tuple[Script, Job]]
) -> None:
    script, job = scripts[path.name]
    agrees(script, job.made)


def test_a_script_stays_short_enough_to_read(scripts: dict[str, tuple[Script, Job]]) -> None:
    assert max(len(script.text) for script, _ in scripts.values()) < 100_000


def test_it_has_the_code_of_layers_of_ones_own(example: Path, tmp_path: Path) -> None:
    run_plugin(example)
    model = rnnscope.load_model(GOLDEN / f"{OWN_CLASSES}.keras")
    script = scripted(model, rnnscope.load_input(GOLDEN / f"{OWN_CLASSES}.input.npz"))
    assert "class ScaledTanh" in script.text
    assert "class MinimalGatedCell" in script.text
    done = job(script)
    run_alone({"own": done}, tmp_path)
    agrees(script, done.made)


def test_code_of_ones_own_that_asks_for_more_than_numpy_is_refused_by_name(example: Path) -> None:
    text = example.read_text().replace("import numpy as np", "import numpy as np\nimport pytest", 1)
    example.write_text(text.replace("return self.scale", "pytest.importorskip('numpy')\n        return self.scale"))
    run_plugin(example)
    model = rnnscope.load_model(GOLDEN / f"{OWN_CLASSES}.keras")
    with pytest.raises(rnnscope.Unsupported, match="imports pytest, which a script for NumPy alone cannot have"):
        scripted(model, rnnscope.load_input(GOLDEN / f"{OWN_CLASSES}.input.npz"))


@pytest.mark.parametrize("dtype", ["bool", "int32", "float32"])
def test_a_sum_keeps_the_type_that_the_engine_gives_it(dtype: str, tmp_path: Path) -> None:
    total = BareOperation("Sum", "keras", {"x": Slot(0), "axis": -1, "keepdims": False})
    script = scripted(chain(("x", InputLayer((None, 4), dtype)), ("sum", total)), np.ones((2, 4), dtype))
    done = job(script)
    run_alone({"sum": done}, tmp_path)
    agrees(script, done.made)


NAMES = ('x"""\nraise SystemExit(3)\n"""', "'; raise SystemExit(3) #", "\u202eimport\0os", "class", "__init__", "np")


def test_names_and_constants_out_of_a_file_are_never_code(tmp_path: Path) -> None:
    numbers = np.random.default_rng(0).normal(size=(1, 100_000)).astype(np.float32)
    large = BareOperation("Add", "keras", {"x1": Slot(0), "x2": numbers})
    taken = BareOperation("Take", "keras", {"x": Slot(0), "indices": np.arange(3), "axis": -1})
    turned = BareOperation("Transpose", "keras", {"x": Slot(0), "axes": [1, 0]})
    dense = Dense(np.eye(3, dtype=np.float32), None, Activation("mish"))
    operations = (InputLayer((None, 100_000)), large, taken, dense, turned, turned)
    model = chain(*zip(NAMES, operations, strict=True))
    script = scripted(model, np.ones((2, 100_000), np.float32))
    assert len(script.text) < 60_000
    assert "\u202e" not in script.text
    done = job(script)
    run_alone({"names": done}, tmp_path)
    agrees(script, done.made)


def test_words_out_of_a_file_are_never_code(tmp_path: Path) -> None:
    evil = '"""\\\nraise SystemExit(3)\n"""\u2028'
    options = {"vocabulary": [evil, "'"], "oov_token": f"{evil}?", "invert": True, "num_oov_indices": 1}
    words = layer("StringLookup", options, ((None, 4),))
    model = chain(("x", InputLayer((None, 4), "int64")), (evil, words))
    script = scripted(model, np.array([[0, 1, 2, 7]]))
    done = job(script)
    run_alone({"words": done}, tmp_path)
    assert done.made[0].tolist() == [[f"{evil}?", evil, "'", f"{evil}?"]]
