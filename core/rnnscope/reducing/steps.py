"""Fewer steps: those up to the first difference, or those that a mask leaves; at best one, from the state before it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from rnnscope.errors import one_line
from rnnscope.graph import Call
from rnnscope.layers.recurrent import Recurrent
from rnnscope.modelfile.cut import Cut, Entrance, whole
from rnnscope.order import has_steps
from rnnscope.reducing.layers import differing
from rnnscope.reducing.naming import entrances_of, kind_of, safe_name
from rnnscope.reducing.specimen import Arrays, Refused, Specimen, Workshop, World, changed, tensor_keys, tried
from rnnscope.trace import layer_key, split_key
from rnnscope.types import Array


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """How a specimen runs through time.

    call: where the first difference is. total: how many steps there are. first: the one that differs first, by the
    input's time; None where nobody knows. backward: whether that layer reads the last step first. states: the names
    of its states, where it has any.
    """

    call: str
    total: int
    first: int | None
    backward: bool
    states: tuple[str, ...]

    def window(self, start: int, stop: int) -> tuple[int, int]:
        """The same window in the order of processing, as sequences that are read backwards come out."""
        return (self.total - stop, self.total - start) if self.backward else (start, stop)


def fewest_steps(workshop: Workshop, specimen: Specimen) -> tuple[Specimen, str]:
    """The specimen with the fewest steps, and what was done in words."""
    course = _course(workshop, specimen)
    if course is None or course.total == 1:
        return specimen, ""
    if any(getattr(layer.operation, "time_major", False) for layer in workshop.model.layers):
        return specimen, "steps: all stay, because they come before the samples here (time_major)"
    shorter, words = _inside_a_window(workshop, specimen, course)
    try:
        return _started(workshop, shorter), f"steps: {course.total:,} → 1, from the stored state before it"
    except Refused as refused:
        return shorter, words + (f"; not one alone: {one_line(str(refused), 200)}" if str(refused) else "")


def _inside_a_window(workshop: Workshop, specimen: Specimen, course: Course) -> tuple[Specimen, str]:
    reason = "" if course.first is not None else "nothing is stored for single steps"
    for start, stop, replacing in _windows(specimen, course):
        for names in _timed(specimen, course.total):
            try:
                found = _windowed(workshop, specimen, course, (start, stop), names, replacing)
            except Refused as refused:
                reason = reason or _why(workshop, specimen, str(refused))
                continue
            return found, f"steps: {course.total:,} → {stop - start:,}, from {start:,} to {stop - 1:,}"
    return specimen, f"steps: all {course.total:,} stay{': ' + one_line(reason, 200) if reason else ''}"


def _course(workshop: Workshop, specimen: Specimen) -> Course | None:
    """How the part runs through time; None where it has no steps."""
    first = specimen.comparison.first_difference
    if first is None:
        return None
    call = differing(workshop, specimen)
    operation = workshop.model[call].operation
    backward = isinstance(operation, Recurrent) and operation.direction.go_backwards
    start = layer_key(call, "state/")
    states = tuple(key.removeprefix(start) for key in specimen.own.values if key.startswith(start))
    if first.step is not None:
        key = layer_key(first.layer, first.quantity) if first.layer else first.quantity
        total = specimen.trace.get(key).shape[1]
        in_order = first.quantity.startswith("output/")
        step = total - 1 - first.step if backward and in_order else first.step
        return Course(call, total, step, backward, states)
    lengths = [specimen.own.values[start + name].shape[1] for name in states]
    lengths += [array.shape[1] for array in specimen.own.inputs.values() if array.ndim > 2]
    return Course(call, lengths[0], None, backward, states) if lengths else None


def _windows(specimen: Specimen, course: Course) -> Iterator[tuple[int, int, bool]]:
    """The steps to try, the fewest first; whether the last of them takes the place of the end."""
    valid = _valid(specimen, course.total)
    begin, end = (int(valid[0]), int(valid[-1]) + 1) if len(valid) else (0, course.total)
    if course.first is not None:
        narrow = (course.first, end) if course.backward else (begin, course.first + 1)
        wide = (course.first, course.total) if course.backward else (0, course.first + 1)
        yield from ((*window, True) for window in dict.fromkeys((narrow, wide)) if _shorter(window, course.total))
    yield from (
        (*window, False)
        for window in dict.fromkeys(((begin, end), (0, end), (begin, course.total)))
        if _shorter(window, course.total)
    )


def _shorter(window: tuple[int, int], total: int) -> bool:
    return 0 < window[1] - window[0] < total


def _valid(specimen: Specimen, total: int) -> Array:
    """The steps at which some layer reads some sample; all of them where nothing is masked."""
    masks = [array for key, array in specimen.own.values.items() if key.endswith("/mask")]
    fitting = [mask.any(axis=0) for mask in masks if mask.ndim == 2 and mask.shape[1] == total]
    return np.flatnonzero(np.any(fitting, axis=0)) if fitting else np.arange(total)


def _timed(specimen: Specimen, total: int) -> list[tuple[str, ...]]:
    """Which inputs may have the steps on their second axis, as sets to try."""
    inputs = specimen.own.inputs.items()
    everything = tuple(name for name, array in inputs if array.ndim > 1 and array.shape[1] == total)
    surely = tuple(name for name in everything if specimen.own.inputs[name].ndim > 2 or _is_discrete(specimen, name))
    return [names for names in dict.fromkeys((everything, surely)) if names]


def _is_discrete(specimen: Specimen, name: str) -> bool:
    return specimen.own.inputs[name].dtype.kind != "f"


def _windowed(
    workshop: Workshop,
    specimen: Specimen,
    course: Course,
    window: tuple[int, int],
    names: tuple[str, ...],
    replacing: bool,
) -> Specimen:
    start, stop = window

    def inside(world: World) -> World:
        inputs = {key: array[:, start:stop] if key in names else array for key, array in world.inputs.items()}
        return World(inputs, _steps_of(workshop, specimen, course, world.values, window, replacing))

    cut = _shortened(workshop, specimen, names, course.total, stop - start)
    return tried(workshop, specimen, cut, inside(specimen.own), inside(specimen.stored))


def _steps_of(
    workshop: Workshop, specimen: Specimen, course: Course, values: Arrays, window: tuple[int, int], replacing: bool
) -> dict[str, Array]:
    """`values` within a window; what stood for the end of all steps becomes the layer's state there, or goes."""
    ends = _ends(workshop, specimen, course, values, window) if replacing else {}
    found: dict[str, Array] = {}
    for key, array in values.items():
        layer, quantity = split_key(key, workshop.keys)
        own = specimen.own.values.get(key)
        if own is not None and has_steps(key, own) and own.shape[1] == course.total:
            in_order = quantity.startswith("output/") and _is_of(workshop, layer, quantity, course.call)
            start, stop = course.window(*window) if in_order else window
            if array.shape == own.shape:
                found[key] = array[:, start:stop]
        elif not replacing:
            found[key] = array
    return found | ends


