"""Cuts one definition out of a module's text: comments and layout stay, what is not needed goes.

Annotations go, but for those of fields; so does what is newer than Python 3.9.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from rnnscope.errors import Unsupported
from rnnscope.script.changes import Change, Place, changed, end_of, start_of, without_annotations
from rnnscope.script.closure import NAMED_TUPLE, Closure, Member, name_of
from rnnscope.script.mentions import Mentions, bound_in, mentions
from rnnscope.script.naming import Naming
from rnnscope.script.sources import Foreign, Found, Inside, Source, Symbol, look_up, resolve, source_of

PLAIN = re.compile(r"[\w\[\], |.]+", re.ASCII)
DATACLASS = Foreign("dataclasses", "dataclass")
NEWER_OPTIONS = ("slots", "kw_only")  # of dataclasses
FOR_TOOLS = re.compile(r"  # (?:noqa|type: ignore)\b.*")
BLANKS = re.compile(r"\n(?:[ ]*\n){2,}")


@dataclass(slots=True)
class Cut:
    """Text with changes to be made in it, all of them known by their places in the module."""

    source: Source
    closure: Closure
    naming: Naming
    changes: list[Change] = field(default_factory=list)

    def change(self, start: Place, end: Place, text: str = "") -> None:
        self.changes.append((start, end, text))

    def drop_lines(self, first: int, last: int) -> None:
        """Drop whole lines, counted from one, and the comments right above them."""
        start = first - 1
        while start > 0 and self.source.lines[start - 1].lstrip().startswith(b"#"):
            start -= 1
        self.change((start, 0), (last, 0))


def cut_out(symbol: Symbol, closure: Closure, naming: Naming) -> str:
    """The text of one definition as it stands in a script."""
    definition, source = closure.symbols[symbol], source_of(symbol.module)
    cut = Cut(source, closure, naming)
    first = definition.lineno
    if isinstance(definition, ast.FunctionDef | ast.ClassDef):
        first = min([first, *(part.lineno for part in definition.decorator_list)])
    if isinstance(definition, ast.ClassDef):
        _cut_class(cut, symbol, definition)
    elif isinstance(definition, ast.FunctionDef):
        _cut_function(cut, symbol.module, definition)
    else:
        _cut_assignment(cut, symbol.module, definition)
    text = changed(source, cut.changes, first, definition.end_lineno or first)
    if isinstance(definition, ast.FunctionDef | ast.ClassDef):
        keyword = "class" if isinstance(definition, ast.ClassDef) else "def"
        text = re.sub(rf"^{keyword} {symbol.name}\b", f"{keyword} {naming(symbol)}", text, count=1, flags=re.MULTILINE)
    return BLANKS.sub("\n\n", FOR_TOOLS.sub("", text))


def _cut_assignment(cut: Cut, module: str, node: ast.stmt) -> None:
    if isinstance(node, ast.AnnAssign):
        cut.change(end_of(node.target), end_of(node.annotation))
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    for target in targets:
        for name in ast.walk(target) if target is not None else ():
            if isinstance(name, ast.Name):
                _rename(cut, name, Symbol(module, name.id))
    _adapt(cut, module, mentions(getattr(node, "value", None)), set())


def _cut_function(cut: Cut, module: str, node: ast.FunctionDef) -> None:
    kept = cut.closure.kept_decorators(module, node)
    for decorator in node.decorator_list:
        if decorator not in kept:
            cut.drop_lines(decorator.lineno, decorator.end_lineno or decorator.lineno)
    cut.changes += without_annotations(cut.source, node)
    if _gives_nothing(node):
        cut.drop_lines(node.body[-1].lineno, node.body[-1].end_lineno or node.body[-1].lineno)
    for part in (node, *kept):
        _adapt(cut, module, mentions(part), set() if part is not node else _local(node))


def _gives_nothing(node: ast.FunctionDef) -> bool:
    """Whether a function is a docstring and ``return None``, which without its annotation nobody needs to say."""
    last = node.body[-1]
    empty = isinstance(last, ast.Return) and isinstance(last.value, ast.Constant) and last.value.value is None
    return empty and len(node.body) == 2 and ast.get_docstring(node) is not None


@lru_cache(maxsize=10_000)
def _local(node: ast.FunctionDef) -> frozenset[str]:
    return frozenset(bound_in(node.args, node.body))


def _cut_class(cut: Cut, symbol: Symbol, node: ast.ClassDef) -> None:
    closure, module = cut.closure, symbol.module
    kept = closure.kept_decorators(module, node)
    for decorator in node.decorator_list:
        if decorator not in kept:
            cut.drop_lines(decorator.lineno, decorator.end_lineno or decorator.lineno)
        elif closure.found(module, decorator) == DATACLASS:
            cut.change(start_of(decorator), end_of(decorator), _dataclass(cut, decorator))
        else:
            _adapt(cut, module, mentions(decorator), set())
    bases = [_base(cut, module, base) for base in closure.kept_bases(symbol, node)]
    line = cut.source.lines[node.lineno - 1]
    after = line.index(b"class") + len(b"class ") + len(node.name.encode())
    cut.change((node.lineno - 1, after), _colon(cut.source, node, after), f"({', '.join(bases)})" if bases else "")
    needed = closure.members(symbol, node)
    known = {name_of(member) for member in needed}
    for member in node.body:
        if isinstance(member, ast.Expr):  # the docstring
            continue
        if member in needed:
            _cut_member(cut, symbol, member, known)
        else:
            first = min([member.lineno, *(part.lineno for part in getattr(member, "decorator_list", ()))])
            cut.drop_lines(first, member.end_lineno or first)
    if not needed and ast.get_docstring(node) is None:
        cut.change((node.end_lineno or 0, 0), (node.end_lineno or 0, 0), "    pass\n")


def _cut_member(cut: Cut, symbol: Symbol, member: Member | ast.stmt, known: set[str]) -> None:
    if isinstance(member, ast.FunctionDef):
        _cut_function(cut, symbol.module, member)
        return
    if isinstance(member, ast.AnnAssign):
        if cut.closure.is_field(symbol, member):
            cut.change(start_of(member.annotation), end_of(member.annotation), _annotation(cut, member))
        else:
            cut.change(end_of(member.target), end_of(member.annotation))
    value = getattr(member, "value", None)
    _adapt(cut, symbol.module, mentions(value, tuple(sorted(known))), set())


def _annotation(cut: Cut, member: ast.AnnAssign) -> str:
    """A field's annotation in words that every Python has.

    It is no string: dataclasses would look that up in a module, which code that somebody executes need not have.
    """
    text = cut.source.segment(member.annotation)
    words = set(re.findall(r"[A-Za-z_]\w*", text))
    known = words <= {"Array", "Mask", "int", "float", "bool", "str", "tuple", "list", "dict", "object"}
    plain = known and "|" not in text and PLAIN.fullmatch(text) is not None
    return re.sub(r"\b(Array|Mask)\b", "np.ndarray", text) if plain else "object"


def _dataclass(cut: Cut, decorator: ast.expr) -> str:
    name = cut.naming(DATACLASS)
    if not isinstance(decorator, ast.Call):
        return name
    options = [word for word in decorator.keywords if word.arg not in NEWER_OPTIONS]
    said = ", ".join(f"{word.arg}={cut.source.segment(word.value)}" for word in options)
    return f"{name}({said})" if said else name


def _base(cut: Cut, module: str, base: ast.expr) -> str:
    plain = base.value if isinstance(base, ast.Subscript) else base
    found = cut.closure.found(module, plain)
    if isinstance(found, Symbol):
        return cut.naming(cut.closure.instead.get(found, found))
    return cut.naming(found) if isinstance(found, Foreign) and found == NAMED_TUPLE else cut.source.segment(plain)


def _colon(source: Source, node: ast.ClassDef, after: int) -> Place:
    """Where the colon of a class's head is."""
    parts = [*node.bases, *(keyword.value for keyword in node.keywords)]
    line, column = end_of(parts[-1]) if parts else (node.lineno - 1, after)
    while True:
        found = source.lines[line].find(b":", column)
        if found >= 0:
            return line, found
        line, column = line + 1, 0


