"""Where rounding leads values astray, or beyond the range of their type, and what is computed from them after that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from rnnscope.drift import Drift
from rnnscope.graph import Tensor
from rnnscope.layers.bidirectional import Bidirectional
from rnnscope.model import Model
from rnnscope.order import has_steps, operation_of, runs_backwards
from rnnscope.trace import Trace, layer_key, split_key
from rnnscope.types import Array

LOST_FACTOR = 4.0  # how far apart values may be, in units of their size, once rounding has led them astray
LARGEST = {"float64": 1.8e308, "float32": 3.4e38, "float16": 65504.0, "bfloat16": 3.4e38}
ROOM = 16.0  # between the largest state that is told from infinity and the largest number that there is


def kept_up(
    floors: dict[str, Array], drift: Drift, model: Model, trace: Trace, by_call: Mapping[str, list[str]]
) -> Mapping[str, Array]:
    """The floors, none of which falls once rounding has led its values astray, nor in what reads them."""
    if not any(drift.is_lost(key).any() for key in floors):
        return floors
    raised: dict[str, Array] = {}  # by how much, () or (steps,)
    for call in model.calls:
        entering = _joined([raised[tensor.call] for tensor in model.sources(call) if tensor.call in raised])
        keys = by_call.get(call.key, [])
        orders = {key: _processing(split_key(key, trace.layers), model) for key in keys}
        own = {key: _kept(floors[key], drift.size[key], drift.is_lost(key), orders[key]) for key in keys}
        over = {key: _ratio(own[key], floors[key]) for key in keys}
        highest = max((float(ratio.max(initial=1.0)) for ratio in over.values()), default=1.0)
        for key, floor in own.items():
            factor = _carried_on(entering, orders[key], floor.shape) if floor.ndim else max(entering.max(), highest)
            limit = np.maximum(floor, LOST_FACTOR * drift.size[key])
            floors[key] = np.where(np.asarray(factor) > 1, np.minimum(factor * floor, limit), floor)
        raised[call.key] = _joined([entering, *over.values()])
    outputs = {f"output/{index}": layer_key(*_named(tensor)) for index, tensor in enumerate(model.outputs)}
    return floors | {key: floors[inner] for key, inner in outputs.items() if inner in floors}


def overflown(
    steady: Mapping[str, Array], model: Model, trace: Trace, by_call: Mapping[str, list[str]]
) -> dict[str, Array]:
    """Where numbers are beyond the range of their type, and all that is computed from them: key → (batch[, steps])."""
    found: dict[str, Array] = {}
    samples: dict[str, Array] = {}
    for call in model.calls:
        keys = by_call.get(call.key, [])
        limit = LARGEST.get(model[call.key].dtype, LARGEST["float32"]) / ROOM
        over = {key: _any_unit(key, np.abs(steady[key]) > limit) for key in keys}
        before = [samples[tensor.call] for tensor in model.sources(call) if tensor.call in samples]
        if not before and not any(array.any() for array in over.values()):
            continue
        whole = np.any([array.reshape(len(array), -1).any(axis=1) for array in over.values()] + before, axis=0)
        entering = np.any(before, axis=0) if before else np.zeros_like(whole)
        samples[call.key] = whole
        orders = {key: _processing(split_key(key, trace.layers), model) for key in keys}
        since = _from_then_on(over, orders)
        found |= {key: whole if array.ndim == 1 else array | entering[:, np.newaxis] for key, array in since.items()}
    outputs = {f"output/{index}": layer_key(*_named(tensor)) for index, tensor in enumerate(model.outputs)}
    return found | {key: found[inner] for key, inner in outputs.items() if inner in found}


def _named(tensor: Tensor) -> tuple[str, str]:
    return tensor.call, f"output/{tensor.output}"


def _any_unit(key: str, flags: Array) -> Array:
    """(batch, steps, …) as (batch, steps), or (batch, …) as (batch,)."""
    return np.asarray(flags.any(axis=tuple(range(2 if has_steps(key, flags) else 1, flags.ndim))))


def _from_then_on(over: Mapping[str, Array], orders: Mapping[str, slice | None]) -> dict[str, Array]:
    """Flags (batch, steps) from the first step on at which any quantity of the layer has one; others as they are."""
    since = {
        key: np.logical_or.accumulate(flags[:, orders[key] or slice(None)], axis=1) if flags.ndim > 1 else flags
        for key, flags in over.items()
    }
    found: dict[str, Array] = {}
    for key, flags in since.items():
        joined = np.any([other for other in since.values() if other.shape == flags.shape], axis=0)
        order = orders[key]
        if flags.ndim == 1:
            found[key] = flags
        else:
            found[key] = joined[:, order] if order else np.broadcast_to(joined[:, -1:], flags.shape)
    return found


def _processing(place: tuple[str | None, str], model: Model) -> slice | None:
    """The order in which a layer makes the steps of a quantity; None where it comes from both ends, or is turned."""
    layer, quantity = place
    operation = operation_of(model, layer or "")
    inner = quantity.startswith(("state", "gate"))
    if not inner and (isinstance(operation, Bidirectional) or runs_backwards(operation, "state")):
        return None
    return slice(None, None, -1 if runs_backwards(operation, quantity) else 1)


def keys_by_call(keys: Iterable[str], model: Model, trace: Trace) -> dict[str, list[str]]:
    """The keys of each call's quantities, with those of the calls inside the model that it wraps."""
    calls = {call.key for call in model.calls}
    found: dict[str, list[str]] = {}
    for key in keys:
        layer = split_key(key, trace.layers)[0]
        while layer and layer not in calls:
            layer = layer.rpartition("/")[0]
        if layer:
            found.setdefault(layer, []).append(key)
    return found


def _kept(floor: Array, size: Array, lost: Array, order: slice | None) -> Array:
    """A floor (steps,) that does not fall after the first step at which values are lost, nor below twice their size."""
    if not floor.ndim or not lost.any():
        return floor
    astray = np.maximum(floor, 2 * size)
    if order is None:
        return np.full_like(floor, astray.max())
    begin = int(np.argmax(lost[order]))
    return np.concatenate([floor[order][:begin], np.maximum.accumulate(astray[order][begin:])])[order]


def _ratio(raised: Array, floor: Array) -> Array:
    return np.divide(raised, floor, out=np.ones_like(raised), where=floor > 0)


def _joined(factors: Sequence[Array]) -> Array:
    """The largest of several factors at every step, where they have as many; else the largest of all."""
    if len({factor.shape for factor in factors if factor.ndim}) > 1:
        return np.asarray(max(float(factor.max(initial=1.0)) for factor in factors))
    return np.asarray(np.max(np.broadcast_arrays(np.ones(()), *factors), axis=0))


def _carried_on(factor: Array, order: slice | None, steps: tuple[int, ...]) -> Array:
    """What comes in as so much higher makes all higher that is processed after it."""
    if factor.shape != steps or order is None:
        return np.full(steps, factor.max(initial=1.0))
    return np.asarray(np.maximum.accumulate(factor[order])[order])
