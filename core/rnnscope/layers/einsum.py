"""EinsumDense: a projection along any axes, written as an einsum equation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, Self

import numpy as np

from rnnscope.errors import ShapeMismatch, UnreadableFile, Unsupported
from rnnscope.layers.activations import Activation, take_activation
from rnnscope.layers.base import Pointwise, Weights
from rnnscope.layers.bias import add_bias
from rnnscope.layers.config import MAX_SIZE, Config
from rnnscope.layers.registry import keras_layer
from rnnscope.semantics import Semantics
from rnnscope.types import Array, Shape

MAX_LETTERS = 20
# The three forms that Keras allows: every axis named; the first ones as dots; the last ones as dots.
FORMS = {
    "": re.compile(r"([A-Za-z]+),([A-Za-z]+)->([A-Za-z]+)"),
    "left": re.compile(r"\.\.\.([A-Za-z]+),([A-Za-z]+)->\.\.\.([A-Za-z]+)"),
    "right": re.compile(r"([A-Za-z]{2,})\.\.\.,([A-Za-z]+)->([A-Za-z]+)\.\.\."),
}


class Equation(NamedTuple):
    """The letters of an equation such as ``abc,cd->abd``; on the side `dots`, dots stand for axes without a letter."""

    text: str
    dots: str
    input: str
    kernel: str
    output: str

    def spread(self, letters: str, shape: Shape) -> dict[str, int | None]:
        """Letter → size, for a shape whose axes without a letter lie where the dots are."""
        ahead = len(shape) - len(letters) if self.dots == "left" else 0
        return dict(zip(letters, shape[ahead:], strict=False))


@keras_layer("EinsumDense")
@dataclass(frozen=True, slots=True, eq=False)
class EinsumDense(Pointwise):
    """act(einsum(equation, x, W) + b); the bias has size 1 along the output axes that `bias_axes` leaves out.

    The mask ends here.
    """

    equation: Equation
    kernel: Array
    bias: Array | None
    activation: Activation
    semantics: Semantics

    passes_mask: ClassVar[bool] = False

    @property
    def label(self) -> str:
        return f"({self.equation.text}){self.activation.label}"

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        equation = _take_equation(config, shapes[0])
        sizes = _take_sizes(config, equation, shapes[0])
        activation = take_activation(config)
        for option in ("quantization_config", "gptq_unpacked_column_size"):
            config.refuse(option, advice="Save the model before quantizing it")
        config.refuse("lora_rank", advice="Merge the LoRA weights before saving")
        config.ignore("lora_alpha")
        bias_shape = _take_bias_shape(config, equation, sizes, len(shapes[0]))
        kernel = weights.take("kernel", tuple(sizes[letter] for letter in equation.kernel))
        bias = None if bias_shape is None else weights.take("bias", bias_shape)
        return cls(equation, kernel, bias, activation, config.semantics)

    def output_shapes(self, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
        equation, shape = self.equation, shapes[0]
        sizes = {**equation.spread(equation.input, shape), **dict(zip(equation.kernel, self.kernel.shape, strict=True))}
        named = tuple(sizes[letter] for letter in equation.output)
        unnamed = len(shape) - len(equation.input)
        if equation.dots == "left":
            return ((*shape[:unnamed], *named),)
        return ((*named, *shape[len(equation.input) :]),)

    def apply(self, x: Array) -> Array:
        try:
            projected = np.einsum(self.equation.text, x, self.kernel, optimize=True)
        except ValueError as error:
            raise ShapeMismatch(f"EinsumDense {self.equation.text}: {error}") from None
        return self.activation(projected if self.bias is None else add_bias(projected, self.bias, self.semantics))


def _take_equation(config: Config, shape: Shape) -> Equation:
    text = config.take("equation")
    for dots, form in FORMS.items():
        found = form.fullmatch(text) if isinstance(text, str) and len(text) <= 4 * MAX_LETTERS else None
        if found is None:
            continue
        assert isinstance(text, str)
        equation = Equation(text, dots, *found.groups())
        fits = len(equation.input) == len(shape) if not dots else len(equation.input) <= len(shape)
        if fits and set(equation.output) <= set(equation.input) | set(equation.kernel):
            return equation
        raise ShapeMismatch("EinsumDense input", layer=config.layer, expected=f"axes as in {text}", found=shape)
    raise Unsupported(f"EinsumDense with equation={text!r} is not computed", layer=config.layer)


def _take_sizes(config: Config, equation: Equation, shape: Shape) -> Mapping[str, int]:
    """Letter → size for every letter of the kernel, from the ``output_shape`` option where the output has it."""
    partial = config.take("output_shape")
    partial = [partial] if isinstance(partial, int) else partial
    if not isinstance(partial, list) or not all(_is_size(size) for size in partial):
        raise UnreadableFile("EinsumDense option 'output_shape' is not usable", layer=config.layer, found=repr(partial))
    unnamed = len(shape) - len(equation.input)
    ahead, behind = (unnamed, 0) if equation.dots == "left" else (0, unnamed)
    # Keras counts the batch among the dots, when these come first.
    full: Shape = (*[None] * max(ahead, 1), *partial, *[None] * behind)
    # It reads them from the front, and passes over sizes given beyond the last letter.
    given = zip(equation.output, full[ahead:], strict=False)
    sizes = {**equation.spread(equation.input, shape), **dict(given)}
    if len(full) - unnamed < len(equation.output) or any(sizes.get(letter) is None for letter in equation.kernel):
        raise ShapeMismatch(
            f"EinsumDense output_shape {partial} for {equation.text}",
            layer=config.layer,
            expected="a size for every axis of the kernel",
            found=shape,
        )
    return {letter: size for letter, size in sizes.items() if size is not None}


def _take_bias_shape(config: Config, equation: Equation, sizes: Mapping[str, int], rank: int) -> tuple[int, ...] | None:
    """From the first output axis that has a bias on: its size, or 1 where it has none; dots behind count as axes."""
    axes = config.take("bias_axes", None)
    if axes is None:
        return None
    if not isinstance(axes, str) or not axes or not set(axes) <= set(equation.output) & set(sizes):
        raise Unsupported(f"EinsumDense with bias_axes={axes!r} is not computed", layer=config.layer)
    first = min(equation.output.index(letter) for letter in axes)
    named = [sizes[letter] if letter in axes else 1 for letter in equation.output[first:]]
    behind = rank - len(equation.input) if equation.dots == "right" else 0
    return (*named, *[1] * behind)


def _is_size(size: object) -> bool:
    return size is None or (isinstance(size, int) and not isinstance(size, bool) and 0 < size <= MAX_SIZE)
