"""Convolutions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from rnnscope.layers.activations import Activation, take_activation
from rnnscope.layers.base import Weights
from rnnscope.layers.config import Config
from rnnscope.layers.convolving import convolve, output_sizes
from rnnscope.layers.core import take_adapted
from rnnscope.layers.registry import keras_layer
from rnnscope.layers.spatial import (
    Layout,
    Spatial,
    as_applied,
    is_theano,
    known_channels,
    take_layout,
    take_padding,
    take_sizes,
    unusable,
)
from rnnscope.types import Array, Shape


@keras_layer("Conv1D", "Conv2D", "Conv3D", "AtrousConvolution1D", "AtrousConvolution2D")
@dataclass(frozen=True, slots=True, eq=False)
class Convolution(Spatial):
    """act(x ∗ W + b) over one to three spatial axes; `groups` of channels are convolved apart."""

    kernel: Array  # (*window, channels / groups, filters), as it is applied
    bias: Array | None  # (filters,)
    strides: tuple[int, ...]
    padding: str
    dilation: tuple[int, ...]
    groups: int
    activation: Activation

    @property
    def label(self) -> str:
        return self.activation.label

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        layout = take_layout(config, shapes[0], more_axes=config.semantics.is_tf_keras)
        channels, groups = known_channels(config, layout, shapes[0]), config.take_int("groups", 1)
        window, filters = take_sizes(config, "kernel_size", layout.rank), config.take_int("filters")
        if channels % groups or filters % groups:
            raise unusable(config, "groups", f"a divisor of {channels} channels and {filters} filters", groups)
        use_bias = config.take_bool("use_bias", True)
        shape = (*window, channels // groups, filters)
        strides = take_sizes(config, "strides", layout.rank, 1)
        dilation = take_sizes(config, "dilation_rate", layout.rank, 1)
        # Theano alone has "full".
        padding = take_padding(config, *("causal",) * (layout.rank == 1), *("full",) * is_theano(config))
        activation = take_activation(config)
        # A legacy file has what is trained first: with LoRA, that is the bias.
        early = use_bias and weights.peek_shape() == (filters,)
        bias = weights.take("bias", (filters,)) if early else None
        kernel = as_applied(config, take_kernel(config, weights, layout, shape))
        bias = weights.take("bias", (filters,)) if use_bias and not early else bias
        return cls(layout, kernel, bias, strides, padding, dilation, groups, activation)

    def sizes(self, sizes: Shape) -> Shape:
        return output_sizes(sizes, self.kernel.shape[:-2], self.strides, self.padding, self.dilation)

    def channels(self, channels: int | None) -> int | None:
        return int(self.kernel.shape[-1])

    def transform(self, x: Array) -> Array:
        return convolve(x, self.kernel, self.strides, self.padding, self.dilation, self.groups)

    def offset(self) -> Array | None:
        return self.bias

    def finished(self, y: Array) -> Array:
        return self.activation(y)


def take_kernel(config: Config, weights: Weights, layout: Layout, shape: tuple[int, ...]) -> Array:
    """The stored kernel in the shape (*window, inner channels, outer channels) that Keras 2 and 3 store.

    Keras 1 stores (outer, inner, *window) under channels_first. Its Convolution1D has a second spatial axis of one, and
    came in that other order in 1.0, whatever the backend.
    """
    *window, inner, outer = shape
    if not config.semantics.is_keras1:
        return take_adapted(config, weights, "kernel", shape)
    plain = (*window, 1, inner, outer) if layout.rank == 1 else shape
    turned = (outer, inner, *plain[:-2])
    if layout.channels_first or (layout.rank == 1 and weights.peek_shape() == turned != plain):
        stored = weights.take("kernel", turned)
        return stored.transpose(*range(2, stored.ndim), 1, 0).reshape(shape)
    return weights.take("kernel", plain).reshape(shape)
