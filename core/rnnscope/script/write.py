"""A model as the text of a script, with the arrays that it loads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rnnscope.checks import checked_inputs
from rnnscope.context import Cancelling, Progress
from rnnscope.floor import NoiseFloor, measure_floor
from rnnscope.model import Model
from rnnscope.run import Inputs
from rnnscope.script import sample
from rnnscope.script.body import Body, read_tensors
from rnnscope.script.code import Paragraph, Statement
from rnnscope.script.lines import Written, written
from rnnscope.script.module import Module
from rnnscope.script.names import identifier, type_name
from rnnscope.script.observe import Observed
from rnnscope.script.remaining import extract_remaining
from rnnscope.script.render import End, Portrait, rendered
from rnnscope.types import Array

MOST_SAMPLES = 16


@dataclass(frozen=True, slots=True, eq=False)
class Script:
    """A script with the arrays that belong to it: text of `predict.py`, `weights.npz`, `sample.npz`."""

    text: str
    weights: dict[str, Array]
    sample: dict[str, Array]


def scripted(
    model: Model, x: Inputs | None = None, *, progress: Progress | None = None, cancelled: Cancelling | None = None
) -> Script:
    """The script of `model`, and all that it loads; the arguments are those of `rnnscope.write_script`."""
    observed = sample.observe(model, cancelled) if x is None else Observed(model, _first(model, x), cancelled)
    module = Module()
    body = Body(module, observed, model.semantics, read_tensors(model.calls, model.outputs))
    parameters = [module.variable(identifier(name), "x") for name in model.input_names]
    entrances = {tensor.call: parameter for tensor, parameter in zip(model.inputs, parameters, strict=True)}
    for call in (call for call in model.calls if not call.inputs):
        array, entering = observed.trace.inputs[call.key], entrances[call.key]
        checked = module.variable(entering.wish, entering.plain)
        body.paragraphs.append(
            Paragraph((), (Statement((checked,), f"np.asarray({entering}, {type_name(array.dtype)})"),))
        )
        body.enter(call, checked)
    for call in (call for call in model.calls if call.inputs):
        body.write(call)
    result = ", ".join(str(body.values[tensor].variable) for tensor in model.outputs)
    extracted = extract_remaining(module, model.semantics)
    done = written(body.paragraphs, parameters, result, module.taken)
    floors = measure_floor(observed.trace, progress=progress, cancelled=cancelled)
    text, weights = rendered(module, _portrait(model, observed, done, floors), extracted)
    return Script(text, weights, _stored(observed))


def _first(model: Model, x: Inputs) -> dict[str, Array]:
    return {name: array[:MOST_SAMPLES] for name, array in checked_inputs(model, x).items()}


def _stored(observed: Observed) -> dict[str, Array]:
    trace = observed.trace
    arrays = {f"input_{place}": array for place, array in enumerate(trace.inputs.values())}
    return arrays | {f"output_{place}": array for place, array in enumerate(trace.outputs)}


def _portrait(model: Model, observed: Observed, done: Written, floors: NoiseFloor) -> Portrait:
    from rnnscope import __version__

    inputs = [
        End(name, parameter, shape)
        for name, parameter, shape in zip(model.input_names, done.parameters, model.input_shapes, strict=True)
    ]
    outputs = []
    for place, (name, array) in enumerate(zip(model.output_names, observed.trace.outputs, strict=True)):
        floor = floors.get(f"output/{place}") if array.dtype.kind == "f" else None
        tensor = model.outputs[place]
        shape = model[tensor.call].output_shapes[tensor.output]
        outputs.append(End(name, "", shape, None if floor is None else float(np.max(floor, initial=0.0))))
    return Portrait(
        model.name, model.file, str(model.semantics), __version__, tuple(inputs), tuple(outputs), done.lines
    )  # fmt: skip
