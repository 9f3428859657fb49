"""The loop over time as a function: what a masked step does stands in it, and only what the layer at hand needs."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass

from rnnscope.layers.masked_steps import masked_output_index
from rnnscope.layers.recurrent import Recurrent
from rnnscope.layers.stacked_cells import StackedCells
from rnnscope.script.module import NAME, Module
from rnnscope.script.rounding import rounding
from rnnscope.script.templates.cells import StepCode, step_code
from rnnscope.script.wrapping import WIDTH, wrapped
from rnnscope.semantics import Semantics
from rnnscope.types import Array


@dataclass(frozen=True, slots=True)
class Situation:
    """What decides how a recurrent layer's loop looks, beside its own options.

    masked: whether it uses a mask. given: whether it starts from states that it is given. half: the 16-bit type that
    states are rounded to, or None. states: whether the final states are returned.
    """

    masked: bool
    given: bool
    half: str | None
    states: bool


@dataclass(frozen=True, slots=True, eq=False)
class LoopCode:
    """The function of a layer's loop: ``function(x, [mask], *[states], *weights)``.

    states: their names in Keras's order. weights: parameter → array and what its axes are.
    """

    function: str
    states: tuple[str, ...]
    weights: Mapping[str, tuple[Array, str]]


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """The cells of a layer, and the states of all of them by the names that they have in the loop.

    listed: the names in the order in which Keras lists them. index: each cell's own names.
    """

    steps: tuple[StepCode, ...]
    names: tuple[tuple[str, ...], ...]
    listed: tuple[str, ...]

    @property
    def shown(self) -> str:
        """The state that is the output."""
        return self.names[-1][0]


def loop_code(module: Module, layer: Recurrent, situation: Situation, semantics: Semantics) -> LoopCode:
    """The loop of a recurrent layer as a function; NotReadable for cells that have no readable step."""
    cells = _cells(module, layer)
    weights = _weights(cells)
    repeated = _repeated(layer, situation, cells, semantics)
    kinds = [step.kind for step in cells.steps]
    kind = kinds[0] if len(kinds) == 1 else "stack"
    backwards = layer.direction.go_backwards
    given = cells.listed if situation.given else ()
    parameters = ["x", *(["mask"] if situation.masked else []), *given, *weights]
    head = wrapped(f"def {NAME}({', '.join(parameters)})", 0)
    lines = [*head[:-1], f"{head[-1]}:", *_docstring(layer, situation, kinds)]
    instead = masked_output_index(layer.cell, layer.direction.unroll, semantics)
    lines += _start(layer, situation, cells, weights, repeated is not None and instead is None)
    order = "reversed(range(x.shape[1]))" if backwards else "range(x.shape[1])"
    lines.append(f"    for t in {order}:" + ("  # go_backwards: from the last step to the first" if backwards else ""))
    zeroing = _zeroing(layer, semantics) if situation.masked else ""
    shown = repeated or cells.shown
    turn = _step(module, situation, cells)
    if situation.masked:
        turn += _frozen(cells, repeated, repeated if instead is None else cells.listed[instead])
    if layer.return_sequences:
        turn += _collected(shown, zeroing == "step")
    lines += [f"        {line}" for line in turn]
    lines += _returned(layer, situation, cells, shown, zeroing)
    wish = f"run_{kind}_backwards" if backwards else f"run_{kind}"
    more = [("unmasked", not situation.masked), ("steps", layer.return_sequences)]
    words = ["from_state"] if situation.given else [word for word, applies in more if applies]
    other = "_".join([wish, *words])
    return LoopCode(module.function(wish, "\n".join(lines), other), cells.listed, weights)


def _cells(module: Module, layer: Recurrent) -> Cells:
    if not isinstance(layer.cell, StackedCells):
        step = step_code(module, layer.cell)
        return Cells((step,), (step.states,), step.states)
    steps = tuple(step_code(module, cell) for cell in layer.cell.cells)
    names = tuple(tuple(f"{name}_{index}" for name in step.states) for index, step in enumerate(steps))
    order = names[::-1] if layer.cell.reversed_states else names
    return Cells(steps, names, tuple(name for group in order for name in group))


def _weights(cells: Cells) -> dict[str, tuple[Array, str]]:
    if len(cells.steps) == 1:
        return dict(cells.steps[0].weights)
    return {
        f"{part}_{index}": weight for index, step in enumerate(cells.steps) for part, weight in step.weights.items()
    }


def _repeated(layer: Recurrent, situation: Situation, cells: Cells, semantics: Semantics) -> str | None:
    """The name of an output that masked steps keep apart from the state that it is elsewhere; None without need."""
    if not situation.masked:
        return None
    index = masked_output_index(layer.cell, layer.direction.unroll, semantics)
    if index is None:
        return "y" if situation.given else None
    return None if cells.listed[index] == cells.shown else "y"


def _docstring(layer: Recurrent, situation: Situation, kinds: list[str]) -> list[str]:
    titles = {"simple_rnn": "SimpleRNN", "lstm": "LSTM", "gru": "GRU"}
    what = titles[kinds[0]] if len(kinds) == 1 else f"{len(kinds)} cells on top of one another"
    if len(set(kinds)) > 1 or len(kinds) > 1:
        what += f" ({', '.join(titles[kind] for kind in kinds)})"
    given = "x (batch, steps, features)"
    given += ", mask (batch, steps) with True for valid steps" if situation.masked else ""
    gives = (
        "the output of every step (batch, steps, units)" if layer.return_sequences else "the last output (batch, units)"
    )
    gives += ", then the final states" if situation.states else ""
    text = f'    """{what} over {given} -> {gives}."""'
    if len(text) <= WIDTH:
        return [text]
    first = textwrap.wrap(f'"""{what} over {given}.', WIDTH, initial_indent="    ", subsequent_indent="    ")
    return [*first, "", f"    Returns {gives}.", '    """']


