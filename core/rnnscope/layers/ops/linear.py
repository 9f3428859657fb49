"""Products and linear algebra. Matrices lie in the last two axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rnnscope.layers.ops.product_shapes import contracted
from rnnscope.types import Array


def matmul(x1: Array, x2: Array, transpose_a: bool = False, transpose_b: bool = False) -> Array:
    a = np.swapaxes(x1, -1, -2) if transpose_a else x1
    return np.asarray(np.matmul(a, np.swapaxes(x2, -1, -2) if transpose_b else x2))


def dot(x1: Array, x2: Array) -> Array:
    return np.asarray(np.dot(x1, x2))


def tensordot(x1: Array, x2: Array, axes: Any = 2) -> Array:
    return np.asarray(np.tensordot(x1, x2, contracted(axes, x1.ndim, x2.ndim)))


def einsum(operands: Sequence[Array], subscripts: str) -> Array:
    return np.asarray(np.einsum(subscripts, *operands, optimize=len(operands) > 1))


def outer(x1: Array, x2: Array) -> Array:
    return np.outer(x1, x2)


def inner(x1: Array, x2: Array) -> Array:
    return np.asarray(np.inner(x1, x2))


def vdot(x1: Array, x2: Array) -> Array:
    return np.asarray(np.vdot(x1, x2))


def cross(x1: Array, x2: Array, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Array:
    """The product of vectors in space."""
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = (np.moveaxis(x, place, 0) for x, place in ((x1, axisa), (x2, axisb)))
    if len(a) != 3 or len(b) != 3:
        raise ValueError("a cross product is computed of vectors of three")
    parts = [a[i] * b[j] - a[j] * b[i] for i, j in ((1, 2), (2, 0), (0, 1))]
    return np.moveaxis(np.stack(parts), 0, axisc)


def kron(x1: Array, x2: Array) -> Array:
    return np.kron(x1, x2)


def determinant(x: Array) -> Array:
    return np.asarray(np.linalg.det(x))


def sign_and_log_determinant(x: Array) -> tuple[Array, Array]:
    sign, logarithm = np.linalg.slogdet(x)
    return np.asarray(sign), np.asarray(logarithm)


def log_determinant(x: Array) -> Array:
    """Of a matrix that is positive definite."""
    return np.asarray(2 * np.log(np.diagonal(np.linalg.cholesky(x), 0, -2, -1)).sum(-1))


def inverse(x: Array) -> Array:
    return np.linalg.inv(x)


def cholesky(x: Array, upper: bool = False) -> Array:
    lower = np.linalg.cholesky(x)
    return np.swapaxes(lower, -1, -2) if upper else lower


def solve(a: Array, b: Array) -> Array:
    if b.ndim == a.ndim - 1:
        return np.asarray(np.linalg.solve(a, b[..., None])[..., 0])
    return np.linalg.solve(a, b)


def solve_triangular(a: Array, b: Array, lower: bool = False) -> Array:
    return solve(np.tril(a) if lower else np.triu(a), b)
