"""Recurrent layers: the call of their loop."""

from __future__ import annotations

from dataclasses import dataclass

from rnnscope.layers.cudnn import CuDNNRecurrent
from rnnscope.layers.recurrent import Recurrent
from rnnscope.script.code import Variable
from rnnscope.script.templates.loop import LoopCode, Situation, loop_code
from rnnscope.script.use import NotReadable, Use, template


@dataclass(frozen=True, slots=True)
class Entering:
    """What a recurrence is called with, as source: x and mask batch first, and the states that are given."""

    x: str
    mask: str | None
    states: tuple[str, ...]


@template(Recurrent, CuDNNRecurrent)
def recurrent(use: Use) -> None:
    layer = use.operation
    assert isinstance(layer, Recurrent)
    entering = entering_of(use, layer, layer.num_constants)
    loop = loop_code(use.module, layer, situation(use, layer, entering), use.semantics)
    say_what_becomes_of_the_mask(use, layer)
    call = loop_call(use, loop, entering, "")
    states = use.outputs[1:] if returns_states(use, layer) else ()
    if layer.time_major and layer.return_sequences:
        swapped = use.temporary(use.output.wish)
        use.define((swapped, *states), call)
        use.define(use.output, f"{swapped}.swapaxes(0, 1)")
    else:
        use.define((use.output, *states), call)


def entering_of(use: Use, layer: Recurrent, constants: int) -> Entering:
    """The tensors, mask and states of a call; NotReadable for constants and for masks of more than steps."""
    given = layer.given(use.seen.arguments, constants)
    if given.constants or (given.mask is not None and given.mask.ndim != 2):
        raise NotReadable("constants, or a mask of images")
    states = tuple(map(str, variables_in(use.keywords.get("initial_state")))) or tuple(map(str, use.tensors[1:]))
    swap = ".swapaxes(0, 1)" if layer.time_major else ""
    return Entering(f"{use.x}{swap}", None if use.mask is None else f"{use.mask}{swap}", states)


def situation(use: Use, layer: Recurrent, entering: Entering) -> Situation:
    return Situation(use.mask is not None, bool(entering.states), use.half, returns_states(use, layer))


def returns_states(use: Use, layer: Recurrent) -> bool:
    """Whether the layer returns its final states, and anybody reads one of them."""
    return layer.return_state and any(use.read[1:])


def loop_call(use: Use, loop: LoopCode, entering: Entering, prefix: str) -> str:
    """The expression that calls a loop; `prefix` goes before the names of its weights."""
    weights = [use.weight(prefix + part, array, axes) for part, (array, axes) in loop.weights.items()]
    mask = [] if entering.mask is None else [entering.mask]
    return f"{loop.function}({', '.join([entering.x, *mask, *entering.states, *weights])})"


def variables_in(value: object) -> list[Variable]:
    """Every variable in nested tuples, in order."""
    if isinstance(value, Variable):
        return [value]
    return [one for item in value for one in variables_in(item)] if isinstance(value, tuple) else []


def say_what_becomes_of_the_mask(use: Use, layer: Recurrent) -> None:
    """Explain why a mask that came is not used, and whether it goes on."""
    if use.masks[0] is None:
        return
    if use.mask is None and layer.takes_mask:
        use.say("It is called with an initial state, and so Keras 3 does not hand it the mask: every step counts.")
    if not layer.return_sequences:
        what = "the last output goes" if use.read[0] else "the final states go"
        use.say(f"Only {what} on, and the mask ends here.")
