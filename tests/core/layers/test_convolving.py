"""The laws of convolution; that they are Keras's own convolutions is what the golden files say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnscope.layers import convolving
from rnnscope.layers.convolving import convolve, flipped, padding_sides, reach, transposed_convolve
from rnnscope.types import Array


@st.composite
def convolutions(draw: st.DrawFn) -> dict[str, Any]:
    rank = draw(st.integers(1, 3))
    window = [draw(st.integers(1, 3)) for _ in range(rank)]
    strides = [draw(st.integers(1, 3)) for _ in range(rank)]
    dilation = [draw(st.integers(1, 3)) for _ in range(rank)]
    sizes = [reach(size, rate) + draw(st.integers(0, 4)) for size, rate in zip(window, dilation, strict=True)]
    groups, channels, filters = draw(st.integers(1, 3)), draw(st.integers(1, 2)), draw(st.integers(1, 2))
    random = np.random.default_rng(draw(st.integers(0, 99)))
    return {
        "x": random.normal(size=(2, *sizes, groups * channels)),
        "kernel": random.normal(size=(*window, channels, groups * filters)),
        "strides": strides,
        "padding": draw(st.sampled_from(["valid", "same", "causal"])),
        "dilation": dilation,
        "groups": groups,
    }


def window_by_window(
    x: Array, kernel: Array, strides: list[int], padding: str, dilation: list[int], groups: int
) -> Array:
    """The definition, one window, one group and one sample at a time."""
    rank = kernel.ndim - 2
    window, channels, filters = kernel.shape[:rank], kernel.shape[-2], kernel.shape[-1] // groups
    sides = padding_sides(padding, x.shape[1:-1], window, strides, dilation)
    x = np.pad(x, ((0, 0), *sides, (0, 0)))
    reaches = [reach(size, rate) for size, rate in zip(window, dilation, strict=True)]
    output = [(size - far) // step + 1 for size, far, step in zip(x.shape[1:-1], reaches, strides, strict=True)]
    result = np.zeros((len(x), *output, groups * filters))
    for place in np.ndindex(*output):
        seen = tuple(
            slice(at * step, at * step + far, rate)
            for at, step, far, rate in zip(place, strides, reaches, dilation, strict=True)
        )
        for group in range(groups):
            read = x[(slice(None), *seen, slice(group * channels, (group + 1) * channels))]
            made = slice(group * filters, (group + 1) * filters)
            result[(slice(None), *place, made)] = np.tensordot(read, kernel[..., made], rank + 1)
    return result


@given(convolutions())
@settings(deadline=None, max_examples=60)
def test_every_output_is_its_window_times_the_kernel(case: dict[str, Any]) -> None:
    np.testing.assert_allclose(convolve(**case), window_by_window(**case), rtol=1e-9, atol=1e-12)


@given(convolutions(), st.integers(1, 200))
@settings(deadline=None, max_examples=30)
def test_work_cut_into_parts_gives_the_same(case: dict[str, Any], most: int) -> None:
    whole = convolve(**case)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(convolving, "MOST_UNFOLDED", most)
        np.testing.assert_allclose(convolve(**case), whole, rtol=1e-9, atol=1e-12)


@given(convolutions())
@settings(deadline=None, max_examples=60)
def test_the_transpose_is_the_adjoint(case: dict[str, Any]) -> None:
    kernel, strides, dilation = case["kernel"][..., : case["kernel"].shape[-2], :], case["strides"], case["dilation"]
    x = case["x"][..., : kernel.shape[-2]]
    sides = padding_sides(case["padding"], x.shape[1:-1], kernel.shape[:-2], strides, dilation)
    there = convolve(x, kernel, strides, case["padding"], dilation)
    y = np.random.default_rng(0).normal(size=there.shape)
    back = transposed_convolve(y, kernel, strides, [before for before, _ in sides], x.shape[1:-1], dilation)
    assert back.shape == x.shape
    np.testing.assert_allclose((there * y).sum(), (x * back).sum(), rtol=1e-9)


def test_padding_the_same_leaves_one_window_for_each_stride_and_puts_the_odd_zero_after() -> None:
    assert padding_sides("same", (7, 8), (3, 2), (1, 1)) == [(1, 1), (0, 1)]
    assert padding_sides("same", (7, 8), (3, 3), (2, 2)) == [(1, 1), (0, 1)]
    assert padding_sides("causal", (7,), (3,), (1,), (2,)) == [(4, 0)]


def test_an_input_smaller_than_the_window_has_no_output() -> None:
    assert convolve(np.ones((2, 2, 3)), np.ones((4, 3, 5))).shape == (2, 0, 5)


def test_a_kernel_turned_round_leaves_channels_alone() -> None:
    kernel = np.arange(12).reshape(2, 2, 3, 1)
    assert flipped(kernel)[0, 0, :, 0].tolist() == kernel[1, 1, :, 0].tolist()
