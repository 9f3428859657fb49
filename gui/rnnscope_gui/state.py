"""What is open and what is shown of it: frozen records, and one signal when they change."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

from PySide6.QtCore import QObject, Signal

from rnnscope import Comparison, Finding, Mine, Model, Reference, Trace
from rnnscope.culprit import Culprit
from rnnscope.floor import NoiseFloor
from rnnscope.lab import Laboratory, Remark
from rnnscope.lens import Lens
from rnnscope.report.record import Port
from rnnscope.semantics import Semantics
from rnnscope.types import Array
from rnnscope_gui.read_as import ReadAs

Layout = Literal["auto", "side by side", "stacked"]
Scale = Literal["symmetric", "robust", "full range"]
Theme = Literal["system", "light", "dark"]
Page = Literal["unit", "arithmetic", "laboratory", "samples"]
SampleColumn = Literal["number", "verdict", "difference", "masked", "output", "mine", "mine difference"]
HalfKind = Literal["architecture", "weights"]
Apart = Literal["auto", "NumPy − Keras", "mine − NumPy", "mine − Keras", "mine − mistaken run", "mistaken run − NumPy"]
Inputs = Array | dict[str, Array]


class Half(NamedTuple):
    """Half a model: an architecture without weights, or weights alone."""

    kind: HalfKind
    path: str


class Rule(NamedTuple):
    """What judges: the measured noise floor, or |a − b| ≤ atol + rtol·|keras| once one of the two is given."""

    atol: float | None = None
    rtol: float | None = None

    @property
    def fixed(self) -> bool:
        return self.atol is not None or self.rtol is not None


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Document:
    """All that is open. `unmasked` is the run that ignores every mask, `floor` what rounding can do in the other.

    numbers: a port's own, as their file has them; mine: what they were taken for in this run; port: they, held against
    the run and Keras's values, or mine_problem, why that cannot be. findings: what makes them differ, once somebody
    has asked; () when they do not. origins, mine_origins: where the differences from Keras, and those from the port,
    begin.

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
    numbers: Inputs | None = None
    mine: Mine | None = None
    port: Port | None = None
    mine_problem: str = ""
    findings: tuple[Finding, ...] | None = None
    origins: tuple[Culprit, ...] = ()
    mine_origins: tuple[Culprit, ...] = ()
    floor: NoiseFloor | None = None
    rule: Rule = field(default_factory=Rule)
    model_path: str = ""
    input_path: str = ""
    reference_path: str = ""
    mine_path: str = ""
    input_sha256: str = ""
    reference_sha256: str = ""
    mine_sha256: str = ""
    read_as: ReadAs = field(default_factory=ReadAs)
    own: Semantics | None = None
    half: Half | None = None
    lens: Lens | None = None

    @property
    def mine_comparison(self) -> Comparison | None:
        """The run held against the port's numbers."""
        return self.port.run if self.port is not None else None

    @property
    def unjudged(self) -> bool:
        """Whether there is a run whose comparison, or whose run without masks, is still missing."""
        keras = self.reference is not None and self.comparison is None
        mine = self.mine is not None and self.port is None and not self.mine_problem
        return self.trace is not None and (self.unmasked is None or keras or mine)

    def without_run(self) -> Document:
        """The same files before anything was run."""
        return replace(
            self,
            trace=None,
            unmasked=None,
            comparison=None,
            mine=None,
            port=None,
            mine_problem="",
            findings=None,
            origins=(),
            mine_origins=(),
            floor=None,
        )

    def without_verdicts(self) -> Document:
        """The same run before anything was compared."""
        return replace(self, comparison=None, port=None, mine_problem="", origins=(), mine_origins=())

    def without_mine(self) -> Document:
        """The same without a port's numbers."""
        alone = replace(self, numbers=None, mine=None, mine_path="", port=None, mine_problem="")
        return replace(alone, findings=None, mine_origins=())


@dataclass(frozen=True, slots=True)
class View:
    """What is shown of it: names, indices and ranges, never arrays.

    steps: the visible range of the step axis, (first, last + 1), or None for all of it.
    output: which of the model's outputs the output panel shows; element: which of its numbers, None for the prominent.
    page: what is shown under the heatmaps. mask: the laboratory's, a flag for each step, True where it is valid; None
    for Keras's own. playing: whether the cursor walks by itself, `speed` steps a second, and begins again at the end if
    it `loops`.
    sorting, descending: the order of the table of samples; differing: whether it lists only those that differ, and
    filtering: only those that this number or text is found in.
    apart: whose difference is shown. finding: which mistake is looked at; mistaken: whether its run stands beside mine.
    """

    layer: str = ""
    quantity: str = ""
    sample: int = 0
    step: int = 0
    unit: int = 0
    output: int = 0
    element: int | None = None
    apart: Apart = "auto"
    finding: int = 0
    mistaken: bool = True
    page: Page = "unit"
    mask: tuple[bool, ...] | None = None
    sorting: SampleColumn = "number"
    descending: bool = False
    differing: bool = False
    filtering: str = ""
    playing: bool = False
    loops: bool = True
    speed: float = 4.0
    steps: tuple[float, float] | None = None
    layout: Layout = "auto"
    scale: Scale = "symmetric"
    colour_map: str = "CET-D1A"
    theme: Theme = "system"
    operations: bool = False


class Choice(NamedTuple):
    """What a message offers to do instead: to take a file for something else."""

    text: str
    path: str
    kind: Literal["reference", "mine"]


@dataclass(frozen=True, slots=True)
class Message:
    """One line for the person: an error, or a note; and what else could be done."""

    text: str
    kind: Literal["error", "note"] = "error"
    choice: Choice | None = None


@dataclass(frozen=True, slots=True)
class Busy:
    """Work under way: what, and how far (0 to 1; None when nobody knows)."""

    text: str
    fraction: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Experiment:
    """What the masking laboratory found for one sample of a run, with one mask.

    trace, sample, mask: what it is about; mask as the view had it. lab: the runs, of this sample alone; None with a
    problem. remarks: on the masks of the whole run.
    """

    trace: Trace
    sample: int
    mask: tuple[bool, ...] | None
    lab: Laboratory | None = None
    problem: str = ""
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """Everything the window shows, at one moment. experiment: the latest of the laboratory, perhaps of before."""

    document: Document = field(default_factory=Document)
    view: View = field(default_factory=View)
    message: Message | None = None
    busy: Busy | None = None
    experiment: Experiment | None = None


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
