"""One eager run of a model, watched: how each layer in it is called and what it returns."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tests.recording.keras_api import Array, Arrays, is_model, keys_by_layer, layers, mask_of, to_numpy, tree


@dataclass(eq=False)
class Called:
    """One call of a layer as it happened.

    parts: the calls that a wrapper or a model made of the layers inside it.
    kept: the states that a stateful layer had before.
    output_mask: the mask that travelled with the first output when the next layer was called.
    """

    layer: Any
    arguments: dict[str, Any]
    outputs: list[Array] = field(default_factory=list)
    tensors: list[Any] = field(default_factory=list)
    parts: list[Called] = field(default_factory=list)
    kept: list[Array] | None = None
    output_mask: Array | None = None

    @property
    def first(self) -> Any:
        """The first argument, whatever Keras calls it."""
        return next(iter(self.arguments.values()))


def watch(model: Any, inputs: Array | Arrays) -> Called:
    """Run the model once, eagerly."""
    root = Called(model, {})
    open_calls, over = [root], list[Called]()
    watched = [layer for layer in model._flatten_layers(include_self=False) if not _passed_over(layer)]
    with replaced([(layer, "call", _watching(layer, open_calls, over)) for layer in watched]):
        model(inputs, training=False)
    _note_masks(over)
    return root


def _passed_over(layer: Any) -> bool:
    """Inputs compute nothing, and cells run inside the layer's own loop."""
    is_cell = hasattr(layer, "state_size") and not isinstance(layer, layers.RNN)
    return is_cell or isinstance(layer, layers.InputLayer) or type(layer).__name__ == "SlicingOpLambda"


def _note_masks(over: list[Called]) -> None:
    """Masks are hung on tensors after a call, and attention takes them off again: read what hangs there now."""
    for called in over:
        called.output_mask = mask_of(called.tensors[0]) if called.tensors else None
    over.clear()


def _watching(layer: Any, open_calls: list[Called], over: list[Called]) -> Callable[..., Any]:
    real = layer.call
    signature = inspect.signature(real)

    def call(*args: Any, **kwargs: Any) -> Any:
        _note_masks(over)
        called = Called(layer, dict(signature.bind(*args, **kwargs).arguments), kept=_kept_states(layer))
        open_calls[-1].parts.append(called)
        open_calls.append(called)
        result = real(*args, **kwargs)
        open_calls.pop()
        called.tensors = tree.flatten(result)
        called.outputs = [to_numpy(output) for output in called.tensors]
        over.append(called)
        return result

    call.__signature__ = signature  # type: ignore[attr-defined]
    return call


def _kept_states(layer: Any) -> list[Array] | None:
    states = layer.states if isinstance(layer, layers.RNN) and layer.stateful else None
    # They are variables, which the call itself overwrites.
    return (
        None if not states or states[0] is None else tree.map_structure(lambda state: np.array(to_numpy(state)), states)
    )


@contextmanager
def replaced(changes: list[tuple[Any, str, Any]]) -> Iterator[None]:
    """Give objects other attributes for a while."""
    before = [(owner, name, vars(owner).get(name)) for owner, name, _ in changes]
    for owner, name, value in changes:
        object.__setattr__(owner, name, value)
    try:
        yield
    finally:
        for owner, name, value in before:
            object.__delattr__(owner, name) if value is None else object.__setattr__(owner, name, value)


def keyed(root: Called, outer: str = "") -> Iterator[tuple[str, Called]]:
    """The calls inside a model with their keys, those inside a nested model as ``outer/inner``."""
    keys = keys_by_layer(root.layer)
    calls = [called for called in root.parts if called.layer.name in keys]
    for called in calls:
        key = outer + next(keys[called.layer.name])
        yield key, called
        if is_model(called.layer):
            yield from keyed(called, f"{key}/")
