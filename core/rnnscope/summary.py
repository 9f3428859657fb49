"""Keras's summary table, in plain text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rnnscope.graph import Layer
    from rnnscope.model import Model
    from rnnscope.types import Shape

HEADINGS = ("Layer (type)", "Output Shape", "Param #", "Connected to")
RIGHT_ALIGNED = 2
BYTES = {"float64": 8, "float16": 2, "bfloat16": 2}  # per parameter; mixed policies keep float32


def summary_table(model: Model) -> str:
    """The rows of ``model.summary()`` in Keras, the totals, and how the file is read."""
    rows = [_row(model, layer) for layer in _listed(model)]
    columns = 3 if _is_chain(model) else 4
    table = _boxed([HEADINGS[:columns], *(row[:columns] for row in rows)])
    total, trainable = model.parameters, model.trainable_parameters
    lines = [
        f'Model: "{model.name}"',
        *table,
        f" Total params: {_with_size(model, total)}",
        f" Trainable params: {_with_size(model, trainable)}",
        f" Non-trainable params: {_with_size(model, total - trainable)}",
        f" Read as: {model.semantics}",
        *(f" Note: {note}" for note in model.notes),
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
    return f"{layer.name} ({layer.class_name})", shape_text(layer.output_shapes), f"{layer.parameters:,}", connected


def _boxed(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]

    def rule(left: str, middle: str, right: str, dash: str) -> str:
        return left + middle.join(dash * (width + 2) for width in widths) + right

    def line(row: Sequence[str], bar: str) -> str:
        cells = [
            text.rjust(width) if column == RIGHT_ALIGNED else text.ljust(width)
            for column, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        return bar + bar.join(f" {cell} " for cell in cells) + bar

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
