"""Enlarging along one axis by a whole factor, as TensorFlow's and JAX's image resizing do it without antialiasing.

An output place i lies at (i + ½)/factor − ½ in the input. Each kernel weighs the input places around it; places beyond
the edges count for nothing, and the weights are made to add up to one.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rnnscope.types import Array


def enlarged(x: Array, axis: int, weights: Array) -> Array:
    """x (batch, *spatial, channels) with `weights` (output places, input places) applied along `axis`."""
    return np.moveaxis(np.tensordot(weights.astype(x.dtype), x, (1, axis)), 0, axis)


def centred(size: int, factor: int, interpolation: str) -> Array:
    """(size · factor, size): how much each input place counts for each output place."""
    radius, kernel = KERNELS[interpolation]
    distance = np.abs((np.arange(size * factor)[:, np.newaxis] + 0.5) / factor - 0.5 - np.arange(size))
    weights = np.where(distance <= radius, kernel(distance), 0)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def tabled_cubic(size: int, factor: int) -> Array:
    """As `centred` with "bicubic", as TensorFlow computes it: the kernel is looked up at the nearest 1/1024."""
    place = (np.arange(size * factor)[:, np.newaxis] + np.float32(0.5)) / factor - 0.5
    fraction = np.rint((place - np.floor(place)) * 1024) / 1024
    distance = np.abs(np.floor(place) + fraction - np.arange(size))
    weights = np.where(distance <= 2, keys_cubic(distance), 0)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def from_the_corner(size: int, factor: int) -> Array:
    """Bilinear as TensorFlow 1 has it: an output place i lies at i/factor, and beyond the last there is the last."""
    place = np.arange(size * factor) / factor
    below = np.minimum(np.floor(place).astype(int), size - 1)
    weights: Array = np.zeros((size * factor, size))
    rows, fraction = np.arange(size * factor), place - np.floor(place)
    weights[rows, below] += 1 - fraction
    weights[rows, np.minimum(below + 1, size - 1)] += fraction
    return weights


def triangle(distance: Array) -> Array:
    return np.asarray(np.maximum(1 - distance, 0))


def keys_cubic(distance: Array) -> Array:
    """R. Keys, "Cubic convolution interpolation for digital image processing" (1981), with a = −½."""
    near = (1.5 * distance - 2.5) * distance * distance + 1
    far = ((-0.5 * distance + 2.5) * distance - 4) * distance + 2
    return np.where(distance < 1, near, np.where(distance < 2, far, 0))


def mitchell_cubic(distance: Array) -> Array:
    """D. Mitchell and A. Netravali, "Reconstruction filters in computer graphics" (1988), with B = C = ⅓."""
    near = ((7 * distance - 12) * distance * distance + 16 / 3) / 6
    far = (((-7 / 3 * distance + 12) * distance - 20) * distance + 32 / 3) / 6
    return np.where(distance < 1, near, np.where(distance < 2, far, 0))


def gaussian(distance: Array) -> Array:
    """A radius of 1.5 is three standard deviations."""
    return np.asarray(np.exp(-2 * distance * distance))


def lanczos(lobes: int) -> Callable[[Array], Array]:
    """sinc(x) · sinc(x / lobes)."""
    return lambda distance: np.where(distance <= lobes, np.sinc(distance) * np.sinc(distance / lobes), 0)


# The reach of each kernel, and the kernel.
KERNELS: dict[str, tuple[float, Callable[[Array], Array]]] = {
    "bilinear": (1, triangle),
    "bicubic": (2, keys_cubic),
    "lanczos3": (3, lanczos(3)),
    "lanczos5": (5, lanczos(5)),
    "mitchellcubic": (2, mitchell_cubic),
    "gaussian": (1.5, gaussian),
}
