"""The engine's own code cut out of it: every layer, alone with NumPy, to the bit what the engine computes."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path

import numpy as np
import pytest

import rnnscope
from rnnscope.graph import Layer, Network, Tensor
from rnnscope.layers.cells import CELLS
from rnnscope.layers.registry import LAYERS, QUANTIZED_LAYERS, is_built_in
from rnnscope.layers.submodel import Submodel
from rnnscope.script.extract import Extracted, extracted, extracted_calls, in_own_type
from rnnscope.script.runtime import Called
from rnnscope.script.runtime import Context as InScript
from rnnscope.semantics import Semantics
from rnnscope.types import Array
from tests.core.alone import Job, run_alone
from tests.core.layering import called, layer

GOLDEN = Path(__file__).parents[1] / "golden"
OWN_CLASSES = "own_layer_and_cell"
CASES = sorted(path for path in GOLDEN.glob("*.keras") if path.stem != OWN_CLASSES)
OPERATIONS = [GOLDEN / "keras2" / "op_lambda.h5", GOLDEN / "keras2" / "op_layer.h5"]
HEAD = 'weights = np.load(__file__.replace("source.py", "weights.npz"))\n'


def job(found: Extracted, given: list[Array], expression: str) -> Job:
    source = "\n".join(["from __future__ import annotations", *found.imports, HEAD, found.source])
    return Job(source, found.weights, given, expression)


def opened(path: Path) -> rnnscope.Trace:
    """A golden file's run."""
    if path.parent == GOLDEN:
        with np.load(GOLDEN / f"{path.stem}.keras.npz") as stored:
            backend = json.loads(str(stored["meta"]))["backend"]
        model = rnnscope.load_model(path, backend=backend, bypass_lambda=True)
        return rnnscope.run(model, rnnscope.load_input(GOLDEN / f"{path.stem}.input.npz"))
    with np.load(path.with_suffix(".npz")) as stored:
        inputs = {key.removeprefix("input/"): stored[key] for key in stored.files if key.startswith("input/")}
    return rnnscope.run(rnnscope.load_model(path), inputs)


def whole(trace: rnnscope.Trace) -> tuple[Extracted, list[Tensor]]:
    """The whole model as one layer that gives what every layer of it gives, and which tensors these are."""
    model = trace.model
    assert model is not None
    ends = [Tensor(call.key, index) for call in model.calls for index in range(len(trace[call.key].outputs))]
    inside = Network(tuple(map(in_own_type, model.layers)), model.calls, model.inputs, tuple(ends))
    return extracted_calls({"model": Called(Submodel(inside, ()), "model", "float64", True)}, model.semantics), ends


@pytest.fixture(scope="module")
def golden(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[rnnscope.Trace, list[Tensor], Job]]:
    """Every golden model cut out of the engine and run alone."""
    found = {}
    for path in (*CASES, *OPERATIONS):
        trace = opened(path)
        source, ends = whole(trace)
        found[path.name] = trace, ends, job(source, list(trace.inputs.values()), "model(tuple(given))")
    run_alone({name: job for name, (_, _, job) in found.items()}, tmp_path_factory.mktemp("golden"))
    return found


def same(made: Array, ours: Array, where: object = "") -> None:
    assert made.dtype == ours.dtype, where
    np.testing.assert_array_equal(made, ours, err_msg=str(where))


@pytest.mark.parametrize("path", [*CASES, *OPERATIONS], ids=lambda path: path.name)
def test_every_layer_of_a_golden_model_gives_the_same_to_the_bit(
    path: Path, golden: dict[str, tuple[rnnscope.Trace, list[Tensor], Job]]
) -> None:
    trace, ends, job = golden[path.name]
    for place, tensor in enumerate(ends):
        same(job.made[place], trace[tensor.call].outputs[tensor.output], tensor)


@pytest.mark.parametrize("path", [*CASES, *OPERATIONS], ids=lambda path: path.name)
def test_masks_arrive_where_they_arrive_in_the_engine(
    path: Path, golden: dict[str, tuple[rnnscope.Trace, list[Tensor], Job]]
) -> None:
    trace, ends, job = golden[path.name]
    assert trace.model is not None
    taken_off = any(layer.operation.unmasks(trace.model.semantics) for layer in trace.model.layers)
    for place, tensor in enumerate(ends):
        ours, made = trace[tensor.call].output_mask, job.made.get(len(ends) + place)
        if tensor.output == 0 and made is not None:
            assert ours is not None
            same(made, ours, tensor)
        elif tensor.output == 0:  # nothing but attention takes a mask off that was there
            assert ours is None or taken_off, tensor


def test_what_stands_in_for_the_context_has_all_that_layers_ask_for() -> None:
    engine = Path(rnnscope.__file__).parent
    texts = [path.read_text() for path in (*(engine / "layers").rglob("*.py"), engine / "unroll.py")]
    asked = {name for text in texts for name in re.findall(r"\bcontext\.(\w+)", text)}
    assert {"semantics", "settle", "decide"} <= asked
    asked -= {"enter"}  # of a model inside a wrapper, which has another stand-in
    standing_in = {*dir(InScript), *(part.name for part in fields(InScript))}
    assert asked - standing_in == set()


def kinds_in(value: object) -> Iterator[type]:
    if is_dataclass(value) and not isinstance(value, type):
        yield type(value)
        for part in fields(value):
            yield from kinds_in(getattr(value, part.name))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from kinds_in(item)


