"""A report on a terminal: the same words and rows as in plain text, in colour and in the width that there is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from rnnscope.compare import Verdict
from rnnscope.errors import elided
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
LAYER, QUANTITY = 1, 2
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
        _print_table(console, lines_of(one.result, report.look.layer))
        if one.result is report.comparison and (more := left_out(one.result)):
            console.print(f"{MARKS[Verdict.NOT_COMPARED]} {more}", style="dim")
    if report.port is not None and report.port.findings is not None:
        console.print("\nWhy", style="bold")
        for line in findings_lines(report.port.findings):
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
    shown, beside = fitted([(*line.cells, line.remark) for line in lines], console.width)
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, header_style="dim", show_edge=False)
    for title in HEADINGS if beside else HEADINGS[:-1]:
        numbers = title in RIGHT_ALIGNED  # whose headings may wrap, while the numbers have no spaces
        table.add_column(title, justify="right" if numbers else "left", no_wrap=not numbers and title != "")
    for line, cells in zip(lines, shown, strict=True):
        style = "bold" if line.is_first else ""
        row = [Text(cells[0], STYLES[line.verdict]), *(Text(cell, style) for cell in cells[1:])]
        table.add_row(*row[: len(table.columns)])
    console.print(table)
    for line in lines:
        if line.remark and not beside:
            console.print(Text(f"{' '.join(line.cells[:3])}: {line.remark}", STYLES[line.verdict]))


def fitted(rows: Sequence[Sequence[str]], width: int) -> tuple[list[list[str]], bool]:
    """`rows` of the headings' cells with names elided so that the table is at most `width` wide, as far as can be.

    Also whether there is room for the remarks beside the figures.
    """
    headings = [max(heading.split() or [""], key=len) for heading in HEADINGS]
    widths = [max(len(row[column]) for row in (headings, *rows)) for column in range(len(HEADINGS) - 1)]
    remark = min(BESIDE, max(len(row[-1]) for row in rows))
    spare = width - sum(widths) - PADDING * len(widths) - remark
    cut = dict.fromkeys((LAYER, QUANTITY), 10**9)
    for column in (LAYER, QUANTITY):
        if spare < 0:
            cut[column] = max(NARROWEST, widths[column] + spare)
            spare += widths[column] - cut[column]
    cells = [[elided(cell, cut.get(column, 10**9)) for column, cell in enumerate(row)] for row in rows]
    return cells, spare >= 0
