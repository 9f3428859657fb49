"""Bare operations that are one expression in NumPy: arithmetic, comparison, the graphs of masks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from rnnscope.context import Context
from rnnscope.layers import nonlinearities
from rnnscope.layers.activations import Activation
from rnnscope.layers.ops import arithmetic, linear, reductions, shaping, slicing
from rnnscope.layers.ops.bare import BareOperation, Slot, arranged
from rnnscope.layers.ops.rule import Rule
from rnnscope.layers.ops.types import typed
from rnnscope.script.names import type_name
from rnnscope.script.templates.activations import activated
from rnnscope.script.use import NotReadable, Use, number, template
from rnnscope.types import Array

SIGNS: Mapping[object, str] = {
    np.add: "+", np.subtract: "-", np.multiply: "*", np.divide: "/", np.power: "**",
    np.equal: "==", np.not_equal: "!=", np.less: "<", np.less_equal: "<=", np.greater: ">", np.greater_equal: ">=",
}  # fmt: skip
COMPARISONS = (np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal)
REDUCTIONS: Mapping[object, str] = {
    reductions.any_of: "np.any", reductions.all_of: "np.all",
    reductions.largest: "np.max", reductions.smallest: "np.min", reductions.total: "np.sum",
}  # fmt: skip
RESHAPINGS: Mapping[object, str] = {shaping.expand_dims: "np.expand_dims", shaping.squeeze: "np.squeeze"}
ALIKE: Mapping[object, str] = {shaping.zeros_like: "np.zeros_like", shaping.ones_like: "np.ones_like"}
JOINS: Mapping[object, str] = {shaping.concatenate: "np.concatenate", shaping.stack: "np.stack"}
ACTIVATIONS: Mapping[object, str] = {
    nonlinearities.sigmoid: "sigmoid", nonlinearities.relu: "relu", nonlinearities.relu6: "relu6",
    nonlinearities.softplus: "softplus", nonlinearities.selu: "selu",
    nonlinearities.hard_sigmoid: "hard_sigmoid_keras3", nonlinearities.ACTIVATIONS["silu"]: "silu",
    nonlinearities.ACTIVATIONS["softsign"]: "softsign", nonlinearities.ACTIVATIONS["log_sigmoid"]: "log_sigmoid",
}  # fmt: skip

Writer = Callable[[dict[str, Any]], str]


@template(BareOperation)
def bare_operation(use: Use) -> None:
    operation = use.operation
    assert isinstance(operation, BareOperation)
    if len(use.outputs) > 1 or any(array.dtype.kind == "U" for array in use.seen.arguments.tensors):
        raise NotReadable("several outputs, or text")
    rule, value = operation.rule, _value(use, operation)
    if rule.function is arithmetic.same:
        return
    made = use.seen.result.outputs[0]
    natural = _natural(use, operation)
    if any(made is tensor for tensor in use.seen.arguments.tensors):
        return
    if natural != made.dtype:
        value = f"({value}).astype({type_name(made.dtype)})"
    use.define(use.output, value, inline=rule.function in COMPARISONS)


def _natural(use: Use, operation: BareOperation) -> np.dtype[Any]:
    """The type that NumPy gives, before the layer's own type takes its place."""
    positional, keywords = arranged(operation.rule, _typed(use, operation))
    if operation.rule.function is reductions.total:  # np.sum makes int64 of whole numbers and truth
        return np.asarray(np.sum(np.zeros(1, np.asarray(keywords["x"]).dtype))).dtype
    if isinstance(keywords.get("dtype"), str):
        return use.seen.result.outputs[0].dtype
    decides = {"decide": lambda value: value} if operation.rule.decides else {}
    with np.errstate(all="ignore"):
        return np.asarray(operation.rule.function(*positional, **keywords, **decides)).dtype


def _typed(use: Use, operation: BareOperation) -> dict[str, object]:
    """The arguments as the engine brings them to their common type."""
    tensors = use.seen.arguments.tensors
    context = Context(use.semantics, layer_dtype=use.seen.layer.dtype)

    def filled(value: object) -> object:
        if isinstance(value, Slot):
            return tensors[value.position]
        return [filled(item) for item in value] if isinstance(value, list | tuple) else value

    for name, value in operation.arguments.items():
        if name not in operation.rule.tensors and _has_slot(value):
            raise NotReadable("an option that is a tensor")
    named = {name: filled(value) for name, value in operation.arguments.items()}
    return typed(operation.rule, named, lambda value: np.asarray(context.constant(value)), context.dtype)


def _has_slot(value: object) -> bool:
    if isinstance(value, slice):
        return any(map(_has_slot, (value.start, value.stop, value.step)))
    return isinstance(value, Slot) or (isinstance(value, list | tuple) and any(map(_has_slot, value)))


def _value(use: Use, operation: BareOperation) -> str:
    rule = operation.rule
    done = _typed(use, operation)
    options = {name: value for name, value in operation.arguments.items() if name not in rule.tensors}
    given = {name: _source(use, operation.arguments[name], done[name]) for name in rule.tensors if name in done}
    write = _writer(use, rule, options)
    return write(given)


def _writer(use: Use, rule: Rule, options: Mapping[str, object]) -> Writer:
    """What makes source of the arguments' source, for the functions that are one expression."""
    for family in (_by_number, _by_axes, _by_place, _of_one):
        writer = family(use, rule, options)
        if writer is not None:
            return writer
    raise NotReadable(rule.name)


