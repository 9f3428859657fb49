"""The recorder as a module, and as little of a Keras as it needs to step through one recurrent layer."""

from __future__ import annotations

import importlib.util
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.conftest import ROOT

Array = NDArray[Any]


def load_recorder() -> ModuleType:
    specification = importlib.util.spec_from_file_location("record_keras", ROOT / "assets" / "record_keras.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


class Nothing:
    """Stands for the classes of layers that are not here."""


class GRUCell:
    """Adds what it sees to what it holds; named like a cell of Keras, so that its gates are listened to."""

    def __init__(self, units: int, growth: float) -> None:
        self.units, self.growth = units, np.float32(growth)
        self.state_size = units
        self.recurrent_activation = np.abs
        self.activation = np.tanh

    def __call__(self, x: Array, states: list[Array]) -> tuple[Array, list[Array]]:
        self.recurrent_activation(x)
        self.recurrent_activation(x)
        h = self.growth * states[0] + self.activation(x)
        return h, [h]


class FakeLayer:
    """An RNN in NumPy with the options that the recorder changes and reads."""

    compute_dtype = "float32"
    return_sequences, return_state, stateful, unroll = True, False, False, False

    def __init__(self, units: int, go_backwards: bool = False, growth: float = 1.0) -> None:
        self.cell = GRUCell(units, growth)
        self.go_backwards = go_backwards

    def get_initial_state(self, batch: int) -> list[Array]:
        return [np.zeros((batch, self.cell.units), np.float32)]

    def __call__(
        self, x: Array, mask: Array | None = None, initial_state: list[Array] | None = None, training: bool = False
    ) -> Any:
        states = initial_state or self.get_initial_state(len(x))
        outputs = []
        for t in reversed(range(x.shape[1])) if self.go_backwards else range(x.shape[1]):
            _, new = self.cell(x[:, t], states)
            states = new if mask is None else [np.where(mask[:, t, None], new[0], states[0])]
            outputs.append(states[0])
        output = np.stack(outputs, axis=1) if self.return_sequences else outputs[-1]
        return (output, *states) if self.return_state else output


def flatten(value: Any) -> list[Any]:
    return [leaf for item in value for leaf in flatten(item)] if isinstance(value, list | tuple) else [value]


def fake_kit() -> Any:
    """What the recorder asks of a Keras 3, by NumPy."""
    layers = SimpleNamespace(
        RNN=FakeLayer, Bidirectional=Nothing, TimeDistributed=Nothing, GlobalAveragePooling1D=Nothing
    )
    return SimpleNamespace(
        layers=layers,
        is_keras3=True,
        keras=SimpleNamespace(backend=SimpleNamespace(floatx=lambda: "float32")),
        tree=SimpleNamespace(flatten=flatten),
        to_numpy=np.asarray,
        to_tensors=lambda value, dtype: value,
        compiled=lambda function: function,
    )


def called_on(recorder: ModuleType, layer: FakeLayer, x: Array, mask: Array | None = None) -> Any:
    """The call of a layer, as if it had been watched."""
    called = recorder.Called(fake_kit(), layer, {"sequences": x, **({} if mask is None else {"mask": mask})})
    called.outputs = [layer(x, mask=mask)]
    return called
