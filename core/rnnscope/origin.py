"""Where a difference comes from: each layer run on the reference's own inputs, each step from its own states.

Our layer on their inputs tells what came in from what was added: ours − theirs = (ours − re-run) + (re-run − theirs).
The first is inherited, the second is made here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from rnnscope.context import Cancelling, Context, Progress
from rnnscope.culprit import Culprit
from rnnscope.drift import local_floors, preparing, probing, shaken_arguments
from rnnscope.graph import Call, Layer
from rnnscope.layers.base import Arguments, Operation, Result, map_weights
from rnnscope.layers.core import InputLayer
from rnnscope.layers.submodel import NestedModel
from rnnscope.model import Model
from rnnscope.noise import UNITS, Noise
from rnnscope.order import rank
from rnnscope.reference import Reference
from rnnscope.restep import restep
from rnnscope.run import carried_states, layer_traces, record_in_type, total_steps
from rnnscope.split import Split
from rnnscope.trace import Trace, layer_key
from rnnscope.types import Array, Mask
from rnnscope.verdicts import Row, Verdict, difference, spread

Arrays = Mapping[str, Array]
MASKS = ("mask", "output_mask")


def find_origins(
    trace: Trace,
    reference: Reference,
    rows: Sequence[Row],
    *,
    progress: Progress | None = None,
    cancelled: Cancelling | None = None,
) -> tuple[Culprit, ...]:
    """Of every call of a layer that differs, in execution order, what came in and what it added.

    rows: those of the comparison of `trace` with `reference`.
    Where the reference lacks a layer's inputs they are computed from what it has; if the layer then differs, `among`
    names the layers of which nobody can tell which one it was. Empty for a trace without a model.
    Raises Cancelled when stopped.
    """
    model = trace.model
    if model is None or not any(row.verdict is Verdict.DIFFERENT for row in rows):
        return ()
    context = Context(
        semantics=model.semantics,
        use_masks=trace.use_masks,
        progress=progress,
        cancelled=cancelled,
        carried=carried_states(model, trace.carried),
        total=total_steps(model, trace.inputs),
    )
    stored, by_call = _stored(model, reference, rows)
    review = _Review(trace, stored, by_call, context)
    record_in_type(model, trace.inputs, context, review)
    return tuple(review.found)


def _stored(model: Model, reference: Reference, rows: Iterable[Row]) -> tuple[Arrays, dict[str, list[Row]]]:
    """The stored arrays by their keys, and each call's compared rows, with those of the calls inside it.

    The model's own outputs belong to the layer that gives them, where nothing else is stored of these.
    """
    arrays = dict(reference.arrays)
    compared = {row.key: row for row in rows if row.floor is not None}
    for index, tensor in enumerate(model.outputs):
        quantity = f"output/{tensor.output}"
        key = layer_key(tensor.call, quantity)
        if key not in arrays and (row := compared.get(f"output/{index}")) is not None:
            arrays[key] = arrays[row.key]
            compared[key] = _elsewhere(row, key, tensor.call, quantity)
    calls = {call.key for call in model.calls}
    by_call: dict[str, list[Row]] = {}
    for row in compared.values():
        layer = row.layer
        while layer and layer not in calls:
            layer = layer.rpartition("/")[0]
        by_call.setdefault(layer, []).append(row)
    return arrays, by_call


def _elsewhere(row: Row, key: str, layer: str, quantity: str) -> Row:
    first = None if row.first is None else replace(row.first, layer=layer, quantity=quantity)
    return replace(row, key=key, layer=layer, quantity=quantity, first=first)


@dataclass(slots=True)
class _Review:
    """Walks along with a run that reads the reference's values instead of its own, and splits what differs.

    stored: the reference's arrays. rows: of each call. doubts: of each call, those before it and itself as far as the
    reference has no values that vouch for what it gives.
    """

    trace: Trace
    stored: Arrays
    rows: Mapping[str, Sequence[Row]]
    context: Context
    found: list[Culprit] = field(default_factory=list)
    doubts: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def __call__(self, call: Call, layer: Layer, arguments: Arguments, result: Result) -> Result:
        rows = self.rows.get(call.key, ())
        behind = tuple(dict.fromkeys(key for tensor in call.tensors() for key in self.doubts.get(tensor.call, ())))
        among = (*behind, call.key) if behind else ()
        mask = self.stored.get(layer_key(call.key, "mask"))
        if mask is not None and _other_mask(mask, arguments.mask):
            self.found.append(self._masked(call.key, layer.operation, arguments.mask, mask, among))
            arguments, result = self._with_mask(layer, arguments, result, mask.astype(bool))
        elif any(row.verdict is Verdict.DIFFERENT for row in rows):
            origins = self._origin(call.key, layer, arguments, result, among)
            self.found += origins
            result = result if mask is not None else _with_other_step(result, arguments.mask, origins)
        self.doubts[call.key] = _doubts(call.key, layer.operation, rows, result.outputs, behind)
        return self._substituted(call.key, rows, result)

    def _with_mask(self, layer: Layer, arguments: Arguments, result: Result, mask: Mask) -> tuple[Arguments, Result]:
        """The call once more with the reference's mask, which it passes on where it passed on the other."""
        given = replace(arguments, mask=mask)
        again = _called(layer.operation, given, self.context, layer.dtype)
        same = [passed is not None and passed is arguments.mask for passed in result.masks]
        return given, replace(
            again, masks=tuple(mask if own else passed for own, passed in zip(same, again.masks, strict=True))
        )

    def _substituted(self, call: str, rows: Sequence[Row], result: Result) -> Result:
        """The call's result with the reference's outputs in their places."""
        keys = {row.key for row in rows}
        outputs = tuple(
            self.stored[key].astype(output.dtype, copy=False) if key in keys else output
            for index, output in enumerate(result.outputs)
            for key in [layer_key(call, f"output/{index}")]
        )
        passed = self.stored.get(layer_key(call, "output_mask"))
        masks = result.masks if passed is None else (passed.astype(bool), *result.masks[1:])
        return replace(result, outputs=outputs, masks=masks)

    def _masked(
        self, call: str, operation: Operation, mask: Mask | None, theirs: Array, among: tuple[str, ...]
    ) -> Culprit:
        """The reference used another mask than its inputs have with them; no mask lets every step pass."""
        again = np.ones(theirs.shape, bool) if mask is None or mask.shape != theirs.shape else mask
        own = self.trace[call].mask
        ours = own if own is not None and own.shape == again.shape else np.ones(theirs.shape, bool)
        row = Row(layer_key(call, "mask"), call, "mask", Verdict.DIFFERENT)
        return Split(row, ours, again, theirs, np.zeros(())).made(operation, among)

    def _origin(
        self, call: str, layer: Layer, arguments: Arguments, result: Result, among: tuple[str, ...]
    ) -> list[Culprit]:
        """What came in and what was added, where the call first adds something, or else where it first differs."""
        rows = {row.key: row for row in self.rows[call]}
        steps = self._restepped(call, layer.operation, arguments, self._inside(layer))
        whole = {key: array for key, array in _arrays(call, result).items() if key not in steps}
        floors = self._floors(call, layer, arguments)
        splits = {
            key: Split(rows[key], ours, again, self.stored[key], _lower(floors[key], rows[key], ours, again))
            for key, again in (steps | whole).items()
            if key in rows and key in floors
            for ours in [self.trace.get(key)]
        }
        # Within a recurrence what a step adds tells more than what has become of it by the end.
        for part in (steps, whole):
            adding = [split for key, split in splits.items() if key in part and split.beyond.any()]
            if adding:
                return [min(adding, key=lambda split: split.begins(layer.operation)).made(layer.operation, among)]
        differing = [split for split in splits.values() if split.row.first is not None]
        return [min(differing, key=_processed).inherited()] if differing else []

    def _inside(self, layer: Layer) -> Context:
        """The circumstances of the run, once more within a layer that it has left."""
        self.context.enter(layer.dtype)
        return self.context

    def _restepped(self, call: str, operation: Operation, arguments: Arguments, context: Context) -> dict[str, Array]:
        """Every step of a recurrence from the reference's states: key → (batch, steps, …)."""
        compared = {row.key for row in self.rows[call]}

        def stored(name: str) -> Array | None:
            key = layer_key(call, name)
            return self.stored[key] if key in compared else None

        return {layer_key(call, name): array for name, array in restep(operation, arguments, context, stored).items()}

    def _floors(self, call: str, layer: Layer, arguments: Arguments) -> Arrays:
        """How far rounding can move what the layer makes of these inputs, as a whole and step by step."""
        semantics_of = self.trace.model
        assert semantics_of is not None
        base = probing(semantics_of, cancelled=self.context.cancelled)
        base.carried, base.use_masks = self.context.carried, self.context.use_masks

        def evaluate(context: Context, noise: Noise | None) -> Arrays:
            context.enter(layer.dtype)
            prepare = preparing(noise)
            operation = map_weights(
                layer.operation, lambda weight: prepare(weight, layer.dtype) if weight.dtype.kind == "f" else weight
            )
            operation = operation if noise is None else noise.operation(operation, layer.dtype)
            given = replace(arguments, tensors=shaken_arguments(arguments.tensors, noise, layer.dtype))
            whole = _arrays(call, _called(operation, given, context, layer.dtype))
            return {**whole, **self._restepped(call, operation, given, context)}

        return local_floors(evaluate, base, UNITS.get(layer.dtype, UNITS["float32"]))


