"""Fewer samples: the one that differs first."""

from __future__ import annotations

from dataclasses import replace

from rnnscope.errors import one_line
from rnnscope.modelfile.cut import Cut, whole
from rnnscope.reducing.naming import entrances_of
from rnnscope.reducing.specimen import Arrays, Refused, Specimen, Workshop, World, tried


def one_sample(workshop: Workshop, specimen: Specimen) -> tuple[Specimen, str]:
    """The specimen with the sample of the first difference alone, and what was done in words."""
    samples, first = specimen.samples, specimen.comparison.first_difference
    if samples == 1 or first is None:
        return specimen, ""
    if any(getattr(layer.operation, "time_major", False) for layer in workshop.model.layers):
        return specimen, "samples: all stay, because time comes before them here (time_major)"
    one = slice(first.sample, first.sample + 1)

    def sliced(world: World) -> World:
        return World(_rows(world.inputs, one, samples), _rows(world.values, one, samples))

    try:
        found = tried(workshop, specimen, _for_one(workshop, specimen), sliced(specimen.own), sliced(specimen.stored))
    except Refused as refused:
        return specimen, f"samples: all {samples:,} stay: {one_line(str(refused))}"
    return found, f"samples: {samples:,} → 1, number {first.sample}"


def _rows(arrays: Arrays, one: slice, samples: int) -> Arrays:
    return {key: array[one] if array.ndim and len(array) == samples else array for key, array in arrays.items()}


def _for_one(workshop: Workshop, specimen: Specimen) -> Cut | None:
    """The same part, where the file fixes how many samples there are for one."""
    if all(shape[0] is None for shape in specimen.model.input_shapes):
        return specimen.cut
    cut = specimen.cut or whole(workshop.file.graph, entrances_of(workshop.model), workshop.model.outputs)
    entrances = tuple(replace(entrance, batch_shape=(1, *entrance.batch_shape[1:])) for entrance in cut.entrances)
    return replace(cut, entrances=entrances)
