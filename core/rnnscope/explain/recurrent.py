"""What recurrent layers hold and return: states, gates, frozen steps, sequences, last outputs and final states."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from rnnscope.compare import Location
from rnnscope.explain.cells import Moment, explain_gate, explain_state
from rnnscope.explain.hearing import plain_cells
from rnnscope.explain.records import Explanation, Factor, Term, apart, balanced
from rnnscope.explain.recurrence import Recurrence, recurrences
from rnnscope.explain.scene import Scene
from rnnscope.layers.bidirectional import Bidirectional
from rnnscope.layers.conv_lstm import ConvLSTMCell
from rnnscope.layers.cudnn import CuDNNRecurrent
from rnnscope.layers.masked_steps import masked_output_index
from rnnscope.layers.recurrent import Recurrent
from rnnscope.unroll import zeroing_masks

PLAIN = (Recurrent, CuDNNRecurrent)
THROWN_AWAY = "This step is masked: the gate is computed, and what comes of it is thrown away."


def why_not(operation: Recurrent | Bidirectional) -> str:
    """Why the numbers of a recurrent layer are not taken apart; "" when they are."""
    sides = (operation.forward, operation.backward) if isinstance(operation, Bidirectional) else (operation,)
    for side in sides:
        if isinstance(side.cell, ConvLSTMCell):
            return "A ConvLSTM is not taken apart: its sums are convolutions of images."
        if type(side) not in PLAIN:
            return f"{type(side).__name__} is not taken apart: it runs by rules of its own."
        if plain_cells(side.cell) is None:
            name = type(side.cell).__name__
            return f"{name} is not taken apart: only the cells of SimpleRNN, LSTM and GRU are, and stacks of them."
    return ""


def explain_recurrent(scene: Scene, location: Location) -> Explanation:
    """One number of a recurrent layer: a state, a gate or an output."""
    kind, _, rest = location.quantity.partition("/")
    both = recurrences(scene)
    if kind == "output":
        return _output(scene, both, location, int(rest))
    one = next(one for one in both if rest.startswith(one.prefix))
    name, (sample, t, unit) = rest.removeprefix(one.prefix), scene.place(location)
    if kind == "state":
        return state_of(one, name, sample, t, unit)
    found = explain_gate(_moment(one, name, sample, t), name.rpartition("/")[2], unit)
    return found if one.valid(sample, t) else replace(found, note=THROWN_AWAY)


def _moment(one: Recurrence, name: str, sample: int, t: int) -> Moment:
    """The cell of a state or gate called `name` (``1/h`` in a stack) at a step."""
    stack, slash, _ = name.rpartition("/")
    index = int(stack) if slash else 0
    cells = plain_cells(one.layer.cell)
    assert cells is not None
    below = f"{index - 1}/{cells[index - 1].output_state}" if index else ""
    return Moment(one, one.heard(t)[index], stack + slash, below, sample, t)


def state_of(one: Recurrence, name: str, sample: int, t: int, unit: int) -> Explanation:
    """A state right after input step `t`: computed there, or frozen."""
    if one.valid(sample, t):
        return explain_state(_moment(one, name, sample, t), name.rpartition("/")[2], unit)
    location = one.locate("state", name, sample, t, unit)
    value, (keras, mine) = one.scene.number(location), one.scene.beside(location)
    called = f"{name.rpartition('/')[2]}[{t}, {unit}]"
    since = one.last_valid(sample, t)
    if since is not None:
        return Explanation(
            location,
            called,
            value,
            "frozen",
            parts=(state_of(one, name, sample, since, unit),),
            origin=one.locate("state", name, sample, since, unit),
            note=f"Frozen at step {t}, value from step {since}: the mask is False here, so the state is held.",
            keras=keras,
            mine=mine,
        )
    _, _, source = one.state_before(name, sample, one.order[0], unit)
    given = "the initial state that was given" if source else "the initial state"
    note = f"Frozen at step {t}: no valid step has been processed yet, so this is {given}."
    return Explanation(location, called, value, "frozen", origin=source, note=note, keras=keras, mine=mine)


def _output(scene: Scene, both: tuple[Recurrence, ...], location: Location, index: int) -> Explanation:
    """One of the tensors that the layer returns: the sequence or the last output first, then the final states."""
    first = both[0].layer
    merged = isinstance(scene.operation, Bidirectional)
    sequences = 2 if merged and scene.operation.merge_mode is None else 1  # type: ignore[attr-defined]
    if index >= sequences:
        return _final(scene, both, location, index - sequences)
    place = scene.place(location)
    if first.return_sequences:
        sample, position, unit = place if not first.time_major else (place[1], place[0], place[2])
    else:
        (sample, unit), position = place, None
    if not isinstance(scene.operation, Bidirectional):
        return _directed(both[0], location, sample, position, unit)
    return _merged(scene, scene.operation, both, location, index, (sample, position, unit))


def _final(scene: Scene, both: tuple[Recurrence, ...], location: Location, index: int) -> Explanation:
    """A final state: the one after the last step that was processed."""
    names = [(one, name) for one in both for name in one.layer.cell.state_sizes]
    one, name = names[index]
    sample, unit = scene.place(location)
    last = one.order[-1]
    origin = one.locate("state", name, sample, last, unit)
    called = f"{scene.call.key}[{unit}]"
    found = scene.copy(location, called, origin, f"The final state {name}: as step {last} leaves it.")
    return replace(found, parts=(state_of(one, name, sample, last, unit),))


def _merged(
    scene: Scene,
    operation: Bidirectional,
    both: tuple[Recurrence, ...],
    location: Location,
    index: int,
    place: tuple[int, int | None, int],
) -> Explanation:
    """What a bidirectional layer makes of the outputs of its two directions, the backward one turned around."""
    sample, position, unit = place
    ahead, back = both
    turned = None if position is None else back.steps - 1 - position
    width = ahead.layer.cell.units

    def side(one: Recurrence, at: int | None, which: int) -> Explanation:
        return _directed(one, None, sample, at, which)

    if operation.merge_mode in ("concat", None):
        second = unit >= width if operation.merge_mode == "concat" else index == 1
        which = unit - width if operation.merge_mode == "concat" and second else unit
        found = side(back, turned, which) if second else side(ahead, position, which)
        (keras, mine), name = scene.beside(location), _called(scene, position, unit)
        return replace(found, location=location, name=name, value=scene.number(location), keras=keras, mine=mine)
    parts = side(ahead, position, unit), side(back, turned, unit)
    return _joined(scene, operation.merge_mode, location, _called(scene, position, unit), parts)


def _joined(
    scene: Scene, mode: str | None, location: Location, name: str, parts: tuple[Explanation, Explanation]
) -> Explanation:
    """The sum, the average or the product of both directions' outputs."""
    factors = [Factor(part.name, part.value, part.origin) for part in parts]
    if mode == "mul":
        terms: tuple[Term, ...] = (Term("product", None, tuple(factors), factors[0].value * factors[1].value),)
    else:
        terms = tuple(Term("product", place, (factor,), factor.value) for place, factor in enumerate(factors))
    value, (keras, mine) = scene.number(location), scene.beside(location)
    half = mode == "ave"
    total = value * 2 if half else value
    law = {"mul": "forward·backward", "ave": "(forward + backward) ÷ 2"}.get(str(mode), "forward + backward")
    return Explanation(
        location,
        name,
        value,
        "sum",
        law=law,
        terms=balanced(terms, total),
        total=total,
        function="÷ 2" if half else "",
        remainder=apart(value, total / 2 if half else total),
        parts=parts,
        keras=keras,
        mine=mine,
    )


