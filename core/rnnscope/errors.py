"""Errors that a file or an argument can cause; each reads as one line a person can act on."""

from __future__ import annotations

from collections.abc import Callable


class RnnscopeError(Exception):
    """Base of every error that a file or an argument can cause.

    ``str(error)`` is one line: file, layer, the problem, what was expected, what was found, and what to do.
    The parts stay available as attributes, and the error survives pickling, because files are read in a child process.
    """

    def __init__(
        self,
        problem: str,
        *,
        file: str | None = None,
        layer: str | None = None,
        expected: object = None,
        found: object = None,
        advice: str | None = None,
    ) -> None:
        self.problem = problem
        self.file = file
        self.layer = layer
        self.expected = expected
        self.found = found
        self.advice = advice
        super().__init__(problem)

    def __str__(self) -> str:
        text = "".join([f"{self.file}: " if self.file else "", f"layer '{self.layer}': " if self.layer else ""])
        text += self.problem
        if self.expected is not None:
            text += f"; expected {self.expected}"
        if self.found is not None:
            text += f"{',' if self.expected is not None else ';'} found {self.found}"
        if self.advice:
            text += f". {self.advice}"
        return one_line(text)

    def __reduce__(self) -> tuple[Callable[..., RnnscopeError], tuple[object, ...]]:
        return _rebuild, (type(self), self.problem, self.file, self.layer, self.expected, self.found, self.advice)

    def located(self, *, file: str | None = None, layer: str | None = None) -> RnnscopeError:
        """This error with the file or layer filled in where it did not know them."""
        self.file = self.file or file
        self.layer = self.layer or layer
        return self


class UnreadableFile(RnnscopeError):
    """The file is missing, damaged, not of the stated format, or refused for safety."""


class Unsupported(RnnscopeError):
    """The file is sound but asks for something that the engine does not compute."""


class ShapeMismatch(RnnscopeError):
    """An array's shape is not the one that the model implies."""


class BadInput(RnnscopeError):
    """An input, a stored value or an argument that the model cannot take."""


class Cancelled(RnnscopeError):
    """The work was stopped on request."""

    def __init__(self, problem: str = "stopped on request", **parts: object) -> None:
        super().__init__(problem, **parts)  # type: ignore[arg-type]


def one_line(text: str, limit: int = 1000) -> str:
    """`text` without control or direction-changing characters, on one line, cut at `limit` characters."""
    clean = "".join(c if c.isprintable() else " " for c in text)
    clean = " ".join(clean.split())
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"


def elided(text: str, width: int) -> str:
    """`text` in at most `width` characters, its middle left out: what tells names apart stands at their ends."""
    if len(text) <= width:
        return text
    tail = (width - 1) // 2
    return f"{text[: width - 1 - tail]}…{text[len(text) - tail :]}"


def _rebuild(
    kind: type[RnnscopeError],
    problem: str,
    file: str | None,
    layer: str | None,
    expected: object,
    found: object,
    advice: str | None,
) -> RnnscopeError:
    return kind(problem, file=file, layer=layer, expected=expected, found=found, advice=advice)
