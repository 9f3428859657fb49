"""Pictures of a report's subject, drawn as SVG that a page holds itself and dresses in its own colours.

A heatmap is a PNG with one pixel for each number, or for the largest of several, in an SVG with the axes and the masked
steps, hatched. A line is drawn through the smallest and the largest number of each of its points, so no peak is lost.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from markupsafe import Markup

from rnnscope.display import cell_edges, pool
from rnnscope.report.png import data_uri, tinted
from rnnscope.report.words import KERAS, MINE, NUMPY
from rnnscope.types import Array, Mask

MOST_COLUMNS, MOST_ROWS = 220, 192  # no more than there are pixels, which would leave some out
WIDTH, LEFT, RIGHT, TOP, BOTTOM = 340, 40, 6, 18, 30
STRIP, GAP = 8, 4  # the mask above a heatmap
UNIT_HEIGHT, LOWEST, HIGHEST = 7, 28, 260
LINE_HEIGHT, LINE_WIDTH = 230, 1100
MOST_POINTS = 600
ORDER = (KERAS, NUMPY, MINE)  # the broadest line at the bottom
DIGIT, BETWEEN = 6.2, 14.0  # widths of a digit of a label, and of what is between labels


def heatmap(plane: Array, top: float, columns: str, masked: Mask | None, cell: tuple[int, int] | None) -> Markup:
    """A plane, (units, columns), on a scale of ±`top`; masked columns hatched, one cell marked."""
    units, steps = plane.shape
    width, height = WIDTH - LEFT - RIGHT, min(HIGHEST, max(LOWEST, units * UNIT_HEIGHT))
    address = data_uri(tinted(pool(plane, MOST_COLUMNS, MOST_ROWS), top))
    parts = [
        f'<rect class="ground" x="{LEFT}" y="{TOP}" width="{width}" height="{height}"/>',
        f'<image x="{LEFT}" y="{TOP}" width="{width}" height="{height}" preserveAspectRatio="none" href="{address}"/>',
    ]
    for start, end in runs(masked):
        x, wide = LEFT + start * width / steps, (end - start) * width / steps
        parts.append(f'<rect class="hatched" x="{x:.2f}" y="{TOP}" width="{wide:.2f}" height="{height}"/>')
    if masked is not None:
        parts += _strip(masked, width)
    if cell is not None:
        parts.append(_mark(cell, (units, steps), width, height))
    parts += _column_ticks(steps, width, TOP + height, columns)
    parts += [_text(LEFT - 5, TOP + (unit + 0.5) * height / units + 3, str(unit), "end") for unit in ticks(units, 6)]
    parts.append(_text(LEFT - 5, TOP - 5, "unit", "end", "axis"))
    return _svg(WIDTH, TOP + height + BOTTOM, parts)


def line_plot(lines: Mapping[str, Array], columns: str, masked: Mask | None, at: int | None) -> Markup:
    """Lines over the columns, each in the class of its name; masked columns hatched, one column marked."""
    width, height = LINE_WIDTH - LEFT - 14 - RIGHT, LINE_HEIGHT - TOP - BOTTOM
    left = LEFT + 14
    finite = np.concatenate([line[np.isfinite(line)] for line in lines.values()])
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    margin = (high - low) * 0.05 or abs(high) * 0.05 or 1.0
    low, high = low - margin, high + margin
    steps = len(next(iter(lines.values())))
    parts = [f'<rect class="ground" x="{left}" y="{TOP}" width="{width}" height="{height}"/>']
    for start, end in runs(masked):
        x, wide = left + start * width / steps, (end - start) * width / steps
        parts.append(f'<rect class="hatched" x="{x:.2f}" y="{TOP}" width="{wide:.2f}" height="{height}"/>')
    for value in (low + margin, (low + high) / 2, high - margin):
        y = TOP + (high - value) / (high - low) * height
        parts.append(f'<line class="grid" x1="{left}" x2="{left + width}" y1="{y:.2f}" y2="{y:.2f}"/>')
        parts.append(_text(left - 5, y + 3, f"{value:.3g}", "end"))
    for name, line in sorted(lines.items(), key=lambda item: ORDER.index(item[0])):
        parts += _line(name, line, (low, high), (left, width, height))
    if at is not None:
        x = left + at * width / steps
        parts.append(f'<rect class="mark" x="{x:.2f}" y="{TOP}" width="{width / steps:.2f}" height="{height}"/>')
    return _svg(LINE_WIDTH, LINE_HEIGHT, [*parts, *_column_ticks(steps, width, TOP + height, columns, left)])


def runs(masked: Mask | None) -> list[tuple[int, int]]:
    """Where masked columns begin and end; when there are very many runs, those of `MOST_COLUMNS` pooled columns."""
    if masked is None or not masked.any():
        return []
    edges = np.flatnonzero(np.diff(np.concatenate([[0], masked.astype(np.int8), [0]])))
    found = [(int(start), int(end)) for start, end in zip(edges[::2], edges[1::2], strict=True)]
    if len(found) <= MOST_COLUMNS:
        return found
    cells = cell_edges(len(masked), MOST_COLUMNS)
    whole = np.logical_and.reduceat(masked, cells[:-1])
    return [(int(cells[cell]), int(cells[cell + 1])) for cell in np.flatnonzero(whole)]


def ticks(count: int, most: int) -> list[int]:
    """Indices for an axis of `count` cells: from 0, evenly, round, at most about `most`."""
    rough = max(1.0, count / most)
    size = 10 ** int(np.floor(np.log10(rough)))
    step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= rough)
    return list(range(0, count, int(step)))


def peaks(line: Array, most: int = MOST_POINTS) -> tuple[Array, Array]:
    """The columns and numbers of a line's points: each, or the extremes of as many parts as there is room for."""
    if len(line) <= most:
        return np.arange(len(line)), line
    cells = cell_edges(len(line), most // 2)
    with np.errstate(invalid="ignore"):
        low, high = np.fmin.reduceat(line, cells[:-1]), np.fmax.reduceat(line, cells[:-1])
    return np.repeat(cells[:-1], 2), np.stack([low, high], axis=1).reshape(-1)


def _line(name: str, line: Array, ends: tuple[float, float], box: tuple[int, int, int]) -> list[str]:
    left, width, height = box
    low, high = ends
    places, numbers = peaks(line)
    x = left + (places + 0.5) * width / len(line)
    y = TOP + (high - numbers) / (high - low) * height
    pieces = np.split(np.arange(len(y)), np.flatnonzero(~np.isfinite(y)))
    drawn = []
    for piece in pieces:
        points = " ".join(f"{x[i]:.1f},{y[i]:.1f}" for i in piece if np.isfinite(y[i]))
        drawn += [f'<polyline class="{name.lower()}" points="{points}"/>'] if points else []
    return drawn


def _strip(masked: Mask, width: int) -> list[str]:
    """The mask above a heatmap: full where a step is computed, hatched where it is left out."""
    y = TOP - STRIP - GAP
    parts = [f'<rect class="valid" x="{LEFT}" y="{y}" width="{width}" height="{STRIP}"/>']
    for start, end in runs(masked):
        x, wide = LEFT + start * width / len(masked), (end - start) * width / len(masked)
        place = f'x="{x:.2f}" y="{y}" width="{wide:.2f}" height="{STRIP}"'
        parts += [f'<rect class="ground" {place}/>', f'<rect class="hatched" {place}/>']
    return parts


def _mark(cell: tuple[int, int], shape: tuple[int, int], width: int, height: int) -> str:
    """A frame around a cell, never too small to be seen."""
    (row, column), (rows, columns) = cell, shape
    wide, high = max(5.0, width / columns), max(5.0, height / rows)
    x = LEFT + (column + 0.5) * width / columns - wide / 2
    y = TOP + (row + 0.5) * height / rows - high / 2
    return f'<rect class="mark" x="{x:.2f}" y="{y:.2f}" width="{wide:.2f}" height="{high:.2f}"/>'


def _column_ticks(steps: int, width: int, bottom: int, columns: str, left: int = LEFT) -> list[str]:
    room = width / (DIGIT * len(str(steps)) + BETWEEN)
    places = [(left + (step + 0.5) * width / steps, str(step)) for step in ticks(steps, max(2, min(10, int(room))))]
    labels = [_text(x, bottom + 13, text, "middle") for x, text in places]
    return [*labels, _text(left + width, bottom + 26, columns, "end", "axis")]


def _text(x: float, y: float, text: str, anchor: str, kind: str = "tick") -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{Markup.escape(text)}</text>'


def _svg(width: int, height: int, parts: list[str]) -> Markup:
    return Markup(f'<svg viewBox="0 0 {width} {height}" role="img">{"".join(parts)}</svg>')  # noqa: S704
