"""What the masking laboratory shows: the mask that is edited, a line for each way to run it, remarks. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from rnnscope.lab import PRESETS, Entry, Laboratory, Remark, Variant, Way, entries, preset
from rnnscope.order import has_steps
from rnnscope.trace import Trace, layer_key
from rnnscope.types import Array, Mask
from rnnscope_gui import numbers
from rnnscope_gui.output_reading import output_reading
from rnnscope_gui.resolve import first_layer, sample_mask, settled
from rnnscope_gui.sides import as_rows
from rnnscope_gui.state import Document, Experiment, Scene, View

NOT_RUN = "not run"  # a step that was cut out has no output
BY_HAND = "by hand"  # a mask that is none of the presets
NOWHERE = (
    "No layer of this model makes a mask or takes one, so there is nothing to mask. Open a model with a Masking layer, "
    "an Embedding with mask_zero, or a recurrent layer: File ▸ Example: people at home."
)
NO_STATE = "No layer of this model keeps a state; see the output."
IN_SHORT = {
    Way.KERAS: "masked steps hold",
    Way.IGNORED: "the padding counts too",
    Way.CUT: "only valid steps run",
    Way.ZEROED: "zeros go in, steps run",
    Way.NUMPY_MA: "np.dot overlooks it",
}
ACTING = (Way.KERAS, Way.CUT, Way.ZEROED)  # the ways that do something about masked steps
MARKS = {"problem": "✕", "warning": "!", "note": "i"}


@dataclass(frozen=True, slots=True, eq=False)
class Bench:
    """What can be edited. own, mask: (steps,), Keras's mask of the sample on show, and the one in force."""

    entry: Entry
    own: Mask
    mask: Mask

    @property
    def preset(self) -> str:
        """The name of the mask in force."""
        return next((name for name in PRESETS if np.array_equal(preset(name, self.own), self.mask)), BY_HAND)


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One way to run. matrix: (units, steps), the state to draw, None with a `problem`; mask: which steps to hatch.

    output, moved: a number of the answer, and how far the answer is from *as Keras*, in words; differs: whether it is
    at all. text: what is done, in full.
    """

    way: Way
    text: str
    matrix: Array | None = None
    mask: Mask | None = None
    output: str = ""
    moved: str = ""
    differs: bool = False
    problem: str = ""


def bench(document: Document, view: View) -> Bench | None:
    """The mask of the sample on show; None where none can be."""
    found = entries(document.trace) if document.trace is not None else ()
    if document.trace is None or not found or not 0 <= view.sample < len(found[0].mask):
        return None
    own = found[0].mask[view.sample]
    fits = view.mask is not None and len(view.mask) == own.size
    return Bench(found[0], own, np.array(view.mask, dtype=bool) if fits else own)


def edited(view: View, made: Bench, mask: Mask) -> View:
    """The view with another mask; Keras's own is none of one's own."""
    return replace(view, mask=None if np.array_equal(mask, made.own) else tuple(mask.tolist()))


def painted(view: View, made: Bench, first: int, last: int, *, valid: bool) -> View:
    """The view with the steps from one to another, both included and in any order, masked or valid."""
    mask = made.mask.copy()
    mask[max(min(first, last), 0) : max(first, last) + 1] = valid
    return edited(view, made, mask)


def can_mask(scene: Scene) -> bool:
    """Whether the step under the cursor can be masked here."""
    return scene.view.page == "laboratory" and bench(scene.document, scene.view) is not None


def toggled_step(scene: Scene) -> View:
    """The view with the step under the cursor masked, or valid again."""
    view, made = scene.view, bench(scene.document, scene.view)
    if made is None or view.step >= made.mask.size:
        return view
    return painted(view, made, view.step, view.step, valid=not made.mask[view.step])


def current(scene: Scene) -> Experiment | None:
    """The experiment, where it is about the run and the sample on show; its mask may still be the one before."""
    found = scene.experiment
    fits = found is not None and found.trace is scene.document.trace and found.sample == scene.view.sample
    return found if fits else None


def is_wanted(scene: Scene) -> bool:
    """Whether an experiment is missing that the page on show is about."""
    if scene.view.page != "laboratory" or bench(scene.document, scene.view) is None:
        return False
    found = current(scene)
    return found is None or found.mask != scene.view.mask


def state_shown(trace: Trace, view: View) -> tuple[str, str] | None:
    """The layer and the state to draw: the one on show, else the layer's first, else that of the first layer."""
    layer = view.layer if view.layer in trace.layers and trace[view.layer].states else first_layer(trace)
    names = tuple(f"state/{name}" for name in trace[layer].states)
    if not names:
        return None
    wanted = layer == view.layer and (view.quantity in names or view.quantity.startswith("gate/"))
    return layer, view.quantity if wanted else names[0]


