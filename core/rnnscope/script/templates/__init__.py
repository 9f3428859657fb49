"""What readable code looks like, family by family; importing this registers all of it."""

from __future__ import annotations

from rnnscope.layers.base import Operation
from rnnscope.script.templates import (
    activations,
    attention,
    bidirectional,
    convolution,
    embedding,
    everyday,
    merging,
    normalization,
    operations,
    pooling,
    recurrent,
    time_distributed,
)
from rnnscope.script.use import TEMPLATES, Template

__all__ = ["MODULES", "template_of"]

MODULES = (
    activations,
    attention,
    bidirectional,
    convolution,
    embedding,
    everyday,
    merging,
    normalization,
    operations,
    pooling,
    recurrent,
    time_distributed,
)


def template_of(operation: Operation) -> Template | None:
    """What writes uses of an operation; None when nothing does."""
    return TEMPLATES.get(type(operation))
