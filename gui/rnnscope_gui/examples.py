"""Where the files that come with the program lie."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path


def asset(*parts: str) -> Path:
    """The path of an installed asset."""
    return Path(str(files("rnnscope_gui.assets").joinpath(*parts)))


def example(name: str) -> tuple[str, str, str]:
    """Model, input and stored Keras values of an example."""
    model, inputs, reference = (str(asset("example", f"{name}{end}")) for end in (".keras", ".npy", ".keras.npz"))
    return model, inputs, reference
