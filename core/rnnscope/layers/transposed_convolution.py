"""Transposed convolutions, "deconvolutions" to Keras 1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from rnnscope.errors import Unsupported
from rnnscope.layers.activations import Activation, take_activation
from rnnscope.layers.base import Weights
from rnnscope.layers.config import Config
from rnnscope.layers.convolution import take_kernel
from rnnscope.layers.convolving import reach, transposed_convolve
from rnnscope.layers.registry import keras_layer
from rnnscope.layers.spatial import (
    Layout,
    Spatial,
    as_applied,
    known_channels,
    take_layout,
    take_padding,
    take_sizes,
    unusable,
)
from rnnscope.types import Array, Shape


@keras_layer("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose", "Deconvolution2D")
@dataclass(frozen=True, slots=True, eq=False)
class TransposedConvolution(Spatial):
    """act(b + the gradient of a convolution): each input place spreads the kernel over the output.

    The output has n·s places for padding "same" and n·s + max(k − s, 0) for "valid"; with `output_padding`, (n − 1)·s +
    k − 2·⌊k/2⌋ (or k) + output_padding (Keras's deconv_output_length), k being the reach of the dilated kernel. What
    "same" cuts off before is half of what a convolution of that output would have padded.
    """

    kernel: Array  # (*window, filters, channels), as it is applied
    bias: Array | None  # (filters,)
    strides: tuple[int, ...]
    padding: str
    dilation: tuple[int, ...]
    output_padding: tuple[int, ...] | None
    fixed_sizes: tuple[int, ...] | None  # Keras 1 writes the output's down
    activation: Activation

    @property
    def label(self) -> str:
        return self.activation.label

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        layout = take_layout(config, shapes[0])
        channels = known_channels(config, layout, shapes[0])
        window, filters = take_sizes(config, "kernel_size", layout.rank), config.take_int("filters")
        use_bias, extra = config.take_bool("use_bias", True), config.take("output_padding", None)
        config.refuse("groups", 1, advice="Keras computes transposed convolutions without groups")
        config.refuse("lora_rank", advice="Merge the LoRA weights before saving")
        config.ignore("lora_alpha")
        padding = take_padding(config)
        if padding == "half" and any(size % 2 == 0 for size in window):
            raise Unsupported(
                "a transposed convolution of even size with padding 'same' is not computed on Theano",
                layer=config.layer,
                advice="Keras 2 refuses it too",
            )
        return cls(
            layout=layout,
            strides=take_sizes(config, "strides", layout.rank, 1),
            padding=padding,
            dilation=take_sizes(config, "dilation_rate", layout.rank, 1),
            output_padding=None if extra is None else _sizes(config, "output_padding", extra, layout.rank),
            fixed_sizes=_fixed_sizes(config, layout),
            activation=take_activation(config),
            kernel=as_applied(config, _kernel(config, weights, layout, (*window, filters, channels))),
            bias=weights.take("bias", (filters,)) if use_bias else None,
        )

    @property
    def reaches(self) -> tuple[int, ...]:
        return tuple(reach(size, rate) for size, rate in zip(self.kernel.shape[:-2], self.dilation, strict=True))

    def sizes(self, sizes: Shape) -> Shape:
        if self.fixed_sizes is not None:
            return self.fixed_sizes
        extra = self.output_padding or (None,) * len(sizes)
        return tuple(
            None if size is None else self._size(size, stride, extent, more)
            for size, stride, extent, more in zip(sizes, self.strides, self.reaches, extra, strict=True)
        )

    def _size(self, size: int, stride: int, extent: int, extra: int | None) -> int:
        whole = self.padding == "valid"
        if extra is not None:
            return (size - 1) * stride + (extent if whole else extent % 2) + extra
        return size * stride + (max(extent - stride, 0) if whole else 0)

    def channels(self, channels: int | None) -> int | None:
        return int(self.kernel.shape[-2])

    def transform(self, x: Array) -> Array:
        given = x.shape[1:-1]
        sizes = tuple(size for size in self.sizes(given) if size is not None)
        cut = [self._cut(size, *others) for size, *others in zip(given, self.strides, self.reaches, sizes, strict=True)]
        return transposed_convolve(x, self.kernel, self.strides, cut, sizes, self.dilation)

    def offset(self) -> Array | None:
        return self.bias

    def _cut(self, size: int, stride: int, extent: int, kept: int) -> int:
        if self.padding == "half":
            return extent // 2
        return 0 if self.padding == "valid" else max((size - 1) * stride + extent - kept, 0) // 2

    def finished(self, y: Array) -> Array:
        return self.activation(y)


def _kernel(config: Config, weights: Weights, layout: Layout, shape: tuple[int, ...]) -> Array:
    """Keras 1 stores the filters where every other convolution has them, Keras 2 and 3 the other way round."""
    if not config.semantics.is_keras1:
        return weights.take("kernel", shape)
    *window, filters, channels = shape
    return take_kernel(config, weights, layout, (*window, channels, filters)).swapaxes(-1, -2)


def _fixed_sizes(config: Config, layout: Layout) -> tuple[int, ...] | None:
    if not config.has("output_shape"):
        return None
    shape = config.take("output_shape")
    if not isinstance(shape, list) or len(shape) != layout.rank + 2:
        raise unusable(config, "output_shape", f"{layout.rank + 2} sizes", shape)
    return _sizes(config, "output_shape", list(layout.sizes(tuple(shape))), layout.rank)


def _sizes(config: Config, name: str, value: object, rank: int) -> tuple[int, ...]:
    return take_sizes(config.part({name: value}, config.class_name), name, rank, minimum=0)