def _is_of(workshop: Workshop, layer: str | None, quantity: str, call: str) -> bool:
    """Whether a key is that of a tensor which `call` returns."""
    if layer is not None:
        return layer == call
    return workshop.model.outputs[int(quantity.rpartition("/")[2])].call == call


def _ends(
    workshop: Workshop, specimen: Specimen, course: Course, values: Arrays, window: tuple[int, int]
) -> dict[str, Array]:
    """What the layer returns without steps, as its state at the end of the window, in `values`."""
    last, now = (0, window[0]) if course.backward else (course.total - 1, window[1] - 1)
    own = specimen.own.values
    found: dict[str, Array] = {}
    for tensor in specimen.outputs:
        for key in tensor_keys(workshop.model, tensor):
            if tensor.call != course.call or key not in own or has_steps(key, own[key]):
                continue
            for name in course.states:
                state = layer_key(course.call, f"state/{name}")
                if state in values and np.array_equal(own[state][:, last], own[key], equal_nan=True):
                    found[key] = values[state][:, now]
                    break
    return found


def _shortened(workshop: Workshop, specimen: Specimen, names: tuple[str, ...], total: int, steps: int) -> Cut | None:
    """The same part, with inputs of fewer steps where the file fixes how many there are."""
    shapes = dict(zip(specimen.model.input_names, specimen.model.input_shapes, strict=True))
    if all(shapes[name][1] is None for name in names):
        return specimen.cut
    cut = specimen.cut or whole(workshop.file.graph, entrances_of(workshop.model), workshop.model.outputs)
    return replace(cut, entrances=tuple(_of_steps(entrance, names, total, steps) for entrance in cut.entrances))


