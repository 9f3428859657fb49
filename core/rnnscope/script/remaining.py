"""Layers without a readable template: the engine's own code of them, cut out."""

from __future__ import annotations

from rnnscope.errors import Unsupported
from rnnscope.script.use import Use


def write_remaining(use: Use) -> None:
    """Call the engine's own code of a layer."""
    raise Unsupported(f"{use.seen.layer.class_name} cannot be written as a script yet", layer=use.call.key)