RANDOM = np.random.default_rng(0)
MERGE: dict[str, object] = {"mode_type": "raw", "output_shape": None, "output_shape_type": "raw", "arguments": {}}
Alone = tuple[str, dict[str, object], list[tuple[int, ...]], list[tuple[int, ...]], str]


def merge(mode: str) -> Alone:
    return "Merge", {"concat_axis": -1, "dot_axes": -1, **MERGE, "mode": mode}, [(4, 3), (4, 3)], [], "1.2.2"


# Layers that no golden file has: class, options, shapes of the inputs, shapes of the weights, version.
ALONE: list[Alone] = [
    ("Highway", {"activation": "tanh", "use_bias": True}, [(3,)], [(3, 3), (3, 3), (3,), (3,)], "1.2.2"),
    ("MaxoutDense", {"units": 5, "nb_feature": 4}, [(3,)], [(4, 3, 5), (4, 5)], "1.2.2"),
    ("TimeDistributedDense", {"units": 5, "activation": "relu"}, [(4, 3)], [(3, 5), (5,)], "1.2.2"),
    ("ParametricSoftplus", {"alpha_init": 0.2, "beta_init": 5.0}, [(4, 3)], [(1, 3), (1, 3)], "1.2.2"),
    ("SReLU", {}, [(4, 3)], [(1, 1)] * 4, "1.2.2"),
    *(merge(mode) for mode in ("sum", "mul", "ave", "max", "concat", "dot")),
    ("LocallyConnected1D", {"filters": 2, "kernel_size": [3], "use_bias": False}, [(5, 2)], [(3, 6, 2)], "2.2.4-tf"),
    ("CuDNNLSTM", {"units": 2, "return_sequences": True}, [(5, 3)], [(3, 8), (2, 8), (16,)], "2.2.4"),
    ("CuDNNGRU", {"units": 2, "return_state": True}, [(5, 3)], [(3, 6), (2, 6), (12,)], "2.2.4"),
]


def drawn(*shape: int) -> Array:
    return RANDOM.normal(size=shape).astype(np.float32)


def test_every_class_of_the_registry_has_been_cut_out(
    golden: dict[str, tuple[rnnscope.Trace, list[Tensor], Job]], tmp_path: Path
) -> None:
    kinds = {kind for trace, _, _ in golden.values() for kind in kinds_in(trace.model and trace.model.layers)}
    jobs, expected = {}, {}
    for number, (class_name, options, inputs, weights, version) in enumerate(ALONE):
        shapes = tuple((None, *shape) for shape in inputs)
        operation = layer(class_name, options, shapes, [drawn(*shape) for shape in weights], version=version)
        given, mask = [drawn(2, *shape) for shape in inputs], np.arange(inputs[0][0]) != 2
        # cuDNN refuses a mask.
        masks = () if class_name.startswith("CuDNN") else (np.stack([mask, mask]),) * len(given)
        used = "given[-1]" if operation.takes_mask and masks else "None"
        found = extracted({"it": Layer("it", class_name, operation, (), 0, 0)}, Semantics(version))
        call = f"it(tuple(given[:{len(given)}]), {used}, tuple(given[{len(given)}:]))"
        jobs[f"{number}"] = job(found, [*given, *masks], call)
        expected[f"{number}"] = called(operation, *given, masks=masks, version=version)
        kinds |= set(kinds_in(operation))
    run_alone(jobs, tmp_path)
    for name, result in expected.items():
        for place, output in enumerate(result.outputs):
            same(jobs[name].made[place], output, ALONE[int(name)][0])
    registered = {*LAYERS.values(), *QUANTIZED_LAYERS.values(), *CELLS.values()}
    assert {kind for kind in registered if is_built_in(kind)} - kinds == set()


@pytest.fixture(scope="module")
def together(golden: dict[str, tuple[rnnscope.Trace, list[Tensor], Job]]) -> ast.Module:
    """The code of all layers of all golden models as one source, which Python 3.9 can read."""
    layers = [layer for trace, _, _ in golden.values() if trace.model is not None for layer in trace.model.layers]
    found = extracted({f"layer_{place}": layer for place, layer in enumerate(layers)}, Semantics())
    return ast.parse(found.source, feature_version=(3, 9))


def test_an_older_python_can_run_it(together: ast.Module) -> None:
    for call in (node for node in ast.walk(together) if isinstance(node, ast.Call)):
        assert not any(word.arg in ("strict", "slots", "kw_only") for word in call.keywords)
        if isinstance(call.func, ast.Name) and call.func.id == "isinstance":
            assert not isinstance(call.args[1], ast.BinOp), ast.unparse(call)


def test_nothing_of_the_reader_and_no_large_literal_comes_along(together: ast.Module) -> None:
    defined = {node.name for node in ast.walk(together) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    assert "unroll" in defined
    assert defined.isdisjoint({"read", "Config", "Weights", "output_shapes", "keras_layer", "take_axes"})
    assert max(len(node.elts) for node in ast.walk(together) if isinstance(node, ast.List | ast.Tuple)) <= 16


def test_it_comes_out_the_same_each_time() -> None:
    trace = opened(GOLDEN / "attention_of_heads.keras")
    (first, _), (second, _) = whole(trace), whole(trace)
    assert (first.source, first.imports, list(first.weights)) == (second.source, second.imports, list(second.weights))
