from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnscope.context import Context
from rnnscope.errors import BadInput, Unsupported
from rnnscope.layers.base import Arguments, Operation, Result, Weights
from rnnscope.layers.cell_weights import from_cudnn
from rnnscope.layers.cells import CELLS, Cell, Step
from rnnscope.layers.config import Circumstances, Config
from rnnscope.layers.registry import read_layer
from rnnscope.semantics import Semantics
from rnnscope.types import Array, Mask

BATCH, STEPS, FEATURES, UNITS = 3, 5, 2, 4


@dataclass
class Listed:
    """Weights in a list, as a legacy file has them."""

    left: list[Array]

    def at(self, part: str) -> Listed:
        return self

    def each(self, part: str, class_names: Sequence[str]) -> Sequence[Weights]:
        return [self] * len(class_names)

    def frozen(self) -> Listed:
        return self

    def peek_shape(self) -> tuple[int, ...] | None:
        return self.left[0].shape if self.left else None

    def named_shape(self, name: str) -> tuple[int, ...] | None:
        return None

    def text(self, name: str) -> str | None:
        return None

    def take(self, name: str, shape: tuple[int, ...], *, trainable: bool = True) -> Array:
        assert self.left[0].shape == shape, name
        return self.left.pop(0)


class Drawn(Listed):
    """Weights of whatever shape is asked for."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__([])
        self.random = np.random.default_rng(seed)

    def take(self, name: str, shape: tuple[int, ...], *, trainable: bool = True) -> Array:
        return self.random.normal(0, 0.5, shape)


def layer(
    class_name: str, shape: tuple[int | None, ...], weights: Weights, version: str = "3.15.1", **options: Any
) -> Operation:
    return read_layer(config(class_name, version, options), weights, (shape,))


def config(class_name: str, version: str = "3.15.1", options: Mapping[str, object] | None = None) -> Config:
    circumstances = Circumstances(Semantics(version), [])
    return Config(options or {}, class_name=class_name, layer="rnn", circumstances=circumstances)


def call(
    operation: Operation,
    x: Array,
    mask: Mask | None = None,
    carried: Mapping[str, Array] | None = None,
    version: str = "3.15.1",
    backend: str = "tensorflow",
    **keywords: object,
) -> Result:
    context = Context(
        Semantics(version, backend), np.dtype(np.float64), carried={} if carried is None else {"rnn": carried}
    )
    return operation.call(Arguments((x,), mask, mask, (mask,), keywords, "rnn"), context)


def sequences(*shape: int) -> Array:
    return np.random.default_rng(7).normal(size=(BATCH, STEPS, *(shape or (FEATURES,))))


LSTM = {"class_name": "LSTM", "config": {"units": UNITS, "stateful": True, "return_sequences": True}}
STACK = [{"class_name": f"{kind}Cell", "config": {"units": UNITS}} for kind in ("LSTM", "GRU")]
STATEFUL: dict[str, tuple[str, dict[str, Any], tuple[int, ...]]] = {
    "plain": ("GRU", {"units": UNITS}, (FEATURES,)),
    "stacked": ("RNN", {"cell": {"class_name": "StackedRNNCells", "config": {"cells": STACK}}}, (FEATURES,)),
    "convolutional": ("ConvLSTM1D", {"filters": 2, "kernel_size": [2], "padding": "same"}, (4, FEATURES)),
}


@pytest.mark.parametrize("kind", STATEFUL)
@given(cut=st.integers(1, STEPS - 1), masked=st.lists(st.booleans(), min_size=STEPS, max_size=STEPS))
@settings(max_examples=20, deadline=None)
def test_a_sequence_cut_in_two_and_carried_on_is_the_whole_sequence(kind: str, cut: int, masked: list[bool]) -> None:
    class_name, options, step = STATEFUL[kind]
    rnn = layer(class_name, (BATCH, None, *step), Drawn(), **options, stateful=True, return_state=True)
    x, mask = sequences(*step), np.tile(masked, (BATCH, 1))
    whole = call(rnn, x, mask)
    first = call(rnn, x[:, :cut], mask[:, :cut])
    second = call(rnn, x[:, cut:], mask[:, cut:], carried=first.final)
    assert list(second.final) == list(whole.final)
    for name, state in whole.states.items():
        np.testing.assert_allclose(np.concatenate([first.states[name], second.states[name]], axis=1), state)
    for ours, theirs in zip(second.outputs[1:], whole.outputs[1:], strict=True):
        np.testing.assert_allclose(ours, theirs)


def test_each_direction_carries_on_from_its_own_states() -> None:
    both = layer("Bidirectional", (BATCH, None, FEATURES), Drawn(), layer=LSTM)
    x = sequences()
    first = call(both, x)
    second = call(both, x, carried=first.final)
    alone = call(both, x, initial_state=tuple(first.final.values()))
    assert list(first.final) == ["forward/h", "forward/c", "backward/h", "backward/c"]
    np.testing.assert_array_equal(first.final["backward/h"], first.states["backward/h"][:, 0])
    np.testing.assert_array_equal(second.outputs[0], alone.outputs[0])
    assert not np.allclose(second.outputs[0], first.outputs[0])


@pytest.mark.parametrize(("version", "runs_before"), [("2.15.0", 1), ("3.15.1", 0)])
def test_a_stateful_layer_goes_from_outer_step_to_outer_step(version: str, runs_before: int) -> None:
    every = layer("TimeDistributed", (BATCH, 2, STEPS, FEATURES), Drawn(), version, layer=LSTM)
    alone = layer("LSTM", (BATCH, STEPS, FEATURES), Drawn(), **LSTM["config"])  # type: ignore[arg-type]
    x = sequences()
    twice = call(every, np.stack([x, x], axis=1), version=version)
    first = call(alone, x)
    for _ in range(runs_before):
        first = call(alone, x, carried=first.final)
    second = call(alone, x, carried=first.final)
    np.testing.assert_array_equal(twice.outputs[0], np.stack([first.outputs[0], second.outputs[0]], axis=1))
    np.testing.assert_array_equal(twice.final["c"], second.final["c"])


def test_only_tf_keras_prefers_the_carried_states_to_given_ones() -> None:
    gru = layer("GRU", (BATCH, STEPS, FEATURES), Drawn(), units=UNITS, stateful=True)
    x, given_state = sequences(), np.full((BATCH, UNITS), 0.3)
    carried = {"h": np.full((BATCH, UNITS), -0.4)}
    of_given, of_carried = call(gru, x, initial_state=given_state), call(gru, x, carried=carried)
    in_keras_3 = call(gru, x, carried=carried, initial_state=given_state)
    in_keras_2 = call(gru, x, carried=carried, initial_state=given_state, version="2.15.0")
    np.testing.assert_array_equal(in_keras_3.outputs[0], of_given.outputs[0])
    np.testing.assert_array_equal(in_keras_2.outputs[0], of_carried.outputs[0])
    reset = call(gru, x, carried={"h": np.zeros((BATCH, UNITS))}, initial_state=given_state, version="2.15.0")
    np.testing.assert_array_equal(reset.outputs[0], of_given.outputs[0])


# Layouts of weights.


def blocks(shape: tuple[int, ...], gates: str) -> dict[str, Array]:
    random = np.random.default_rng(len(shape))
    return {gate: random.normal(size=shape) for gate in gates}


@pytest.mark.parametrize(("class_name", "stored", "fused"), [("LSTM", "icfo", "ifco"), ("GRU", "zrh", "zrh")])
def test_keras_1_lists_the_weights_gate_by_gate(class_name: str, stored: str, fused: str) -> None:
    kinds = [blocks(shape, stored) for shape in ((FEATURES, UNITS), (UNITS, UNITS), (UNITS,))]
    apart = Listed([kind[gate] for gate in stored for kind in kinds])
    together = Listed([np.concatenate([kind[gate] for gate in fused], axis=-1) for kind in kinds])
    x = sequences()
    first, second = (
        call(layer(class_name, (None, STEPS, FEATURES), weights, "1.2.2", units=UNITS), x, version="1.2.2")
        for weights in (apart, together)
    )
    np.testing.assert_array_equal(first.outputs[0], second.outputs[0])


def test_keras_1_with_channels_first_has_kernels_of_filters_first() -> None:
    options = {"filters": 3, "nb_row": 2, "nb_col": 3, "data_format": "channels_first"}
    kernel, recurrent, bias = blocks((3, 1, 2, 3), "icfo"), blocks((3, 3, 2, 3), "icfo"), blocks((3,), "icfo")
    old = Listed([kind[gate] for gate in "icfo" for kind in (kernel, recurrent, bias)])
    new = Listed(
        [np.concatenate([kind[gate].transpose(2, 3, 1, 0) for gate in "ifco"], axis=-1) for kind in (kernel, recurrent)]
        + [np.concatenate([bias[gate] for gate in "ifco"])]
    )
    x = sequences(1, 4, 5)
    shape = (None, STEPS, 1, 4, 5)
    first = call(layer("ConvLSTM2D", shape, old, "1.2.2", **options), x, version="1.2.2")
    second = call(layer("ConvLSTM2D", shape, new, "2.3.0", **options), x, version="2.3.0")
    assert first.outputs[0].shape == (BATCH, 3, 3, 3)
    np.testing.assert_allclose(first.outputs[0], second.outputs[0])


def test_cudnns_layout_is_undone() -> None:
    random = np.random.default_rng(3)
    kernel, recurrent = random.normal(size=(FEATURES, 4 * UNITS)), random.normal(size=(UNITS, 4 * UNITS))
    bias = random.normal(size=8 * UNITS)
    stored = [
        np.concatenate([part.T.reshape(FEATURES, UNITS) for part in np.split(kernel, 4, axis=1)], axis=1),
        np.concatenate([part.T for part in np.split(recurrent, 4, axis=1)], axis=1),
        bias,
    ]
    found = from_cudnn(*stored, gates=4)
    np.testing.assert_array_equal(found.kernel, kernel)
    np.testing.assert_array_equal(found.recurrent_kernel, recurrent)
    np.testing.assert_array_equal(found.bias, bias[: 4 * UNITS] + bias[4 * UNITS :])
    plain = Listed([kernel, recurrent, bias[: 4 * UNITS] + bias[4 * UNITS :]])
    x = sequences()
    shape = (None, STEPS, FEATURES)
    fast = call(layer("CuDNNLSTM", shape, Listed(stored), "2.2.4", units=UNITS, return_sequences=True), x)
    slow = call(layer("LSTM", shape, plain, units=UNITS, return_sequences=True), x)
    np.testing.assert_array_equal(fast.outputs[0], slow.outputs[0])


def test_a_cudnn_layer_under_a_mask_is_refused() -> None:
    fast = layer("CuDNNGRU", (None, STEPS, FEATURES), Drawn(), "2.2.4", units=UNITS)
    with pytest.raises(Unsupported, match="takes no mask"):
        call(fast, sequences(), np.ones((BATCH, STEPS), bool))


def test_the_stored_bias_decides_about_the_reset_and_says_so() -> None:
    options = config("GRU", options={"units": UNITS, "reset_after": False})
    shapes: list[tuple[int, ...]] = [(FEATURES, 3 * UNITS), (UNITS, 3 * UNITS), (2, 3 * UNITS)]
    read_layer(options, Listed([np.zeros(shape) for shape in shapes]), ((None, STEPS, FEATURES),))
    (note,) = options.circumstances.notes
    assert "layer 'rnn'" in note
    assert "reset_after=False" in note
    assert "the bias decides" in note


# Masks beyond the plain ones.


def test_a_mask_of_places_freezes_place_by_place() -> None:
    conv = layer("ConvLSTM1D", (None, STEPS, 4, FEATURES), Drawn(), filters=2, kernel_size=[3], padding="same")
    mask = np.random.default_rng(5).random((BATCH, STEPS, 4)) < 0.5
    h = call(conv, sequences(4, FEATURES), mask).states["h"]
    before = np.concatenate([np.zeros_like(h[:, :1]), h[:, :-1]], axis=1)
    np.testing.assert_array_equal((h == before).all(axis=-1), ~mask)


def test_a_mask_that_jax_cannot_lay_over_images_is_refused() -> None:
    conv = layer("ConvLSTM1D", (None, STEPS, 4, FEATURES), Drawn(), filters=2, kernel_size=[3], padding="same")
    with pytest.raises(Unsupported, match="does not fit the layer's steps"):
        call(conv, sequences(4, FEATURES), np.ones((BATCH, STEPS), bool), backend="jax")


@pytest.mark.parametrize(
    ("version", "expected"), [("1.2.2", (2, STEPS)), ("2.1.6", (2, STEPS)), ("2.3.1", (2,)), ("3.15.1", (2, STEPS))]
)
def test_what_time_distributed_passes_on_of_a_mask(version: str, expected: tuple[int, ...]) -> None:
    inner = {"class_name": "GRU", "config": {"units": UNITS}}
    every = layer("TimeDistributed", (None, 2, STEPS, FEATURES), Drawn(), version, layer=inner)
    mask = np.zeros((BATCH, 2, STEPS), bool)
    mask[0, 0, 1] = True
    result = call(every, np.stack([sequences()] * 2, axis=1), mask, version=version)
    (passed,) = result.masks
    assert passed is not None
    assert passed.shape[1:] == expected
    assert passed.any()
    assert not passed.all()
    assert (result.mask is None) == (version < "2.2")


def test_masked_outer_steps_of_a_stateful_layer_repeat_in_tf_keras() -> None:
    every = layer("TimeDistributed", (BATCH, 3, STEPS, FEATURES), Drawn(), "2.15.0", layer=LSTM)
    mask = np.array([[False, True, False]] * BATCH)
    (output,) = call(every, np.stack([sequences()] * 3, axis=1), mask, version="2.15.0").outputs
    assert (output[:, 0] == 0).all()
    assert (output[:, 1] != 0).all()
    np.testing.assert_array_equal(output[:, 2], output[:, 1])


# Constants and the order of states.


@dataclass(frozen=True, slots=True, eq=False)
class LeakyCell(Cell):
    """h' = h / 2 + x + constant."""

    constant: Array | float = 0.0

    @property
    def state_sizes(self) -> Mapping[str, int]:
        return {"h": FEATURES}

    @property
    def takes_constants(self) -> bool:
        return True

    @classmethod
    def read(cls, config: Config, weights: Weights, features: int) -> Self:
        return cls()

    def bind(self, constants: tuple[Array, ...]) -> Self:
        return replace(self, constant=constants[0])

    def step(self, x: Array, states: tuple[Array, ...]) -> Step:
        return Step((states[0] / 2 + x + self.constant,), {})


