"""The heads of attention: projections into them, scores between them, and the way back."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Self

import numpy as np

from rnnscope.errors import ShapeMismatch, UnreadableFile
from rnnscope.layers.base import Weights
from rnnscope.layers.bias import add_bias
from rnnscope.layers.config import MAX_SIZE, Config
from rnnscope.layers.nonlinearities import sigmoid
from rnnscope.semantics import Semantics
from rnnscope.types import Array, Shape

LETTERS = "abcdefghijklmnopqrstuvwxyz"
MAX_RANK = 9


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """x·W + b over the last `bound` axes of x."""

    kernel: Array
    bias: Array | None
    bound: int
    semantics: Semantics

    def __call__(self, x: Array) -> Array:
        projected = np.asarray(np.tensordot(x, self.kernel, self.bound))
        return projected if self.bias is None else add_bias(projected, self.bias, self.semantics)


@dataclass(frozen=True, slots=True)
class Shaping:
    """How many heads query and key have, the sizes of a head's key and value, and those of the output's axes."""

    heads: int
    key_heads: int
    key_size: int
    value_size: int
    output: tuple[int, ...] | None


@dataclass(frozen=True, slots=True, eq=False)
class Heads:
    """Kernels are (features, heads, size), the output's (heads, size, …). `axes` are those that attend.

    Projected tensors are (batch, …, heads, size); scores are (batch, axes that do not attend, heads, the query's axes
    that attend, the key's).
    """

    query: Projection
    key: Projection
    value: Projection
    gate: Projection | None
    output: Projection
    axes: tuple[int, ...]

    @classmethod
    def read_several(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        """As MultiHeadAttention writes them."""
        heads, key_size = config.take_int("num_heads"), config.take_int("key_dim")
        value_size = config.take("value_dim", None)
        shaping = Shaping(
            heads,
            heads,
            key_size,
            key_size if value_size is None else _size(config, "value_dim", value_size),
            _take_output(config),
        )
        return cls._read(config, weights, shapes, shaping, _take_axes(config, len(shapes[0])))

    @classmethod
    def read_grouped(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        """As GroupedQueryAttention writes them."""
        size = config.take_int("head_dim")
        heads, key_heads = config.take_int("num_query_heads"), config.take_int("num_key_value_heads")
        if heads % key_heads or len(shapes[0]) != 3:
            raise ShapeMismatch(
                f"{config.class_name} of {heads} heads over {key_heads}",
                layer=config.layer,
                expected="a multiple, and (batch, steps, features)",
                found=shapes[0],
            )
        return cls._read(config, weights, shapes, Shaping(heads, key_heads, size, size, None), (1,))

    @classmethod
    def _read(
        cls, config: Config, weights: Weights, shapes: tuple[Shape, ...], shaping: Shaping, axes: tuple[int, ...]
    ) -> Self:
        use_bias, use_gate = config.take_bool("use_bias", True), config.take_bool("use_gate", False)
        query, value, key = (_features(config, shape) for shape in (shapes[0], shapes[1], shapes[-1]))

        def read(name: str, bound: tuple[int, ...], new: tuple[int, ...]) -> Projection:
            part = weights.at(name)
            # The folder bears the name of a property, where the class has one, or of the private attribute.
            part = part if part.peek_shape() is not None else weights.at(f"_{name}")
            kernel = part.take("kernel", (*bound, *new))
            return Projection(kernel, part.take("bias", new) if use_bias else None, len(bound), config.semantics)

        # In the order in which Keras makes them.
        return cls(
            query=read("query_dense", (query,), (shaping.heads, shaping.key_size)),
            key=read("key_dense", (key,), (shaping.key_heads, shaping.key_size)),
            gate=read("gate_dense", (query,), (shaping.heads, shaping.value_size)) if use_gate else None,
            value=read("value_dense", (value,), (shaping.key_heads, shaping.value_size)),
            output=read("output_dense", (shaping.heads, shaping.value_size), shaping.output or (query,)),
            axes=axes,
        )

    def scores(self, query: Array, key: Array) -> Array:
        """q·kᵀ/√size."""
        queries, keys = self.query(query), self._shared(self.key(key))
        queries = queries * np.asarray(1 / sqrt(queries.shape[-1]), queries.dtype)
        scoring, _ = equations(queries.ndim, self.axes)
        return np.asarray(np.einsum(scoring, keys, queries, optimize=True))

    def combine(self, probabilities: Array, value: Array, query: Array) -> Array:
        """The values' means, gated where there is a gate, projected back."""
        values = self._shared(self.value(value))
        _, combining = equations(values.ndim, self.axes)
        attended = np.einsum(combining, probabilities, values, optimize=True)
        return self.output(attended if self.gate is None else attended * sigmoid(self.gate(query)))

    def score_shape(self, shapes: tuple[Shape, ...]) -> Shape:
        query, key = shapes[0], shapes[-1]
        apart = [query[axis] for axis in range(len(query) - 1) if axis not in self.axes]
        heads = int(self.query.kernel.shape[1])
        return (*apart, heads, *[query[axis] for axis in self.axes], *[key[axis] for axis in self.axes])

    def _shared(self, projected: Array) -> Array:
        """Each head as often as it has the query's heads to serve."""
        groups = self.query.kernel.shape[1] // projected.shape[-2]
        return projected if groups == 1 else np.repeat(projected, groups, axis=-2)


def equations(rank: int, axes: tuple[int, ...]) -> tuple[str, str]:
    """The einsum equations key, query → scores and scores, value → result, for projected tensors of `rank` axes."""
    query = LETTERS[:rank]
    key = "".join(LETTERS[rank + axis] if axis in axes else query[axis] for axis in range(rank))
    apart = "".join(query[axis] for axis in range(rank - 1) if axis not in axes)
    scores = apart + "".join(query[axis] for axis in axes) + "".join(key[axis] for axis in axes)
    return f"{key},{query}->{scores}", f"{scores},{key}->{query}"


def _take_axes(config: Config, rank: int) -> tuple[int, ...]:
    """The axes that attend: all between batch and features, unless the file names some."""
    value = config.take("attention_axes", None)
    axes = value if isinstance(value, list) else [value]
    if value is None or not axes:
        return tuple(range(1, rank - 1))
    placed = [axis + rank * (axis < 0) for axis in axes if isinstance(axis, int) and not isinstance(axis, bool)]
    fits = all(0 < axis < rank - 1 for axis in placed) and rank <= MAX_RANK
    if not fits or len(placed) < len(axes) or len(set(placed)) < len(placed):
        raise UnreadableFile(f"attention_axes {value!r} are not usable", layer=config.layer, found=f"{rank} axes")
    return tuple(placed)


def _take_output(config: Config) -> tuple[int, ...] | None:
    value = config.take("output_shape", None)
    if value is None or value == []:
        return None
    return tuple(_size(config, "output_shape", size) for size in (value if isinstance(value, list) else [value]))


def _size(config: Config, option: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= MAX_SIZE:
        raise UnreadableFile(f"option '{option}' is not usable", layer=config.layer, found=repr(value))
    return value


def _features(config: Config, shape: Shape) -> int:
    if shape[-1] is None:
        raise ShapeMismatch(f"{config.class_name} input", layer=config.layer, expected="a known last axis", found=shape)
    return shape[-1]
