"""One number of a run taken apart: x·W, h·U, bias, activation, gates; who asks for a number gets what it is made of."""

from __future__ import annotations

from dataclasses import replace

from rnnscope.compare import Location
from rnnscope.errors import BadInput, Unsupported, one_line
from rnnscope.explain import layers as plain
from rnnscope.explain.folded import explain_folded, is_foldable
from rnnscope.explain.records import Explanation, Factor, Term
from rnnscope.explain.recurrent import explain_recurrent, why_not
from rnnscope.explain.scene import Scene, place_in, scene_of
from rnnscope.layers.activation_layers import ActivationLayer
from rnnscope.layers.base import Operation
from rnnscope.layers.bidirectional import Bidirectional
from rnnscope.layers.borders import Border
from rnnscope.layers.core import Dense, Dropout, Flatten, Identity, InputLayer, RepeatVector
from rnnscope.layers.masking import Embedding, Masking
from rnnscope.layers.merging import Concatenate, ElementWise
from rnnscope.layers.pooling import GlobalPooling1D
from rnnscope.layers.recurrent import Recurrent
from rnnscope.layers.reshaping import Permute, Reshape
from rnnscope.layers.submodel import NestedModel
from rnnscope.layers.time_distributed import TimeDistributed
from rnnscope.mistakes.loop import VariedRecurrent
from rnnscope.reference import Reference
from rnnscope.texts import is_text
from rnnscope.trace import Trace

__all__ = ["Explanation", "Factor", "Location", "Term", "explain"]

MOVES = (Border, Concatenate, Dropout, Flatten, Identity, NestedModel, Permute, RepeatVector, Reshape)


def explain(
    trace: Trace, location: Location, *, reference: Reference | None = None, mine: Reference | None = None
) -> Explanation:
    """Take the number at `location` apart: what is added up, what is multiplied, and where each part comes from.

    trace: a run, with its model. location: layer ("" for the model's outputs), quantity (``state/h``, ``gate/i``,
    ``output/0``, ``mask``), sample, step and unit, as `compare` gives them.
    reference, mine: stored Keras values and a person's own; what they have in the place of a part stands beside it.

    The terms add up to the recorded number to the bit: what rounding did is a term of its own, and stated. SimpleRNN,
    LSTM and GRU (plain, in stacks, in both directions, cuDNN's), Dense, Embedding, activations, means over steps, sums
    of tensors and all layers that only move numbers are taken apart; of any other layer the explanation says that it is
    not, and where its input stands.

    Raises BadInput for a place that the run does not have, and for a trace that was loaded from a file.
    """
    if location.layer == "":
        return _of_output(trace, location, reference, mine)
    if location.layer not in trace.layers:
        raise BadInput(f"the run has no layer '{one_line(location.layer)}'", expected=", ".join(trace.layers))
    try:
        array = trace[location.layer].quantity(location.quantity)
    except KeyError:
        known = ", ".join(trace[location.layer].quantities())
        quantity = one_line(location.quantity)
        raise BadInput(f"no {quantity} is recorded", layer=location.layer, expected=known) from None
    place_in(array, location)
    if is_text(array):
        raise Unsupported("a text is not taken apart", layer=location.layer)
    scene = scene_of(trace, location.layer, reference, mine)
    if scene is None:
        return _inside(trace, location)
    return _explained(scene, location)


def _of_output(trace: Trace, location: Location, reference: Reference | None, mine: Reference | None) -> Explanation:
    """One of the model's own outputs is an output of the layer that gives it."""
    index = location.quantity.removeprefix("output/")
    if trace.model is None or not index.isdigit() or int(index) >= len(trace.model.outputs):
        raise BadInput(f"the model has no {one_line(location.quantity)}", expected="output/0 and so on")
    tensor = trace.model.outputs[int(index)]
    there = Location(tensor.call, f"output/{tensor.output}", location.sample, location.step, location.unit)
    found = explain(trace, there, reference=reference, mine=mine)
    place, key = place_in(trace.outputs[int(index)], location), f"output/{index}"
    return replace(
        found,
        keras=_returned(trace, reference, key, place, found.keras),
        mine=_returned(trace, mine, key, place, found.mine),
    )


