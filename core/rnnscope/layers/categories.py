"""Categories from numbers: Discretization and CategoryEncoding, and the forms in which categories are given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from rnnscope.context import Context
from rnnscope.errors import ShapeMismatch, UnreadableFile, Unsupported
from rnnscope.layers.base import Arguments, Operation, Result, Weights
from rnnscope.layers.config import Config
from rnnscope.layers.registry import keras_layer
from rnnscope.layers.scaling import take_numbers
from rnnscope.types import Array, Shape

OLDER_NAMES = {"binary": "multi_hot", "tf-idf": "tf_idf"}


@dataclass(frozen=True, slots=True)
class Encoding:
    """How category indices come out.

    ``int``: as they are. ``one_hot``: a last axis of `depth` more, in place of one of size 1. ``multi_hot`` and
    ``count``: which categories the axis behind the batch holds, and how often. What lies beyond `depth` is left out.
    """

    mode: str
    depth: int

    def shape_of(self, shape: Shape) -> Shape:
        match self.mode:
            case "int":
                return shape
            case "one_hot":
                return (*(shape[:-1] if len(shape) > 1 and shape[-1] == 1 else shape), self.depth)
        return (shape[0], *shape[2:], self.depth) if len(shape) > 1 else (self.depth,)

    def encode(self, indices: Array, weights: Array | None = None) -> Array:
        """`indices` of whole numbers, encoded in float64, or as they are."""
        if self.mode == "int":
            return indices
        if self.mode == "one_hot" and indices.ndim > 1 and indices.shape[-1] == 1:
            indices = indices[..., 0]
        hot: Array = (indices[..., np.newaxis] == np.arange(self.depth)).astype(np.float64)
        if self.mode == "one_hot":
            return hot
        axis = min(1, indices.ndim - 1)
        if self.mode == "multi_hot":
            return np.asarray(hot.max(axis=axis))
        return np.asarray((hot if weights is None else hot * weights[..., np.newaxis]).sum(axis=axis))


def take_encoding_mode(config: Config, default: str, *modes: str) -> str:
    """The option ``output_mode``, one of `modes`; sparse output is refused."""
    config.refuse("sparse", False, advice="Give the layer dense output")
    mode = config.take("output_mode", default)
    mode = OLDER_NAMES.get(mode, mode) if isinstance(mode, str) else mode
    if mode not in modes:
        raise Unsupported(
            f"{config.class_name} with output_mode={mode!r} is not computed",
            layer=config.layer,
            advice=f"Supported: {', '.join(modes)}",
        )
    return str(mode)


@keras_layer("Discretization")
@dataclass(frozen=True, slots=True, eq=False)
class Discretization(Operation):
    """The number of boundaries that x has reached; the mask ends here."""

    boundaries: Array
    encoding: Encoding

    @property
    def label(self) -> str:
        return f"({len(self.boundaries) + 1} bins)"

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        boundaries = take_numbers(config, "bin_boundaries")
        if boundaries is None or boundaries.ndim != 1:
            raise Unsupported(
                "Discretization without boundaries in its configuration is not computed",
                layer=config.layer,
                advice="Give it the boundaries as an argument",
            )
        if np.any(boundaries[1:] < boundaries[:-1]):
            raise UnreadableFile("Discretization's boundaries do not ascend", layer=config.layer)
        config.ignore("num_bins", "epsilon")
        mode = take_encoding_mode(config, "int", "int", "one_hot", "multi_hot", "count")
        return cls(boundaries, Encoding(mode, len(boundaries) + 1))

    def output_shapes(self, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
        return (self.encoding.shape_of(shapes[0]),)

    def call(self, arguments: Arguments, context: Context) -> Result:
        found: Array = np.asarray(np.searchsorted(self.boundaries, arguments.x, side="right"))
        bins = context.decide(found)
        if self.encoding.mode == "int":
            return Result((bins.astype(np.int32 if context.semantics.is_keras3 else np.int64),))
        return Result((self.encoding.encode(bins).astype(context.dtype),))


@keras_layer("CategoryEncoding")
@dataclass(frozen=True, slots=True, eq=False)
class CategoryEncoding(Operation):
    """Category indices, encoded; the mask ends here. Counts may be weighted, one weight for each index."""

    encoding: Encoding

    call_arguments: ClassVar[tuple[str, ...]] = ("inputs", "count_weights")

    @property
    def keeps_integers(self) -> bool:
        return True

    @property
    def label(self) -> str:
        return f"({self.encoding.depth}, {self.encoding.mode})"

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        mode = take_encoding_mode(config, "multi_hot", "one_hot", "multi_hot", "count")
        return cls(Encoding(mode, config.take_int("num_tokens")))

    def output_shapes(self, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
        return (self.encoding.shape_of(shapes[0]),)

    def call(self, arguments: Arguments, context: Context) -> Result:
        given = arguments.keywords.get("count_weights")
        weights = given if isinstance(given, np.ndarray) else None
        if weights is not None and (weights.shape != arguments.x.shape or self.encoding.mode != "count"):
            raise ShapeMismatch(
                "CategoryEncoding's count_weights",
                layer=arguments.layer,
                expected=arguments.x.shape,
                found=weights.shape,
            )
        indices = context.decide(np.trunc(arguments.x))
        return Result((self.encoding.encode(indices, weights).astype(context.dtype),))
