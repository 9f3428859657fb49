"""Objects of the engine as expressions that make them again in a script, arrays out of the weights file."""

from __future__ import annotations

import builtins
import math
import types
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from functools import partial
from typing import Any, Final, NamedTuple

import numpy as np

from rnnscope.errors import Unsupported
from rnnscope.script.closure import Closure
from rnnscope.script.names import identifier, quoted
from rnnscope.script.naming import Naming
from rnnscope.script.sources import Foreign, Found, Symbol, is_ours, source_of
from rnnscope.script.standing_in import SEMANTICS, instead_of
from rnnscope.semantics import Semantics
from rnnscope.types import Array

NUMPY: Final = Foreign("numpy", "")
MOST_WRITTEN: Final = 16  # numbers in a literal; more go into the weights file
LONGEST_TEXT: Final = 200
WIDEST: Final = 110
NUMPY_PARTS: Final = ("", "linalg", "fft")
# Parts of a key that say nothing to a reader.
UNSAID: Final = ("operation", "called", "parts", "arguments")


def reach_value(value: object, closure: Closure, semantics: Semantics) -> None:
    """Need the definitions of which `value` is made, as far as it is known to be needed itself."""
    value = instead_of(value, semantics)
    if isinstance(value, Semantics):
        closure.reach(SEMANTICS)
    elif is_record(value):
        closure.reach(symbol_of(type(value), closure))
        for _, part in needed_fields(value, closure):
            reach_value(part, closure, semantics)
    elif isinstance(value, partial | slice | Mapping | list | tuple | set | frozenset):
        for part in _parts(value):
            reach_value(part, closure, semantics)
    elif callable(value):
        closure.reach(symbol_of(value, closure), made=isinstance(value, type))


def _parts(value: partial[object] | slice | Mapping[object, object] | Collection[object]) -> Iterable[object]:
    if isinstance(value, partial):
        return value.func, *value.args, *value.keywords.values()
    if isinstance(value, slice):
        return value.start, value.stop, value.step
    return (*value, *value.values()) if isinstance(value, Mapping) else value


def is_record(value: object) -> bool:
    """Whether a value is an object of a dataclass or of a named tuple."""
    return not isinstance(value, type) and (is_dataclass(value) or isinstance(getattr(value, "_fields", None), tuple))


def needed_fields(value: Any, closure: Closure) -> Iterator[tuple[str, object]]:
    """The fields of a record that anybody asks for; all, where the code itself makes such records."""
    symbol = symbol_of(type(value), closure)
    for name in field_names(value):
        if not isinstance(symbol, Symbol) or _is_needed(name, symbol, closure):
            yield name, getattr(value, name)


def field_names(record: Any) -> Sequence[str]:
    """The names of the fields that a record is made of."""
    return [part.name for part in fields(record) if part.init] if is_dataclass(record) else record._fields


def _is_needed(name: str, symbol: Symbol, closure: Closure) -> bool:
    known = closure.symbols.get(symbol)
    return known is None or closure.keeps_field(symbol, known, name)  # type: ignore[arg-type]


def symbol_of(value: Any, closure: Closure) -> Found | None:
    """Where a function or a class is defined; Unsupported for one that no name leads to."""
    module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", getattr(value, "__name__", ""))
    if isinstance(value, np.ufunc) or str(module).split(".")[0] == "numpy":
        if _path_in_numpy(value):
            return NUMPY
    elif module == "builtins":
        return None
    elif isinstance(module, str) and is_ours(module, closure.inside):
        if name in source_of(module).bound:
            symbol = Symbol(module, name)
            return closure.instead.get(symbol, symbol)
    elif isinstance(module, str) and isinstance(value, types.BuiltinFunctionType):
        return Foreign(module, name)
    raise Unsupported(f"{name or value!r} in {module} has no name by which a script could call it")


def _path_in_numpy(value: Any) -> str:
    for part in NUMPY_PARTS:
        name = str(value.__name__)
        if getattr(getattr(np, part) if part else np, name, None) is value:
            return f"{part}.{name}" if part else name
    return ""


def _defaults(record: Any) -> Mapping[str, object]:
    """The fields of a record that need not be said where they have these values."""
    if is_dataclass(record):
        return {part.name: part.default for part in fields(record)}
    return dict(getattr(record, "_field_defaults", {}))


def _is_plainly(usual: object, value: object) -> bool:
    return type(usual) is type(value) and (value is None or isinstance(value, bool | int | str)) and usual == value


class Weight(NamedTuple):
    """An array that goes into the weights file, however small."""

    array: Array


