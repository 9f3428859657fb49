"""Cuts what layers compute out of the engine, as NumPy source that needs the engine no more.

Any layer that the engine runs can be had so, a person's own included. Take this model's Softmax layer::

    found = extracted({"softmax": model["softmax"]}, model.semantics, taken={"predict"})

``found.source`` then holds, of the engine's own text, the classes, functions and constants that this layer's `call`
comes to, and nothing else; `found.weights` the arrays, and `found.imports` the lines that have to stand above. What the
layer was read with is in it as literals, and its arrays as ``weights["softmax/…"]``. At its end stands for each layer::

    softmax = Called(operation=ActivationLayer(activation=…), name="softmax")

which is called as ``softmax(tensors, mask, masks, keywords)`` and returns all outputs, then the mask of each or None:

tensors: as they come; they are cast to the layer's type as the engine casts them.
mask: the one that the layer is to use (`rnnscope.walk.choose_masks` says which), or None.
masks: those that travel with the tensors or were passed by hand for them; () when there are none.
keywords: the call's other arguments but its mask, by Keras's names, with arrays for tensors.

Whose masks a layer takes off (`Operation.unmasks`) stays the caller's business. Arrays are handed on as the engine
hands them on: what Dropout returns is what it was given.

The source has to stand below a line that makes ``weights``, a mapping of the arrays by their keys, and needs Python 3.9
and NumPy 2, whose rules of mixing types the engine follows. Text from a file comes into it as literals alone, and long
lists and texts go into the weights.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from inspect import getdoc
from typing import Final

from rnnscope.context import rounded, working_dtype
from rnnscope.errors import Unsupported
from rnnscope.graph import Layer
from rnnscope.layers.lambda_layer import Lambda
from rnnscope.script.closure import Closure
from rnnscope.script.cutting import cut_out
from rnnscope.script.names import quoted
from rnnscope.script.naming import Naming, import_lines
from rnnscope.script.runtime import Called
from rnnscope.script.sources import GIVEN, Foreign, Symbol, is_ours, package_of
from rnnscope.script.standing_in import CALLED, SEMANTICS, STANDING_IN, called
from rnnscope.script.tidying import below_one_another, one_line_heads, with_comments
from rnnscope.script.values import Writer, field_names, is_record, reach_value
from rnnscope.semantics import Semantics
from rnnscope.types import Array
from rnnscope.walk import prepared

NUMPY: Final = Foreign("numpy", "")
SIMPLE_NAMESPACE: Final = Foreign("types", "SimpleNamespace")


@dataclass(frozen=True, slots=True, eq=False)
class Extracted:
    """imports: the lines to put on top, sorted. source: the definitions. weights: what ``weights`` has to hold."""

    imports: tuple[str, ...]
    source: str
    weights: Mapping[str, Array]


def extracted(layers: Mapping[str, Layer], semantics: Semantics, *, taken: Collection[str] = ()) -> Extracted:
    """The source that computes `layers`, each under the Python name that it is given here.

    taken: names that nothing in the source may have. Raises Unsupported for code that no
    script can hold: that of a Lambda, of a person's own class whose source is not in a file, or that asks for more than
    NumPy and Python.
    """
    calls = {name: called(in_own_type(_checked(layer)), semantics) for name, layer in layers.items()}
    return extracted_calls(calls, semantics, taken=taken)


def extracted_calls(calls: Mapping[str, Called], semantics: Semantics, *, taken: Collection[str] = ()) -> Extracted:
    """As `extracted`, for layers that are ready to be called, their weights in the types that they compute in."""
    closure = Closure(_modules_of(calls.values()), STANDING_IN, frozenset({SEMANTICS}))
    closure.reach(CALLED)

    def objects() -> None:
        for call in calls.values():
            reach_value(call, closure, semantics)

    closure.follow(objects)
    naming = Naming({*taken, *calls})
    texts = [_semantics(closure, naming, semantics)] if SEMANTICS in closure.symbols else []
    texts += [_text(symbol, closure, naming) for symbol in _in_order(closure) if symbol != SEMANTICS]
    writer = Writer(closure, naming, semantics)
    texts += [f"{name} = {writer.written(call, name)}" for name, call in calls.items()]
    return Extracted(import_lines(naming, closure.foreign | {NUMPY}), below_one_another(texts) + "\n", writer.weights)


def in_own_type(layer: Layer) -> Layer:
    """`layer` with its weights in the type that it computes in, as `rnnscope.run` brings them there."""

    def prepare(weight: Array, dtype: str) -> Array:
        return rounded(weight.astype(working_dtype(dtype), copy=False), dtype)

    return prepared([layer], prepare)[0]


def _text(symbol: Symbol, closure: Closure, naming: Naming) -> str:
    return with_comments(symbol, closure, one_line_heads(cut_out(symbol, closure, naming)))


def _checked(layer: Layer) -> Layer:
    if any(isinstance(part, Lambda) and not part.bypassed for part in _records(layer)):
        raise Unsupported("a Lambda layer is Python code in the file, which is not put into a script", layer=layer.name)
    return layer


def _records(value: object) -> Iterator[object]:
    """Every record inside a value, itself included."""
    if is_record(value):
        yield value
        for name in field_names(value):
            yield from _records(getattr(value, name))
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _records(part)
    elif isinstance(value, list | tuple) and not all(isinstance(part, int | float | str) for part in value):
        for part in value:
            yield from _records(part)


def _modules_of(values: Iterable[object]) -> frozenset[str]:
    """The modules of a person's own that classes of these objects come from."""
    kinds = {kind for value in values for record in _records(value) for kind in type(record).__mro__}
    modules = {kind.__module__ for kind in kinds}
    return frozenset(module for module in modules if not is_ours(module, frozenset()) and not _is_given(module))


def _is_given(module: str) -> bool:
    return package_of(module) in GIVEN


def _in_order(closure: Closure) -> list[Symbol]:
    """What is reached, each behind what it mentions; two names that one statement binds come as one."""
    ordered: dict[Symbol, None] = {}
    visiting: set[Symbol] = set()

    def visit(symbol: Symbol) -> None:
        if symbol in visiting:
            return
        visiting.add(symbol)
        for other in closure.mentioned.get(symbol, ()):
            visit(other)
        ordered[symbol] = None

    for symbol in closure.symbols:
        visit(symbol)
    statements: set[int] = set()
    once = []
    for symbol in ordered:
        if closure.is_needless(symbol):
            continue
        if id(closure.symbols[symbol]) not in statements:
            statements.add(id(closure.symbols[symbol]))
            once.append(symbol)
    return once


def _semantics(closure: Closure, naming: Naming, semantics: Semantics) -> str:
    """The rules of a Keras as plain values, those that are asked for, with what each of them means."""
    lines = [f"# {semantics}, as far as it matters here.", f"{naming(SEMANTICS)} = {naming(SIMPLE_NAMESPACE)}("]
    for name in sorted(closure.attributes):
        value = getattr(semantics, name, None)
        if name.startswith("_") or value is None or callable(value):
            continue
        meaning = (getdoc(getattr(Semantics, name, None)) or "").partition("\n")[0]
        lines += [f"    # {meaning}"] * bool(meaning and isinstance(value, bool)) + [
            f"    {name}={quoted(value) if isinstance(value, str) else repr(value)},"
        ]
    return "\n".join([*lines, ")"])
