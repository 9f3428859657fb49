"""Lambda: a layer whose arithmetic is Python code in the file. It is shown and never run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from rnnscope.context import Context
from rnnscope.errors import Unsupported
from rnnscope.layers.base import Arguments, Operation, Result, Weights
from rnnscope.layers.config import Config
from rnnscope.layers.registry import keras_layer
from rnnscope.types import Shape

OPTIONS = ("function", "output_shape", "mask")
FORMS = ("", "_type", "_module")


@keras_layer("Lambda")
@dataclass(frozen=True, slots=True, eq=False)
class Lambda(Operation):
    """Stands for code that is not run: running it is refused, or what goes in comes out where that was asked for.

    shape: the shape of one output where the file says it, else that of the input. passes_mask: whether the file gives
    the layer a mask function; without one, no Keras hands the mask on.
    """

    shape: Shape | None
    passes_mask: bool
    bypassed: bool

    @property
    def keeps_integers(self) -> bool:
        return True

    @property
    def label(self) -> str:
        return " (bypassed)" if self.bypassed else " (not run)"

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        bypassed = config.circumstances.bypass_lambda
        passes_mask = config.has("mask") and config.take("mask") is not None
        shape = None if bypassed else _stated_shape(config.take("output_shape", None))
        config.ignore("module", "arguments", *[f"{option}{form}" for option in OPTIONS for form in FORMS])
        config.note(
            "code present, not run; bypassed, so its input passes through unchanged"
            if bypassed
            else "code present, not run; running the model stops here"
        )
        return cls(shape, passes_mask, bypassed)

    def output_shapes(self, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
        return shapes if self.shape is None else ((shapes[0][0], *self.shape),)

    def call(self, arguments: Arguments, context: Context) -> Result:
        if not self.bypassed:
            raise Unsupported(
                "a Lambda layer is Python code in the file, which is not run",
                layer=arguments.layer,
                advice="To let its input through unchanged: Reading ▸ Pass Lambda layers by, --bypass-lambda, or "
                "load_model(…, bypass_lambda=True)",
            )
        masks = arguments.masks if self.passes_mask else ()
        return Result(arguments.tensors, masks or (None,) * len(arguments.tensors))


def _stated_shape(value: object) -> Shape | None:
    """An output shape written as numbers; code that computes it is not run either."""
    if not isinstance(value, list) or not all(size is None or _is_size(size) for size in value):
        return None
    return tuple(value)


def _is_size(size: object) -> bool:
    return isinstance(size, int) and not isinstance(size, bool) and 0 < size < 2**31
