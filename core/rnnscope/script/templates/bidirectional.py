"""Bidirectional: two loops, the second backwards, and how they are joined."""

from __future__ import annotations

from dataclasses import replace

from rnnscope.layers.bidirectional import AHEAD, BACK, Bidirectional
from rnnscope.script.code import Variable
from rnnscope.script.templates.loop import loop_code
from rnnscope.script.templates.recurrent import (
    entering_of,
    loop_call,
    returns_states,
    say_what_becomes_of_the_mask,
    situation,
)
from rnnscope.script.use import Use, template

MERGED = {
    "concat": "np.concatenate([{}, {}], axis=-1)",
    "sum": "{} + {}",
    "ave": "({} + {}) / 2",
    "mul": "{} * {}",
}


@template(Bidirectional)
def bidirectional(use: Use) -> None:
    layer = use.operation
    assert isinstance(layer, Bidirectional)
    entering = entering_of(use, layer.forward, layer.num_constants)
    half = len(entering.states) // 2
    both = (
        (AHEAD, layer.forward, entering.states[:half]),
        (BACK, layer.backward, entering.states[half:]),
    )
    say_what_becomes_of_the_mask(use, layer.forward)
    made: list[Variable] = []
    states: list[Variable] = []
    for name, direction, given in both:
        here = replace(entering, states=given)
        loop = loop_code(use.module, direction, situation(use, direction, here), use.semantics)
        made.append(use.temporary(name))
        own = [use.temporary(f"{name}_{state}") for state in loop.states] if returns_states(use, direction) else []
        use.define((made[-1], *own), loop_call(use, loop, here, f"{name}_"))
        states += own
    _join(use, layer, *made)
    for output, state in zip(use.outputs[1 if layer.merge_mode else 2 :], states, strict=False):
        use.define(output, str(state))


def _join(use: Use, layer: Bidirectional, ahead: Variable, back: Variable) -> None:
    """Merge what the directions give, the backward one turned round first."""
    swap = ".swapaxes(0, 1)" if layer.time_major else ""
    first, second = str(ahead), str(back)
    if layer.forward.return_sequences:
        use.say("What the backward loop gives is turned round in time, so that both halves of a step belong together.")
        first, second = f"{first}{swap}", f"{second}[:, ::-1]{swap}"
    if layer.merge_mode is None:
        use.define(use.outputs[0], first)
        use.define(use.outputs[1], second)
    else:
        use.define(use.output, MERGED[layer.merge_mode].format(first, second))
