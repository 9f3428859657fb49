"""What layers over images, volumes and sequences have in common: the place of the channels, and sizes as options."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rnnscope.context import Context
from rnnscope.errors import ShapeMismatch, UnreadableFile
from rnnscope.layers.base import Arguments, Operation, Result
from rnnscope.layers.bias import add_bias
from rnnscope.layers.config import MAX_SIZE, MISSING, Config
from rnnscope.layers.convolving import flipped
from rnnscope.types import Array, Shape


@dataclass(frozen=True, slots=True)
class Layout:
    """How many spatial axes there are, and whether the channels come before or after them."""

    rank: int
    channels_first: bool

    def channels(self, shape: Shape) -> int | None:
        return shape[-self.rank - 1 if self.channels_first else -1]

    def sizes(self, shape: Shape) -> Shape:
        """The spatial sizes of a shape."""
        return shape[-self.rank :] if self.channels_first else shape[-self.rank - 1 : -1]

    def shape(self, like: Shape, sizes: Shape, channels: int | None) -> Shape:
        """`like` with other sizes and channels."""
        before = like[: -self.rank - 1]
        return (*before, channels, *sizes) if self.channels_first else (*before, *sizes, channels)

    def unpacked(self, x: Array) -> Array:
        """`x` as (batch, *spatial, channels); axes beyond the first batch axis are folded into it."""
        folded = x.reshape(-1, *x.shape[-self.rank - 1 :])
        return np.moveaxis(folded, 1, -1) if self.channels_first else folded

    def packed(self, y: Array, x: Array) -> Array:
        """`y` (batch, *spatial, channels) laid out as `x` was."""
        moved = np.moveaxis(y, -1, 1) if self.channels_first else y
        return moved.reshape(*x.shape[: -self.rank - 1], *moved.shape[1:])

    def aligned(self, bias: Array) -> Array:
        """(channels,) in a shape that broadcasts over the output."""
        return bias.reshape(-1, *[1] * self.rank) if self.channels_first else bias


@dataclass(frozen=True, slots=True, eq=False)
class Spatial(Operation):
    """One tensor in, one out, computed with the channels last. Every version of Keras ends the mask here.

    Keras 1 and Keras 2 outside TensorFlow refuse to build such a layer on a masked tensor.
    """

    layout: Layout

    @abstractmethod
    def transform(self, x: Array) -> Array:
        """The output (batch, *sizes, channels) for x (batch, *spatial, channels)."""

    @abstractmethod
    def sizes(self, sizes: Shape) -> Shape:
        """The output's spatial sizes for these of the input, None for one that is not known."""

    def channels(self, channels: int | None) -> int | None:
        """The output's channels for so many of the input."""
        return channels

    def offset(self) -> Array | None:
        """The bias (channels,), or None; it is added with the channels in their place."""
        return None

    def finished(self, y: Array) -> Array:
        """What is left to do with the channels in their place: an activation may act along the last axis."""
        return y

    def output_shapes(self, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
        layout, shape = self.layout, shapes[0]
        return (layout.shape(shape, self._checked(layout.sizes(shape)), self.channels(layout.channels(shape))),)

    def call(self, arguments: Arguments, context: Context) -> Result:
        self._checked(self.layout.sizes(arguments.x.shape), arguments.layer)
        y = self.layout.packed(self.transform(self.layout.unpacked(arguments.x)), arguments.x)
        if (bias := self.offset()) is not None:
            y = add_bias(y, self.layout.aligned(bias), context.semantics)
        return Result((self.finished(y),), (None,))

    def _checked(self, given: Shape, layer: str | None = None) -> Shape:
        found = self.sizes(given)
        if any(size is not None and size <= 0 for size in found):
            raise ShapeMismatch(
                "the input is too small for this layer: nothing would be left", layer=layer, found=given
            )
        return found


def take_layout(config: Config, shape: Shape, *, more_axes: bool = False) -> Layout:
    """Take ``data_format``; the rank is that of the class's name.

    Where Keras 1 did not write down its ``dim_ordering``, that of its backend is taken: channels first on Theano.
    """
    rank = spatial_rank(config)
    theirs = "channels_first" if config.semantics.is_keras1 and is_theano(config) and rank > 1 else "channels_last"
    data_format = config.take("data_format", None) or theirs
    if data_format not in ("channels_first", "channels_last"):
        raise unusable(config, "data_format", "channels_last or channels_first", data_format)
    if len(shape) != rank + 2 and not (more_axes and len(shape) > rank + 2):
        expected = f"{rank + 2} axes, batch and channels among them"
        raise ShapeMismatch(f"{config.class_name} input", layer=config.layer, expected=expected, found=shape)
    return Layout(rank, data_format == "channels_first")


def spatial_rank(config: Config) -> int:
    """The number of spatial axes, as the class name says it: ``Conv2D``, ``Conv2DTranspose``."""
    found = re.search(r"([123])D", config.class_name)
    assert found is not None
    return int(found.group(1))


def known_channels(config: Config, layout: Layout, shape: Shape) -> int:
    """The input's channels; ShapeMismatch when the model does not say how many there are."""
    channels = layout.channels(shape)
    if channels is None:
        expected = "a known number of channels"
        raise ShapeMismatch(f"{config.class_name} input", layer=config.layer, expected=expected, found=shape)
    return channels


def take_sizes(config: Config, name: str, rank: int, default: object = MISSING, *, minimum: int = 1) -> tuple[int, ...]:
    """One whole number for each spatial axis; a single one stands for all of them."""
    value = config.take(name, default)
    sizes = [value] * rank if isinstance(value, int) else value
    if not is_sizes(sizes, rank, minimum):
        raise unusable(config, name, f"{rank} whole numbers from {minimum}", value)
    return tuple(sizes)  # type: ignore[arg-type]


def is_sizes(value: object, count: int, minimum: int = 0) -> bool:
    """Whether `value` is a list of so many whole numbers."""
    return (
        isinstance(value, list | tuple)
        and len(value) == count
        and all(isinstance(size, int) and not isinstance(size, bool) and minimum <= size <= MAX_SIZE for size in value)
    )


def take_choice(config: Config, name: str, choices: Sequence[str], default: str) -> str:
    """One of a few words."""
    value = config.take(name, default)
    if not isinstance(value, str) or value.lower() not in choices:
        raise unusable(config, name, " or ".join(choices), value)
    return value.lower()


def take_padding(config: Config, *more: str) -> str:
    """Take ``padding``; on Theano "same" is another one, see `convolving.padding_sides`."""
    padding = take_choice(config, "padding", ("valid", "same", *more), "valid")
    return "half" if padding == "same" and is_theano(config) else padding


def as_applied(config: Config, kernel: Array) -> Array:
    """A stored kernel (*window, channels, filters) as the backend applies it: Theano turns it round."""
    return flipped(kernel) if is_theano(config) else kernel


def is_theano(config: Config) -> bool:
    return config.semantics.backend == "theano"


def unusable(config: Config, name: str, expected: str, found: object) -> UnreadableFile:
    """The error for an option whose value makes no sense."""
    problem = f"{config.class_name} option '{name}' is not usable"
    return UnreadableFile(problem, layer=config.layer, expected=expected, found=repr(found))
