"""Numbers as the panels write them: one width for one purpose, ASCII throughout, so that they can be copied."""

from __future__ import annotations

from math import isfinite, isnan

from rnnscope.errors import one_line

MOST_LETTERS = 40
FIXED_BELOW, FIXED_FROM = 1e4, 1e-3


def value(number: float, digits: int = 6) -> str:
    """One value; its sign always takes a column. `` 0.824264``, ``-1.2e-05`` only where fixed digits would hide it."""
    if not isfinite(number):
        return f"{number: }"
    if number and not FIXED_FROM <= abs(number) < FIXED_BELOW:
        return f"{number: .{max(digits - 4, 1)}e}"
    return f"{number: .{digits}f}"


def shown(item: object, digits: int = 6) -> str:
    """An element of an array: a number, or a text on one line."""
    return one_line(item, MOST_LETTERS) if isinstance(item, str) else value(float(item), digits)  # type: ignore[arg-type]


def answer(number: float | str) -> str:
    """An output in large digits: five decimals, or five figures where decimals would hide them; or its text."""
    if isinstance(number, str):
        return shown(number)
    if not isfinite(number) or not number or FIXED_FROM <= abs(number) < FIXED_BELOW:
        return value(number, 5)
    return f"{number: .4e}"


def short(number: float) -> str:
    """A value on an axis or a colour bar: as few digits as tell it."""
    return f"{number:.3g}"


def distance(ours: float, theirs: float) -> float:
    """|ours − theirs|; 0 where both are NaN or the same infinity."""
    alike = ours == theirs or (isnan(ours) and isnan(theirs))
    return 0.0 if alike else abs(ours - theirs)


def difference(number: float) -> str:
    """A difference: two figures and its power of ten, or a plain 0."""
    if number == 0:
        return "0"
    return f"{number:.2e}" if isfinite(number) else f"{number}"


def brief_difference(number: float) -> str:
    """A difference within a sentence: ``8.9e-8``."""
    if number == 0 or not isfinite(number):
        return difference(abs(number)) if number == 0 else f"{number}"
    mantissa, _, power = f"{number:.1e}".partition("e")
    return f"{mantissa}e{int(power)}" if int(power) < -2 or int(power) > 3 else f"{number:.3g}"


def count(number: int, word: str) -> str:
    """``1 unit``, ``1,024 units``."""
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"
