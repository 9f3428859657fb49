"""Fewer layers: nothing behind the first that differs, and nothing before it where its input is stored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rnnscope.compare import Location
from rnnscope.errors import one_line
from rnnscope.graph import Call, Tensor
from rnnscope.modelfile.cut import Cut, Entrance, leading_to, outside
from rnnscope.reducing.naming import kind_of, safe_name
from rnnscope.reducing.specimen import Refused, Specimen, Workshop, World, tensor_keys, tried
from rnnscope.trace import layer_key
from rnnscope.types import Array, Shape

MOST_TRIES = 12


def fewest_layers(workshop: Workshop, specimen: Specimen) -> tuple[Specimen, str]:
    """The specimen with the fewest layers around the first difference, and what was done in words."""
    graph = workshop.file.graph
    calls = {call.key: call for call in graph.calls}
    inputs = {tensor.call for tensor in graph.inputs}
    culprit = differing(workshop, specimen)
    outputs = tuple(Tensor(culprit, index) for index in range(_returned(specimen, culprit)))
    leading = leading_to(calls, outputs) - inputs
    chain = [call.key for call in graph.calls if call.key in leading]
    everything = len(calls) - len(inputs)
    reason = ""
    for kept in _shorter(chain):
        if len(kept) == everything and outputs == specimen.outputs:
            break
        try:
            found = tried(workshop, specimen, *_part(workshop, specimen, kept, outputs))
        except Refused as refused:
            reason = reason or str(refused)
            continue
        return found, f"layers: {everything} → {len(kept)}, {_shown(kept)}{_beside(reason)}"
    if everything == 1:
        return specimen, ""
    return specimen, f"layers: all {everything} stay{_beside(reason)}"


def differing(workshop: Workshop, specimen: Specimen) -> str:
    """The call of the outermost model in which the first difference stands."""
    first = specimen.comparison.first_difference
    if first is None:
        raise Refused("nothing differs")
    if not first.layer:
        return specimen.outputs[int(first.quantity.rpartition("/")[2])].call
    return whole_key(workshop, specimen, first)


def whole_key(workshop: Workshop, specimen: Specimen, first: Location) -> str:
    """The whole model's key of the call that a part's location names."""
    if specimen.cut is None:
        return workshop.top_call(first.layer) or first.layer
    calls = {call.key: call for call in workshop.file.graph.calls}
    parts = {specimen.cut.key(calls[key], workshop.file.graph): key for key in specimen.cut.calls}
    ends = [first.layer[:place] for place, letter in enumerate(first.layer) if letter == "/"]
    return next(parts[end] for end in [first.layer, *ends] if end in parts)


def _returned(specimen: Specimen, call: str) -> int:
    start = layer_key(call, "output/")
    return sum(key.startswith(start) and "/" not in key[len(start) :] for key in specimen.own.values)


def _shorter(chain: list[str]) -> Iterator[tuple[str, ...]]:
    """The last call alone, then with one more before it, and so on; at last all of them."""
    for count in range(1, min(len(chain), MOST_TRIES) + 1):
        yield tuple(chain[-count:])
    if len(chain) > MOST_TRIES:
        yield tuple(chain)


def _part(
    workshop: Workshop, specimen: Specimen, kept: tuple[str, ...], outputs: tuple[Tensor, ...]
) -> tuple[Cut, World, World]:
    """The cut that keeps these calls, and what goes into it in both worlds; Refused where that is not known."""
    calls = {call.key: call for call in workshop.file.graph.calls}
    frontier = outside(calls, kept)
    by_hand = {tensor for key in kept for tensor in (calls[key].mask or ()) if tensor is not None}
    before = {name: tensor for tensor, name in _feeds(workshop, specimen).items()}
    taken = {calls[key].layer for key in kept}
    entrances: list[Entrance] = []
    own: dict[str, Array] = {}
    stored: dict[str, Array] = {}

    def enter(name: str, shape: Shape, mine: Array, theirs: Array) -> str:
        name = safe_name(name, taken)
        taken.add(name)
        own[name], stored[name] = mine, theirs.astype(mine.dtype, copy=False)
        entrances.append(Entrance(name, _like(shape, mine), kind_of(mine)))
        return name

    feeds: dict[Tensor, str] = {}
    for tensor in frontier:
        entering = next((name for name, known in before.items() if known == tensor), None)
        if entering is not None:
            pair = specimen.own.inputs[entering], specimen.stored.inputs[entering]
            feeds[tensor] = enter(entering, workshop.shape_of(tensor), *pair)
        else:
            pair = _both(workshop, specimen, tensor, tensor in by_hand)
            feeds[tensor] = enter(_called(workshop, tensor), workshop.shape_of(tensor), *pair)
    masks = {}
    for key in kept:
        key_of_mask = layer_key(key, "mask")
        if key_of_mask in specimen.own.values and _needs_mask(calls[key], workshop, frontier):
            mine = specimen.own.values[key_of_mask]
            theirs = specimen.stored.values.get(key_of_mask, mine)
            shape = workshop.shape_of(calls[key].inputs[0])[: mine.ndim]
            masks[key] = enter("mask", shape, mine, theirs if theirs.shape == mine.shape else mine)
    cut = Cut(kept, tuple(entrances), feeds, outputs, masks)
    return cut, World(own, specimen.own.values), World(stored, specimen.stored.values)


def _feeds(workshop: Workshop, specimen: Specimen) -> Mapping[Tensor, str]:
    """The tensors that the specimen is fed."""
    if specimen.cut is not None:
        return specimen.cut.feeds
    return dict(zip(workshop.model.inputs, workshop.model.input_names, strict=True))


def _both(workshop: Workshop, specimen: Specimen, tensor: Tensor, is_mask: bool) -> tuple[Array, Array]:
    """A tensor's numbers in our run and as they are stored; a mask that is handed over need not be stored."""
    keys = tensor_keys(workshop.model, tensor)
    own = next((specimen.own.values[key] for key in keys if key in specimen.own.values), None)
    stored = next((specimen.stored.values[key] for key in keys if key in specimen.stored.values), None)
    if own is not None and stored is None and (is_mask or own.dtype.kind == "b"):
        stored = own
    if own is None or stored is None or own.shape != stored.shape:
        raise Refused(f"the output of '{tensor.call}' is not stored")
    return own, stored


def _called(workshop: Workshop, tensor: Tensor) -> str:
    call = next(call for call in workshop.file.graph.calls if call.key == tensor.call)
    return f"{call.layer}_output" + (f"_{tensor.output}" if tensor.output else "")


def _needs_mask(call: Call, workshop: Workshop, frontier: tuple[Tensor, ...]) -> bool:
    """Whether the mask that a call uses travels with its one tensor, which comes from outside the part.

    Layers of several tensors take a list of masks, each in its own way; with them stays what makes the masks.
    """
    handed = workshop.model[call.key].operation.takes_mask and call.mask is None
    return handed and len(call.inputs) == 1 and call.inputs[0] in frontier


def _like(shape: Shape, array: Array) -> Shape:
    """The shape of an input that takes `array`, with unknown sizes where the model has them."""
    if len(shape) != array.ndim:
        return (None, *array.shape[1:])
    return tuple(None if size is None else have for size, have in zip(shape, array.shape, strict=True))


def _shown(kept: tuple[str, ...]) -> str:
    names = [one_line(key, 60) for key in kept]
    return ", ".join(names) if len(names) < 6 else f"{names[0]} … {names[-1]}"


def _beside(reason: str) -> str:
    return f"; no fewer, because {one_line(reason, 200)}" if reason else ""
