"""Bare operations: the arithmetic that Keras writes among the layers of a functional model, mask graphs above all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from inspect import signature

import numpy as np

from rnnscope.errors import UnreadableFile, Unsupported
from rnnscope.layers.config import COMPUTED_DTYPES, Config
from rnnscope.layers.ops.bare import MISFITS, TABLES, BareOperation, Family, Slot, arranged
from rnnscope.layers.ops.raw import raw_call
from rnnscope.layers.ops.rule import Rule
from rnnscope.layers.ops.table import KERAS, TENSORFLOW

__all__ = ["BareOperation", "Slot", "read_operation"]


def read_operation(config: Config, arguments: Sequence[object], keywords: Mapping[str, object]) -> BareOperation:
    """Build an operation from its configuration and its call, `Slot` standing where tensors go."""
    if config.class_name in ("TFOpLambda", "SlicingOpLambda"):
        return _read_op_lambda(config, arguments, keywords)
    if config.class_name == "TensorFlowOpLayer":
        return _read_op_layer(config, arguments)
    rule = KERAS.get(config.class_name)
    if rule is None:
        raise _unknown(config.class_name, "keras", config.layer)
    config.ignore("name", "trainable")
    if "dtype" not in rule.options:
        config.ignore("dtype")
    options = {name: config.take(name) for name in rule.options if config.has(name)}
    config.finish()
    return _operation(rule, "keras", arguments, {**options, **keywords}, config.layer)


def _read_op_lambda(config: Config, arguments: Sequence[object], keywords: Mapping[str, object]) -> BareOperation:
    """Keras 2.4 and later: the configuration names a function of TensorFlow, such as ``math.multiply``."""
    config.ignore("name", "trainable", "dtype")
    function = config.take("function")
    config.finish()
    keywords = {name: value for name, value in keywords.items() if name != "name"}
    return _operation(_tensorflow(str(function), config.layer), "tensorflow", arguments, keywords, config.layer)


def _read_op_layer(config: Config, tensors: Sequence[object]) -> BareOperation:
    """TensorFlow 1 and 2.0–2.3: the configuration holds a raw operation with its constants."""
    config.ignore("name", "trainable", "dtype")
    function, named = raw_call(config.take("node_def"), config.take("constants", None), tensors, config.layer)
    config.finish()
    return _operation(_tensorflow(function, config.layer), "tensorflow", (), named, config.layer)


def _tensorflow(name: str, layer: str) -> Rule:
    if name not in TENSORFLOW:
        raise _unknown(name, "tensorflow", layer)
    return TENSORFLOW[name]


def _unknown(name: str, family: Family, layer: str) -> Unsupported:
    kind = "operations of class" if family == "keras" else "the TensorFlow operation"
    return Unsupported(
        f"{kind} {name} {'are' if family == 'keras' else 'is'} not computed",
        layer=layer,
        advice=f"Computed are: {', '.join(sorted(TABLES[family]))}",
    )


def _operation(
    rule: Rule, family: Family, arguments: Sequence[object], keywords: Mapping[str, object], layer: str
) -> BareOperation:
    given = [list(arguments)] if rule.many else list(arguments)
    order = [*rule.parameters, *rule.options]
    if len(given) > len(order):
        raise UnreadableFile(f"{rule.name} is called with {len(given)} arguments", layer=layer)
    called = {**dict(zip(order, given, strict=False)), **keywords}
    names = {**rule.parameters, **rule.options}
    if unknown := sorted(name for name in called if name not in names):
        raise Unsupported(f"{rule.name} with {', '.join(unknown)} is not computed", layer=layer)
    named: dict[str, object] = dict(rule.preset)
    for theirs, value in called.items():
        ours = names[theirs]
        if ours == "-" and value not in (None, False, "", 0):
            raise Unsupported(f"{rule.name} with {theirs}={value!r} is not computed", layer=layer)
        if ours not in ("-", "ignored"):
            named[ours] = _checked(value, ours, rule, layer)
    return _complete(BareOperation(rule.name, family, named), layer)


def _checked(value: object, name: str, rule: Rule, layer: str) -> object:
    """Constants of tensor arguments as arrays, and types by a name that is known."""
    if name == "dtype" and value is not None and value not in COMPUTED_DTYPES:
        raise Unsupported(f"{rule.name} to the type {value!r} is not computed", layer=layer)
    if name not in rule.tensors:
        return value
    try:
        return _constants(value)
    except MISFITS:
        raise UnreadableFile(f"a constant of {rule.name} is not usable", layer=layer) from None


def _constants(value: object) -> object:
    if not isinstance(value, list):
        if value is None or isinstance(value, Slot | np.ndarray | int | float):
            return value
        raise ValueError("not a number")
    if any(True for _ in _slots(value)) or any(isinstance(item, np.ndarray) for item in value):
        return [_constants(item) for item in value]
    array = np.asarray(value)
    if array.dtype.kind not in "biuf":
        raise ValueError("not numbers")
    return array.astype(np.int32) if array.dtype == np.int64 else array


def _slots(value: object) -> Iterator[Slot]:
    if isinstance(value, Slot):
        yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _slots(item)


def _complete(operation: BareOperation, layer: str) -> BareOperation:
    """The operation, if the file holds every argument that its function cannot do without."""
    rule = operation.rule
    positional, keywords = arranged(rule, operation.arguments)
    missing = ""
    if isinstance(rule.function, np.ufunc):
        missing = " and ".join(rule.tensors[len(positional) : rule.function.nin])
    else:
        try:
            signature(rule.function).bind(*positional, **keywords, **({"decide": None} if rule.decides else {}))
        except TypeError as error:
            missing = str(error).rpartition("argument: ")[2].strip("'")
    if missing:
        theirs = {ours: name for name, ours in (*rule.options.items(), *rule.parameters.items())}
        raise Unsupported(
            f"the file does not hold the argument {theirs.get(missing, missing)} of {rule.name}",
            layer=layer,
            advice="Keras itself cannot load such a file; rebuild the model from layers",
        )
    return operation