def _of_steps(entrance: Entrance, names: Collection[str], total: int, steps: int) -> Entrance:
    if entrance.name not in names or entrance.batch_shape[1] != total:
        return entrance
    batch, _, *rest = entrance.batch_shape
    return replace(entrance, batch_shape=(batch, steps, *rest))


def _started(workshop: Workshop, specimen: Specimen) -> Specimen:
    """The differing step alone, where the part is one layer whose states before that step are stored.

    Refused otherwise; without a reason where nobody would expect it.
    """
    course, cut = _course(workshop, specimen), specimen.cut
    if cut is None or course is None or course.first is None or course.total == 1 or len(cut.calls) != 1:
        raise Refused
    first, operation = course.first, workshop.model[course.call].operation
    before = first + 1 if course.backward else first - 1
    if type(operation) is not Recurrent or not 0 <= before < course.total:
        raise Refused
    call = next(call for call in workshop.file.graph.calls if call.key == course.call)
    _check_startable(specimen, operation, call, first)
    staying = [entrance.name for entrance in cut.entrances if entrance.name not in cut.masks.values()]
    states = {name: safe_name(f"initial_{name}", staying) for name in operation.cell.state_sizes}
    dropped: dict[str, Array | None] = {layer_key(course.call, "mask"): None} if cut.masks else {}

    def alone(world: World) -> World:
        if any(layer_key(course.call, f"state/{name}") not in world.values for name in states):
            raise Refused("not all of its states are stored")
        given = {
            entrance: world.values[layer_key(course.call, f"state/{name}")][:, before]
            for name, entrance in states.items()
        }
        values = _steps_of(workshop, specimen, course, world.values, (first, first + 1), True)
        inputs = {name: world.inputs[name][:, first : first + 1] for name in staying}
        return changed(World(inputs | given, values), dropped)

    own = alone(specimen.own)
    part = _from_states(cut, call, course, staying, {name: own.inputs[name] for name in states.values()})
    return tried(workshop, specimen, part, own, alone(specimen.stored))


def _check_startable(specimen: Specimen, operation: Recurrent, call: Call, first: int) -> None:
    """Refused, with the reason, for a layer that cannot be started from a state at this step."""
    if call.has_initial_state or operation.stateful or operation.num_constants or len(call.inputs) != 1:
        raise Refused("the layer is given a state already")
    if any("/" in name for name in operation.cell.state_sizes):
        raise Refused("its cells are stacked")
    mask = specimen.own.values.get(layer_key(call.key, "mask"))
    if mask is not None and not mask[:, first].all():
        raise Refused("the step is masked")


def _from_states(cut: Cut, call: Call, course: Course, staying: list[str], states: Arrays) -> Cut:
    """`cut` with one step, and inputs for the states that it starts from in place of a mask."""
    sequence = next(entrance for entrance in cut.entrances if entrance.name == cut.feeds[call.inputs[0]])
    shorter = [_of_steps(entrance, staying, course.total, 1) for entrance in cut.entrances if entrance.name in staying]
    more = [_state_entrance(sequence, name, state) for name, state in states.items()]
    return replace(cut, entrances=(*shorter, *more), masks={}, states={course.call: tuple(states)})


def _state_entrance(sequence: Entrance, name: str, state: Array) -> Entrance:
    return Entrance(name, (sequence.batch_shape[0], *state.shape[1:]), kind_of(state))


def _why(workshop: Workshop, specimen: Specimen, reason: str) -> str:
    """What in the part keeps it from having fewer steps, by name where it can be told."""
    layers: Mapping[str, str] = {
        call.key: workshop.model[call.key].class_name
        for call in workshop.file.graph.calls
        if specimen.cut is None or call.key in specimen.cut.calls
    }
    fixed = [name for name, kind in layers.items() if kind in ("Flatten", "Reshape", "Permute", "Bidirectional")]
    return f"{reason} ({layers[fixed[0]]} '{fixed[0]}' takes all of them)" if fixed else reason