def _called(operation: Operation, arguments: Arguments, context: Context, dtype: str) -> Result:
    context.enter(dtype)
    result = operation.call(arguments, context)
    return replace(result, outputs=tuple(context.finish(output) for output in result.outputs))


def _arrays(call: str, result: Result) -> dict[str, Array]:
    """Everything that a call recorded, with what is inside it, by key."""
    return {
        layer_key(name, quantity): traced.quantity(quantity)
        for name, traced in layer_traces(call, result).items()
        for quantity in traced.quantities()
        if quantity not in MASKS
    }


def _lower(floor: Array, row: Row, ours: Array, again: Array) -> Array:
    """The layer's own floor, or that of the whole run where it is lower by chance and nothing different came in."""
    whole = row.floor
    if not row.measured or whole is None or whole.shape != floor.shape:
        return floor
    came_in = bool((difference(ours, again) > spread(row.key, whole, ours)).any())
    return floor if came_in else np.minimum(floor, whole)


def _other_mask(theirs: Array, ours: Mask | None) -> bool:
    return not theirs.astype(bool).all() if ours is None else not np.array_equal(theirs.astype(bool), ours)


def _with_other_step(result: Result, mask: Mask | None, origins: Sequence[Culprit]) -> Result:
    """`result` passing on the mask that the reference seems to have used, where it keeps a state and we do not."""
    looks = next((origin for origin in origins if origin.hint), None)
    if mask is None or looks is None or looks.step is None or mask.ndim != 2:
        return result
    other = mask.copy()
    other[looks.sample, looks.step] ^= True
    return replace(result, masks=tuple(other if passed is mask else passed for passed in result.masks))


def _doubts(
    call: str, operation: Operation, rows: Sequence[Row], outputs: Sequence[Array], behind: tuple[str, ...]
) -> tuple[str, ...]:
    """The calls from the reference's last values up to what this one gives."""
    own = {row.quantity for row in rows if row.layer == call}
    if all(f"output/{index}" in own for index in range(len(outputs))):
        return ()
    telling = [row for row in rows if row.quantity not in MASKS]
    if telling and not any(row.verdict is Verdict.DIFFERENT for row in telling):
        return ()
    # The graph of masks is no layer that anyone knows of.
    passed_by = isinstance(operation, InputLayer | NestedModel) or all(output.dtype.kind == "b" for output in outputs)
    return behind if passed_by else (*behind, call)


def _processed(split: Split) -> tuple[float, int]:
    position = split.row.position
    return (np.inf if position is None else position, rank(split.row.quantity))
