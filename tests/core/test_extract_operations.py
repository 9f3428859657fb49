"""The engine's functions cut out of it: every activation and every row of the table of operations."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rnnscope
from rnnscope.context import Context
from rnnscope.graph import Layer
from rnnscope.layers.activations import Activation
from rnnscope.layers.base import Arguments, Operation
from rnnscope.layers.core import Dense
from rnnscope.layers.nonlinearities import ACTIVATIONS
from rnnscope.layers.ops.bare import MISFITS, TABLES, BareOperation, Family, Slot
from rnnscope.layers.ops.rule import Rule
from rnnscope.script.extract import extracted
from rnnscope.semantics import Semantics
from rnnscope.types import Array
from tests.core.alone import run_alone
from tests.core.test_extract import job, same

RANDOM = np.random.default_rng(0)


def test_every_activation(tmp_path: Path) -> None:
    x, kernel = np.linspace(-4, 4, 24, dtype=np.float32).reshape(4, 6), np.eye(6, dtype=np.float32)
    names = [name for name in ACTIVATIONS if name != "threshold"]
    layers = {f"of_{name}": Layer(name, "Dense", Dense(kernel, None, Activation(name)), (), 0, 0) for name in names}
    done = job(extracted(layers, Semantics()), [x], f"[{', '.join(f'{name}((given[0],))[0]' for name in layers)}]")
    run_alone({"activations": done}, tmp_path)
    for place, name in enumerate(names):
        with np.errstate(all="ignore"):
            same(done.made[place], Activation(name)(x), name)


TENSOR = RANDOM.normal(size=(2, 4, 4)).astype(np.float32)
TENSORS: list[Array] = [
    TENSOR,
    TENSOR @ TENSOR.swapaxes(1, 2) + np.eye(4, dtype=np.float32),
    RANDOM.integers(0, 4, (2, 4, 4)).astype(np.int32),
    TENSOR > 0,
    np.array([1, 2, 3], np.int32),
    np.array([0.1, 0.2, 0.7], np.float32),
    TENSOR[0],
    TENSOR[0, 0],
    np.array(2, np.int32),
    np.array([1, 2], np.int32),
]
OPTIONS: list[dict[str, Any]] = [
    {},
    *({"axis": axis} for axis in (1, -1, [1])),
    *({"dtype": dtype} for dtype in ("float32", "int32")),
    *({"repeats": repeats} for repeats in ([1, 2, 1], 2)),
    {"newshape": [4, 8]},
    {"axes": [0, 2, 1]},
    {"axes": 1},
    {"indices_or_sections": 2, "axis": 1},
    {"shape": [2, 4, 4]},
    {"key": [slice(None), 0]},
    {"pad_width": [[0, 0], [1, 1], [0, 1]]},
    {"num_classes": 5},
    {"k": 2},
    {"source": 0, "destination": 1},
    {"axis1": 0, "axis2": 1},
    {"x_min": -0.5, "x_max": 0.5},
    {"shift": 1, "axis": 1},
    {"sizes": [1, 3], "axis": 1},
    {"sequence_length": 2, "sequence_stride": 1},
    {"q": 0.3},
    {"num_lower": 1, "num_upper": 1},
    {"start_indices": [0, 1, 0], "shape": [1, 2, 2]},
    {"begin": [0, 0, 0], "end": [1, 2, 2], "strides": [1, 1, 1]},
    {"maxlen": 5},
    {"seq_axis": 1, "batch_axis": 0},
    {"bins": [-0.5, 0.0, 0.5]},
    {"threshold": 0.1, "default_value": 2.0},
    {"axis": [-1], "epsilon": 1e-3},
    {"clip_norm": 1.0},
    {"equation": "bij,bjk->bik", "subscripts": "bij,bjk->bik"},
]


def tried(rule: Rule, family: Family) -> tuple[BareOperation, tuple[Array, ...], tuple[Array, ...]] | None:
    """The first of many calls that the engine computes: the operation, the tensors, what it gives."""
    for options in OPTIONS:
        known = {name: value for name, value in options.items() if name in {*rule.options.values(), *rule.tensors}}
        left = [name for name in rule.tensors if name not in known]
        listed: list[dict[str, object]] = (
            [{left[0]: [Slot(0), Slot(1)]}] if left and (rule.many or left[0] in ("xs", "x")) else []
        )
        slots: list[dict[str, object]] = [
            {name: Slot(place) for place, name in enumerate(left[:count])} for count in range(len(left), 0, -1)
        ]
        for named in [*listed, *slots] if len(known) == len(options) or "equation" in options else []:
            operation = BareOperation(rule.name, family, {**rule.preset, **named, **known})
            count = 2 if named in listed else len(named)
            for tensors in itertools.product(TENSORS, repeat=count):
                try:
                    return operation, tensors, computed(operation, tensors)
                except (rnnscope.RnnscopeError, *MISFITS):
                    continue
    return None


def computed(operation: Operation, tensors: tuple[Array, ...]) -> tuple[Array, ...]:
    with np.errstate(all="ignore"):
        return operation.call(Arguments(tensors, masks=(None,) * len(tensors)), Context(Semantics())).outputs


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_every_operation_of_the_table(tmp_path: Path) -> None:
    calls = {
        f"{family}_{number}": tried(rule, family)
        for family, table in TABLES.items()
        for number, rule in enumerate(table.values())
    }
    found = {name: call for name, call in calls.items() if call is not None}
    # Those without tensors, and those that take more to call; golden files have the latter.
    assert len(calls) - len(found) <= 8
    layers = {name: Layer(name, "Operation", operation, (), 0, 0) for name, (operation, _, _) in found.items()}
    given: list[Array] = []
    expressions, expected = [], []
    for name, (_, tensors, outputs) in found.items():
        places = ", ".join(f"given[{len(given) + place}]" for place in range(len(tensors)))
        expressions.append(f"*{name}(({places},))[:{len(outputs)}]")
        given += tensors
        expected += [(found[name][0].name, output) for output in outputs]
    done = job(extracted(layers, Semantics()), given, f"[{', '.join(expressions)}]")
    run_alone({"operations": done}, tmp_path)
    for place, (operation_name, output) in enumerate(expected):
        same(done.made[place], output, operation_name)