def _by_number(use: Use, rule: Rule, options: Mapping[str, object]) -> Writer | None:
    """Arithmetic, comparison, and whatever else NumPy has a function of its own for."""
    function: Any = rule.function
    if function in SIGNS:
        return lambda given: f"{given['x1']} {SIGNS[function]} {given['x2']}"
    if isinstance(function, np.ufunc):
        return lambda given: f"np.{function.__name__}({', '.join(given[name] for name in rule.tensors)})"
    if function is linear.matmul and not options and _are_plain_matrices(use):
        return lambda given: f"{given['x1']} @ {given['x2']}"
    return None


def _by_axes(use: Use, rule: Rule, options: Mapping[str, object]) -> Writer | None:
    """Reductions, and what joins tensors or changes their axes."""
    function: Any = rule.function
    if function in REDUCTIONS and set(options) <= {"axis", "keepdims"}:
        return lambda given: _reduced(REDUCTIONS[function], given["x"], options)
    if function in RESHAPINGS and _is_whole(options.get("axis")):
        return lambda given: f"{RESHAPINGS[function]}({given['x']}, {options['axis']})"
    if function in JOINS and _is_whole(options.get("axis", 0)):
        axis = options.get("axis", -1 if function is shaping.concatenate else 0)
        return lambda given: f"{JOINS[function]}([{', '.join(next(iter(given.values())))}], axis={axis})"
    return None


def _by_place(use: Use, rule: Rule, options: Mapping[str, object]) -> Writer | None:
    """Parts of tensors, and axes that change places."""
    if rule.function is slicing.get_item:
        return lambda given: f"{given['x']}[{_key(options['key'])}]"
    if rule.function is shaping.swapaxes and all(map(_is_whole, options.values())):
        return lambda given: f"np.swapaxes({given['x']}, {options['axis1']}, {options['axis2']})"
    return None


def _of_one(use: Use, rule: Rule, options: Mapping[str, object]) -> Writer | None:
    """Functions of one tensor."""
    function: Any = rule.function
    if function in ALIKE and options.get("dtype") is None:
        return lambda given: f"{ALIKE[function]}({given['x']})"
    if function in ACTIVATIONS and not options:
        return lambda given: activated(use.module, Activation(ACTIVATIONS[function]), given["x"])
    if function is arithmetic.square:
        return lambda given: f"np.square({given['x']})"
    if function is arithmetic.same:
        return lambda given: str(given["x"])
    if function is arithmetic.cast and _casts_plainly(use):
        return lambda given: f"{given['x']}.astype({type_name(use.seen.result.outputs[0].dtype)})"
    return None


def _are_plain_matrices(use: Use) -> bool:
    return all(array.dtype.kind == "f" and array.ndim > 1 for array in use.seen.arguments.tensors)


def _casts_plainly(use: Use) -> bool:
    """Whether a cast is what NumPy makes of it; floats to whole numbers stop at the ends of the type."""
    return not (use.array.dtype.kind == "f" and use.seen.result.outputs[0].dtype.kind in "iu")


def _reduced(function: str, x: str, options: Mapping[str, object]) -> str:
    axis = options.get("axis")
    along = tuple(axis) if isinstance(axis, list) else axis
    if not (along is None or isinstance(along, int) or (isinstance(along, tuple) and all(map(_is_whole, along)))):
        raise NotReadable("an axis that is no number")
    keeps = ", keepdims=True" if options.get("keepdims") else ""
    return f"{function}({x}, axis={along}{keeps})"


def _is_whole(value: object) -> bool:
    return type(value) is int


def _key(key: object) -> str:
    """What stands in square brackets."""
    parts = key if isinstance(key, list | tuple) else (key,)
    return ", ".join(map(_index, parts))


def _index(part: object) -> str:
    if isinstance(part, slice):
        start, stop, step = (_bound(bound) for bound in (part.start, part.stop, part.step))
        return f"{start}:{stop}" + (f":{step}" if step else "")
    if part is Ellipsis:
        return "..."
    if part is None or type(part) is int:
        return str(part)
    raise NotReadable("an index that is no number")


def _bound(bound: object) -> str:
    if bound is None or type(bound) is int:
        return "" if bound is None else str(bound)
    raise NotReadable("a bound that is no number")


def _source(use: Use, value: object, done: object) -> Any:
    """An argument as source: a tensor in the type that it meets the others in, a constant as a number."""
    if isinstance(value, list) and isinstance(done, list):
        return [_source(use, *pair) for pair in zip(value, done, strict=True)]
    if not isinstance(done, np.ndarray):
        raise NotReadable("an argument that is no array")
    if isinstance(value, Slot):
        variable, array = use.tensors[value.position], use.seen.arguments.tensors[value.position]
        return str(variable) if array.dtype == done.dtype else f"{variable}.astype({type_name(done.dtype)})"
    return _constant(use, done)


def _constant(use: Use, array: Array) -> str:
    if array.ndim:
        return use.weight("constant", array) if array.dtype.kind in "biuf" else _refuse()
    if array.dtype == np.float32 and np.isfinite(array):
        return number(float(str(np.float32(array))))
    return number(array.item())


def _refuse() -> str:
    raise NotReadable("a constant that is no number")