def _start(
    layer: Recurrent, situation: Situation, cells: Cells, weights: Mapping[str, object], repeats: bool
) -> list[str]:
    lines: list[str] = []
    if not situation.given:
        several = len(cells.steps) > 1
        for index, names in enumerate(cells.names):
            kernel = f"recurrent_kernel_{index}" if several else "recurrent_kernel"
            assert kernel in weights
            first, *others = names
            lines.append(f"    {first} = np.zeros((len(x), len({kernel})), x.dtype)")
            lines += [f"    {name} = np.zeros_like({first})" for name in others]
        lines[0] += "  # Keras starts every sequence from zeros"
        if layer.stateful:
            lines.insert(
                0, "    # stateful=True lets Keras go on from the batch before; this begins anew at every call."
            )
    if repeats:
        lines.append(f"    y = np.zeros_like({cells.shown})  # what is shown before the first valid step")
    return [*lines, "    outputs = []"] if layer.return_sequences else lines


def _step(module: Module, situation: Situation, cells: Cells) -> list[str]:
    """The lines that compute the new states: those of each cell from the output of the one below it."""
    several = len(cells.steps) > 1
    lines: list[str] = []
    entering = "x[:, t]"
    made: list[str] = []
    for index, (step, names) in enumerate(zip(cells.steps, cells.names, strict=True)):
        new = [f"new_{name}" if situation.masked else name for name in names]
        weights = [f"{part}_{index}" if several else part for part in step.weights]
        lines += wrapped(f"{', '.join(new)} = {step.function}({', '.join([entering, *names, *weights])})", 0)
        entering, made = new[0], [*made, *new]
    if situation.half:
        rounds = rounding(module, situation.half)
        lines += [f"{name} = {rounds}({name})" for name in made]
    return lines


def _frozen(cells: Cells, repeated: str | None, before: str | None) -> list[str]:
    """The lines in which a masked step leaves everything as it was; `before` is what it shows instead of an output."""
    lines = ["valid = mask[:, t, None]  # (batch, 1)"]
    if repeated:
        what = "what was shown before" if before == repeated else "its state"
        lines.append(f"{repeated} = np.where(valid, new_{cells.shown}, {before})  # a masked step shows {what}")
    kept = [f"{name} = np.where(valid, new_{name}, {name})" for group in cells.names for name in group]
    kept[0] += "  # a masked step leaves every state as it was"
    return lines + kept


def _collected(shown: str, zeroed: bool) -> list[str]:
    if not zeroed:
        return [f"outputs.append({shown})"]
    return [
        "# zero_output_for_mask: the output of a masked step is 0, whatever the state.",
        f"outputs.append(np.where(valid, {shown}, 0))",
    ]


def _zeroing(layer: Recurrent, semantics: Semantics) -> str:
    """Where masked outputs become zeros: at each "step", in the "end", or nowhere ("")."""
    direction = layer.direction
    if not direction.zero_output_for_mask or (direction.unroll and semantics.backend in ("jax", "numpy")):
        return ""
    if not layer.return_sequences:
        return "last"
    return "end" if direction.unroll and direction.go_backwards else "step"


def _returned(layer: Recurrent, situation: Situation, cells: Cells, shown: str, zeroing: str) -> list[str]:
    states = list(cells.listed) if situation.states else []
    lines = []
    if layer.return_sequences:
        shown = "np.stack(outputs, axis=1)"
        if zeroing == "end":
            lines.append("    # Unrolled and backwards, Keras holds the mask in the order of the input against these.")
            shown = f"np.where(mask[:, :, None], {shown}, 0)"
    elif zeroing == "last":
        lines.append("    # zero_output_for_mask: where the last step is masked, the output is 0.")
        shown = f"np.where(mask[:, {0 if layer.direction.go_backwards else -1}, None], {shown}, 0)"
    returned = f"    return {', '.join([shown, *states])}"
    what = "True: the outputs of all steps" if layer.return_sequences else "False: the last output alone"
    what += ", and the final states" if states else ""
    said = f"{returned}  # return_sequences={what}"
    return [*lines, said if len(said) <= WIDTH else returned, ""]
