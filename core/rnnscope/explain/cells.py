"""States and gates of SimpleRNN, LSTM and GRU at one step: the terms of every sum, and the parts of every product.

Formulas are those of `rnnscope.layers.dense_cells`, whose code makes the sums; here they are only told term by term.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rnnscope.compare import Location
from rnnscope.explain.hearing import Heard, PlainCell
from rnnscope.explain.records import Explanation, Factor, Term, apart, balanced
from rnnscope.explain.recurrence import Recurrence
from rnnscope.explain.scene import Scene
from rnnscope.layers.dense_cells import GRUCell, LSTMCell, SimpleRNNCell
from rnnscope.types import Array

LSTM_GATES, GRU_GATES = ("i", "f", "g", "o"), ("z", "r", "hh")  # in the order of their blocks


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """One cell of a recurrence at one step of one sample; `below` names the cell of a stack that feeds it, "" none."""

    recurrence: Recurrence
    heard: Heard
    stack: str  # "1/" before the names of the second cell of a stack
    below: str
    sample: int
    t: int

    @property
    def scene(self) -> Scene:
        return self.recurrence.scene

    @property
    def cell(self) -> PlainCell:
        return self.heard.cell

    def of(self, array: Array, unit: int) -> float:
        """The sample's number in an array of the whole batch."""
        return float(array[self.sample, unit])

    def place(self, quantity: str, name: str, unit: int) -> Location:
        return self.recurrence.locate(quantity, self.stack + name, self.sample, self.t, unit)

    def features(self, column: int) -> Iterator[Term]:
        """x·W, feature by feature."""
        x, kernel = self.heard.x, self.cell.kernel
        for k, (value, weight) in enumerate(zip(x[self.sample].tolist(), kernel[:, column].tolist(), strict=True)):
            source = self.scene.factor(f"x[{self.t}, {k}]", value, self._feature_place(k))
            yield Term("feature", k, (source, Factor(f"W[{k}, {column}]", weight)), value * weight)

    def _feature_place(self, feature: int) -> Location:
        if self.below:
            return self.recurrence.locate("state", self.below, self.sample, self.t, feature)
        return self.recurrence.input_place(self.sample, self.t, feature)

    def units(self, column: int, *reset: Factor, resets: Array | None = None) -> Iterator[Term]:
        """h·U, unit by unit; with `reset` each times that factor, with `resets` (units,) each times its own."""
        weights = self.cell.recurrent_kernel[:, column].tolist()
        for k, weight in enumerate(weights):
            more = (
                reset
                if resets is None
                else (Factor(f"r[{self.t}, {k}]", float(resets[k]), self.place("gate", "r", k)),)
            )
            factors = (self.previous("h", k), *more, Factor(f"U[{k}, {column}]", weight))
            product = factors[0].value * weight
            for factor in more:
                product *= factor.value
            yield Term("unit", k, factors, product)

    def previous(self, name: str, unit: int) -> Factor:
        """A state of this cell as the step finds it."""
        called, value, source = self.recurrence.state_before(self.stack + name, self.sample, self.t, unit)
        return self.scene.factor(called, value, source)

    def bias(self, array: Array | None, column: int) -> Iterator[Term]:
        if array is not None:
            value = float(array[column])
            yield Term("bias", None, (Factor(f"b[{column}]", value),), value)


def explain_state(moment: Moment, name: str, unit: int) -> Explanation:
    """State `name` of a cell right after a valid step."""
    cell = moment.cell
    if isinstance(cell, SimpleRNNCell):
        (call,) = moment.heard.calls
        terms = (*moment.features(unit), *moment.units(unit), *moment.bias(cell.bias, unit))
        law = f"{cell.activation.keras_name}(x·W + h·U + b)"
        return _activated(moment, ("state", "h"), unit, call, terms, cell.activation.keras_name, law)
    if isinstance(cell, GRUCell):
        return _gru_state(moment, cell, unit)
    return _lstm_output(moment, cell, unit) if name == "h" else _lstm_memory(moment, unit)


def explain_gate(moment: Moment, name: str, unit: int) -> Explanation:
    """Gate `name` of an LSTM or a GRU at a step."""
    cell, gate = moment.cell, moment.heard.done.gates[name]
    assert not isinstance(cell, SimpleRNNCell)
    names = LSTM_GATES if isinstance(cell, LSTMCell) else GRU_GATES
    column = names.index(name) * int(cell.recurrent_kernel.shape[0]) + unit
    activation = cell.activation if name in ("g", "hh") else cell.recurrent_activation
    parts: tuple[Explanation, ...] = ()
    if isinstance(cell, GRUCell) and name == "hh":
        terms, parts, inside = _candidate_terms(moment, cell, column, unit)
    elif isinstance(cell, GRUCell) and cell.reset_after and cell.bias is not None:
        rows = (*moment.bias(cell.bias[0], column), *moment.bias(cell.bias[1], column))
        terms, inside = (*moment.features(column), *moment.units(column), *rows), "x·W + h·U + b"
    else:
        terms = (*moment.features(column), *moment.units(column), *moment.bias(cell.bias, column))
        inside = "x·W + h·U + b"
    call = moment.heard.sum_of(gate), gate
    law = f"{activation.keras_name}({inside})"
    return _activated(moment, ("gate", name), unit, call, terms, activation.keras_name, law, parts)


