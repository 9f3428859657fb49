"""ConvLSTM: an LSTM whose products are convolutions, so that its states are images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from rnnscope.errors import ShapeMismatch, UnreadableFile, Unsupported
from rnnscope.layers.activations import Activation, take_activation
from rnnscope.layers.base import Weights
from rnnscope.layers.cell_weights import LSTM_BLOCKS, LSTM_KERAS_1, GatedWeights, take_gate_by_gate
from rnnscope.layers.cells import INFERENCE_FREE, Cell, Step, keras_cell, read_cell
from rnnscope.layers.config import MAX_SIZE, Config
from rnnscope.layers.convolving import convolve, flipped, reach
from rnnscope.layers.dense_cells import lstm_step
from rnnscope.layers.recurrent import Recurrent
from rnnscope.layers.registry import keras_layer
from rnnscope.semantics import Semantics
from rnnscope.types import Array, Shape
from rnnscope.unroll import Direction


@keras_cell("ConvLSTM1DCell", "ConvLSTM2DCell", "ConvLSTM3DCell", "ConvLSTMCell")
@dataclass(frozen=True, slots=True, eq=False)
class ConvLSTMCell(Cell):
    """c' = f·c + i·g; h' = o·act(c'), with i, f, o = ra(z), g = act(z), z = conv(x, W) + b + conv(h, U).

    x is (batch, *spatial, channels), or (batch, channels, *spatial) with `channels_first`; states and gates likewise.
    The convolution of x has the strides, padding and dilation; that of h keeps its size.
    """

    kernel: Array  # (*window, channels, 4 * filters), blocks i, f, g, o
    recurrent_kernel: Array  # (*window, filters, 4 * filters)
    bias: Array | None  # (4 * filters,)
    activation: Activation
    recurrent_activation: Activation
    strides: tuple[int, ...]
    padding: str
    dilation: tuple[int, ...]
    channels_first: bool
    theano: bool = False

    @property
    def state_sizes(self) -> Mapping[str, int]:
        filters = int(self.recurrent_kernel.shape[-2])
        return {"h": filters, "c": filters}

    @classmethod
    def read(cls, config: Config, weights: Weights, features: int) -> Self:
        """`features` is the number of channels."""
        config.ignore(*INFERENCE_FREE)
        rank, filters = take_rank(config), config.take_int("filters")
        window = _take_window(config, rank)
        use_bias = config.take_bool("use_bias", True)
        formats = ("channels_last", "channels_first")
        channels_first = _take_choice(config, "data_format", "channels_last", formats) == "channels_first"
        taken = _take_weights(config, weights, window, features, filters, use_bias, channels_first)
        theano = config.semantics.backend == "theano"
        if theano:
            taken = GatedWeights(flipped(taken.kernel), flipped(taken.recurrent_kernel), taken.bias)
        return cls(
            *taken,
            activation=take_activation(config, default="tanh"),
            recurrent_activation=take_activation(
                config, "recurrent_activation", config.semantics.convolutional_gate_activation
            ),
            strides=_take_sizes(config, "strides", rank, 1),
            padding=_take_choice(config, "padding", "valid", ("valid", "same")),
            dilation=_take_sizes(config, "dilation_rate", rank, 1),
            channels_first=channels_first,
            theano=theano,
        )

    def state_shapes(self, step: Shape) -> Mapping[str, Shape]:
        return dict.fromkeys(self.state_sizes, self.output_shape(step))

    def output_shape(self, step: Shape) -> Shape:
        spatial = step[2:] if self.channels_first else step[1:-1]
        window = self.kernel.shape[:-2]
        sizes = tuple(
            None if size is None else self._convolved(size, extent, stride, rate)
            for size, extent, stride, rate in zip(spatial, window, self.strides, self.dilation, strict=True)
        )
        return (step[0], self.units, *sizes) if self.channels_first else (step[0], *sizes, self.units)

    def _convolved(self, size: int, extent: int, stride: int, rate: int) -> int:
        room = size if self.padding == "same" else size - reach(extent, rate) + 1
        return max(0, -(-room // stride))

    def step(self, x: Array, states: tuple[Array, ...]) -> Step:
        h, c = states
        z = self._convolve(x, self.kernel, self.strides, self.padding, self.dilation)
        if self.bias is not None:
            z = z + self.bias
        once = (1,) * len(self.strides)
        z = z + self._convolve(h, self.recurrent_kernel, once, "same", once)
        axis = 1 if self.channels_first else -1
        z = np.moveaxis(z, -1, 1) if self.channels_first else z
        return lstm_step(z, c, self.activation, self.recurrent_activation, axis)

    def _convolve(
        self, x: Array, kernel: Array, strides: Sequence[int], padding: str, dilation: Sequence[int]
    ) -> Array:
        """The convolution of x, channels last in any case.

        Theano's "same" pads half the window's reach on both sides, and one place too many for an even window.
        """
        x = np.moveaxis(x, 1, -1) if self.channels_first else x
        if not self.theano or padding == "valid":
            return convolve(x, kernel, strides, padding, dilation)
        halves = [reach(size, rate) // 2 for size, rate in zip(kernel.shape[:-2], dilation, strict=True)]
        whole = convolve(x, kernel, strides, [(half, half) for half in halves], dilation)
        kept = [slice(-(-size // stride)) for size, stride in zip(x.shape[1:-1], strides, strict=True)]
        return whole[(slice(None), *kept)]


@keras_layer("ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", "ConvRNN2D")
@dataclass(frozen=True, slots=True, eq=False)
class ConvRecurrent(Recurrent):
    """A convolutional cell unrolled over the steps of x (batch, steps, *spatial, channels), or with channels first."""

    @classmethod
    def read_cell(cls, config: Config, weights: Weights, shape: Shape) -> Cell:
        entry = config.take("cell") if config.class_name == "ConvRNN2D" else None
        inner = entry.get("config") if isinstance(entry, dict) else None
        data_format = inner.get("data_format") if isinstance(inner, dict) else config.peek("data_format")
        rank = take_rank(config)
        channels = shape[2 if data_format == "channels_first" else -1] if len(shape) == rank + 3 else None
        if channels is None:
            raise ShapeMismatch(
                f"{config.class_name} input",
                layer=config.layer,
                expected=f"(batch, steps, {rank} spatial axes and the channels)",
                found=shape,
            )
        if entry is not None:
            return read_cell(config, entry, weights.at("cell"), channels)
        return ConvLSTMCell.read(config, weights.at("cell"), channels)

    def run_direction(self, semantics: Semantics) -> Direction:
        """Before Keras 3 a ConvLSTM knows no zeros for masked steps, not even inside Bidirectional."""
        return self.direction if semantics.is_keras3 else replace(self.direction, zero_output_for_mask=False)


def take_rank(config: Config) -> int:
    """The number of spatial axes: in the class's name, or an option of its own."""
    digits = [int(letter) for letter in config.class_name if letter.isdigit()]
    return digits[0] if digits else config.take_int("rank")


def _take_sizes(config: Config, option: str, rank: int, default: int | None = None) -> tuple[int, ...]:
    """One size for each spatial axis; a single number stands for all of them."""
    value = config.take(option) if default is None else config.take(option, default)
    sizes = [value] * rank if isinstance(value, int) else value
    if not isinstance(sizes, list) or len(sizes) != rank or not all(_is_size(size) for size in sizes):
        raise UnreadableFile(
            f"{config.class_name} option '{option}' is not usable",
            layer=config.layer,
            expected=f"{rank} whole numbers from 1",
            found=repr(value),
        )
    return tuple(sizes)


def _is_size(size: object) -> bool:
    return isinstance(size, int) and not isinstance(size, bool) and 0 < size <= MAX_SIZE


def _take_window(config: Config, rank: int) -> tuple[int, ...]:
    """The kernel's size; Keras 1 has an option for each axis."""
    if config.has("nb_row"):
        return config.take_int("nb_row"), config.take_int("nb_col")
    return _take_sizes(config, "kernel_size", rank)


def _take_choice(config: Config, option: str, default: str, choices: tuple[str, ...]) -> str:
    value = config.take(option, default)
    chosen = default if value is None else str(value).lower()
    if chosen not in choices:
        raise Unsupported(f"{config.class_name} with {option}={value!r} is not computed", layer=config.layer)
    return chosen


def _take_weights(
    config: Config,
    weights: Weights,
    window: tuple[int, ...],
    channels: int,
    filters: int,
    use_bias: bool,
    channels_first: bool,
) -> GatedWeights:
    """Kernels (*window, in, 4 · filters); Keras 1 has them gate by gate, with channels first as (out, in, *window)."""
    if not config.semantics.is_keras1:
        return GatedWeights(
            weights.take("kernel", (*window, channels, 4 * filters)),
            weights.take("recurrent_kernel", (*window, filters, 4 * filters)),
            weights.take("bias", (4 * filters,)) if use_bias else None,
        )
    if channels_first:
        shapes = (filters, channels, *window), (filters, filters, *window)
        return take_gate_by_gate(weights, LSTM_KERAS_1, LSTM_BLOCKS, *shapes, filters, _window_first)
    shapes = (*window, channels, filters), (*window, filters, filters)
    return take_gate_by_gate(weights, LSTM_KERAS_1, LSTM_BLOCKS, *shapes, filters)


def _window_first(kernel: Array) -> Array:
    """(out, in, *window) → (*window, in, out)."""
    return np.moveaxis(kernel, (0, 1), (-1, -2))
