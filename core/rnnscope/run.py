"""The run: walks the graph in execution order and records everything."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple, cast

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from rnnscope.checks import checked_inputs
from rnnscope.context import Cancelling, Context, Progress
from rnnscope.errors import BadInput, RnnscopeError
from rnnscope.layers.base import Arguments, Operation, Result, map_weights
from rnnscope.layers.recurrent import Recurrent, final_states
from rnnscope.masks import choose_masks
from rnnscope.model import Call, Model, Tensor
from rnnscope.trace import LayerTrace, Trace
from rnnscope.types import Array, Mask

Inputs = ArrayLike | Sequence[ArrayLike] | Mapping[str, ArrayLike]


class Value(NamedTuple):
    """A tensor on its way through the graph, with the mask that travels with it."""

    array: Array
    mask: Mask | None


def run(
    model: Model,
    x: Inputs,
    *,
    dtype: DTypeLike | None = None,
    carry: Trace | None = None,
    use_masks: bool = True,
    progress: Progress | None = None,
    cancelled: Cancelling | None = None,
) -> Trace:
    """Run `model` forward on `x` and record every output, state, gate and mask.

    x: one array, a list in the order of ``model.input_names``, or {input name: array}; the batch axis comes first.
    dtype: floating-point type to compute in; the model's own by default.
    carry: an earlier trace of the same model; its stateful layers go on from where that one ended.
    use_masks: False runs every step on the raw input, masked or not.
    progress: called as ``progress(done, total)`` in timesteps. cancelled: asked at every timestep; True stops the run.

    Raises BadInput or ShapeMismatch when `x` does not fit the model, Cancelled when stopped.
    """
    inputs = checked_inputs(model, x)
    model_dtype = np.dtype(model.dtype)
    context = Context(
        dtype=model_dtype if dtype is None else _floating(dtype),
        model_dtype=model_dtype,
        semantics=model.semantics,
        use_masks=use_masks,
        progress=progress,
        cancelled=cancelled,
        carried=carried_states(model, carry),
        total=total_steps(model, inputs),
    )
    trace = walk(model, inputs, context, lambda weight: weight.astype(context.dtype, copy=False))
    return replace(trace, carried=carry)


def walk(model: Model, inputs: Mapping[str, Array], context: Context, prepare: Callable[[Array], Array]) -> Trace:
    """Evaluate every call in order; `prepare` is applied to every weight first."""
    operations = {layer.name: map_weights(layer.operation, prepare) for layer in model.layers}
    values: dict[Tensor, Value] = {}
    layers: dict[str, LayerTrace] = {}
    # Overflow and NaN are part of what is shown; they are not the engine's errors.
    with np.errstate(all="ignore"):
        for call in model.calls:
            result = _evaluate(call, operations[call.layer], values, inputs, context)
            for index, (output, mask) in enumerate(zip(result.outputs, result.masks, strict=True)):
                values[Tensor(call.key, index)] = Value(output, mask)
            layers[call.key] = LayerTrace(result.outputs, result.states, result.gates, result.mask, result.masks[0])
    outputs = tuple(values[tensor].array for tensor in model.outputs)
    return Trace(model, inputs, outputs, layers, use_masks=context.use_masks)


def total_steps(model: Model, inputs: Mapping[str, Array]) -> int:
    """How many timesteps the recurrences of a run take, for progress."""
    longest = max((array.shape[1] for array in inputs.values() if array.ndim > 1), default=1)
    return max(1, sum(model[call.layer].operation.recurrent_steps for call in model.calls) * longest)


def _evaluate(
    call: Call, operation: Operation, values: Mapping[Tensor, Value], inputs: Mapping[str, Array], context: Context
) -> Result:
    arguments = _arguments(call, operation, values, context) if call.inputs else _entering(call, inputs, context)
    try:
        result = operation.call(arguments, context)
    except RnnscopeError as error:
        raise error.located(file=None, layer=call.key) from None
    except MemoryError:
        raise BadInput(
            "not enough memory for this layer's record", layer=call.key, advice="Use fewer samples"
        ) from None
    return result


def _entering(call: Call, inputs: Mapping[str, Array], context: Context) -> Arguments:
    return Arguments((context.cast(inputs[call.key]),), layer=call.key)


def _arguments(call: Call, operation: Operation, values: Mapping[Tensor, Value], context: Context) -> Arguments:
    given = [values[tensor] for tensor in call.inputs]
    by_hand = values[call.mask].array if call.mask is not None and context.use_masks else None
    used, incoming = choose_masks(call, operation, by_hand, [value.mask for value in given])
    initial = None if call.initial_state is None else tuple(values[tensor].array for tensor in call.initial_state)
    masks = tuple(value.mask for value in given)
    tensors = tuple(value.array for value in given)
    if not operation.keeps_integers:
        tensors = tuple(tensor.astype(context.dtype, copy=False) for tensor in tensors)
    return Arguments(tensors, used, incoming, masks, initial, call.layer)


def carried_states(model: Model, carry: Trace | None) -> dict[str, tuple[Array, ...]]:
    """Layer → the states in which an earlier run left it, for every stateful layer."""
    if carry is None:
        return {}
    stateful = [layer for layer in model.layers if isinstance(layer.operation, Recurrent) and layer.operation.stateful]
    if not stateful:
        raise BadInput("carry was given, but no layer of this model is stateful")
    missing = [layer.name for layer in stateful if layer.name not in carry.layers]
    if missing:
        raise BadInput("carry is a trace of another model", expected=f"a layer '{missing[0]}'")
    return {layer.name: final_states(carry[layer.name].states, layer.operation) for layer in stateful}


def _floating(dtype: DTypeLike) -> np.dtype[np.floating]:
    try:
        chosen = np.dtype(dtype)
    except TypeError:
        raise BadInput("dtype is not a floating-point type", expected="float32 or float64", found=repr(dtype)) from None
    if not np.issubdtype(chosen, np.floating):
        raise BadInput("dtype is not a floating-point type", expected="float32 or float64", found=str(chosen))
    return cast("np.dtype[np.floating]", chosen)
