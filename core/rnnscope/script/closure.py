"""Which definitions of the engine some objects need to be computed with, and which members of each class.

It goes by names, as no types are known: a member is needed once any code that is needed asks for an attribute of its
name, and there is an object of its class. That is more than what runs, never less.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from rnnscope.script.mentions import Mentions, mentions
from rnnscope.script.sources import Foreign, Found, Inside, Symbol, look_up, resolve, source_of

# They say where a definition belongs, not what it computes.
MARKS: Final = frozenset(
    {
        Symbol("rnnscope.layers.registry", "keras_layer"),
        Symbol("rnnscope.layers.cells", "keras_cell"),
        Foreign("abc", "abstractmethod"),
        Foreign("typing", "override"),
    }
)
BARE_BASES: Final = frozenset({Foreign("abc", "ABC"), Foreign("typing", "Protocol"), Foreign("typing", "Generic")})
NAMED_TUPLE: Final = Foreign("typing", "NamedTuple")
CLASS_VARIABLE: Final = Foreign("typing", "ClassVar")
Member = ast.FunctionDef | ast.Assign | ast.AnnAssign


@dataclass(slots=True)
class Closure:
    """What has been reached so far.

    inside: modules besides the engine's that code may be taken from. instead: what stands in for a definition.
    apart: what is written otherwise, so that its text does not count.
    symbols: in the order in which they were reached. made: the classes that there are objects of. built: those whose
    objects the code makes itself, so that every field has to stay. named: what code names, not as a base alone.
    """

    inside: frozenset[str]
    instead: Mapping[Symbol, Symbol]
    apart: frozenset[Symbol] = frozenset()
    symbols: dict[Symbol, ast.stmt] = field(default_factory=dict)
    foreign: set[Foreign] = field(default_factory=set)
    attributes: set[str] = field(default_factory=set)
    made: set[Symbol] = field(default_factory=set)
    built: set[Symbol] = field(default_factory=set)
    named: set[Symbol] = field(default_factory=set)
    mentioned: dict[Symbol, dict[Symbol, None]] = field(default_factory=dict)
    _members_at: dict[Symbol, tuple[int, bool, bool]] = field(default_factory=dict)
    _scanned: set[tuple[Symbol, int]] = field(default_factory=set)

    def follow(self, objects: Callable[[], None]) -> None:
        """Reach all there is; `objects` reaches what the objects themselves hold, as far as is known they need."""
        before: tuple[int, ...] = ()
        objects()
        while before != self._extent():
            before = self._extent()
            for symbol, definition in list(self.symbols.items()):
                self._scan(symbol, definition)
            if before == self._extent():
                objects()

    def _extent(self) -> tuple[int, ...]:
        sets = (self.symbols, self.foreign, self.attributes, self.made, self.built, self._scanned)
        return tuple(map(len, sets))

    def reach(self, found: Found | None, *, made: bool = True, by: Symbol | None = None) -> None:
        """Need what a name stands for; `made`: if it is a class, there are objects of it. `by`: whose text names it."""
        if isinstance(found, Foreign):
            self.foreign.add(found)
        if not isinstance(found, Symbol):
            return
        symbol = self.instead.get(found, found)
        definition = source_of(symbol.module).bound[symbol.name]
        assert isinstance(definition, ast.stmt)
        self.symbols.setdefault(symbol, definition)
        if by is not None:
            self.mentioned.setdefault(by, {})[symbol] = None
        if made and isinstance(definition, ast.ClassDef):
            self.made.add(symbol)

    def found(self, module: str, node: ast.expr) -> Found | None:
        """What a name, an attribute of a name, or either with brackets behind it, stands for."""
        match node:
            case ast.Subscript(value=value):
                return self.found(module, value)
            case ast.Call(func=function):
                return self.found(module, function)
            case ast.Name(id=name):
                return resolve(module, name, self.inside)
            case ast.Attribute(value=ast.Name(id=name), attr=attribute):
                base = resolve(module, name, self.inside)
                if isinstance(base, Inside):
                    return look_up(base.module, attribute, self.inside)
                return Foreign(base.module, attribute) if isinstance(base, Foreign) and not base.name else None
        return None

    def kept_decorators(self, module: str, node: ast.FunctionDef | ast.ClassDef) -> list[ast.expr]:
        return [part for part in node.decorator_list if self.found(module, part) not in MARKS]

    def kept_bases(self, symbol: Symbol, node: ast.ClassDef) -> list[ast.expr]:
        """The base classes that have anything to give."""
        found = [(base, self.found(symbol.module, base)) for base in node.bases]
        return [base for base, kind in found if kind not in BARE_BASES and not self._is_empty(kind)]

    def _is_empty(self, found: Found | None) -> bool:
        if not isinstance(found, Symbol):
            return False
        symbol = self.instead.get(found, found)
        node = self.symbols.get(symbol)
        return isinstance(node, ast.ClassDef) and not self.members(symbol, node) and not self.kept_bases(symbol, node)

    def is_needless(self, symbol: Symbol) -> bool:
        """Whether a class is nothing but a base that has nothing to give."""
        return self._is_empty(symbol) and symbol not in self.named

    def members(self, symbol: Symbol, node: ast.ClassDef) -> list[Member]:
        """What is needed of a class, in its order."""
        return [member for member in _members(node) if self._needs(symbol, node, member)]

    def keeps_field(self, symbol: Symbol, node: ast.ClassDef, name: str) -> bool:
        return name in self.attributes or symbol in self.built or self.is_named_tuple(symbol, node)

    def is_named_tuple(self, symbol: Symbol, node: ast.ClassDef) -> bool:
        return any(self.found(symbol.module, base) == NAMED_TUPLE for base in node.bases)

    def is_field(self, symbol: Symbol, member: Member) -> bool:
        annotation = member.annotation if isinstance(member, ast.AnnAssign) else None
        return annotation is not None and self.found(symbol.module, annotation) != CLASS_VARIABLE

    def _needs(self, symbol: Symbol, node: ast.ClassDef, member: Member) -> bool:
        name = name_of(member)
        if self.is_field(symbol, member):
            return self.keeps_field(symbol, node, name)
        if symbol not in self.made or name == "__slots__" or self._is_abstract(symbol, member):
            return False
        if isinstance(member, ast.AnnAssign) and member.value is None:
            return False
        return name in self.attributes or (name.startswith("__") and name.endswith("__"))

    def _is_abstract(self, symbol: Symbol, member: Member) -> bool:
        decorators = member.decorator_list if isinstance(member, ast.FunctionDef) else []
        return any(self.found(symbol.module, part) == Foreign("abc", "abstractmethod") for part in decorators)

    def _scan(self, symbol: Symbol, definition: ast.stmt) -> None:
        if symbol in self.apart:
            return
        if not isinstance(definition, ast.ClassDef):
            self._scan_once(symbol, definition)
            return
        state = len(self.attributes), symbol in self.made, symbol in self.built
        if self._members_at.get(symbol) == state:
            return
        self._members_at[symbol] = state
        for base in definition.bases:
            found = self.found(symbol.module, base)
            if found not in BARE_BASES:
                self.reach(found, made=symbol in self.made, by=symbol)
            if symbol in self.built and isinstance(found, Symbol):
                self.built.add(self.instead.get(found, found))
        for decorator in self.kept_decorators(symbol.module, definition):
            self._take(symbol, mentions(decorator))
        known = [name_of(member) for member in _members(definition)]
        for member in self.members(symbol, definition):
            is_class_method = any(_is_named(part, "classmethod") for part in getattr(member, "decorator_list", ()))
            if is_class_method:
                self.built.add(symbol)
            self._scan_once(symbol, member, () if isinstance(member, ast.FunctionDef) else known)

    def _scan_once(self, symbol: Symbol, node: ast.stmt, known: Iterable[str] = ()) -> None:
        if (symbol, id(node)) not in self._scanned:
            self._scanned.add((symbol, id(node)))
            self._take(symbol, mentions(node, tuple(known)))
            for decorator in self.kept_decorators(symbol.module, node) if isinstance(node, ast.FunctionDef) else ():
                self._take(symbol, mentions(decorator))

    def _name(self, found: Found | None) -> None:
        if isinstance(found, Symbol):
            self.named.add(self.instead.get(found, found))

    def _take(self, symbol: Symbol, wanted: Mentions) -> None:
        self.attributes |= wanted.attributes
        tested = {id(name) for test in wanted.tests for name in ast.walk(test.args[1])}
        for name in wanted.names:
            found = resolve(symbol.module, name.id, self.inside)
            self.reach(found, made=id(name) not in tested, by=symbol)
            self._name(found)
            if isinstance(found, Symbol) and id(name) not in tested:
                self.built.add(self.instead.get(found, found))
        for node in wanted.dotted:
            assert isinstance(node.value, ast.Name)
            base = resolve(symbol.module, node.value.id, self.inside)
            if isinstance(base, Inside):
                found = look_up(base.module, node.attr, self.inside)
                self.reach(found, made=id(node) not in tested, by=symbol)
                self._name(found)
                continue
            self.reach(base, by=symbol)
            if not isinstance(base, Foreign) or base.name:
                self.attributes.add(node.attr)


def first_line(definition: ast.stmt) -> int:
    """The line, counted from one, with which a definition begins, decorators included."""
    decorated = definition.decorator_list if isinstance(definition, ast.FunctionDef | ast.ClassDef) else []
    return min([definition.lineno, *(part.lineno for part in decorated)])


def _members(node: ast.ClassDef) -> Iterator[Member]:
    for member in node.body:
        if isinstance(member, ast.FunctionDef | ast.Assign | ast.AnnAssign):
            yield member


def name_of(member: Member) -> str:
    """The name that a member of a class has."""
    match member:
        case ast.FunctionDef(name=name) | ast.AnnAssign(target=ast.Name(id=name)):
            return name
        case ast.Assign(targets=[ast.Name(id=name)]):
            return name
    return ""


def _is_named(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name
