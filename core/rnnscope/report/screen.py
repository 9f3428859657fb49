"""A report on a terminal: the same words and rows as in plain text, in colour and in the width that there is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from rnnscope.compare import Verdict
from rnnscope.errors import elided
from rnnscope.findings import WIDTH
from rnnscope.findings import report as findings_lines
from rnnscope.report.record import Report
from rnnscope.report.table import HEADINGS, RIGHT_ALIGNED, Line, lines_of
from rnnscope.report.text import answer, cleaned, heading
from rnnscope.report.words import MARKS, held, left_out

if TYPE_CHECKING:
    from rich.console import Console

STYLES = {
    Verdict.SAME: "green",
    Verdict.ROUNDING: "green",
    Verdict.DIFFERENT: "bold red",
    Verdict.NOT_COMPARED: "dim",
}
LAYER, QUANTITY, REMARK = "layer", "quantity", ""
DISPENSABLE = ("relative", "allowed")
NARROWEST = 10  # characters of a name that is elided
PADDING = 2  # characters between columns
BESIDE = 24  # characters that a remark needs to stand beside the figures instead of below them


def show(report: Report, stream: TextIO) -> None:
    """Print the report to a terminal. Colours are left out where NO_COLOR is set."""
    from rich.console import Console

    console = Console(file=stream, highlight=False, markup=False, emoji=False)
    for line in answer(report):
        _say(console, line)
    for one in held(report):
        console.print()
        console.print(heading(report, one), style="bold")
        _print_table(console, lines_of(one.result, report.look))
        if one.result is report.comparison and (more := left_out(one.result)):
            console.print(f"{MARKS[Verdict.NOT_COMPARED]} {more}", style="dim")
    if report.port is not None and report.port.findings is not None:
        console.print("\nWhy", style="bold")
        for line in findings_lines(report.port.findings, min(WIDTH, console.width)):
            _say(console, cleaned(line))


def show_lines(lines: Sequence[str], stream: TextIO) -> None:
    """Print lines to a terminal, those that begin with a verdict's mark in its colour, without control characters."""
    from rich.console import Console

    console = Console(file=stream, highlight=False, markup=False, emoji=False)
    for line in lines:
        _say(console, cleaned(line))


def _say(console: Console, line: str) -> None:
    """A line, its first mark or its first word before a colon in the style that belongs to it."""
    from rich.text import Text

    style = next((STYLES[verdict] for verdict, mark in MARKS.items() if line.startswith(mark)), "")
    text = Text(line, overflow="fold")
    if style:
        text.stylize(style, 0, line.find(":") if ":" in line else len(line))
    elif line.startswith("First difference:"):
        text.stylize("bold", 0, len("First difference:"))
    console.print(text, soft_wrap=False)


def _print_table(console: Console, lines: Sequence[Line]) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    if not lines:
        console.print("nothing of it was compared")
        return
    kept, shown = fitted([(*line.cells, line.remark) for line in lines], console.width)
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, header_style="dim", show_edge=False)
    for title in kept:
        numbers = title in RIGHT_ALIGNED  # whose headings may wrap, while the numbers have no spaces
        table.add_column(title, justify="right" if numbers else "left", no_wrap=not numbers and title != REMARK)
    for line, cells in zip(lines, shown, strict=True):
        style = "bold" if line.is_first else ""
        table.add_row(Text(cells[0], STYLES[line.verdict]), *(Text(cell, style) for cell in cells[1:]))
    console.print(table)
    for line in lines:
        if line.remark and REMARK not in kept:
            console.print(Text(f"{' '.join(line.cells[:3])}: {line.remark}", STYLES[line.verdict]))


def fitted(rows: Sequence[Sequence[str]], width: int) -> tuple[list[str], list[list[str]]]:
    """Headings, and the rows' cells under them, for a table of at most `width` characters, as far as can be.

    First the remarks go, which then stand below, then the middles of names, then the columns of figures that say least.
    """
    longest = [max(heading.split() or [""], key=len) for heading in HEADINGS]
    widths = {title: max(len(row[i]) for row in (longest, *rows)) for i, title in enumerate(HEADINGS)}
    widths[REMARK] = min(BESIDE, widths[REMARK])
    kept = list(HEADINGS)

    def excess() -> int:
        return sum(widths[title] + PADDING for title in kept) - PADDING - width

    cut = {title: max(NARROWEST, len(title)) for title in (LAYER, QUANTITY)}
    if excess() > sum(max(0, widths[title] - most) for title, most in cut.items()):
        kept.remove(REMARK)
    for title, most in cut.items():
        widths[title] = max(min(most, widths[title]), widths[title] - max(0, excess()))
    for title in DISPENSABLE:
        if excess() > 0:
            kept.remove(title)
    columns = [HEADINGS.index(title) for title in kept]
    return kept, [
        [elided(row[i], widths[HEADINGS[i]]) if HEADINGS[i] in cut else row[i] for i in columns] for row in rows
    ]
