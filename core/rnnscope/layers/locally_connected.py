"""Convolutions whose every place has a kernel of its own: the LocallyConnected layers of Keras 1 and 2."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Self, TypeVar

import numpy as np

from rnnscope.errors import ShapeMismatch, Unsupported
from rnnscope.layers.activations import Activation, take_activation
from rnnscope.layers.base import Weights
from rnnscope.layers.config import Config
from rnnscope.layers.convolving import output_sizes, padded, unfolded
from rnnscope.layers.registry import keras_layer
from rnnscope.layers.spatial import Layout, Spatial, known_channels, take_choice, take_layout, take_sizes, unusable
from rnnscope.types import Array, Mask, Shape

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Connections:
    """Which inputs each place of the output reads; `before` zeros stand ahead of each axis under "same"."""

    sizes: tuple[int, ...]
    window: tuple[int, ...]
    strides: tuple[int, ...]
    padding: str

    @property
    def places(self) -> tuple[int, ...]:
        found = output_sizes(self.sizes, self.window, self.strides, self.padding)
        return tuple(size or 0 for size in found)

    @property
    def sides(self) -> list[tuple[int, int]]:
        """Zeros before and after each axis: under "same" half a window before, whatever the stride."""
        found = []
        for size, extent, stride, places in zip(self.sizes, self.window, self.strides, self.places, strict=True):
            before = extent // 2 if self.padding == "same" else 0
            found.append((before, max(0, (places - 1) * stride + extent - before - size)))
        return found

    def positions(self) -> tuple[list[Array], list[Array], Mask]:
        """Inputs and places of every connection, one array for each axis, and which inputs there are.

        All broadcast to (*places, *window); an input that lies outside is clipped.
        """
        rank = len(self.window)
        grid = np.indices((*self.places, *self.window), sparse=True)
        places, taps = grid[:rank], grid[rank:]
        inputs, there = [], np.ones((*self.places, *self.window), bool)
        for axis in range(rank):
            where = places[axis] * self.strides[axis] - self.sides[axis][0] + taps[axis]
            there &= (where >= 0) & (where < self.sizes[axis])
            inputs.append(np.clip(where, 0, self.sizes[axis] - 1))
        return inputs, list(places), there


@keras_layer("LocallyConnected1D", "LocallyConnected2D")
@dataclass(frozen=True, slots=True, eq=False)
class LocallyConnected(Spatial):
    """act(x ∗ W + b) with W and b different at every place.

    `implementation` says how the kernel is stored: 1 place by place, 2 as a matrix of all inputs by all outputs, 3 as
    those numbers of that matrix that connect anything.
    """

    kernel: Array  # (*places, *window, channels, filters)
    bias: Array | None  # (*places, filters)
    connections: Connections
    activation: Activation

    @property
    def label(self) -> str:
        return self.activation.label

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        layout = take_layout(config, shapes[0])
        channels, filters = known_channels(config, layout, shapes[0]), config.take_int("filters")
        connections = _take_connections(config, layout, shapes[0])
        implementation = config.take_int("implementation", 1)
        if implementation not in TAKERS:
            raise unusable(config, "implementation", "1, 2 or 3", implementation)
        if implementation == 1 and connections.padding != "valid":
            raise Unsupported(
                f"{config.class_name} has padding '{connections.padding}' only with another implementation",
                layer=config.layer,
            )
        kernel = TAKERS[implementation](weights, layout, connections, channels, filters)
        bias = None
        if config.take_bool("use_bias", True):
            bias = weights.take("bias", (*connections.places, filters))
            if layout.channels_first:
                # Keras reads the numbers on in another shape, where it might have moved the axis.
                bias = np.moveaxis(bias.reshape(filters, *connections.places), 0, -1)
        return cls(layout, kernel, bias, connections, take_activation(config))

    def sizes(self, sizes: Shape) -> Shape:
        if any(size not in (None, expected) for size, expected in zip(sizes, self.connections.sizes, strict=True)):
            raise ShapeMismatch("LocallyConnected input", expected=self.connections.sizes, found=sizes)
        return self.connections.places

    def channels(self, channels: int | None) -> int | None:
        return int(self.kernel.shape[-1])

    def transform(self, x: Array) -> Array:
        window, places = self.connections.window, self.connections.places
        windows = unfolded(padded(x, self.connections.sides), window, self.connections.strides, (1,) * len(window))
        columns = prod(window) * x.shape[-1]
        by_place = np.moveaxis(windows.reshape(len(x), prod(places), columns), 1, 0)
        y = by_place @ self.kernel.reshape(prod(places), columns, -1)
        y = np.moveaxis(y, 0, 1).reshape(len(x), *places, -1)
        return np.asarray(y if self.bias is None else y + self.bias)

    def finished(self, y: Array) -> Array:
        return self.activation(y)


def _take_connections(config: Config, layout: Layout, shape: Shape) -> Connections:
    window = take_sizes(config, "kernel_size", layout.rank)
    strides = take_sizes(config, "strides", layout.rank, 1)
    padding = take_choice(config, "padding", ("valid", "same"), "valid")
    sizes = [size for size in layout.sizes(shape) if size is not None]
    if len(sizes) < layout.rank:
        expected = "known sizes, as it has weights for every place"
        raise ShapeMismatch(f"{config.class_name} input", layer=config.layer, expected=expected, found=shape)
    connections = Connections(tuple(sizes), window, strides, padding)
    if 0 in connections.places:
        raise ShapeMismatch(
            "the input is too small for this layer: nothing would be left", layer=config.layer, found=shape
        )
    return connections


def _take_by_place(weights: Weights, layout: Layout, connections: Connections, channels: int, filters: int) -> Array:
    """Stored: (all places, window · channels, filters); under channels_first the channels before the window."""
    places, window = connections.places, connections.window
    stored = weights.take("kernel", (prod(places), prod(window) * channels, filters))
    if not layout.channels_first:
        return stored.reshape(*places, *window, channels, filters)
    return np.moveaxis(stored.reshape(*places, channels, *window, filters), len(places), -2)


def _take_matrix(weights: Weights, layout: Layout, connections: Connections, channels: int, filters: int) -> Array:
    """Stored: the input's shape, then the output's; what connects nothing is not used, whatever it holds."""
    sizes, places, rank = connections.sizes, connections.places, layout.rank
    ends = (_laid_out(layout, sizes, channels), _laid_out(layout, places, filters))
    stored = weights.take("kernel", (*ends[0], *ends[1]))
    if layout.channels_first:
        stored = np.moveaxis(stored, (0, rank + 1), (rank, -1))
    stored = np.moveaxis(stored, rank, -2)  # (*sizes, *places, channels, filters)
    inputs, outputs, there = connections.positions()
    return np.asarray(stored[(*inputs, *outputs)] * there[..., np.newaxis, np.newaxis].astype(stored.dtype))


def _take_connected(weights: Weights, layout: Layout, connections: Connections, channels: int, filters: int) -> Array:
    """Stored: one number for each connection, by output, then by input, each counted in its own layout."""
    inputs, outputs, there = connections.positions()
    shape = (*there.shape, channels, filters)
    channel, of_filter = np.indices((channels, filters), sparse=True)

    def counted(axes: Sequence[Array], sizes: tuple[int, ...], last: Array, count: int) -> Array:
        indices = _laid_out(layout, [axis[..., np.newaxis, np.newaxis] for axis in axes], last)
        return np.broadcast_to(np.ravel_multi_index(indices, _laid_out(layout, sizes, count)), shape)

    used = np.broadcast_to(there[..., np.newaxis, np.newaxis], shape)
    from_, to = (
        counted(inputs, connections.sizes, channel, channels)[used],
        counted(outputs, connections.places, of_filter, filters)[used],
    )
    stored = weights.take("kernel", (len(to),))
    connected = np.empty_like(stored)
    connected[np.lexsort((from_, to))] = stored
    kernel = np.zeros(shape, stored.dtype)
    kernel[used] = connected
    return kernel


def _laid_out(layout: Layout, axes: Sequence[T], last: T) -> tuple[T, ...]:
    return (last, *axes) if layout.channels_first else (*axes, last)


TAKERS = {1: _take_by_place, 2: _take_matrix, 3: _take_connected}
