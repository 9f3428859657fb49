"""Keras's summary table, in plain text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rnnscope.errors import elided, one_line

if TYPE_CHECKING:
    from rnnscope.graph import Layer
    from rnnscope.model import Model
    from rnnscope.types import Shape

HEADINGS = ("Layer (type)", "Output Shape", "Param #", "Connected to")
RIGHT_ALIGNED = 2
BYTES = {"float64": 8, "float16": 2, "bfloat16": 2}  # per parameter; mixed policies keep float32


def summary_table(model: Model, *, framed: bool = True, width: int | None = None) -> str:
    """The rows of ``model.summary()`` in Keras, the totals, and how the file is read.

    framed: with the lines that Keras draws, else in columns two spaces apart. width: characters that the table may
    take; names lose their middle where it would take more.
    """
    columns = 3 if _is_chain(model) else 4
    rows = [HEADINGS[:columns], *(_row(model, layer)[:columns] for layer in _listed(model))]
    if width is not None:
        rows = _narrowed(rows, width - 3 * columns - 1)
    table = _boxed(rows) if framed else [_cells(row, _widths(rows), "  ").rstrip() for row in rows]
    total, trainable = model.parameters, model.trainable_parameters
    lines = [
        f'Model: "{one_line(model.name)}"',
        *table,
        f" Total params: {_with_size(model, total)}",
        f" Trainable params: {_with_size(model, trainable)}",
        f" Non-trainable params: {_with_size(model, total - trainable)}",
        f" Read as: {model.semantics}",
        *(f" Note: {one_line(note)}" for note in model.notes),
    ]
    return "\n".join(lines)


def shape_text(shapes: Sequence[Shape]) -> str:
    """One shape as Keras prints it, or several in a list."""
    texts = [str(shape) for shape in shapes]
    return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"


def _listed(model: Model) -> list[Layer]:
    """Keras leaves the input layer out of a Sequential model's table."""
    layers = model.top_layers
    return [layer for layer in layers if model.class_name != "Sequential" or layer.class_name != "InputLayer"]


def _is_chain(model: Model) -> bool:
    """Whether every layer has one input, which the layer before it gives."""
    sources = [model.sources(call) for call in model.calls if not model[call.key].parent]
    followers = [tensor.call for tensors in sources for tensor in tensors]
    return len(followers) == len(set(followers)) and all(len(tensors) <= 1 for tensors in sources)


def _row(model: Model, layer: Layer) -> tuple[str, str, str, str]:
    sources = [tensor for call in model.calls if call.layer == layer.name for tensor in model.sources(call)]
    connected = ", ".join(f"{tensor.call}[{tensor.output}]" for tensor in sources) or "-"
    title = one_line(f"{layer.name} ({layer.class_name})")
    return title, shape_text(layer.output_shapes), f"{layer.parameters:,}", one_line(connected)


def _narrowed(rows: Sequence[tuple[str, ...]], width: int) -> list[tuple[str, ...]]:
    """The rows with the names in the first and the fourth column elided until all columns fit into `width`."""
    widths = _widths(rows)
    for column in (3, 0):
        if column < len(widths) and sum(widths) > width:
            widths[column] = max(len(HEADINGS[column]), widths[column] - (sum(widths) - width))
    return [tuple(elided(cell, most) for cell, most in zip(row, widths, strict=True)) for row in rows]


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    return [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]


def _cells(row: Sequence[str], widths: Sequence[int], between: str) -> str:
    """The cells in columns, numbers at the right of theirs."""
    return between.join(
        text.rjust(width) if column == RIGHT_ALIGNED else text.ljust(width)
        for column, (text, width) in enumerate(zip(row, widths, strict=True))
    )


def _boxed(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = _widths(rows)

    def rule(left: str, middle: str, right: str, dash: str) -> str:
        return left + middle.join(dash * (width + 2) for width in widths) + right

    def line(row: Sequence[str], bar: str) -> str:
        return f"{bar} {_cells(row, widths, f' {bar} ')} {bar}"

    body = [line(row, "│") for row in rows[1:]]
    between = rule("├", "┼", "┤", "─")
    separated = [part for row in body for part in (row, between)][:-1]
    return [
        rule("┏", "┳", "┓", "━"),
        line(rows[0], "┃"),
        rule("┡", "╇", "┩", "━"),
        *separated,
        rule("└", "┴", "┘", "─"),
    ]


def _with_size(model: Model, parameters: int) -> str:
    size = float(parameters * BYTES.get(model.dtype, 4))
    for unit in ("B", "KB", "MB"):
        if size < 1024:
            return f"{parameters:,} ({size:.2f} {unit})"
        size /= 1024
    return f"{parameters:,} ({size:.2f} GB)"
