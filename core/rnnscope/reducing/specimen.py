"""A difference under the knife: a part of a model, what it is fed, and what was stored for it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from rnnscope.compare import Comparison, Verdict, compare
from rnnscope.context import Cancelling
from rnnscope.errors import RnnscopeError
from rnnscope.graph import Tensor
from rnnscope.model import Model
from rnnscope.modelfile.cut import Cut
from rnnscope.modelfile.raw import ModelFile
from rnnscope.modelfile.write import cut_out
from rnnscope.reading.loader import load_model
from rnnscope.reading.source import Source
from rnnscope.reference import Reference
from rnnscope.run import run
from rnnscope.trace import Trace, layer_key, split_key
from rnnscope.types import Array, Shape

Arrays = Mapping[str, Array]
# What a configuration that reads well may still make of being written: it is a stranger's.
UNFORESEEN = (TypeError, ValueError, LookupError, AttributeError, StopIteration, OSError, RuntimeError)


class Refused(Exception):
    """Why a smaller difference is not taken; a sentence."""


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """inputs: by the names of the part's inputs. values: by the keys of the *whole* model's run."""

    inputs: Arrays
    values: Arrays


@dataclass(frozen=True, slots=True, eq=False)
class Workshop:
    """What every trial needs: the whole model, its file, and the rule that judges.

    keys: the calls of the whole model's run, those inside nested models among them.
    keras_version, backend: the reading that was asked for; None for the file's own.
    """

    file: ModelFile
    model: Model
    keys: Mapping[str, object]
    keras_version: str | None = None
    backend: str | None = None
    atol: float | None = None
    rtol: float | None = None
    cancelled: Cancelling | None = None

    def shape_of(self, tensor: Tensor) -> Shape:
        """The shape of a tensor of the whole model."""
        return self.model[tensor.call].output_shapes[tensor.output]

    def top_call(self, key: str) -> str | None:
        """The call of the outermost model that a call stands in, by key; None for one that the graph has not."""
        calls = {call.key for call in self.file.graph.calls}
        ends = [key[:place] for place, letter in enumerate(key) if letter == "/"]
        return next((end for end in [key, *ends] if end in calls), None)

    def judged(self, trace: Trace, values: Arrays) -> Comparison:
        """A run held against `values`, by the chosen rule."""
        return compare(trace, Reference(values), atol=self.atol, rtol=self.rtol, cancelled=self.cancelled)


@dataclass(frozen=True, slots=True, eq=False)
class Specimen:
    """A difference that survives.

    source, model: the part as a file, and as it was read back. cut: None where the file is the whole one.
    own: what the whole model made of its input, as far as it belongs to the part. stored: what it is held against.
    trace: the part's run on what is stored.
    """

    source: Source
    model: Model
    cut: Cut | None
    own: World
    stored: World
    trace: Trace
    comparison: Comparison

    @property
    def samples(self) -> int:
        return len(next(iter(self.stored.inputs.values())))

    @property
    def outputs(self) -> tuple[Tensor, ...]:
        """The part's outputs, as tensors of the whole model."""
        return self.model.outputs if self.cut is None else self.cut.outputs


def tried(workshop: Workshop, before: Specimen, cut: Cut | None, own: World, stored: World) -> Specimen:
    """The smaller specimen, if it is one: the part computes what the whole did, and the difference is still there.

    Refused, with the reason, otherwise.
    """
    try:
        source, model = _written(workshop, before, cut)
        if not _agrees(model, own.inputs, part_values(workshop, cut, own.values), workshop.cancelled):
            raise Refused("cut so, it does not compute what it does in the whole")
        trace = run(model, stored.inputs, cancelled=workshop.cancelled)
        comparison = workshop.judged(trace, part_values(workshop, cut, stored.values))
    except RnnscopeError as error:
        raise Refused(str(error)) from None
    if comparison.first_difference is None:
        raise Refused("the difference does not survive it")
    return Specimen(source, model, cut, own, stored, trace, comparison)


def part_values(workshop: Workshop, cut: Cut | None, values: Arrays) -> dict[str, Array]:
    """`values` of the whole model's run by the keys of the part's run."""
    if cut is None:
        return dict(values)
    calls = {call.key: call for call in workshop.file.graph.calls}
    found: dict[str, Array] = {}
    for key, array in values.items():
        layer, quantity = split_key(key, workshop.keys)
        top = None if layer is None else workshop.top_call(layer)
        if layer is not None and top in cut.calls:
            found[layer_key(cut.key(calls[top], workshop.file.graph) + layer[len(top) :], quantity)] = array
    for index, tensor in enumerate(cut.outputs):
        known = [values[key] for key in tensor_keys(workshop.model, tensor) if key in values]
        found |= {f"output/{index}": array for array in known[:1]}
    return found


def tensor_keys(model: Model, tensor: Tensor) -> list[str]:
    """The keys under which a run of the whole model holds a tensor."""
    ends = [f"output/{index}" for index, output in enumerate(model.outputs) if output == tensor]
    return [*ends, layer_key(tensor.call, f"output/{tensor.output}")]


def changed(world: World, change: Mapping[str, Array | None]) -> World:
    """`world` with some values in place of what they were, or without them."""
    values = {key: change.get(key, array) for key, array in world.values.items()}
    return replace(world, values={key: array for key, array in values.items() if array is not None})


def _written(workshop: Workshop, before: Specimen, cut: Cut | None) -> tuple[Source, Model]:
    if cut is before.cut:
        return before.source, before.model
    try:
        data = cut_out(workshop.file, cut, workshop.shape_of) if cut is not None else before.source.data
    except UNFORESEEN as error:
        raise Refused(f"it cannot be written: {type(error).__name__}: {error}") from error
    source = Source(f"model{workshop.file.suffix}", data, hashlib.sha256(data).hexdigest())
    reading = workshop.file.reading
    model = load_model(
        source,
        keras_version=workshop.keras_version,
        backend=workshop.backend or reading.written_by.backend,
        bypass_lambda=reading.bypass_lambda,
    )
    return source, model


def _agrees(model: Model, inputs: Arrays, values: Arrays, cancelled: Cancelling | None) -> bool:
    """Whether the part gives these values, to the bit or up to rounding."""
    trace = run(model, inputs, cancelled=cancelled)
    if set(values) <= set(trace.quantities()) and all(_same(trace.get(key), values[key]) for key in values):
        return True
    return compare(trace, Reference(values), cancelled=cancelled).verdict is not Verdict.DIFFERENT


def _same(ours: Array, theirs: Array) -> bool:
    return ours.shape == theirs.shape and bool(np.array_equal(ours, theirs, equal_nan=ours.dtype.kind == "f"))
