"""Names that are safe wherever a reader of the report may use them: letters, digits, dots, dashes, underscores."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import replace

from rnnscope.model import Model
from rnnscope.modelfile.cut import Cut, Entrance
from rnnscope.types import Array

SAFE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
UNSAFE = re.compile(r"[^A-Za-z0-9]+")


def is_safe(name: str) -> bool:
    """Whether a name, or each part of a path of names, can stand in files and on command lines as it is."""
    return all(SAFE.fullmatch(part) for part in name.split("/"))


def safe_name(name: str, taken: Collection[str]) -> str:
    """`name` with what is not safe replaced, unlike all that are `taken`."""
    plain = name if is_safe(name) and "/" not in name else UNSAFE.sub("_", name)[:90].strip("_") or "layer"
    return next(free for free in _tries(plain) if free not in taken)


def _tries(name: str) -> Iterable[str]:
    yield name
    number = 1
    while True:
        yield f"{name}_{number}"
        number += 1


def entrances_of(model: Model) -> tuple[Entrance, ...]:
    """The inputs of a whole model as a part's, under their own names."""
    kinds = [str(getattr(model[name].operation, "dtype", "float32")) for name in model.input_names]
    return tuple(
        Entrance(name, shape, kind)
        for name, shape, kind in zip(model.input_names, model.input_shapes, kinds, strict=True)
    )


def kind_of(array: Array) -> str:
    """The type of an input that takes `array`."""
    if array.dtype.kind == "U":
        return "string"
    return array.dtype.name if array.dtype.kind != "f" or array.dtype.itemsize == 8 else "float32"


def safely_named(cut: Cut, layers: Iterable[str]) -> Cut:
    """`cut` with other names for the layers and inputs whose own are not safe."""
    taken: set[str] = set()
    names: dict[str, str] = {}
    for layer in layers:
        names[layer] = safe_name(layer, taken)
        taken.add(names[layer])
    inputs: dict[str, str] = {}
    for entrance in cut.entrances:
        inputs[entrance.name] = safe_name(entrance.name, taken)
        taken.add(inputs[entrance.name])
    return replace(
        cut,
        entrances=tuple(replace(entrance, name=inputs[entrance.name]) for entrance in cut.entrances),
        feeds={tensor: inputs[name] for tensor, name in cut.feeds.items()},
        masks={call: inputs[name] for call, name in cut.masks.items()},
        states={call: tuple(inputs[name] for name in given) for call, given in cut.states.items()},
        names={layer: name for layer, name in names.items() if name != layer},
    )
