"""CenterCrop: the middle of a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from rnnscope.context import Context
from rnnscope.errors import ShapeMismatch
from rnnscope.layers.base import Arguments, Operation, Result, Weights
from rnnscope.layers.config import Config
from rnnscope.layers.registry import keras_layer
from rnnscope.types import Shape


@keras_layer("CenterCrop")
@dataclass(frozen=True, slots=True, eq=False)
class CenterCrop(Operation):
    """The middle `sizes` of two axes that follow each other; what is left over in odd number is cut off at the end.

    A picture smaller than that is refused; Keras would enlarge it.
    """

    sizes: tuple[int, int]
    axis: int  # the first of the two

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        sizes = config.take_int("height"), config.take_int("width")
        data_format = config.take("data_format", "channels_last")
        if data_format not in ("channels_last", "channels_first", None) or len(shapes[0]) != 4:
            raise ShapeMismatch("CenterCrop input", layer=config.layer, expected="four axes", found=shapes[0])
        axis = 2 if data_format == "channels_first" else 1
        for size, given in zip(sizes, shapes[0][axis : axis + 2], strict=True):
            if given is None or given < size:
                raise ShapeMismatch(
                    "CenterCrop input", layer=config.layer, expected=f"at least {sizes}", found=shapes[0]
                )
        return cls(sizes, axis)

    def output_shapes(self, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
        return ((*shapes[0][: self.axis], *self.sizes, *shapes[0][self.axis + 2 :]),)

    def call(self, arguments: Arguments, context: Context) -> Result:
        x = arguments.x
        starts = [(have - size) // 2 for have, size in zip(x.shape[self.axis :], self.sizes, strict=False)]
        cut = [slice(start, start + size) for start, size in zip(starts, self.sizes, strict=True)]
        return Result((x[(*[slice(None)] * self.axis, *cut)],))