def lines(lab: Laboratory, view: View) -> tuple[Line, ...]:
    """A line for each way, *as Keras* first."""
    return retold(tuple(_drawn(lab, variant, view) for variant in lab.variants.values()), lab, view)


def retold(drawn: tuple[Line, ...], lab: Laboratory, view: View) -> tuple[Line, ...]:
    """The same states, with the answers that the view shows: what another step of the output changes."""
    reading = output_reading(Document(trace=lab.keras), replace(view, sample=0))
    element = 0 if reading is None else reading.element(view.element)
    return tuple(_answered(line, lab.variants[line.way], view, element) for line in drawn)


def _answered(line: Line, variant: Variant, view: View, element: int) -> Line:
    if variant.trace is None:
        return line
    reading = output_reading(Document(trace=variant.trace), replace(view, sample=0))
    there = reading is not None and element < reading.ours.size
    moved = variant.moved[view.output] if view.output < len(variant.moved) else 0.0
    output = _answer(reading.ours[element]) if reading is not None and there else ""
    output = NOT_RUN if line.way is Way.CUT and output.strip() == "nan" else output
    return replace(line, output=output, moved=_moved(moved, variant.way), differs=bool(moved))


def _drawn(lab: Laboratory, variant: Variant, view: View) -> Line:
    if variant.trace is None:
        return Line(variant.way, variant.text, problem=variant.problem)
    matrix, mask = _state(lab, variant, view)
    return Line(variant.way, variant.text, matrix, mask if variant.way in ACTING else None)


def _state(lab: Laboratory, variant: Variant, view: View) -> tuple[Array | None, Mask | None]:
    """The state of the one sample as (units, steps), with the mask beside its steps."""
    shown = state_shown(lab.keras, view)
    if shown is None or variant.trace is None:
        return None, None
    key = layer_key(*shown)
    array = variant.trace.get(key)
    if not has_steps(key, array):
        return None, None
    rows = as_rows(array[0], timed=True)
    steps = rows.shape[1]
    used = sample_mask(lab.keras[shown[0]], 0, steps)
    return rows, lab.mask[0] if used is None and lab.mask.shape[1] == steps else used


def _answer(number: object) -> str:
    return numbers.answer(str(number) if isinstance(number, str) else float(number))  # type: ignore[arg-type]


def _moved(distance: float, way: Way) -> str:
    if way is Way.KERAS:
        return "–"
    return numbers.brief_difference(distance) if distance else "the same"


def levels_of(shown: tuple[Line, ...]) -> tuple[Array, ...]:
    """The numbers that share one scale."""
    return tuple(line.matrix for line in shown if line.matrix is not None)


def remark_view(scene: Scene, remark: Remark) -> View:
    """To what a remark is about: in the sample on show where that is concerned, else in the first that is."""
    view = scene.view
    samples = remark.samples or (view.sample,)
    sample = view.sample if view.sample in samples else samples[0]
    step = next((step for where, step in remark.places if where == sample), view.step)
    return settled(scene.document, replace(view, layer=remark.layer, sample=sample, step=step))