def _adapt(cut: Cut, module: str, wanted: Mentions, local: Collection[str]) -> None:
    """Give everything that is named its name in the script, and say in an older Python what needs a newer one."""
    inside_text = [node for formatted in wanted.formatted for node in ast.walk(formatted)]
    hidden = {id(node) for node in inside_text}
    for name, found in _named(cut, module, wanted):
        if found is None:
            continue
        new = cut.naming(found)
        old = name.id if isinstance(name, ast.Name) else ""
        if new != old and new in local:
            raise Unsupported(f"'{new}' in module {module} is two things at once, so a script cannot be made of it")
        if id(name) in hidden:
            if new != old:
                raise Unsupported(f"'{old}' in module {module} stands inside a text, and has another name in a script")
        elif new != old:
            cut.change(start_of(name), end_of(name), new)
    for call in wanted.zips:
        _strip_strict(cut, call)
    for test in wanted.tests:
        if isinstance(test.args[1], ast.BinOp):
            kinds = ", ".join(_kind(cut, module, kind) for kind in _alternatives(test.args[1]))
            cut.change(start_of(test.args[1]), end_of(test.args[1]), f"({kinds})")


def _named(
    cut: Cut, module: str, wanted: Mentions
) -> Iterator[tuple[ast.Name | ast.Attribute, Symbol | Foreign | None]]:
    for name in wanted.names:
        yield name, _target(cut, resolve(module, name.id, cut.closure.inside))
    for node in wanted.dotted:
        assert isinstance(node.value, ast.Name)
        found = resolve(module, node.value.id, cut.closure.inside)
        if isinstance(found, Inside):
            yield node, _target(cut, look_up(found.module, node.attr, cut.closure.inside))
        else:
            yield node.value, _target(cut, found)


def _target(cut: Cut, found: Found | None) -> Symbol | Foreign | None:
    if isinstance(found, Symbol):
        return cut.closure.instead.get(found, found)
    return found if isinstance(found, Foreign) else None


def _rename(cut: Cut, node: ast.Name, symbol: Symbol) -> None:
    if cut.naming(symbol) != node.id:
        cut.change(start_of(node), end_of(node), cut.naming(symbol))


def _strip_strict(cut: Cut, call: ast.Call) -> None:
    """``zip(…, strict=…)`` came with Python 3.10."""
    for index, word in enumerate(call.keywords):
        if word.arg == "strict":
            before = call.keywords[index - 1].value if index else call.args[-1]
            cut.change(end_of(before), end_of(word.value))


def _alternatives(node: ast.expr) -> Iterator[ast.expr]:
    if isinstance(node, ast.BinOp):
        yield from _alternatives(node.left)
        yield from _alternatives(node.right)
    else:
        yield node


def _kind(cut: Cut, module: str, node: ast.expr) -> str:
    found = _target(cut, cut.closure.found(module, node))
    return cut.naming(found) if isinstance(found, Symbol) else cut.source.segment(node)
