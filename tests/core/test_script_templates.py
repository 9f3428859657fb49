"""The readable half of written scripts: to the bit what the engine computes, for each option that changes the code."""

from __future__ import annotations

import ast
import itertools
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import rnnscope
from rnnscope.floor import NoiseFloor
from rnnscope.graph import Call, Layer, Tensor
from rnnscope.layers.activations import Activation
from rnnscope.layers.base import Operation
from rnnscope.layers.bidirectional import MERGE_MODES, Bidirectional
from rnnscope.layers.cells import Cell
from rnnscope.layers.core import Dense, InputLayer
from rnnscope.layers.dense_cells import GRUCell, LSTMCell, SimpleRNNCell
from rnnscope.layers.masking import Masking
from rnnscope.layers.merging import FUNCTIONS, Concatenate, ElementWise
from rnnscope.layers.nonlinearities import ACTIVATIONS
from rnnscope.layers.ops.bare import BareOperation, Slot
from rnnscope.layers.recurrent import Recurrent
from rnnscope.layers.stacked_cells import StackedCells
from rnnscope.model import Model
from rnnscope.script.write import scripted
from rnnscope.semantics import Semantics
from rnnscope.types import Array, Shape
from rnnscope.unroll import Direction

MISSING = -9.0
FEATURES, UNITS, STEPS = 3, 4, 6
KERASES = {
    "tensorflow": Semantics("3.15.1"),
    "jax": Semantics("3.15.1", "jax"),
    "tf-keras": Semantics("2.15.0"),
    "keras-2.2": Semantics("2.2.4"),
    "keras-3.2": Semantics("3.2.0"),
}
TANH, SIGMOID = Activation("tanh"), Activation("sigmoid")


@pytest.fixture(autouse=True)
def unmeasured(monkeypatch: pytest.MonkeyPatch) -> None:
    """What rounding can do is five runs more, and decides nothing where all is to be equal to the bit."""
    monkeypatch.setattr("rnnscope.script.write.measure_floor", lambda *_, **__: NoiseFloor({}, 0.0))


def numbers(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).normal(0, 0.7, shape).astype(np.float32)


def cell(kind: str, features: int = FEATURES, *, seed: int = 1) -> Cell:
    def kernels(blocks: int) -> tuple[Array, Array]:
        return numbers(features, blocks * UNITS, seed=seed), numbers(UNITS, blocks * UNITS, seed=seed + 1)

    match kind:
        case "simple":
            return SimpleRNNCell(*kernels(1), numbers(UNITS, seed=seed + 2), TANH)
        case "lstm":
            return LSTMCell(*kernels(4), numbers(4 * UNITS, seed=seed + 2), TANH, SIGMOID)
        case "gru":
            return GRUCell(*kernels(3), numbers(2, 3 * UNITS, seed=seed + 2), TANH, SIGMOID, reset_after=True)
        case "gru before":
            return GRUCell(*kernels(3), numbers(3 * UNITS, seed=seed + 2), TANH, SIGMOID, reset_after=False)
        case "no bias":
            return LSTMCell(*kernels(4), None, TANH, Activation("hard_sigmoid_keras2"))
    return StackedCells((cell("gru", features, seed=seed), cell("lstm", UNITS, seed=seed + 5)))


def model(
    operations: dict[str, Operation],
    calls: dict[str, tuple[tuple[str, int], ...]],
    keywords: dict[str, dict[str, object]] | None = None,
    *,
    semantics: Semantics = KERASES["tensorflow"],
    dtype: str = "float32",
    ends: tuple[tuple[str, int], ...] = (),
) -> Model:
    """Layers by name, and which (layer, output) each reads; the last one's output is the model's, or `ends`."""
    shapes: dict[str, tuple[Shape, ...]] = {}
    for name, operation in operations.items():
        shapes[name] = operation.output_shapes(tuple(shapes[one][place] for one, place in calls[name]))
    return Model(
        name="built",
        class_name="Functional",
        layers=tuple(
            Layer(name, type(one).__name__, one, shapes[name], 0, 0, dtype=dtype) for name, one in operations.items()
        ),
        calls=tuple(
            Call(name, name, tuple(Tensor(*one) for one in calls[name]), (keywords or {}).get(name, {}))
            for name in operations
        ),
        inputs=tuple(Tensor(name, 0) for name, one in operations.items() if isinstance(one, InputLayer)),
        outputs=tuple(Tensor(*end) for end in ends) or (Tensor(list(operations)[-1], 0),),
        semantics=semantics,
        dtype=dtype,
    )


