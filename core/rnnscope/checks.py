"""Whether an input fits a model, and what to do when it does not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from rnnscope.errors import BadInput, RnnscopeError, ShapeMismatch
from rnnscope.layers.config import TEXT
from rnnscope.model import Model
from rnnscope.texts import as_texts
from rnnscope.types import Array, Shape, Table

if TYPE_CHECKING:
    from rnnscope.run import Inputs


def checked_inputs(model: Model, x: Inputs) -> dict[str, Array]:
    """`x` as {input name: array}, each array checked against its input and in the type that Keras would cast it to.

    Raises BadInput (names, type, batch) or ShapeMismatch, with the obvious repair in words.
    """
    named = _by_name(model, x)
    checked = {
        name: _checked(model, name, named[name], shape)
        for name, shape in zip(model.input_names, model.input_shapes, strict=True)
    }
    sizes = {name: len(array) for name, array in checked.items()}
    if len(set(sizes.values())) > 1:
        raise BadInput(
            "inputs with different numbers of samples", found=", ".join(f"{n}: {s}" for n, s in sizes.items())
        )
    if 0 in sizes.values():
        raise BadInput("the input holds no samples", expected="at least one")
    return checked


def _by_name(model: Model, x: Inputs) -> dict[str, Array]:
    names = model.input_names
    if isinstance(x, Mapping):
        given = {str(name): _array(array) for name, array in x.items()}
        if len(names) == len(given) == 1:
            return {names[0]: next(iter(given.values()))}
        if set(given) != set(names):
            raise BadInput("the input's names are not the model's", expected=", ".join(names), found=", ".join(given))
        return given
    if len(names) == 1:
        # A list of one array is Keras's own way to write one input; any other list is data.
        only = x[0] if isinstance(x, list | tuple) and len(x) == 1 and isinstance(x[0], np.ndarray) else x
        return {names[0]: _array(_sample(only, model.input_shapes[0]))}
    if not isinstance(x, Sequence) or len(x) != len(names):
        found = f"a list of {len(x)}" if isinstance(x, Sequence) else "one array"
        raise BadInput("the model has several inputs", expected=f"{len(names)}: {', '.join(names)}", found=found)
    return dict(zip(names, map(_array, x), strict=True))


def _sample(x: object, expected: Shape) -> object:
    """A table as the one sample that it is where sequences are taken; anything else as it is."""
    return np.asarray(x)[np.newaxis] if isinstance(x, Table) and x.ndim == 2 and len(expected) == 3 else x


def _array(x: object) -> Array:
    try:
        array = np.asarray(x)
    except ValueError as error:
        raise BadInput("the input is not rectangular", advice=str(error)) from None
    # Objects are texts, or nothing that is taken: pandas and TensorFlow keep theirs so.
    return _text(array, x) if array.dtype.kind in "USTO" and array.size else array


def _text(array: Array, x: object) -> Array:
    """Texts as Unicode. NumPy makes texts of numbers that stand among texts, and Keras does not."""
    objects = array if isinstance(x, np.ndarray) else np.asarray(x, object)
    try:
        return as_texts(objects if objects.shape == array.shape else array)
    except ValueError as error:
        kind = "a type that is not a number" if array.dtype.kind == "O" else "texts that cannot be read"
        raise BadInput(f"input of {kind}: {error}", expected="numbers, or text throughout", found=array.dtype) from None


def _checked(model: Model, name: str, array: Array, expected: Shape) -> Array:
    kind = getattr(model[name].operation, "dtype", model.dtype)
    if array.dtype.kind not in ("U" if kind == TEXT else "biuf"):
        problem = "the input takes text" if kind == TEXT else "input of a type that is not a number"
        wanted = "texts" if kind == TEXT else "floats or integers"
        raise BadInput(problem, layer=name, expected=wanted, found=array.dtype)
    if 0 in array.shape[1:]:
        raise BadInput("the input is empty", layer=name, expected=expected, found=array.shape)
    if not fits(array.shape, expected):
        raise _misfit(name, array.shape, expected)
    if kind == TEXT:
        return array
    dtype = np.dtype(kind)
    with np.errstate(all="ignore"):
        return array.astype(dtype, copy=False)


def fits(shape: tuple[int, ...], expected: Shape) -> bool:
    """Whether an array of `shape` can go where `expected` is asked for: any batch, None standing for any size."""
    sizes = zip(shape[1:], expected[1:], strict=False)
    return len(shape) == len(expected) and all(want in (None, have) for have, want in sizes)


def _misfit(name: str, shape: tuple[int, ...], expected: Shape) -> RnnscopeError:
    return ShapeMismatch(
        "the input has the wrong shape", layer=name, expected=expected, found=shape, advice=_repair(shape, expected)
    )


def _repair(shape: tuple[int, ...], expected: Shape) -> str | None:
    if fits((1, *shape), expected):
        return "The batch axis is missing: use x[None] (np.expand_dims(x, 0))"
    if len(shape) == len(expected) == 3 and fits((shape[0], shape[2], shape[1]), expected):
        return "Time and features are swapped: use x.transpose(0, 2, 1)"
    if len(shape) == len(expected) >= 2 and fits((shape[1], shape[0], *shape[2:]), expected):
        return "Batch and time are swapped: use x.swapaxes(0, 1)"
    if fits((*shape, 1), expected):
        return "The feature axis is missing: use x[..., None]"
    if len(shape) == len(expected) == 3 and shape[2] == expected[2] and expected[1] is not None:
        verb = "Pad" if shape[1] < expected[1] else "Cut"
        return f"{verb} the sequences from {shape[1]} to {expected[1]} steps"
    if len(shape) == len(expected) + 1 and fits(shape[1:], expected):
        return "There is one axis too many: use x[0]"
    return None
