"""How a bias is added, which is not the same everywhere."""

from __future__ import annotations

import numpy as np

from rnnscope.semantics import Semantics
from rnnscope.types import Array


def add_bias(x: Array, bias: Array, semantics: Semantics) -> Array:
    """x + bias, the bias broadcast as NumPy does.

    On TensorFlow, Keras from 3.7 on takes a bias with one axis longer than 1 for one along the channels: it is added
    along the last axis of `x` where that is as long, else along axis 1 where that is, wherever the bias stood. Channels
    first, with as many columns as channels, a bias goes to the columns; the bias of 3 heads of size 1 goes to 3 steps.
    """
    longer = [size for size in bias.shape if size > 1]
    if semantics.bias_goes_to_channels and x.ndim > 1 and len(longer) == 1 and longer[0] in (x.shape[-1], x.shape[1]):
        channels = x.ndim - 1 if x.shape[-1] == longer[0] else 1
        return np.asarray(x + bias.reshape([-1 if axis == channels else 1 for axis in range(x.ndim)]))
    return np.asarray(x + bias)
