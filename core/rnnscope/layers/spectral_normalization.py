"""SpectralNormalization: a wrapper that does its work in training."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Self

from rnnscope.context import Context
from rnnscope.errors import Unsupported
from rnnscope.layers.base import Arguments, Operation, Result, Weights
from rnnscope.layers.config import Config
from rnnscope.layers.registry import keras_layer, read_inner
from rnnscope.types import Array, Shape


@keras_layer("SpectralNormalization")
@dataclass(frozen=True, slots=True, eq=False)
class SpectralNormalization(Operation):
    """The wrapped layer as it is: training has divided its kernel by the largest singular value.

    Miyato et al. (2018).
    """

    layer: Operation
    inner_class: str
    repeated: int  # parameters that a `.keras` archive holds twice

    @property
    def repeated_parameters(self) -> int:
        return self.repeated

    @property
    def keeps_integers(self) -> bool:
        return self.layer.keeps_integers

    @property
    def label(self) -> str:
        return f"({self.inner_class}{self.layer.label})"

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        entry = config.take_mapping("layer")
        config.ignore("power_iterations")
        layer = read_inner(config, entry, weights.at("layer"), shapes)
        weight: Array | None = getattr(layer, "kernel", getattr(layer, "embeddings", None))
        if weight is None:
            raise Unsupported("SpectralNormalization of a layer without a kernel is not computed", layer=config.layer)
        repeated = _pass_over_vector(weights, weight.shape)
        return cls(layer, str(entry.get("class_name")), repeated)

    def output_shapes(self, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
        return self.layer.output_shapes(shapes)

    def call(self, arguments: Arguments, context: Context) -> Result:
        mask = arguments.incoming if self.layer.takes_mask else None
        result = self.layer.call(replace(arguments, mask=mask), context)
        kind = arguments.x.dtype
        if not context.semantics.is_keras3 or kind.kind not in "iu":
            return result
        # Keras 3 casts to the input's type, also when that is the type of an Embedding's indices; no mask survives it.
        outputs = tuple(output.astype(kind) for output in result.outputs)
        return replace(result, outputs=outputs, masks=(None,) * len(outputs))


def _pass_over_vector(weights: Weights, kernel: tuple[int, ...]) -> int:
    """The singular vector, for training alone. The kernel that a `.keras` archive repeats before it: its size, or 0."""
    vector = (1, kernel[-1])
    first = weights.peek_shape()
    weights.take("vector_u", kernel if first == kernel else vector, trainable=False)
    if first == kernel != vector or (first == vector and weights.peek_shape() == vector):
        weights.take("vector_u", vector, trainable=False)
        return math.prod(kernel)
    return 0