def masked_input(samples: int = 7) -> Array:
    """Sequences masked nowhere, behind, before, in between, at every other step, everywhere."""
    x = numbers(samples, STEPS, FEATURES, seed=9)
    for sample, masked in enumerate(((), (4, 5), (0, 1), (2, 3), (1, 3, 5), range(STEPS))):
        x[sample % samples, list(masked)] = MISSING
    return x


def check(built: Model, *x: Array) -> str:
    """Hold the script against the engine, on its sample and on other numbers of samples; returns its text."""
    script = scripted(built, dict(zip(built.input_names, x, strict=True)))
    loaded = script.text.replace('dict(np.load(HERE / "weights.npz"))', "LOADED")
    namespace = {"__name__": "predict", "__file__": "predict.py", "LOADED": script.weights}
    exec(compile(ast.parse(loaded, feature_version=(3, 8)), "predict.py", "exec"), namespace)
    for samples in (slice(None), slice(1), [0, 5, 4, 3, 2, 1, 6, 5, 5]):
        chosen = [array[samples] for array in x]
        with np.errstate(all="ignore"):
            made = namespace["predict"](*chosen)  # type: ignore[operator]
        outputs = rnnscope.run(built, dict(zip(built.input_names, chosen, strict=True))).outputs
        for mine, engine in zip(made if isinstance(made, tuple) else (made,), outputs, strict=True):
            assert mine.dtype == engine.dtype
            np.testing.assert_array_equal(mine, engine)
    return script.text


def entrance() -> dict[str, Operation]:
    return {"x": InputLayer((None, STEPS, FEATURES)), "masking": Masking(MISSING)}


def masked_recurrent(layer: Operation, **options: object) -> Model:
    calls = {"x": (), "masking": (("x", 0),), "rnn": (("masking", 0),)}
    return model({**entrance(), "rnn": layer}, calls, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "keras"),
    [
        *((kind, "tensorflow") for kind in ("lstm", "gru", "gru before", "no bias")),
        *itertools.product(("simple", "stack"), KERASES),
    ],
)
def test_every_way_through_time(kind: str, keras: str) -> None:
    for backwards, zeros, unroll, sequences in itertools.product((False, True), repeat=4):
        direction = Direction(backwards, zeros, unroll)
        layer = Recurrent(cell(kind), direction, sequences, return_state=True, stateful=False)
        states = tuple(("rnn", place) for place in range(1 + len(layer.cell.state_sizes)))
        check(masked_recurrent(layer, semantics=KERASES[keras], ends=states), masked_input())


@pytest.mark.parametrize("keras", KERASES)
@pytest.mark.parametrize("kind", ["simple", "lstm", "stack"])
def test_given_states_show_where_masked_steps_repeat_the_output(kind: str, keras: str) -> None:
    for sequences in (False, True):
        layer = Recurrent(cell(kind), Direction(), sequences, return_state=False, stateful=False)
        states = {f"state_{place}": InputLayer((None, UNITS)) for place, _ in enumerate(layer.cell.state_sizes)}
        built = model(
            {**entrance(), **states, "rnn": layer},
            {"x": (), "masking": (("x", 0),), **dict.fromkeys(states, ()), "rnn": (("masking", 0),)},
            {"rnn": {"initial_state": [Tensor(name, 0) for name in states]}},
            semantics=KERASES[keras],
        )
        check(built, masked_input(), *(numbers(7, UNITS, seed=20 + place) for place, _ in enumerate(states)))


@pytest.mark.parametrize("merge_mode", MERGE_MODES)
@pytest.mark.parametrize("sequences", [False, True])
def test_both_directions_in_every_merge(merge_mode: str | None, sequences: bool) -> None:
    ahead, back = (
        Recurrent(cell("gru", seed=seed), Direction(back), sequences, return_state=False, stateful=False)
        for seed, back in ((1, False), (4, True))
    )
    zeroed = Bidirectional(ahead.with_zeroed_masks(), back.with_zeroed_masks(), merge_mode)
    ends = (("rnn", 0),) if merge_mode else (("rnn", 0), ("rnn", 1))
    check(masked_recurrent(zeroed, ends=ends), masked_input())


