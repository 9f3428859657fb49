"""Convolutions of each channel by itself, and of all of them afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from rnnscope.errors import Unsupported
from rnnscope.layers.activations import Activation, take_activation
from rnnscope.layers.base import Weights
from rnnscope.layers.config import Config
from rnnscope.layers.convolving import convolve, output_sizes
from rnnscope.layers.registry import keras_layer
from rnnscope.layers.spatial import Layout, Spatial, known_channels, take_layout, take_padding, take_sizes
from rnnscope.types import Array, Shape


@keras_layer("DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D")
@dataclass(frozen=True, slots=True, eq=False)
class SeparableConvolution(Spatial):
    """Each channel convolved with kernels of its own (multiplier of them); a separable one then mixes the results.

    Channel c, multiplier j goes to channel c · multiplier + j. Theano does not turn these kernels round: Keras does it
    beforehand, so that the two cancel.
    """

    depthwise: Array  # (*window, channels, multiplier)
    pointwise: Array | None  # (1 …, channels · multiplier, filters)
    bias: Array | None  # (filters,)
    strides: tuple[int, ...]
    padding: str
    dilation: tuple[int, ...]
    activation: Activation

    @property
    def label(self) -> str:
        return self.activation.label

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        layout = take_layout(config, shapes[0])
        channels = known_channels(config, layout, shapes[0])
        window, multiplier = take_sizes(config, "kernel_size", layout.rank), config.take_int("depth_multiplier", 1)
        separable, spread = config.class_name.startswith("Separable"), channels * multiplier
        filters = config.take_int("filters") if separable else spread
        use_bias, padding = config.take_bool("use_bias", True), take_padding(config, *_causal(layout, separable))
        if separable and padding == "half" and any(size % 2 == 0 for size in window):
            raise Unsupported(
                "a separable convolution of even size with padding 'same' is not computed on Theano",
                layer=config.layer,
                advice="Keras says one output shape there and computes another",
            )
        config.refuse("groups", 1, advice="Every channel is a group of its own here")
        point = (*(1 for _ in window), spread, filters)
        return cls(
            layout=layout,
            strides=take_sizes(config, "strides", layout.rank, 1),
            padding=padding,
            dilation=take_sizes(config, "dilation_rate", layout.rank, 1),
            activation=take_activation(config),
            depthwise=_kernel(config, weights, layout, "depthwise_kernel", (*window, channels, multiplier)),
            pointwise=_kernel(config, weights, layout, "pointwise_kernel", point) if separable else None,
            bias=weights.take("bias", (filters,)) if use_bias else None,
        )

    def sizes(self, sizes: Shape) -> Shape:
        return output_sizes(sizes, self.depthwise.shape[:-2], self.strides, self.padding, self.dilation)

    def channels(self, channels: int | None) -> int | None:
        *_, inner, multiplier = self.depthwise.shape
        return inner * multiplier if self.pointwise is None else int(self.pointwise.shape[-1])

    def transform(self, x: Array) -> Array:
        *window, channels, multiplier = self.depthwise.shape
        kernel = self.depthwise.reshape(*window, 1, channels * multiplier)
        y = convolve(x, kernel, self.strides, self.padding, self.dilation, groups=channels)
        return y if self.pointwise is None else y @ self.pointwise.reshape(self.pointwise.shape[-2:])

    def offset(self) -> Array | None:
        return self.bias

    def finished(self, y: Array) -> Array:
        return self.activation(y)


def _causal(layout: Layout, separable: bool) -> tuple[str, ...]:
    """tf-keras computes causal separable convolutions of sequences."""
    return ("causal",) if layout.rank == 1 and separable else ()


def _kernel(config: Config, weights: Weights, layout: Layout, name: str, shape: tuple[int, ...]) -> Array:
    """Keras 1 stores (outer, inner, *window) under channels_first."""
    if not (config.semantics.is_keras1 and layout.channels_first):
        return weights.take(name, shape)
    *window, inner, outer = shape
    stored = weights.take(name, (outer, inner, *window))
    return stored.transpose(*range(2, stored.ndim), 1, 0)
