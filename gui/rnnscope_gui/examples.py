"""Where the files that come with the program lie."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from rnnscope.lab import Demonstration, demonstrations
from rnnscope_gui.state import Document, View

PORT = "port"
DEMONSTRATIONS: Mapping[str, Demonstration] = {one.id: one for one in demonstrations()}
VIEWS = {
    "household": View(sample=25, step=5, unit=12),
    "sentences": View(sample=3, step=5, unit=0),
    PORT: View(sample=25, step=0, unit=12),
    **{
        name: View("rnn", "state/h", sample=one.look.sample, step=one.look.step or 0, page="laboratory")
        for name, one in DEMONSTRATIONS.items()
    },
}


def asset(*parts: str) -> Path:
    """The path of an installed asset."""
    return Path(str(files("rnnscope_gui.assets").joinpath(*parts)))


def example(name: str) -> tuple[str, ...]:
    """Model, input and stored Keras values of an example; of the one of a port that went wrong, its numbers too."""
    ends = (".keras", ".npy", ".keras.npz")
    if name == PORT:
        return tuple(str(asset("example", f"household{end}")) for end in (*ends, ".port.npz"))
    return tuple(str(asset("example", f"{name}{end}")) for end in ends)


def demonstration_of(document: Document) -> Demonstration | None:
    """The demonstration whose model is open."""
    name = Path(document.model_path).stem
    shown = name in DEMONSTRATIONS and document.model_path == example(name)[0]
    return DEMONSTRATIONS[name] if shown else None