@pytest.mark.parametrize("dtype", ["float64", "float16", "bfloat16"])
@pytest.mark.parametrize("kind", ["lstm", "gru", "stack"])
def test_each_type_is_rounded_as_the_engine_rounds_it(kind: str, dtype: str) -> None:
    layer = Recurrent(cell(kind), Direction(), return_sequences=True, return_state=False, stateful=False)
    dense = Dense(numbers(UNITS, 2), numbers(2), TANH)
    calls = {"x": (), "masking": (("x", 0),), "rnn": (("masking", 0),), "dense": (("rnn", 0),)}
    built = model({**entrance(), "rnn": layer, "dense": dense}, calls, dtype=dtype)
    wide = tuple(one if one.name == "x" or dtype == "float64" else replace(one) for one in built.layers)
    check(replace(built, layers=wide), masked_input())


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation(name: str) -> None:
    options = (("threshold", 0.1), ("default_value", -2.0)) if name == "threshold" else ()
    dense = Dense(numbers(FEATURES, 6), None, Activation(name, options))
    text = check(
        model({"x": InputLayer((None, FEATURES)), "dense": dense}, {"x": (), "dense": (("x", 0),)}), numbers(7, 3)
    )
    assert "class " not in text


@pytest.mark.parametrize(
    "activation",
    [
        Activation("relu", (("max_value", 1.5), ("negative_slope", 0.1), ("threshold", 0.25))),
        Activation("leaky_relu", (("negative_slope", 0.3),)),
        Activation("elu", (("alpha", 0.7),)),
        Activation("thresholded_relu", (("theta", 0.4),)),
        Activation("softmax", (("axis", (0, 1)),)),
    ],
    ids=lambda activation: activation.name,
)
def test_options_of_activations_stand_in_the_code_as_numbers(activation: Activation) -> None:
    dense = Dense(numbers(FEATURES, 6), None, activation)
    check(model({"x": InputLayer((None, FEATURES)), "dense": dense}, {"x": (), "dense": (("x", 0),)}), numbers(7, 3))


@pytest.mark.parametrize("keras", KERASES)
@pytest.mark.parametrize("name", [*FUNCTIONS, "steps", "features"])
def test_masks_are_joined_as_each_keras_joins_them(name: str, keras: str) -> None:
    merge = ElementWise(name) if name in FUNCTIONS else Concatenate(1 if name == "steps" else -1)
    inputs: dict[str, Operation] = {one: InputLayer((None, STEPS, FEATURES)) for one in "ab"}
    masks: dict[str, Operation] = {"mask_a": Masking(MISSING), "mask_b": Masking(MISSING)}
    after = Recurrent(cell("simple"), Direction(), return_sequences=True, return_state=False, stateful=False)
    if name == "features":
        after = replace(after, cell=cell("simple", 2 * FEATURES))
    for second in ("mask_b", "b"):
        built = model(
            {**inputs, **masks, "merge": merge, "rnn": after},
            {
                **dict.fromkeys("ab", ()), "mask_a": (("a", 0),), "mask_b": (("b", 0),),
                "merge": (("mask_a", 0), (second, 0)), "rnn": (("merge", 0),),
            },
            semantics=KERASES[keras],
        )  # fmt: skip
        check(built, masked_input(), masked_input()[::-1].copy())


def test_an_operation_on_several_constants_keeps_them_apart() -> None:
    joined: dict[str, object] = {"xs": [Slot(0), numbers(7, 2, seed=3), numbers(7, 2, seed=4)], "axis": -1}
    operations: dict[str, Operation] = {
        "x": InputLayer((None, FEATURES)),
        "joined": BareOperation("Concatenate", "keras", joined),
    }
    script = scripted(model(operations, {"x": (), "joined": (("x", 0),)}), numbers(7, FEATURES))
    assert sorted(script.weights) == ["joined_constant", "joined_constant_2"]


def test_a_script_passes_the_linter(tmp_path: Path) -> None:
    """With ruff's own rules, none of the project's."""
    for kind in ("simple", "lstm", "gru", "gru before", "stack"):
        layer = Recurrent(cell(kind), Direction(), return_sequences=False, return_state=False, stateful=False)
        (tmp_path / f"{kind.replace(' ', '_')}.py").write_text(check(masked_recurrent(layer), masked_input()), "utf-8")
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


NAMES = ('x"""\nraise SystemExit(3)', "'; raise SystemExit(3) #", "lambda", "predict", "mask")


def test_names_from_a_file_are_never_code() -> None:
    layer = Recurrent(cell("lstm"), Direction(), return_sequences=True, return_state=False, stateful=False)
    dense = Dense(numbers(UNITS, 2), numbers(2), TANH)
    operations = (*entrance().values(), layer, dense, Dense(numbers(2, 2), None, TANH))
    names = dict(zip(NAMES, operations, strict=True))
    before = [(), *(((name, 0),) for name in NAMES)]
    built = model(names, dict(zip(NAMES, before, strict=False)))
    text = check(replace(built, name='"""\nraise SystemExit(3)', file="\\'\"\n.h5"), masked_input())
    assert "lambda_kernel" in text
