"""All that one report says, whatever it is written as."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches

from rnnscope.compare import NOT_STORED, Comparison, compare
from rnnscope.context import Cancelling
from rnnscope.culprit import Culprit
from rnnscope.errors import BadInput
from rnnscope.findings import Finding
from rnnscope.floor import NoiseFloor
from rnnscope.mine import Mine
from rnnscope.order import has_steps
from rnnscope.reference import Reference
from rnnscope.trace import Trace, layer_key, split_key
from rnnscope.types import Array


@dataclass(frozen=True, slots=True)
class File:
    """A file that the report is about: ``model``, ``weights``, ``input``, ``reference`` or ``mine``."""

    role: str
    name: str
    sha256: str


@dataclass(frozen=True, slots=True, eq=False)
class Port:
    """A person's own numbers, held against the run and, where both have a quantity, against stored Keras values.

    run: the run against the numbers. keras: the numbers against Keras's, None where they have nothing in common.
    origins: of `run`, see `Comparison.origins`.
    findings: what `rnnscope.diagnose` says of them; None where nobody asked.
    """

    mine: Mine
    run: Comparison
    keras: Comparison | None = None
    findings: tuple[Finding, ...] | None = None
    origins: tuple[Culprit, ...] = ()


@dataclass(frozen=True, slots=True)
class Look:
    """What a person wants to see: a layer, a quantity of it, a sample; "" and None leave the choice to the report."""

    layer: str = ""
    quantity: str = ""
    sample: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """A run, and what it was held against.

    comparison: the run against `reference`, None without one. origins: of it, see `Comparison.origins`.
    command: what repeats all of it in a shell.
    """

    trace: Trace
    files: tuple[File, ...] = ()
    reference: Reference | None = None
    comparison: Comparison | None = None
    origins: tuple[Culprit, ...] = ()
    port: Port | None = None
    look: Look = Look()
    command: str = ""

    @property
    def comparisons(self) -> tuple[Comparison, ...]:
        """Those of the run: with Keras first, where there is one."""
        port = () if self.port is None else (self.port.run,)
        return port if self.comparison is None else (self.comparison, *port)

    @property
    def matches(self) -> bool:
        """Whether nothing differs: neither the run from Keras, nor the port from either."""
        against_keras = self.port.keras if self.port is not None else None
        held = (*self.comparisons, *(() if against_keras is None else (against_keras,)))
        return all(comparison.matches for comparison in held)


def hold_port(
    trace: Trace,
    mine: Mine,
    reference: Reference | None,
    *,
    floor: NoiseFloor | None = None,
    atol: float | None = None,
    rtol: float | None = None,
    cancelled: Cancelling | None = None,
) -> Port:
    """Hold a person's numbers against the run, and against the stored Keras values of the same quantities.

    Raises BadInput as `rnnscope.compare` does, and when none of the numbers has the shape of what the run computes.
    """
    if not any(_same_shape(trace, key, array) for key, array in mine.arrays.items()):
        raise BadInput("your numbers fit nothing that the run computes", file=mine.file or None, found=mine.taken[0])
    against_run = compare(trace, mine.reference(), floor=floor, atol=atol, rtol=rtol, cancelled=cancelled)
    shared = {} if reference is None else _fitting(trace, reference.arrays, mine)
    if reference is None or not shared:
        return Port(mine, against_run)
    stored = Reference(shared, {}, reference.file)
    ported = _with(trace, {key: mine.arrays[key] for key in shared})
    return Port(mine, against_run, compare(ported, stored, floor=floor, atol=atol, rtol=rtol, cancelled=cancelled))


def _fitting(trace: Trace, stored: Mapping[str, Array], mine: Mine) -> dict[str, Array]:
    """The stored values that the port has too, both of the run's shape, for which its noise floor is known."""
    both = {key: array for key, array in stored.items() if key in mine.arrays}
    fitting = {key: array for key, array in both.items() if array.shape == mine.arrays[key].shape}
    return {key: array for key, array in fitting.items() if _same_shape(trace, key, array)}


def _same_shape(trace: Trace, key: str, array: Array) -> bool:
    try:
        return trace.get(key).shape == array.shape
    except (KeyError, IndexError):
        return False


def _with(trace: Trace, arrays: Mapping[str, Array]) -> Trace:
    """`trace` with these quantities in place of its own."""
    outputs = tuple(arrays.get(f"output/{index}", output) for index, output in enumerate(trace.outputs))
    layers = {}
    for name, layer in trace.layers.items():
        own = {quantity: arrays[key] for quantity in layer.quantities() if (key := layer_key(name, quantity)) in arrays}
        layers[name] = (
            layer
            if not own
            else replace(
                layer,
                outputs=tuple(own.get(f"output/{index}", output) for index, output in enumerate(layer.outputs)),
                states={state: own.get(f"state/{state}", array) for state, array in layer.states.items()},
                gates={gate: own.get(f"gate/{gate}", array) for gate, array in layer.gates.items()},
                mask=own.get("mask", layer.mask),
            )
        )
    return replace(trace, outputs=outputs, layers=layers)


def looked_at(report: Report) -> tuple[str, int]:
    """The key of the quantity to show, and the sample: what was asked for, else where the first difference is.

    Without a difference it is the first state of the run, else its first output. BadInput when the run has none such.
    """
    layer, quantity, sample = report.look.layer, report.look.quantity, report.look.sample
    firsts = [found for comparison in report.comparisons if (found := comparison.first_difference) is not None]
    if layer or quantity:
        key = _chosen(report.trace, layer, quantity)
        here = [first for first in firsts if (first.layer, first.quantity) == _split(report.trace, key)]
    elif firsts:
        here = firsts[:1]
        key = layer_key(here[0].layer, here[0].quantity) if here[0].layer else here[0].quantity
    else:
        key, here = _default(report), []
    if sample is None:
        sample = here[0].sample if here else 0
    if not 0 <= sample < report.trace.batch_size:
        raise BadInput("there is no such sample", expected=f"0 to {report.trace.batch_size - 1}", found=sample)
    return key, sample


def _chosen(trace: Trace, layer: str, quantity: str) -> str:
    """The key that a layer, a quantity or both name; an output without a layer is the model's."""
    if not layer and quantity in trace.quantities():
        return quantity
    if layer and layer not in trace.layers:
        near = get_close_matches(layer, list(trace.layers), n=1, cutoff=0.3)
        raise BadInput(
            f"the run has no layer '{layer}'",
            expected=f"one of {', '.join(trace.layers)}",
            advice=f"Is it '{near[0]}'?" if near else None,
        )
    keys = [key for key in trace.quantities() if not layer or split_key(key, trace.layers)[0] == layer]
    named = [key for key in keys if not quantity or split_key(key, trace.layers)[1] == quantity]
    if not named:
        names = dict.fromkeys(split_key(key, trace.layers)[1] for key in keys)
        raise BadInput(f"there is no quantity '{quantity}'", layer=layer or None, expected=f"one of {', '.join(names)}")
    return named[0]


def _split(trace: Trace, key: str) -> tuple[str, str]:
    layer, quantity = split_key(key, trace.layers)
    return layer or "", quantity


def _default(report: Report) -> str:
    keys = list(report.trace.quantities())
    compared = [row.key for comparison in report.comparisons for row in comparison.rows if row.reason != NOT_STORED]
    for known in (compared, keys):
        states = [key for key in known if key in keys and "/state/" in key and has_steps(key, report.trace.get(key))]
        if states:
            return states[0]
    return "output/0"