def test_constants_reach_the_cells_that_take_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CELLS, "LeakyCell", LeakyCell)
    leaky = {"class_name": "LeakyCell", "config": {}}
    stack = {"class_name": "StackedRNNCells", "config": {"cells": [leaky, leaky]}}
    rnn = layer("RNN", (None, 1, FEATURES), Drawn(), "2.15.0", cell=stack, num_constants=1)
    x, start, constant = np.ones((1, 1, FEATURES)), np.full((1, FEATURES), 4.0), np.full((1, FEATURES), 10.0)
    context = Context(Semantics("2.15.0"), np.dtype(np.float64))
    as_list = rnn.call(Arguments((x, start, start, constant), layer="rnn"), context)
    by_name = call(rnn, x, initial_state=(start, start), constants=constant)
    assert as_list.outputs[0].tolist() == by_name.outputs[0].tolist() == [[25.0] * FEATURES]


def test_constants_for_a_cell_that_takes_none_are_refused() -> None:
    gru = layer("GRU", (None, STEPS, FEATURES), Drawn(), units=UNITS)
    with pytest.raises(BadInput, match="takes no constants"):
        call(gru, sequences(), constants=np.ones((BATCH, 1)))


@pytest.mark.parametrize(("version", "first"), [("2.1.6", "1/h"), ("2.2.4", "0/h"), ("3.15.1", "0/h")])
def test_an_old_stack_lists_its_upper_cell_first(version: str, first: str) -> None:
    stack = {"class_name": "StackedRNNCells", "config": {"cells": STACK}}
    rnn = layer("RNN", (None, STEPS, FEATURES), Drawn(), version, cell=stack, return_state=True)
    result = call(rnn, sequences(), version=version)
    assert next(iter(result.final)) == first
    assert set(result.states) == {"0/h", "0/c", "1/h"}
    np.testing.assert_array_equal(result.outputs[0], result.final["1/h"])


def test_time_major_changes_the_axes_of_sequences_only() -> None:
    options = {"units": UNITS, "return_sequences": True, "return_state": True}
    plain = layer("GRU", (None, STEPS, FEATURES), Drawn(), "2.15.0", **options)
    swapped = layer("GRU", (STEPS, None, FEATURES), Drawn(), "2.15.0", **options, time_major=True)
    x, mask = sequences(), np.random.default_rng(2).random((BATCH, STEPS)) < 0.6
    first = call(plain, x, mask, version="2.15.0")
    second = call(swapped, x.swapaxes(0, 1), mask.T, version="2.15.0")
    np.testing.assert_array_equal(first.outputs[0], second.outputs[0].swapaxes(0, 1))
    np.testing.assert_array_equal(first.outputs[1], second.outputs[1])
    np.testing.assert_array_equal(first.states["h"], second.states["h"])
    assert swapped.output_shapes(((STEPS, None, FEATURES),)) == ((STEPS, None, UNITS), (None, UNITS))