def _returned(
    trace: Trace, stored: Reference | None, key: str, place: tuple[int, ...], known: float | None
) -> float | None:
    """What somebody has for one of the model's outputs, who may have stored nothing of its layer."""
    array = stored.get(key) if stored is not None else None
    if known is not None or array is None or array.shape != trace.get(key).shape or is_text(array):
        return known
    return float(array[place])


def _inside(trace: Trace, location: Location) -> Explanation:
    """A call inside a model that TimeDistributed or the like calls at every step."""
    value = float(trace[location.layer].quantity(location.quantity)[_place(trace, location)])
    note = "Layers of a model that is called at every step are not taken apart."
    return Explanation(location, f"{location.layer}[{location.unit}]", value, "whole", note=note)


def _place(trace: Trace, location: Location) -> tuple[int, ...]:
    return place_in(trace[location.layer].quantity(location.quantity), location)


def _explained(scene: Scene, location: Location) -> Explanation:
    operation = scene.operation
    if location.quantity in ("mask", "output_mask"):
        return _mask(scene, location)
    if isinstance(operation, VariedRecurrent):
        return scene.whole(location, plain.called(scene, location), "This layer was changed, and runs by other rules.")
    if isinstance(operation, Recurrent | Bidirectional):
        reason = why_not(operation)
        if reason:
            return scene.whole(location, plain.called(scene, location), reason, _origin(scene, location))
        return explain_recurrent(scene, location)
    if is_foldable(scene):
        return explain_folded(scene, location, _explain)
    if isinstance(operation, InputLayer):
        note = "This is the input: what the file has here, in the layer's type."
        return scene.constant(location, plain.called(scene, location), note)
    found = _by_layer(scene, location, operation)
    return _untold(scene, location) if found is None else found


def _by_layer(scene: Scene, location: Location, operation: Operation) -> Explanation | None:
    """The explanation of a layer that has one of its own; None of any other."""
    if isinstance(operation, TimeDistributed):
        inner, row = operation.layer, plain.folded_row
    else:
        inner, row = operation, plain.plain_row
    match inner:
        case Dense():
            return plain.explain_dense(scene, location, inner, row(scene, location))
        case ActivationLayer():
            return plain.explain_activation(scene, location, inner, row(scene, location))
        case Embedding():
            return plain.explain_embedding(scene, location, inner, row(scene, location))
    if inner is not operation:
        return None
    match operation:
        case Masking():
            return plain.explain_masking(scene, location, operation)
        case GlobalPooling1D():
            return plain.explain_average(scene, location, operation)
        case ElementWise():
            return plain.explain_merged(scene, location, operation)
    return plain.explain_move(scene, location, operation) if isinstance(operation, MOVES) else None


def _explain(trace: Trace, location: Location, reference: Reference | None, mine: Reference | None) -> Explanation:
    return explain(trace, location, reference=reference, mine=mine)


def _mask(scene: Scene, location: Location) -> Explanation:
    """Whether a step is valid."""
    valid = bool(scene.number(location))
    place = f"mask[{location.step}]" if location.step is not None else "mask"
    note = "The step is valid." if valid else "The step is masked."
    if isinstance(scene.operation, Masking):
        differs = "some feature differs from" if valid else "all features are"
        note += f" In it {differs} {scene.operation.mask_value:g}.".replace("-", "−")
    return scene.whole(location, place, note)


def _untold(scene: Scene, location: Location) -> Explanation:
    """A layer whose arithmetic is not told, by name, with its input to go to."""
    sources = list(dict.fromkeys(tensor.call for tensor in scene.call.tensors()))
    fed = f" It reads {', '.join(sources)}." if sources else ""
    note = one_line(f"{scene.layer.class_name} is not taken apart: see docs/layers.md for what it computes.{fed}")
    return scene.whole(location, plain.called(scene, location), note, _origin(scene, location))


def _origin(scene: Scene, location: Location) -> Location | None:
    """The nearest place in the first input: the same sample, step and unit where it has them."""
    if not scene.call.inputs:
        return None
    tensor = scene.call.inputs[0]
    array = scene.trace[tensor.call].outputs[tensor.output]
    wanted = Location(tensor.call, f"output/{tensor.output}", location.sample, location.step, location.unit)
    for unit in (location.unit, 0):
        for step in (location.step, 0, None):
            nearest = Location(wanted.layer, wanted.quantity, wanted.sample, step, unit)
            try:
                place_in(array, nearest)
            except BadInput:
                continue
            return nearest
    return None
