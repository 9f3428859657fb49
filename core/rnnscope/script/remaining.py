"""Layers without a readable template: the engine's own code of them, cut out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rnnscope.script.code import Variable
from rnnscope.script.extract import Extracted, extracted_calls
from rnnscope.script.module import Module
from rnnscope.script.names import RESERVED, identifier, quoted
from rnnscope.script.standing_in import called
from rnnscope.script.use import Use, number
from rnnscope.semantics import Semantics


def write_remaining(use: Use) -> None:
    """Call the engine's own code of a layer: ``y, y_mask = name((x,), mask, (mask,), {"option": value})``."""
    name = _name(use)
    arguments = [_tuple(use.tensors)]
    travelling = any(mask is not None for mask in use.masks)
    if travelling or use.keywords:
        arguments.append("None" if use.mask is None else str(use.mask))
    if travelling or use.keywords:
        arguments.append(_tuple(["None" if mask is None else mask for mask in use.masks]) if travelling else "()")
    if use.keywords:
        items = (f"{quoted(option)}: {_written(use, option, value)}" for option, value in use.keywords.items())
        arguments.append(f"{{{', '.join(items)}}}")
    masks = [_output_mask(use, place) for place in range(len(use.outputs))]
    use.define((*use.outputs, *masks), f"{name}({', '.join(arguments)})")


def extract_remaining(module: Module, semantics: Semantics) -> Extracted | None:
    """The engine's code of all layers that were called so; None when there are none."""
    calls = {name: called(layer, semantics) for name, layer in module.remaining.items()}
    return extracted_calls(calls, semantics, taken=module.taken | RESERVED) if calls else None


def _name(use: Use) -> str:
    """The layer's name in the script, one for all its calls."""
    for name, layer in use.module.remaining.items():
        if layer is use.seen.layer:
            return name
    name = use.module.claim(f"{identifier(use.call.layer)}_layer")
    use.module.remaining[name] = use.seen.layer
    return name


def _output_mask(use: Use, place: int) -> Variable:
    """A variable for the mask of an output; nobody reads it where there is none, or where it is one that came in."""
    variable = use.module.variable(f"{use.outputs[place].wish}_mask", "mask")
    mask = use.seen.result.masks[place]
    if mask is not None and not any(mask is given for given in use.seen.arguments.masks):
        use.output_masks[place] = variable
    return variable


def _written(use: Use, option: str, value: object) -> str:
    """Another argument of the call as source."""
    if isinstance(value, Variable):
        return str(value)
    if isinstance(value, list | tuple):
        return _tuple([_written(use, option, part) for part in value])
    if isinstance(value, np.ndarray):
        return use.weight(identifier(option), value)
    if isinstance(value, str):
        return quoted(value)
    return number(value) if isinstance(value, float) else repr(value)


def _tuple(parts: Sequence[object]) -> str:
    return f"({', '.join(map(str, parts))}{',' if len(parts) == 1 else ''})"
