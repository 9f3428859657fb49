"""A recurrent layer inside TimeDistributed: outer steps as samples, as the engine runs it, and places turned back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from rnnscope.compare import Location
from rnnscope.explain.records import Explanation, Factor, Term
from rnnscope.explain.scene import Scene, location_in, place_in
from rnnscope.graph import Call
from rnnscope.layers.bidirectional import Bidirectional
from rnnscope.layers.recurrent import Recurrent
from rnnscope.layers.time_distributed import TimeDistributed
from rnnscope.reference import Reference
from rnnscope.trace import LayerTrace, Trace, split_key
from rnnscope.types import Array

Explain = Callable[[Trace, Location, Reference | None, Reference | None], Explanation]


@dataclass(frozen=True, slots=True, eq=False)
class Fold:
    """(batch, outer steps, …) as (batch · outer steps, …), and places in the one as places in the other."""

    trace: Trace
    folded: Trace
    batch: int
    outer: int

    def array(self, array: Array) -> Array:
        """`array` folded; one that does not begin with batch and outer steps stays."""
        fits = array.ndim > 1 and array.shape[:2] == (self.batch, self.outer)
        return array.reshape(self.batch * self.outer, *array.shape[2:]) if fits else array

    def into(self, location: Location) -> Location:
        sample, t, *rest = place_in(self.trace[location.layer].quantity(location.quantity), location)
        array = self.folded[location.layer].quantity(location.quantity)
        return location_in(array, location.layer, location.quantity, (sample * self.outer + t, *rest))

    def back(self, location: Location | None) -> Location | None:
        if location is None:
            return None
        row, *rest = place_in(self.folded[location.layer].quantity(location.quantity), location)
        array = self.trace[location.layer].quantity(location.quantity)
        return location_in(array, location.layer, location.quantity, (row // self.outer, row % self.outer, *rest))

    def explanation(self, found: Explanation) -> Explanation:
        """An explanation of the folded run as one of the run."""
        return replace(
            found,
            location=self.back(found.location),
            origin=self.back(found.origin),
            terms=tuple(self._term(term) for term in found.terms),
            parts=tuple(map(self.explanation, found.parts)),
        )

    def _term(self, term: Term) -> Term:
        return term._replace(factors=tuple(self._factor(factor) for factor in term.factors))

    def _factor(self, factor: Factor) -> Factor:
        return factor._replace(source=self.back(factor.source))


def is_foldable(scene: Scene) -> bool:
    """Whether the layer is TimeDistributed around a recurrent one that begins anew at every outer step."""
    operation = scene.operation
    recurrent = isinstance(operation, TimeDistributed) and isinstance(operation.layer, Recurrent | Bidirectional)
    return recurrent and not operation.stateful  # type: ignore[attr-defined]


def explain_folded(scene: Scene, location: Location, explain: Explain) -> Explanation:
    """A number of the inner layer, by `explain` on the folded run."""
    fold = _fold(scene)
    stored = (_reference(fold, reference) for reference in (scene.keras, scene.mine))
    found = fold.explanation(explain(fold.folded, fold.into(location), *stored))
    _, t = scene.place(location)[:2]
    return replace(found, note=f"At outer step {t}, where the inner layer begins anew. {found.note}".strip())


def _fold(scene: Scene) -> Fold:
    """The run of the call and of what it reads, outer steps as samples."""
    source, key = scene.call.inputs[0], scene.call.key
    batch, outer = scene.trace[source.call].outputs[source.output].shape[:2]
    fold = Fold(scene.trace, scene.trace, batch, outer)
    layers = {name: _layer(fold, scene.trace[name]) for name in (source.call, key)}
    wrapper = scene.model.by_name[scene.call.layer]
    assert isinstance(wrapper.operation, TimeDistributed)
    model = replace(
        scene.model,
        layers=tuple(
            replace(layer, operation=layer.operation.layer) if layer is wrapper else layer  # type: ignore[attr-defined]
            for layer in scene.model.layers
        ),
        calls=(Call(source.call, scene.model[source.call].name), Call(key, wrapper.name, (source,))),
        outputs=(),
    )
    return replace(fold, folded=replace(scene.trace, model=model, layers=layers, carried=None))


def _layer(fold: Fold, trace: LayerTrace) -> LayerTrace:
    return LayerTrace(
        tuple(map(fold.array, trace.outputs)),
        {name: fold.array(state) for name, state in trace.states.items()},
        {name: fold.array(gate) for name, gate in trace.gates.items()},
        None if trace.mask is None else fold.array(trace.mask),
        None,
    )


def _reference(fold: Fold, stored: Reference | None) -> Reference | None:
    if stored is None:
        return None
    arrays = {key: fold.array(array) for key, array in stored.arrays.items() if _is_ours(fold, key)}
    return replace(stored, arrays=arrays)


def _is_ours(fold: Fold, key: str) -> bool:
    try:
        layer, _ = split_key(key, fold.folded.layers)
    except KeyError:
        return False
    return layer is not None
