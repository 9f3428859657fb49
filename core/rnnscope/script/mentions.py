"""What a piece of source asks for from outside itself: names of its module, and attributes of any object."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(slots=True)
class Mentions:
    """names: every use of a name that is bound at the top of the module, or by Python itself.
    dotted: every attribute of such a name, whole. attributes: the names of all other attributes.
    formatted: the f-strings; positions inside them cannot be relied upon. tests, zips: calls of isinstance and zip.
    """

    names: list[ast.Name] = field(default_factory=list)
    dotted: list[ast.Attribute] = field(default_factory=list)
    attributes: set[str] = field(default_factory=set)
    formatted: list[ast.JoinedStr] = field(default_factory=list)
    tests: list[ast.Call] = field(default_factory=list)
    zips: list[ast.Call] = field(default_factory=list)


@lru_cache(maxsize=10_000)
def mentions(node: ast.AST | None, known: tuple[str, ...] = ()) -> Mentions:
    """What `node` asks for, the decorators of a function apart; `known` are names that are bound around it."""
    found = Mentions()
    visitor = _Visitor(found, [set(known)])
    if isinstance(node, ast.FunctionDef):
        visitor.visit_undecorated(node)
    elif node is not None:
        visitor.visit(node)
    return found


class _Visitor(ast.NodeVisitor):
    def __init__(self, found: Mentions, scopes: list[set[str]]) -> None:
        self.found, self.scopes = found, scopes

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load) and not any(node.id in scope for scope in self.scopes):
            self.found.names.append(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if isinstance(node.value, ast.Name) and not any(node.value.id in scope for scope in self.scopes):
            self.found.dotted.append(node)
        else:
            self.found.attributes.add(node.attr)
            self.visit(node.value)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        self.found.formatted.append(node)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if called == "isinstance":
            self.found.tests.append(node)
        elif called == "zip":
            self.found.zips.append(node)
        elif called in ("replace", "_replace"):
            self.found.attributes |= {keyword.arg for keyword in node.keywords if keyword.arg}
        elif called in ("getattr", "hasattr") and isinstance(node.args[1], ast.Constant):
            self.found.attributes.add(str(node.args[1].value))
        self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.visit(node.target)
        if node.value is not None:
            self.visit(node.value)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        for decorator in node.decorator_list:
            self.visit(decorator)
        self.visit_undecorated(node)

    def visit_undecorated(self, node: ast.FunctionDef) -> None:
        for outer in defaults_of(node.args):
            self.visit(outer)
        self._within(bound_in(node.args, node.body), node.body)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        for outer in defaults_of(node.args):
            self.visit(outer)
        self._within(bound_in(node.args, [node.body]), [node.body])

    def visit_ListComp(self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp) -> None:
        self.visit(node.generators[0].iter)
        own = {name.id for part in node.generators for name in ast.walk(part.target) if isinstance(name, ast.Name)}
        inner: list[ast.AST] = [part.iter for part in node.generators[1:]]
        inner += [test for part in node.generators for test in part.ifs]
        inner += [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        self._within(own, inner)

    visit_SetComp = visit_DictComp = visit_GeneratorExp = visit_ListComp  # noqa: N815 (the visitor's names)

    def _within(self, own: set[str], nodes: Iterable[ast.AST]) -> None:
        self.scopes.append(own)
        for node in nodes:
            self.visit(node)
        self.scopes.pop()


def defaults_of(arguments: ast.arguments) -> list[ast.expr]:
    return [*arguments.defaults, *(default for default in arguments.kw_defaults if default is not None)]


def bound_in(arguments: ast.arguments, body: Iterable[ast.AST]) -> set[str]:
    """The names that are local to a function."""
    bound = {argument.arg for argument in all_arguments(arguments)}
    pending: list[ast.AST] = list(body)
    while pending:
        node = pending.pop()
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                bound.add(name)
                continue
            case ast.Lambda():
                continue
            case ast.Name(id=name, ctx=ast.Store()) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                bound.add(name)
            case ast.ExceptHandler(name=str(name)) | ast.MatchMapping(rest=str(name)):
                bound.add(name)
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                bound |= {alias.asname or alias.name.split(".")[0] for alias in names}
        if isinstance(node, COMPREHENSIONS):
            pending += [named.target for named in ast.walk(node) if isinstance(named, ast.NamedExpr)]
        else:
            pending += ast.iter_child_nodes(node)
    return bound


def all_arguments(arguments: ast.arguments) -> list[ast.arg]:
    """Every parameter, in order."""
    starred = [argument for argument in (arguments.vararg, arguments.kwarg) if argument is not None]
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *starred]
