"""What a script has in place of parts of the engine: a layer as it is called, and smaller records for some objects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Final

from rnnscope.graph import Call, Layer, Tensor
from rnnscope.layers.activations import Activation
from rnnscope.layers.nonlinearities import ACTIVATIONS
from rnnscope.layers.ops.bare import HAND_BACK, BareOperation
from rnnscope.layers.submodel import Submodel
from rnnscope.script.runtime import Bare, Called, Model, Part, Reference, Rule
from rnnscope.script.sources import Symbol
from rnnscope.semantics import Semantics

RUNTIME: Final = "rnnscope.script.runtime"
CALLED: Final = Symbol(RUNTIME, "Called")
SEMANTICS: Final = Symbol(RUNTIME, "SEMANTICS")
ERRORS: Final = ("RnnscopeError", "UnreadableFile", "Unsupported", "ShapeMismatch", "BadInput")
STANDING_IN: Final[Mapping[Symbol, Symbol]] = {
    Symbol("rnnscope.context", "Context"): Symbol(RUNTIME, "Context"),
    **{Symbol("rnnscope.errors", name): Symbol(RUNTIME, "Refused") for name in ERRORS},
}


def called(layer: Layer, semantics: Semantics) -> Called:
    """A layer with what the walk through a model asks of it."""
    operation = layer.operation
    return Called(operation, layer.name, layer.dtype, operation.keeps_integers, operation.narrows_input)


def instead_of(value: object, semantics: Semantics) -> object:
    """What a script has for `value`: the function itself for an activation, the row of the table for an operation."""
    if isinstance(value, Activation):
        function = ACTIVATIONS[value.name]
        return partial(function, **dict(value.options)) if value.options else function
    if isinstance(value, BareOperation):
        return _bare(value, semantics)
    return _model(value, semantics) if isinstance(value, Submodel) else value


def _bare(operation: BareOperation, semantics: Semantics) -> Bare:
    rule = operation.rule
    kind = "jax" if semantics.backend == "jax" and operation.family == "keras" else operation.family
    hands_back = (
        "" if operation.name not in HAND_BACK[kind] else "always" if operation.name == "Concatenate" else "same"
    )
    needed = Rule(rule.function, rule.typing, rule.tensors, rule.mixed, rule.broadcasts, rule.decides)
    return Bare(needed, operation.arguments, hands_back)


def _model(submodel: Submodel, semantics: Semantics) -> Model:
    network = submodel.inside
    layers = {layer.name: layer for layer in network.layers}
    parts = tuple(_part(call, layers[call.layer], semantics) for call in network.calls)
    return Model(parts, _pairs(network.inputs), _pairs(network.outputs), submodel.stateful)


def _pairs(tensors: Iterable[Tensor]) -> tuple[tuple[str, int], ...]:
    return tuple((tensor.call, tensor.output) for tensor in tensors)


def _part(call: Call, layer: Layer, semantics: Semantics) -> Part:
    second = len(call.tensors()) > len(call.inputs)
    hidden = call.mask is None and semantics.initial_state_hides_mask and second
    by_hand = None if call.mask is None else tuple(mask and (mask.call, mask.output) for mask in call.mask)
    return Part(
        call.key,
        called(layer, semantics),
        _pairs(call.inputs),
        {name: _referring(value) for name, value in call.keywords.items() if name != "mask"},
        by_hand,
        layer.operation.takes_mask and not hidden,
        layer.operation.unmasks(semantics),
    )


def _referring(value: object) -> object:
    if isinstance(value, Tensor):
        return Reference(*value)
    return tuple(map(_referring, value)) if isinstance(value, list | tuple) else value
