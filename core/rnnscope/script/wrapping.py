"""Long statements on several lines, as the formatters of Python write them."""

from __future__ import annotations

WIDTH = 100
OPENING, CLOSING = "([{", ")]}"


def wrapped(text: str, indent: int) -> list[str]:
    """A statement (of one line, or more already) at `indent`; its last bracket is opened up where it is too long."""
    pad = " " * indent
    if "\n" in text:
        return [pad + line if line else "" for line in text.split("\n")]
    if len(pad + text) <= WIDTH:
        return [pad + text]
    opening = _last_opening(text)
    if opening is None:
        return [pad + text]
    head, inside, tail = text[: opening + 1], text[opening + 1 : -1], text[-1]
    parts = _split(inside)
    hugged = f"{pad}    {inside}"
    middle = [hugged] if len(hugged) <= WIDTH else [line for part in parts for line in wrapped(f"{part},", indent + 4)]
    return [pad + head, *middle, pad + tail]


def _last_opening(text: str) -> int | None:
    """Where the bracket opens that closes at the very end; None when there is none, or nothing in it."""
    if text[-1:] not in CLOSING or not text:
        return None
    places: list[int] = []
    quote = ""
    for place, letter in enumerate(text):
        if quote:
            quote = "" if letter == quote and text[place - 1] != "\\" else quote
        elif letter in "'\"":
            quote = letter
        elif letter in OPENING:
            places.append(place)
        elif letter in CLOSING:
            opened = places.pop()
            if place == len(text) - 1:
                return opened if place > opened + 1 else None
    return None


def _split(inside: str) -> list[str]:
    """The arguments between two brackets, at their commas."""
    parts, depth, start, quote = [], 0, 0, ""
    for place, letter in enumerate(inside):
        if quote:
            quote = "" if letter == quote and inside[place - 1] != "\\" else quote
        elif letter in "'\"":
            quote = letter
        elif letter in OPENING:
            depth += 1
        elif letter in CLOSING:
            depth -= 1
        elif letter == "," and depth == 0:
            parts.append(inside[start:place].strip())
            start = place + 1
    return [part for part in (*parts, inside[start:].strip()) if part]