@dataclass(slots=True)
class Writer:
    """Writes values as expressions, and gathers the arrays that go into the weights file."""

    closure: Closure
    naming: Naming
    semantics: Semantics
    weights: dict[str, Array] = field(default_factory=dict)
    _keys: dict[int, str] = field(default_factory=dict)

    def written(self, value: object, key: str, indent: int = 0) -> str:
        """`value` as an expression, `key` being where it lies in the weights file if it goes there."""
        value = instead_of(value, self.semantics)
        if isinstance(value, Weight):
            return self._stored(value.array, key)
        if isinstance(value, np.generic | np.dtype | np.ndarray):
            return self._of_numpy(value, key)
        if value is None or value is Ellipsis or isinstance(value, bool | int | float | str):
            return self._plain(value, key)
        if isinstance(value, Semantics):
            return self.naming(SEMANTICS)
        return self._composed(value, key, indent)

    def _plain(self, value: object, key: str) -> str:
        if isinstance(value, float):
            return repr(value) if math.isfinite(value) else f'float("{value}")'
        if isinstance(value, str):
            return quoted(value) if len(value) <= LONGEST_TEXT else f"str({self._stored(np.asarray(value), key)})"
        if isinstance(value, int) and abs(value) >= 2**64:
            raise Unsupported("a whole number beyond 64 bits cannot be written into a script")
        return "..." if value is Ellipsis else repr(value)

    def _composed(self, value: object, key: str, indent: int) -> str:
        if isinstance(value, slice):
            return self._call("slice", [("", part) for part in (value.start, value.stop, value.step)], key, indent)
        if isinstance(value, partial):
            parts = [("", value.func), *(("", part) for part in value.args), *value.keywords.items()]
            return self._call(self.naming(Foreign("functools", "partial")), parts, key, indent)
        if is_record(value):
            return self._record(value, key, indent)
        if isinstance(value, Mapping):
            items = [(f"{self.written(name, key)}: ", part, self._under(key, name)) for name, part in value.items()]
            return self._laid_out("{", items, "}", indent)
        if isinstance(value, list | tuple | set | frozenset):
            return self._several(value, key, indent)
        if callable(value):
            return self._callable(value)
        raise Unsupported(f"a {type(value).__name__} among a layer's options cannot be written into a script")

    def _of_numpy(self, value: Any, key: str) -> str:
        np_name = self.naming(NUMPY)
        if isinstance(value, np.dtype):
            return f"{np_name}.dtype({quoted(value.str)})"
        if isinstance(value, np.str_):
            return self.written(str(value), key)
        if isinstance(value, np.generic):
            return f"{np_name}.{value.dtype.name}({self.written(value.item(), key)})"
        small = value.size <= MOST_WRITTEN and value.dtype.kind in "biuf" and np.isfinite(value).all()
        return f"{np_name}.array({value.tolist()!r}, {quoted(value.dtype.name)})" if small else self._stored(value, key)

    def _stored(self, array: Array, key: str) -> str:
        if id(array) not in self._keys:
            free = key if key not in self.weights else f"{key}_{len(self.weights)}"
            self._keys[id(array)], self.weights[free] = free, array
        return f"weights[{quoted(self._keys[id(array)])}]"

    def _record(self, value: Any, key: str, indent: int) -> str:
        symbol = symbol_of(type(value), self.closure)
        parts = list(needed_fields(value, self.closure))
        usual = _defaults(value)
        parts = [(name, part) for name, part in parts if name not in usual or not _is_plainly(usual[name], part)]
        if is_dataclass(value):
            parts = [(name, Weight(part) if isinstance(part, np.ndarray) else part) for name, part in parts]
        if not isinstance(symbol, Symbol | Foreign):
            raise Unsupported(f"a {type(value).__name__} among a layer's options cannot be written into a script")
        return self._call(self.naming(symbol), parts, key, indent)

    def _call(self, name: str, parts: Sequence[tuple[str, object]], key: str, indent: int) -> str:
        items = [(f"{word}=" if word else "", part, self._under(key, word)) for word, part in parts]
        return self._laid_out(f"{name}(", items, ")", indent)

    def _several(self, value: Any, key: str, indent: int) -> str:
        kind = type(value)
        if (
            len(value) > MOST_WRITTEN
            and kind in (list, tuple)
            and all(type(item) in (int, float, bool, str) for item in value)
        ):
            array = np.asarray(value)
            if len({type(item) for item in value}) == 1 and array.dtype.kind in "ifbU":
                return f"{kind.__name__}({self._stored(array, key)}.tolist())"
        if kind in (set, frozenset):
            return self._laid_out(f"{kind.__name__}([", self._items(sorted(value, key=repr), key), "])", indent)
        opening, closing = ("[", "]") if kind is list else ("(", ",)" if len(value) == 1 else ")")
        return self._laid_out(opening, self._items(value, key), closing, indent)

    def _items(self, value: Sequence[object], key: str) -> list[tuple[str, object, str]]:
        return [("", part, self._under(key, self._place(part, index))) for index, part in enumerate(value)]

    def _place(self, part: object, index: int) -> str:
        """Part of a key for a member of a list: its own key where it has one."""
        own = getattr(part, "key", None)
        return identifier(own) if isinstance(own, str) else str(index)

    def _under(self, key: str, part: object) -> str:
        said = str(part) if isinstance(part, str) and part.isidentifier() else identifier(str(part))
        said = str(part) if str(part).isdecimal() else said
        return key if not part or said in UNSAID else f"{key}/{said}"

    def _laid_out(self, opening: str, items: Sequence[tuple[str, object, str]], closing: str, indent: int) -> str:
        """On one line where it fits, else one item on each."""
        texts = [lead + self.written(part, key, indent + 4) for lead, part, key in items]
        line = f"{opening}{', '.join(texts)}{closing}"
        if len(line) + indent <= WIDEST and "\n" not in line:
            return line
        pad = " " * (indent + 4)
        return "\n".join([opening, *(f"{pad}{text}," for text in texts), " " * indent + closing.lstrip(",")])

    def _callable(self, value: Callable[..., object]) -> str:
        found = symbol_of(value, self.closure)
        if found == NUMPY:
            return f"{self.naming(NUMPY)}.{_path_in_numpy(value)}"
        if found is None:
            name = str(getattr(value, "__name__", ""))
            assert getattr(builtins, name, None) is value
            return name
        assert isinstance(found, Symbol | Foreign)
        return self.naming(found)
