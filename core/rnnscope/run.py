"""The run: checks the input, walks the graph and records everything."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import cast

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from rnnscope.checks import checked_inputs
from rnnscope.context import Cancelling, Context, Progress, rounded, working_dtype
from rnnscope.errors import BadInput
from rnnscope.layers.base import Result
from rnnscope.layers.ops.shapes import MAX_RESULT
from rnnscope.model import Model
from rnnscope.trace import LayerTrace, Trace
from rnnscope.types import Array
from rnnscope.walk import Review, Value, Values, prepared, walk

MOST_GROWTH = 2**16

Inputs = ArrayLike | Sequence[ArrayLike] | Mapping[str, ArrayLike]


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
    dtype: floating-point type to compute everything in; each layer's own by default. Layers of float16 and bfloat16
        are then computed in float32, and their weights, states and outputs rounded to those types.
    carry: an earlier trace of the same model; its stateful layers go on from where that one ended.
    use_masks: False runs every step on the raw input, masked or not.
    progress: called as ``progress(done, total)`` in timesteps. cancelled: asked at every timestep; True stops the run.

    Raises BadInput or ShapeMismatch when `x` does not fit the model, Cancelled when stopped.
    """
    inputs = checked_inputs(model, x)
    context = Context(
        semantics=model.semantics,
        requested=None if dtype is None else _floating(dtype),
        use_masks=use_masks,
        progress=progress,
        cancelled=cancelled,
        carried=carried_states(model, carry),
        total=total_steps(model, inputs),
        most=most_numbers(inputs),
    )

    return replace(record_in_type(model, inputs, context), carried=carry)


def record_in_type(model: Model, inputs: Mapping[str, Array], context: Context, review: Review | None = None) -> Trace:
    """Walk the whole model, with every weight in the type that `context` asks for, or in its layer's own."""
    return record(model, inputs, context, in_type(context), review)


def in_type(context: Context) -> Callable[[Array, str], Array]:
    """What makes of a weight, and its layer's type, the weight in the type that `context` asks for."""

    def prepare(weight: Array, layer_dtype: str) -> Array:
        if context.requested is not None:
            return weight.astype(context.requested, copy=False)
        return rounded(weight.astype(working_dtype(layer_dtype), copy=False), layer_dtype)

    return prepare


def record(
    model: Model,
    inputs: Mapping[str, Array],
    context: Context,
    prepare: Callable[[Array, str], Array],
    review: Review | None = None,
) -> Trace:
    """Walk the whole model and keep everything; `prepare` is applied to every weight first, `review` as in `walk`."""
    layers = prepared(model.layers, prepare)
    entering = {name: Value(array) for name, array in inputs.items()}
    # Overflow and NaN are part of what is shown; they are not the engine's errors.
    with np.errstate(all="ignore"):
        values, results = walk(layers, model.calls, entering, context, review=review)
    return traced(model, inputs, values, results, context)


def traced(
    model: Model, inputs: Mapping[str, Array], values: Values, results: Mapping[str, Result], context: Context
) -> Trace:
    """The trace of a walk: what it made of every tensor and every call."""
    recorded: dict[str, LayerTrace] = {}
    for key, result in results.items():
        recorded |= layer_traces(key, result)
    outputs = tuple(values[tensor].array for tensor in model.outputs)
    return Trace(model, inputs, outputs, recorded, use_masks=context.use_masks)


def layer_traces(key: str, result: Result) -> dict[str, LayerTrace]:
    """The trace of one call; those of the calls inside it come first, as ``key/inner``."""
    traces: dict[str, LayerTrace] = {}
    for inner, part in result.parts.items():
        traces |= layer_traces(f"{key}/{inner}", part)
    traces[key] = LayerTrace(result.outputs, result.states, result.gates, result.mask, result.masks[0], result.final)
    return traces


def total_steps(model: Model, inputs: Mapping[str, Array]) -> int:
    """How many timesteps the recurrences of a run take, for progress."""
    longest = max((array.shape[1] for array in inputs.values() if array.ndim > 1), default=1)
    return max(1, sum(model[call.key].operation.recurrent_steps for call in model.calls) * longest)


def most_numbers(inputs: Mapping[str, Array]) -> int:
    """How many numbers one output may hold: far more than a network makes of its inputs, and what fits any machine.

    It keeps a file whose layers multiply unknown sizes from asking for all the memory there is.
    """
    return max(MAX_RESULT, MOST_GROWTH * sum(array.size for array in inputs.values()))


def carried_states(model: Model, carry: Trace | None) -> dict[str, Mapping[str, Array]]:
    """Layer → the states, by name, in which an earlier run left it, for every stateful layer."""
    if carry is None:
        return {}
    stateful = [layer for layer in model.layers if getattr(layer.operation, "stateful", False)]
    if not stateful:
        raise BadInput("carry was given, but no layer of this model is stateful")
    missing = [layer.name for layer in stateful if layer.name not in carry.layers]
    if missing:
        raise BadInput("carry is a trace of another model", expected=f"a layer '{missing[0]}'")
    return {layer.name: carry[layer.name].final for layer in stateful}


def _floating(dtype: DTypeLike) -> np.dtype[np.floating]:
    try:
        chosen = np.dtype(dtype)
    except TypeError:
        raise BadInput("dtype is not a floating-point type", expected="float32 or float64", found=repr(dtype)) from None
    if not np.issubdtype(chosen, np.floating):
        raise BadInput("dtype is not a floating-point type", expected="float32 or float64", found=str(chosen))
    return cast("np.dtype[np.floating]", chosen)
