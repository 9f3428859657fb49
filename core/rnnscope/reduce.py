"""The smallest model, input and stored values that still differ, to attach to a bug report."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from os import PathLike

from rnnscope.compare import Comparison, Verdict, compare
from rnnscope.context import Cancelling
from rnnscope.errors import BadInput, RnnscopeError
from rnnscope.inputs import load_input
from rnnscope.mine import load_mine, take_mine
from rnnscope.model import Model
from rnnscope.modelfile.cut import whole
from rnnscope.modelfile.raw import opened
from rnnscope.reading.loader import load_model
from rnnscope.reading.source import Readable, Source, read_source
from rnnscope.reducing.batch import one_sample
from rnnscope.reducing.layers import fewest_layers
from rnnscope.reducing.naming import entrances_of, is_safe, safely_named
from rnnscope.reducing.pack import packed
from rnnscope.reducing.readme import Origin
from rnnscope.reducing.specimen import Refused, Specimen, Workshop, World, tried
from rnnscope.reducing.steps import fewest_steps
from rnnscope.reference import Reference, load_reference
from rnnscope.run import run
from rnnscope.trace import Trace
from rnnscope.types import Array
from rnnscope.writing import write_new

STAGES: tuple[Callable[[Workshop, Specimen], tuple[Specimen, str]], ...] = (
    one_sample,
    fewest_layers,
    fewest_steps,
)


@dataclass(frozen=True, slots=True, eq=False)
class Reduction:
    """What is left of a difference.

    model, inputs: the part, and what it is fed. comparison: the part's run held against the stored values.
    done: a sentence for each stage, on what became smaller and on what could not. archive: the zip file's bytes.
    """

    model: Model
    inputs: Mapping[str, Array]
    comparison: Comparison
    done: tuple[str, ...]
    archive: bytes

    def save(self, path: str | PathLike[str], *, force: bool = False) -> None:
        """Write the zip, whole or not at all; BadInput when that fails, or when it exists and `force` is not given."""
        write_new(path, self.archive, "report", force=force)


def reduce(
    model: Readable,
    x: Readable,
    reference: Readable | None = None,
    *,
    mine: Readable | None = None,
    weights: Readable | None = None,
    keras_version: str | None = None,
    backend: str | None = None,
    bypass_lambda: bool = False,
    atol: float | None = None,
    rtol: float | None = None,
    cancelled: Cancelling | None = None,
) -> Reduction | None:
    """Shrink samples, layers and steps while the run of `model` on `x` still differs from `reference` or from `mine`.

    All are files: a model, with `weights` where it holds none; an input; stored Keras values, or a port's own numbers.
    keras_version, backend, bypass_lambda: as `load_model` takes them. atol, rtol: as `compare` takes them.
    cancelled: asked at every timestep; True stops.

    Returns None when nothing differs. Raises BadInput unless one of `reference` and `mine` is given, and when what
    differs is not a number at a place; whatever reading the files raises; Cancelled when stopped.
    """
    if (reference is None) == (mine is None):
        raise BadInput("give either stored Keras values or your own numbers", found="both" if mine else "neither")
    source, entering = read_source(model), read_source(x)
    given = None if weights is None else read_source(weights)
    loaded = load_model(source, given, keras_version=keras_version, backend=backend, bypass_lambda=bypass_lambda)
    try:
        trace = run(loaded, load_input(entering), cancelled=cancelled)
    except RnnscopeError as error:
        raise error.located(file=entering.name) from None
    held = read_source(reference if reference is not None else mine or "")
    stored = load_reference(held) if reference is not None else _taken(held, trace)
    comparison = compare(trace, stored, atol=atol, rtol=rtol, input_sha256=entering.sha256, cancelled=cancelled)
    if comparison.verdict is not Verdict.DIFFERENT:
        return None
    _check(comparison, held.name)
    with opened(source, given, bypass_lambda=bypass_lambda) as file:
        workshop = Workshop(file, loaded, trace.layers, keras_version, backend, atol, rtol, cancelled)
        specimen, done = _shrunk(workshop, _whole(workshop, trace, stored, comparison))
        sources = (*file.sources, entering, held)
        origin = Origin(sources, trace, comparison, file, stored.meta, mine is not None)
        archive = packed(workshop, specimen, origin, done)
    return Reduction(specimen.model, specimen.stored.inputs, specimen.comparison, done, archive)


def _taken(held: Source, trace: Trace) -> Reference:
    """A port's own numbers as something to compare the run with."""
    try:
        return take_mine(load_mine(held), trace, held.name).reference()
    except RnnscopeError as error:
        raise error.located(file=held.name) from None


def _whole(workshop: Workshop, trace: Trace, stored: Reference, comparison: Comparison) -> Specimen:
    """The difference before anything is cut away."""
    own = World(trace.inputs, {key: trace.get(key) for key in trace.quantities()})
    held = World(trace.inputs, stored.arrays)
    return Specimen(workshop.file.sources[0], workshop.model, None, own, held, trace, comparison)


def _check(comparison: Comparison, file: str) -> None:
    """BadInput for what differs otherwise than by numbers that can be followed."""
    if comparison.foreign:
        raise BadInput(comparison.foreign, file=file)
    first = comparison.first_difference
    if first is None:
        row = next(row for row in comparison.rows if row.verdict is Verdict.DIFFERENT)
        raise BadInput(f"what differs is no number: {row.reason}", file=file, found=row.key)


def _shrunk(workshop: Workshop, specimen: Specimen) -> tuple[Specimen, tuple[str, ...]]:
    """The specimen after all stages, with names that are safe to use, and a sentence for each stage."""
    done = []
    for stage in STAGES:
        specimen, words = stage(workshop, specimen)
        done.append(words)
    specimen, words = _renamed(workshop, specimen)
    return specimen, tuple(words for words in (*done, words) if words)


def _renamed(workshop: Workshop, specimen: Specimen) -> tuple[Specimen, str]:
    """The specimen with other names where a name from the file could be mistaken for a path or for code."""
    unsafe = [layer.name for layer in specimen.model.layers if not is_safe(layer.name)]
    if not unsafe and (specimen.cut is not None or len(workshop.file.sources) == 1):
        return specimen, ""
    graph = workshop.file.graph
    cut = specimen.cut or whole(graph, entrances_of(workshop.model), workshop.model.outputs)
    layers = dict.fromkeys(call.layer for call in graph.calls if call.key in cut.calls)
    named = safely_named(cut, layers)
    names = dict(
        zip(
            (entrance.name for entrance in cut.entrances),
            (entrance.name for entrance in named.entrances),
            strict=True,
        )
    )

    def moved(world: World) -> World:
        return replace(world, inputs={names[name]: array for name, array in world.inputs.items()})

    try:
        found = tried(workshop, specimen, named, moved(specimen.own), moved(specimen.stored))
    except Refused as refused:
        raise BadInput(f"the model's names are not safe to hand on, and cannot be changed: {refused}") from None
    return found, f"names: {len(unsafe)} that are not plain were replaced" if unsafe else ""
