"""Fails unless each PNG given is a picture of a window with something in it: large enough and of many colours."""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtGui import QImage

SMALLEST = (800, 500)
FEWEST_COLOURS = 64


def main(names: list[str]) -> int:
    problems = {name: problem for name in names if (problem := problem_of(Path(name)))}
    for name, problem in problems.items():
        print(f"{name}: {problem}", file=sys.stderr)
    return 1 if problems or not names else 0


def problem_of(file: Path) -> str:
    """What is wrong with the picture, in words; empty when nothing is."""
    image = QImage(str(file))
    if image.isNull():
        return "not a picture"
    size = (image.width(), image.height())
    if size[0] < SMALLEST[0] or size[1] < SMALLEST[1]:
        return f"only {size[0]} × {size[1]} pixels"
    colours = {image.pixel(x, y) for x in range(0, size[0], 3) for y in range(0, size[1], 3)}
    if len(colours) < FEWEST_COLOURS:
        return f"only {len(colours)} colours: an empty window?"
    print(f"{file}: {size[0]} × {size[1]} pixels, {len(colours)} colours")
    return ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
