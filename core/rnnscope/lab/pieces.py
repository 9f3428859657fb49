"""Runs cut apart by samples, and put together again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from rnnscope.trace import LayerTrace, Trace
from rnnscope.types import Array


def of_samples(trace: Trace, samples: Array) -> Trace:
    """The run of some samples, out of that of all; what has no batch axis stays."""
    size = trace.batch_size

    def part(array: Array) -> Array:
        return array[samples] if array.ndim and array.shape[0] == size else array

    return _mapped(trace, part)


def joined(traces: Sequence[Trace]) -> Trace:
    """Runs of one sample each as one run."""
    keys = iter(list(_arrays(trace)) for trace in traces)
    columns = list(zip(*keys, strict=True))
    merged = iter(np.concatenate(column) for column in columns)
    return _mapped(traces[0], lambda array: next(merged))


def _arrays(trace: Trace) -> Iterator[Array]:
    found: list[Array] = []

    def keep(array: Array) -> Array:
        found.append(array)
        return array

    _mapped(trace, keep)
    yield from found


def _mapped(trace: Trace, change: Callable[[Array], Array]) -> Trace:
    """A run with every array in it changed, always in one order."""

    def layer(one: LayerTrace) -> LayerTrace:
        return LayerTrace(
            tuple(map(change, one.outputs)),
            {name: change(array) for name, array in one.states.items()},
            {name: change(array) for name, array in one.gates.items()},
            None if one.mask is None else change(one.mask),
            None if one.output_mask is None else change(one.output_mask),
            {name: change(array) for name, array in one.final.items()},
        )

    return replace(
        trace,
        inputs={name: change(array) for name, array in trace.inputs.items()},
        outputs=tuple(map(change, trace.outputs)),
        layers={key: layer(one) for key, one in trace.layers.items()},
    )