def _called(scene: Scene, position: int | None, unit: int) -> str:
    return f"{scene.call.key}[{unit}]" if position is None else f"{scene.call.key}[{position}, {unit}]"


def _directed(one: Recurrence, location: Location | None, sample: int, position: int | None, unit: int) -> Explanation:
    """An output of one direction: of a sequence, in the order of processing, or the last one (position None)."""
    scene, semantics = one.scene, one.scene.context.semantics
    at = one.steps - 1 if position is None else position
    t = one.order[at]
    cell = one.layer.cell
    called = one.prefix + _called(scene, position, unit) if location is None else _called(scene, position, unit)

    def constant(note: str) -> Explanation:
        if location is not None:
            return scene.constant(location, called, note)
        return Explanation(None, called, 0.0, "constant", note=note)

    def held(name: str, step: int, note: str) -> Explanation:
        origin = one.locate("state", name, sample, step, unit)
        part = state_of(one, name, sample, step, unit)
        if location is not None:
            return replace(scene.copy(location, called, origin, note), parts=(part,))
        return Explanation(None, called, part.value, "copy", parts=(part,), origin=origin, note=note)

    kept = _kept_outputs(one, position is None)
    if kept is not None and not kept(sample, at):
        return constant(f"The output at a masked step (step {t}) is 0 here.")
    if one.valid(sample, t):
        return held(cell.output_state, t, f"The output at step {t} is the state after it.")
    instead = masked_output_index(cell, one.direction.unroll, semantics)
    if instead is not None:
        name = list(cell.state_sizes)[instead]
        return held(name, t, f"Step {t} is masked; {semantics} puts the held state {name} here.")
    since = one.last_valid(sample, t)
    if since is None:
        return constant(f"Step {t} is masked, and there is no output before it to repeat: {semantics} puts 0 here.")
    return held(cell.output_state, since, f"Step {t} is masked; {semantics} repeats the output of step {since}.")


def _kept_outputs(one: Recurrence, last_alone: bool) -> Callable[[int, int], bool] | None:
    """Whether an output (sample, position) is kept where masked ones become zero; None where none do."""
    if one.mask is None:
        return None
    sequence, last = zeroing_masks(one.mask, one.direction, one.scene.context.semantics)
    mask = last if last_alone else sequence
    return None if mask is None else lambda sample, position: bool(mask[sample, position])
