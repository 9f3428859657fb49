"""What is open and what is shown of it: frozen records, and one signal when they change."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

from PySide6.QtCore import QObject, Signal

from rnnscope import Comparison, Model, Reference, Trace
from rnnscope.lens import Lens
from rnnscope.semantics import Semantics
from rnnscope.types import Array
from rnnscope_gui.read_as import ReadAs

Layout = Literal["auto", "side by side", "stacked"]
Scale = Literal["symmetric", "robust", "full range"]
Theme = Literal["system", "light", "dark"]
HalfKind = Literal["architecture", "weights"]
Inputs = Array | dict[str, Array]


class Half(NamedTuple):
    """Half a model: an architecture without weights, or weights alone."""

    kind: HalfKind
    path: str


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Document:
    """All that is open. `unmasked` is the run that ignores every mask.

    The paths are shown; only the model's is read again, when the person wants it read by other rules. read_as: how the
    model was read. half: half a model whose other half is still to come. own: the rules that its file asks for. lens:
    what moves under other rules, once somebody has looked.
    """

    model: Model | None = None
    inputs: Inputs | None = None
    reference: Reference | None = None
    trace: Trace | None = None
    unmasked: Trace | None = None
    comparison: Comparison | None = None
    model_path: str = ""
    input_path: str = ""
    reference_path: str = ""
    input_sha256: str = ""
    read_as: ReadAs = field(default_factory=ReadAs)
    own: Semantics | None = None
    half: Half | None = None
    lens: Lens | None = None

    @property
    def unjudged(self) -> bool:
        """Whether there is a run whose comparison, or whose run without masks, is still missing."""
        missing = self.unmasked is None or (self.reference is not None and self.comparison is None)
        return self.trace is not None and missing


@dataclass(frozen=True, slots=True)
class View:
    """What is shown of it: names, indices and ranges, never arrays.

    steps: the visible range of the step axis, (first, last + 1), or None for all of it.
    output: which of the model's outputs the output panel shows.
    """

    layer: str = ""
    quantity: str = ""
    sample: int = 0
    step: int = 0
    unit: int = 0
    output: int = 0
    steps: tuple[float, float] | None = None
    layout: Layout = "auto"
    scale: Scale = "symmetric"
    colour_map: str = "CET-D1A"
    theme: Theme = "system"
    operations: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """One line for the person: an error, or a note."""

    text: str
    kind: Literal["error", "note"] = "error"


@dataclass(frozen=True, slots=True)
class Busy:
    """Work under way: what, and how far (0 to 1; None when nobody knows)."""

    text: str
    fraction: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """Everything the window shows, at one moment."""

    document: Document = field(default_factory=Document)
    view: View = field(default_factory=View)
    message: Message | None = None
    busy: Busy | None = None


class AppState(QObject):
    """The current scene. Every change goes through `set`, and every panel hears of it by `changed(old, new)`."""

    changed = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._scene = Scene()

    @property
    def scene(self) -> Scene:
        return self._scene

    @property
    def view(self) -> View:
        return self._scene.view

    def set(self, scene: Scene) -> None:
        """Show `scene`; nothing happens when it is the one already shown."""
        if scene is self._scene:
            return
        old, self._scene = self._scene, scene
        self.changed.emit(old, scene)

    def show(self, view: View) -> None:
        """Show the same document in another view."""
        if view != self.view:
            self.set(replace(self._scene, view=view))
