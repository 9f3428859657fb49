"""One layer by itself: read from a configuration and a list of weights, and called on arrays, as some Keras would."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from rnnscope.context import Context
from rnnscope.layers.base import Arguments, Operation, Result
from rnnscope.layers.config import Circumstances, Config
from rnnscope.layers.registry import read_layer
from rnnscope.semantics import Semantics
from rnnscope.types import Array, Mask, Shape


class ListedWeights:
    """Weights in file order."""

    def __init__(self, arrays: Sequence[Array]) -> None:
        self.left = list(arrays)

    def at(self, part: str) -> ListedWeights:
        return self

    def each(self, part: str, class_names: Sequence[str]) -> list[ListedWeights]:
        return [self] * len(class_names)

    def frozen(self) -> ListedWeights:
        return self

    def peek_shape(self) -> tuple[int, ...] | None:
        return tuple(self.left[0].shape) if self.left else None

    def named_shape(self, name: str) -> tuple[int, ...] | None:
        return None

    def text(self, name: str) -> str | None:
        return None

    def take(self, name: str, shape: tuple[int, ...], *, trainable: bool = True) -> Array:
        array = self.left.pop(0)
        assert array.shape == shape, name
        return array


def layer(
    class_name: str,
    options: Mapping[str, object],
    shapes: tuple[Shape, ...],
    weights: Sequence[Array] = (),
    *,
    version: str = "3.15.1",
    backend: str = "tensorflow",
    circumstances: Circumstances | None = None,
) -> Operation:
    """The layer as a file of this Keras describes it, every weight taken."""
    circumstances = circumstances or Circumstances(Semantics(version, backend), [])
    config = Config({"name": "it", **options}, class_name=class_name, layer="it", circumstances=circumstances)
    listed = ListedWeights(weights)
    operation = read_layer(config, listed, shapes)
    assert listed.left == []
    return operation


def called(
    operation: Operation,
    *tensors: Array,
    masks: Sequence[Mask | None] = (),
    version: str = "3.15.1",
    backend: str = "tensorflow",
    layer_dtype: str = "float32",
) -> Result:
    """What the layer returns; its first tensor's mask is the one it uses."""
    given = tuple(masks) or (None,) * len(tensors)
    context = Context(semantics=Semantics(version, backend), layer_dtype=layer_dtype)
    used = given[0] if operation.takes_mask else None
    with np.errstate(all="ignore"):
        result = operation.call(Arguments(tensors, used, given[0], given, {}, "it"), context)
    declared = operation.output_shapes(tuple((None, *x.shape[1:]) for x in tensors))
    assert declared[0][1:] == result.outputs[0].shape[1:]
    return result