def _candidate_terms(
    moment: Moment, cell: GRUCell, column: int, unit: int
) -> tuple[tuple[Term, ...], tuple[Explanation, ...], str]:
    """The sum behind a GRU's hh, in either form of its reset."""
    gate = moment.heard.done.gates["r"]
    if not cell.reset_after:
        units = moment.units(column, resets=gate[moment.sample])
        return (*moment.features(column), *units, *moment.bias(cell.bias, column)), (), "x·W + (r·h)·U + b"
    reset = moment.scene.factor(f"r[{moment.t}, {unit}]", moment.of(gate, unit), moment.place("gate", "r", unit))
    terms = [*moment.features(column), *moment.units(column, reset)]
    if cell.bias is not None:
        row = float(cell.bias[1][column])
        terms += moment.bias(cell.bias[0], column)
        factors = (reset, Factor(f"b₁[{column}]", row))
        terms.append(Term("recurrent bias", None, factors, reset.value * row))
    return tuple(terms), (explain_gate(moment, "r", unit),), "x·W + r·(h·U + b₁) + b"


def _gru_state(moment: Moment, cell: GRUCell, unit: int) -> Explanation:
    """z·h + (1 − z)·hh."""
    gates = {name: moment.of(moment.heard.done.gates[name], unit) for name in ("z", "hh")}
    rest = float(1 - moment.heard.done.gates["z"][moment.sample, unit])
    z = moment.scene.factor(f"z[{moment.t}, {unit}]", gates["z"], moment.place("gate", "z", unit))
    hh = moment.scene.factor(f"hh[{moment.t}, {unit}]", gates["hh"], moment.place("gate", "hh", unit))
    before = moment.previous("h", unit)
    terms = (
        Term("product", None, (z, before), z.value * before.value),
        Term("product", None, (Factor("1 − z", rest, z.source), hh), rest * hh.value),
    )
    parts = tuple(explain_gate(moment, name, unit) for name in ("z", "hh"))
    return _combined(moment, "h", unit, terms, "z·h + (1 − z)·hh", parts)


def _lstm_memory(moment: Moment, unit: int) -> Explanation:
    """f·c + i·g."""
    done = moment.heard.done.gates
    i, f, g = (
        moment.scene.factor(
            f"{name}[{moment.t}, {unit}]", moment.of(done[name], unit), moment.place("gate", name, unit)
        )
        for name in ("i", "f", "g")
    )
    before = moment.previous("c", unit)
    terms = (
        Term("product", None, (f, before), f.value * before.value),
        Term("product", None, (i, g), i.value * g.value),
    )
    parts = tuple(explain_gate(moment, name, unit) for name in ("f", "i", "g"))
    return _combined(moment, "c", unit, terms, "f·c + i·g", parts)


def _lstm_output(moment: Moment, cell: LSTMCell, unit: int) -> Explanation:
    """o·act(c)."""
    called = f"o[{moment.t}, {unit}]"
    o = moment.scene.factor(called, moment.of(moment.heard.done.gates["o"], unit), moment.place("gate", "o", unit))
    activated = moment.of(moment.heard.other_call()[1], unit)
    name = cell.activation.keras_name
    inside = Factor(f"{name}(c[{moment.t}, {unit}])", activated, moment.place("state", "c", unit))
    terms = (Term("product", None, (o, inside), o.value * activated),)
    parts = (explain_gate(moment, "o", unit), _lstm_memory(moment, unit))
    return _combined(moment, "h", unit, terms, f"o·{name}(c)", parts)


def _combined(
    moment: Moment, name: str, unit: int, terms: tuple[Term, ...], law: str, parts: tuple[Explanation, ...]
) -> Explanation:
    """A state that is made of gates: no activation around it; a 16-bit type may round it."""
    states = dict(zip(moment.cell.state_sizes, moment.heard.done.states, strict=True))[name]
    return _activated(moment, ("state", name), unit, (states, states), terms, "", law, parts)


def _activated(
    moment: Moment,
    quantity: tuple[str, str],
    unit: int,
    call: tuple[Array, Array],
    terms: tuple[Term, ...],
    function: str,
    law: str,
    parts: tuple[Explanation, ...] = (),
) -> Explanation:
    location = moment.place(*quantity, unit)
    value, (total, made) = moment.scene.number(location), (moment.of(array, unit) for array in call)
    keras, mine = moment.scene.beside(location)
    return Explanation(
        location,
        f"{quantity[1]}[{moment.t}, {unit}]",
        value,
        "sum",
        law=f"{quantity[1]} = {law}",
        terms=balanced(terms, total),
        total=total,
        function="" if function == "linear" else function,
        remainder=apart(value, made),
        parts=parts,
        keras=keras,
        mine=mine,
    )
