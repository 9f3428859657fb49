"""Attention: what its masks do, what is refused, and in which order Keras runs what shares a tensor with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from rnnscope import ShapeMismatch, Unsupported
from rnnscope.context import Context
from rnnscope.graph import Call, Tensor
from rnnscope.layers import read_layer
from rnnscope.layers.attention_masks import FAR_BELOW, MaskedSoftmax, causal_mask, joined, window_mask
from rnnscope.layers.base import Arguments, Operation
from rnnscope.layers.config import Circumstances, Config
from rnnscope.reading.run_order import run_order
from rnnscope.semantics import Semantics
from rnnscope.types import Shape

Array = NDArray[Any]


class Drawn:
    """Weights of whatever shape is asked for."""

    def __init__(self) -> None:
        self.random = np.random.default_rng(0)

    def frozen(self) -> Drawn:
        return self

    def at(self, part: str) -> Drawn:
        return self

    def each(self, part: str, class_names: object) -> list[Drawn]:
        return [self]

    def peek_shape(self) -> tuple[int, ...] | None:
        return ()

    def named_shape(self, name: str) -> tuple[int, ...] | None:
        return None

    def text(self, name: str) -> str | None:
        return None

    def take(self, name: str, shape: tuple[int, ...], *, trainable: bool = True) -> Array:
        return self.random.normal(size=shape).astype(np.float32)


def layer(class_name: str, options: Mapping[str, object], *shapes: Shape, version: str = "3.15.1") -> Operation:
    circumstances = Circumstances(Semantics(version), [])
    config = Config(options, class_name=class_name, layer="layer", circumstances=circumstances)
    return read_layer(config, Drawn(), shapes)


def heads(**options: object) -> Operation:
    shape: Shape = (None, 5, 3)
    return layer("MultiHeadAttention", {"num_heads": 2, "key_dim": 2, **options}, shape, shape)


def sequences(seed: int = 0) -> Array:
    return np.random.default_rng(seed).normal(size=(2, 5, 3)).astype(np.float32)


def test_no_step_looks_at_a_masked_value() -> None:
    attention = layer("Attention", {}, (None, 5, 3), (None, 5, 3))
    valid = np.array([[True, True, False, True, False]] * 2)
    value = sequences()
    changed = np.where(valid[..., np.newaxis], value, 77).astype(np.float32)
    context = Context(semantics=Semantics())
    plain, other = (
        attention.call(Arguments((sequences(1), x), masks=(None, valid)), context).outputs[0] for x in (value, changed)
    )
    np.testing.assert_array_equal(plain, other)


@given(seed=st.integers(0, 50), count=st.integers(1, 2), replaces=st.booleans())
def test_probabilities_add_up_to_one_over_what_is_valid(seed: int, count: int, replaces: bool) -> None:
    random = np.random.default_rng(seed)
    scores, mask = random.normal(size=(2, 3, 4)), random.random((2, 3, 4)) > 0.4
    mask[..., 0, 0] = mask[..., 0] = True
    found = MaskedSoftmax(count, FAR_BELOW, replaces, zeroes=False)(scores, mask)
    np.testing.assert_allclose(found.sum(axis=tuple(range(-count, 0))), 1)
    assert not found[~mask].any()


def test_a_row_without_a_valid_key_follows_the_version() -> None:
    scores, mask = np.array([[0.0, 1.0]], np.float32), np.zeros((1, 2), bool)
    of_heads = MaskedSoftmax.of_heads

    def row(version: str, fused: bool) -> list[float]:
        return list(map(float, of_heads(1, Semantics(version), fused=fused, robust=False)(scores, mask)[0]))

    assert row("2.15.0", fused=False) == [0.5, 0.5]
    assert row("3.15.1", fused=False) == [0.0, 0.0]
    assert row("3.15.1", fused=True) == [0.5, 0.5]


def test_masks_that_are_joined_allow_what_all_allow() -> None:
    assert joined(None, None) is None
    causal, window = causal_mask(3, 4), window_mask(3, 4, 2)
    both = joined(causal, None, window)
    assert both is not None
    assert both.astype(int).tolist() == [[1, 0, 0, 0], [1, 1, 0, 0], [0, 1, 1, 0]]


def test_the_causal_option_of_older_files_is_taken() -> None:
    attention = layer("Attention", {"causal": True}, (None, 5, 3), (None, 5, 3), version="2.4.0")
    x = sequences()
    output = attention.call(Arguments((x, x), masks=(None, None)), Context(semantics=Semantics("2.4.0"))).outputs[0]
    np.testing.assert_allclose(output[:, 0], x[:, 0], rtol=1e-6)


@pytest.mark.parametrize(("version", "passes"), [("2.9.0", False), ("2.10.0", True), ("3.0.5", True)])
def test_heads_of_old_heed_no_mask(version: str, passes: bool) -> None:
    operation, x, valid = heads(), sequences(), np.array([[True, True, False, True, False]] * 2)
    context = Context(semantics=Semantics(version))
    masked = operation.call(Arguments((x, x), masks=(valid, valid)), context)
    plain = operation.call(Arguments((x, x), masks=(None, None)), context)
    assert np.array_equal(masked.outputs[0], plain.outputs[0]) != passes
    assert (masked.masks[0] is not None) == passes


@pytest.mark.parametrize(
    ("class_name", "options", "problem"),
    [
        ("Attention", {"score_mode": "bilinear"}, "score_mode='bilinear'"),
        ("Attention", {"novelty": 1}, "novelty"),
        ("EinsumDense", {"equation": "ab,bc,cd->ad", "output_shape": [2]}, "equation='ab,bc,cd->ad'"),
        ("EinsumDense", {"equation": "abc,cd->abd", "output_shape": [5, 2], "lora_rank": 4}, "lora_rank=4"),
        ("EinsumDense", {"equation": "abc,cd->abd", "output_shape": [5, 2], "bias_axes": "c"}, "bias_axes='c'"),
    ],
)
def test_what_is_not_computed_is_refused_by_name(class_name: str, options: dict[str, object], problem: str) -> None:
    with pytest.raises(Unsupported, match=problem):
        layer(class_name, options, (None, 5, 3), (None, 5, 3))


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ShapeMismatch, match=r"\[query, value\]"):
        layer("Attention", {}, (None, 5, 3))
    with pytest.raises(ShapeMismatch, match="axes as in abcd"):
        layer("EinsumDense", {"equation": "abcd,de->abce", "output_shape": [2]}, (None, 5, 3))


def test_of_one_depth_what_was_found_last_runs_first() -> None:
    """As `Functional` runs three readers of one tensor whose results are three outputs."""
    start = Call("x", "x")
    readers = [Call(key, key, (Tensor("x", 0),)) for key in "abc"]
    behind = Call("d", "d", (Tensor("a", 0),))
    calls = run_order([start, *readers, behind], [Tensor("b", 0), Tensor("c", 0), Tensor("d", 0)])
    assert [call.key for call in calls] == ["x", "a", "d", "c", "b"]


def test_what_leads_to_no_output_runs_last() -> None:
    calls = [Call("x", "x"), Call("idle", "idle", (Tensor("x", 0),)), Call("y", "y", (Tensor("x", 0),))]
    assert [call.key for call in run_order(calls, [Tensor("y", 0)])] == ["x", "y", "idle"]
