"""Walks a graph in execution order: hands each layer its tensors and masks, and keeps what it returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import prod
from typing import NamedTuple

import numpy as np

from rnnscope.context import Context, rounded
from rnnscope.errors import BadInput, RnnscopeError, Unsupported
from rnnscope.graph import Call, Layer, Tensor, tensors_in
from rnnscope.layers.base import Arguments, Operation, Result, map_weights
from rnnscope.layers.ops.bare import BareOperation
from rnnscope.texts import is_text
from rnnscope.types import Array, Mask


class Value(NamedTuple):
    """A tensor on its way through the graph, with the mask that travels with it."""

    array: Array
    mask: Mask | None = None


# What NumPy makes of tensors that do not fit, where only their sizes at a run tell.
MISFITS = (ValueError, LookupError, TypeError, ArithmeticError)

Values = dict[Tensor, Value]
# Told of every call what went in and what came out; returns what the calls after it are to read.
Review = Callable[[Call, Layer, Arguments, Result], Result]


def walk(
    layers: Sequence[Layer],
    calls: Sequence[Call],
    entering: Mapping[str, Value],
    context: Context,
    known: Mapping[str, Result] | None = None,
    review: Review | None = None,
) -> tuple[Values, dict[str, Result]]:
    """Evaluate `calls` in order. `entering` gives the value of each call that reads nothing: the inputs, by key.

    known: results that need not be computed again, by the keys of their calls.
    review: may put something else in the place of each result that is computed, before it is read.
    Returns every tensor of the graph, and the result of every call by key.
    """
    known = known or {}
    by_name = {layer.name: layer for layer in layers}
    values: Values = {}
    results: dict[str, Result] = {}
    for call in calls:
        layer = by_name[call.layer]
        result = known.get(call.key) or _evaluate(call, layer, values, entering, context, review)
        results[call.key] = result
        for index, (output, mask) in enumerate(zip(result.outputs, result.masks, strict=True)):
            values[Tensor(call.key, index)] = Value(output, mask)
        if layer.operation.unmasks(context.semantics):
            _unmask(values, call.inputs)
    return values, results


def _unmask(values: Values, tensors: Sequence[Tensor]) -> None:
    """Take the masks off `tensors`, and off those that are the same array under another name, as Dropout leaves it."""
    arrays = {id(values[tensor].array) for tensor in tensors}
    for tensor, value in values.items():
        if id(value.array) in arrays:
            values[tensor] = value._replace(mask=None)


def prepared(layers: Sequence[Layer], prepare: Callable[[Array, str], Array]) -> tuple[Layer, ...]:
    """`layers` with `prepare` applied to every floating-point weight, and told the type that it is used in."""
    return tuple(replace(layer, operation=_prepared(layer, prepare)) for layer in layers)


def _prepared(layer: Layer, prepare: Callable[[Array, str], Array]) -> Operation:
    dtype = layer.dtype if layer.operation.rounds_weights or layer.dtype == "float64" else "float32"
    return map_weights(layer.operation, lambda weight: prepare(weight, dtype) if weight.dtype.kind == "f" else weight)


def choose_masks(
    call: Call,
    operation: Operation,
    carried: Sequence[Mask | None],
    by_hand: Sequence[Mask | None] | None,
    context: Context,
) -> tuple[Mask | None, tuple[Mask | None, ...]]:
    """The mask that a layer uses, and the one that goes with each of its tensors.

    A mask passed by hand takes the place of the one that travels with the tensor. Keras 3 hands the mask over only when
    the call has exactly one tensor argument: an `initial_state` makes a recurrent layer ignore its mask.
    """
    masks = tuple(carried)
    if by_hand is not None:
        masks = (*by_hand, *[None] * (len(masks) - len(by_hand)))[: len(masks)]
    if not operation.takes_mask or not masks:
        return None, masks
    hidden = by_hand is None and context.semantics.initial_state_hides_mask and _has_second_tensor(call)
    return (None if hidden else masks[0]), masks


def _has_second_tensor(call: Call) -> bool:
    return len(call.tensors()) > len(call.inputs)


def _evaluate(
    call: Call,
    layer: Layer,
    values: Mapping[Tensor, Value],
    entering: Mapping[str, Value],
    context: Context,
    review: Review | None,
) -> Result:
    context.enter(layer.dtype)
    try:
        arguments = arguments_of(call, layer.operation, values, context) if call.inputs else _entering(call, entering)
        _check_size(call, layer.operation, arguments.tensors, context)
        result = layer.operation.call(arguments, context)
        if context.observe is not None:
            context.observe(call, layer, arguments, result)
    except RnnscopeError as error:
        raise error.located(file=None, layer=call.key) from None
    except MISFITS as error:
        raise BadInput(f"the layer cannot be computed on these tensors: {error}", layer=call.key) from error
    except MemoryError:
        raise BadInput(
            "not enough memory for this layer's record", layer=call.key, advice="Use fewer samples"
        ) from None
    result = replace(result, outputs=tuple(context.finish(output) for output in result.outputs))
    return result if review is None else review(call, layer, arguments, result)


def _check_size(call: Call, operation: Operation, tensors: Sequence[Array], context: Context) -> None:
    """Refuse an output that would take more memory than anything but a damaged file asks for."""
    if context.most is None or isinstance(operation, BareOperation):  # which has a bound of its own
        return
    for shape in operation.call_shapes(tuple(tensor.shape for tensor in tensors), call.keywords):
        if prod(size or 1 for size in shape) > context.most:
            raise Unsupported(
                f"an output of shape {shape} is too large", layer=call.key, expected=f"at most {context.most:,} numbers"
            )


def _entering(call: Call, entering: Mapping[str, Value]) -> Arguments:
    value = entering[call.key]
    return Arguments((value.array,), incoming=value.mask, masks=(value.mask,), layer=call.key)


def arguments_of(call: Call, operation: Operation, values: Mapping[Tensor, Value], context: Context) -> Arguments:
    """The arguments of a call that reads tensors: cast, with their masks chosen; `context` stands in its layer."""
    given = [values[tensor] for tensor in call.inputs]
    by_hand = None
    if call.mask is not None and context.use_masks:
        by_hand = [None if mask is None else values[mask].array.astype(bool) for mask in call.mask]
    if not operation.takes_text:
        _refuse_text([value.array for value in given], call, values)
    used, masks = choose_masks(call, operation, [value.mask for value in given], by_hand, context)
    tensors = tuple(_cast(value.array, operation, context) for value in given)
    keywords = {
        name: _resolved(value, operation, values, context) for name, value in call.keywords.items() if name != "mask"
    }
    return Arguments(tensors, used, masks[0], masks, keywords, call.layer)


def _refuse_text(tensors: Sequence[Array], call: Call, values: Mapping[Tensor, Value]) -> None:
    """NumPy would read numbers out of texts, unasked; Keras never does."""
    if any(is_text(array) for array in (*tensors, *(values[tensor].array for tensor in tensors_in(call.keywords)))):
        raise Unsupported("the layer is given text, and computes numbers only", advice="Put a StringLookup before it")


def _cast(array: Array, operation: Operation, context: Context) -> Array:
    """`array` as the layer gets it: Keras casts what is wider than a 16-bit layer before the layer sees it."""
    cast = context.cast(array) if operation.keeps_integers else array.astype(context.dtype, copy=False)
    wider = operation.narrows_input and context.requested is None and cast.dtype.kind == "f"
    return rounded(cast, context.layer_dtype) if wider else cast


def _resolved(value: object, operation: Operation, values: Mapping[Tensor, Value], context: Context) -> object:
    """A keyword with its tensors as arrays; masks and indices among them keep their type."""
    if isinstance(value, Tensor):
        return context.cast(values[value].array)
    if isinstance(value, list | tuple):
        return tuple(_resolved(item, operation, values, context) for item in value)
    return np.asarray(value) if isinstance(value, np.ndarray) else value
