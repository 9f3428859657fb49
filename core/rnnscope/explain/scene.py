"""Where an explanation takes place: the run, the call that it is about, and what others have for each number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import numpy as np

from rnnscope.compare import Location
from rnnscope.context import Context
from rnnscope.errors import BadInput
from rnnscope.explain.records import Explanation, Factor
from rnnscope.graph import Call, Layer, Tensor
from rnnscope.layers.base import Arguments, Operation
from rnnscope.order import has_steps
from rnnscope.reference import Reference
from rnnscope.run import carried_states, in_type
from rnnscope.texts import is_text
from rnnscope.trace import Trace, layer_key
from rnnscope.types import Array
from rnnscope.walk import Value, arguments_of, prepared

if TYPE_CHECKING:
    from rnnscope.explain.hearing import Heard
    from rnnscope.model import Model


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """One call of a layer in a run, with the layer as it computed there: its weights in the type that was used."""

    trace: Trace
    model: Model
    call: Call
    layer: Layer
    operation: Operation
    context: Context
    keras: Reference | None = None
    mine: Reference | None = None
    heard: dict[object, list[Heard]] = field(default_factory=dict)

    @property
    def arguments(self) -> Arguments:
        """What the call was given, cast as the layer gets it."""
        values = {
            tensor: Value(self.trace[tensor.call].outputs[tensor.output], self._mask_of(tensor))
            for tensor in self.call.tensors()
        }
        self.context.enter(self.layer.dtype)
        return arguments_of(self.call, self.operation, values, self.context)

    def _mask_of(self, tensor: Tensor) -> Array | None:
        return self.trace[tensor.call].output_mask if tensor.output == 0 else None

    def number(self, location: Location) -> float:
        """The number that the run recorded there."""
        return float(self._array(location)[self.place(location)])

    def _array(self, location: Location) -> Array:
        return self.trace[location.layer].quantity(location.quantity)

    def place(self, location: Location) -> tuple[int, ...]:
        """The index of a location into its quantity's array."""
        return place_in(self._array(location), location)

    def at(self, tensor: Tensor, place: Sequence[int]) -> Location:
        """The location of one number of a tensor."""
        array = self.trace[tensor.call].outputs[tensor.output]
        return location_in(array, tensor.call, f"output/{tensor.output}", place)

    def beside(self, location: Location | None) -> tuple[float | None, float | None]:
        """What Keras and the person have there, where they stored something of the run's shape."""
        return self._stored(self.keras, location), self._stored(self.mine, location)

    def _stored(self, reference: Reference | None, location: Location | None) -> float | None:
        if reference is None or location is None:
            return None
        array, ours = reference.get(layer_key(location.layer, location.quantity)), self._array(location)
        if array is None or array.shape != ours.shape or is_text(array):
            return None
        return float(array[self.place(location)])

    def factor(self, name: str, value: float, location: Location | None) -> Factor:
        """A factor with what others have in its place."""
        return Factor(name, float(value), location, *self.beside(location))

    def whole(self, location: Location, name: str, note: str, origin: Location | None = None) -> Explanation:
        """A number that is not taken apart, and why."""
        keras, mine = self.beside(location)
        value = self.number(location)
        return Explanation(location, name, value, "whole", note=note, origin=origin, keras=keras, mine=mine)

    def copy(self, location: Location, name: str, origin: Location | None, note: str) -> Explanation:
        """A number that stands unchanged elsewhere."""
        keras, mine = self.beside(location)
        value = self.number(location)
        return Explanation(location, name, value, "copy", origin=origin, note=note, keras=keras, mine=mine)

    def constant(self, location: Location, name: str, note: str) -> Explanation:
        """A number that nothing feeds."""
        keras, mine = self.beside(location)
        return Explanation(location, name, self.number(location), "constant", note=note, keras=keras, mine=mine)


def scene_of(trace: Trace, key: str, keras: Reference | None, mine: Reference | None) -> Scene | None:
    """The scene of a call of the model's own graph; None for one inside a model that a wrapper calls."""
    model = trace.model
    if model is None:
        raise BadInput("this trace was loaded from a file and has no model to explain it by", advice="Run the model")
    call = next((call for call in model.calls if call.key == key), None)
    if call is None:
        return None
    layer = model.by_name[call.layer]
    context = Context(
        model.semantics,
        requested=requested_type(trace, key, layer),
        use_masks=trace.use_masks,
        carried=carried_states(model, trace.carried),
    )
    context.enter(layer.dtype)
    (ready,) = prepared((layer,), in_type(context))
    return Scene(trace, model, call, layer, ready.operation, context, keras, mine)


def requested_type(trace: Trace, key: str, layer: Layer) -> np.dtype[np.floating] | None:
    """The type that the whole run was asked for, where it is not the layer's own; the record's type tells."""
    recorded = trace[key].output.dtype
    own = np.dtype({"float64": np.float64, "float16": np.float16}.get(layer.dtype, np.float32))
    if recorded.kind != "f" or recorded == own:
        return None
    return cast("np.dtype[np.floating]", recorded)


def place_in(array: Array, location: Location) -> tuple[int, ...]:
    """The index of a location into an array; the opposite of `location_in`.

    Raises BadInput for a place that the array does not have.
    """
    timed = has_steps(location.quantity, array)
    inner = array.shape[2 if timed else 1 :]
    step = (location.step,) if timed else ()
    size = int(np.prod(inner, dtype=np.int64))
    bounds: Mapping[str, tuple[int | None, int]] = {
        "sample": (location.sample, array.shape[0] if array.ndim else 0),
        **({"step": (location.step, array.shape[1])} if timed else {}),
        "unit": (location.unit, size),
    }
    for name, (given, bound) in bounds.items():
        if given is None or not 0 <= given < bound:
            raise BadInput(
                f"{location.layer} {location.quantity} has no such {name}", expected=f"0 to {bound - 1}", found=given
            )
    unit = np.unravel_index(location.unit, inner) if inner else ()
    return tuple(int(axis) for axis in (location.sample, *step, *unit) if axis is not None)


def location_in(array: Array, layer: str, quantity: str, place: Sequence[int]) -> Location:
    """The location of ``array[place]``, the batch axis first."""
    timed = has_steps(quantity, array)
    inner, shape = tuple(place[2 if timed else 1 :]), array.shape[2 if timed else 1 :]
    unit = int(np.ravel_multi_index(inner, shape)) if shape else 0
    return Location(layer, quantity, int(place[0]), int(place[1]) if timed else None, unit)
