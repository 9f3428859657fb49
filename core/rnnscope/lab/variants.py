"""The five runs of the masking laboratory, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from rnnscope.checks import checked_inputs
from rnnscope.context import Cancelling, Progress
from rnnscope.errors import BadInput, Cancelled, RnnscopeError, Unsupported
from rnnscope.lab.entries import Entry, entry_of, with_mask, without_steps
from rnnscope.lab.pieces import joined, of_samples
from rnnscope.lab.realign import Times, realigned
from rnnscope.lab.remarks import counted
from rnnscope.layers.masking import Masking
from rnnscope.layers.recurrent import Recurrent
from rnnscope.mistakes.case import Case
from rnnscope.mistakes.cells import Masked
from rnnscope.mistakes.loop import varied
from rnnscope.mistakes.places import cells_of, find, put
from rnnscope.model import Model
from rnnscope.run import Inputs
from rnnscope.texts import is_text
from rnnscope.trace import Trace
from rnnscope.types import Array, Mask


class Way(StrEnum):
    """What is done about masked steps."""

    KERAS = "as Keras"
    IGNORED = "mask ignored"
    CUT = "steps cut out"
    ZEROED = "masked inputs zeroed"
    NUMPY_MA = "numpy.ma"


TEXTS: Mapping[Way, str] = {
    Way.KERAS: "A masked step holds every state; what the output is there, the Keras that is followed decides.",
    Way.IGNORED: "Nobody heard of masks: every step runs on the raw input, padding and all.",
    Way.CUT: "Masked steps are taken out, and each sequence is run without them: what masking is meant to equal.",
    Way.ZEROED: "Masked inputs become zeros and the steps run all the same: bias and recurrence still move the state.",
    Way.NUMPY_MA: "A port with numpy.ma: np.dot multiplies the numbers under the mask and hands back an array without "
    "one, so every step runs on the padding as it stands. The numbers are those of 'mask ignored'.",
}
COINCIDENCE = (
    " Here the layer has as many features as columns of its kernel: NumPy then lays the mask of x over the product by "
    "accident, and leaves out what is added to it. That is not replayed."
)
NOTHING_LEFT_OF = "Of {} no step is left to run: what Keras makes of nothing stands there."


@dataclass(frozen=True, slots=True, eq=False)
class Variant:
    """One way, run.

    trace: its run, every quantity in the shape that *as Keras* has; None with a `problem`. text: what is done, in a
    sentence or two. moved: for each of the model's outputs, how far any number of it is from that of *as Keras*.
    problem: why it cannot be run, "" when it can.
    """

    way: Way
    text: str
    trace: Trace | None = None
    moved: tuple[float, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Laboratory:
    """A model on an input with a mask of one's own, run in every way.

    entry: where the mask goes in. mask: (batch, steps), the edited mask; samples: which of the input's they are.
    variants: the runs by their way, *as Keras* first.
    """

    entry: Entry
    mask: Mask
    samples: tuple[int, ...]
    variants: Mapping[Way, Variant]

    @property
    def keras(self) -> Trace:
        """The run as Keras would make it with this mask."""
        trace = self.variants[Way.KERAS].trace
        assert trace is not None
        return trace

    def difference(self, way: Way, key: str) -> Array | None:
        """A quantity (``layer/rnn/state/h``) of one way less that of *as Keras*; None where there is nothing to take.

        NaN where a step was cut out and nothing was computed.
        """
        trace = self.variants[way].trace
        try:
            ours, theirs = (None if trace is None else trace.get(key)), self.keras.get(key)
        except (KeyError, IndexError):
            return None
        if ours is None or ours.shape != theirs.shape or is_text(ours):
            return None
        with np.errstate(all="ignore"):
            return np.asarray(ours.astype(np.float64) - theirs.astype(np.float64))


def laboratory(
    model: Model,
    x: Inputs,
    *,
    mask: Mask | None = None,
    mask_value: float | None = None,
    at: str | None = None,
    sample: int | None = None,
    ways: Sequence[Way] = tuple(Way),
    progress: Progress | None = None,
    cancelled: Cancelling | None = None,
) -> Laboratory:
    """Run `model` on `x` with an edited mask, in each of the `ways`; *as Keras* is always among them.

    mask: (steps,) for every sample, or (batch, steps), True where a step is valid; None leaves Keras's own.
    mask_value: instead of a mask, the value of a Masking layer; a step is then masked where all features equal it.
    at: the layer where the mask goes in, of those that `entries` finds; the first by default.
    sample: run this one alone, as a window that follows the mouse does; every sample by default.
    progress: called as ``progress(done, total)`` after each way. cancelled: asked at every timestep.

    Raises BadInput for a mask of another shape and a model that no mask enters, Cancelled when stopped.
    """
    inputs = checked_inputs(model, x)
    if any(getattr(layer.operation, "time_major", False) for layer in model.layers):
        raise Unsupported(
            "the laboratory takes no layer with time_major", advice="Edit the mask of one that has time second"
        )
    size = len(next(iter(inputs.values())))
    samples = _samples(sample, size)
    case = Case(model, {name: array[list(samples)] for name, array in inputs.items()})
    own = case.run(cancelled)
    entry = entry_of(own, at)
    chosen = _chosen(own, entry, mask, mask_value, samples, size)
    asked = [Way.KERAS, *(way for way in Way if way in ways and way is not Way.KERAS)]
    variants: dict[Way, Variant] = {}
    for done, way in enumerate(asked):
        variants[way] = _variant(way, own, case, entry, chosen, variants, cancelled)
        if progress is not None:
            progress(done + 1, len(asked))
    return Laboratory(entry, chosen, samples, variants)


def _samples(sample: int | None, size: int) -> tuple[int, ...]:
    if sample is None:
        return tuple(range(size))
    if not 0 <= sample < size:
        raise BadInput("there is no such sample", expected=f"0 to {size - 1}", found=sample)
    return (sample,)


def _chosen(
    own: Trace, entry: Entry, mask: Mask | None, mask_value: float | None, samples: tuple[int, ...], size: int
) -> Mask:
    """The mask to run with, (batch, steps) for the chosen samples."""
    if mask is None:
        return entry.mask if mask_value is None else _by_value(own, entry, mask_value)
    if mask_value is not None:
        raise BadInput("a mask and a mask_value were given", expected="one of them")
    given, steps = np.asarray(mask), entry.mask.shape[1]
    if given.dtype != bool or given.shape not in ((steps,), (size, steps)):
        expected = f"booleans of shape ({steps},) or ({size}, {steps})"
        raise BadInput(
            "the mask does not fit", layer=entry.layer, expected=expected, found=f"{given.dtype} {given.shape}"
        )
    return np.array(np.broadcast_to(given, entry.mask.shape) if given.ndim == 1 else given[list(samples)])


def _by_value(own: Trace, entry: Entry, mask_value: float) -> Mask:
    """The mask that a Masking layer would make with another value."""
    assert own.model is not None
    call = next(call for call in own.model.calls if call.key == entry.layer)
    if not isinstance(own.model.by_name[call.layer].operation, Masking):
        raise BadInput("only a Masking layer has a mask_value", layer=entry.layer)
    first = call.inputs[0]
    x = own[first.call].outputs[first.output]
    return np.asarray((x != np.asarray(mask_value, x.dtype)).any(axis=-1))


def _variant(
    way: Way,
    own: Trace,
    case: Case,
    entry: Entry,
    mask: Mask,
    before: Mapping[Way, Variant],
    cancelled: Cancelling | None,
) -> Variant:
    text = TEXTS[way]
    try:
        if way is Way.NUMPY_MA and Way.IGNORED in before:
            trace = before[Way.IGNORED].trace
        else:
            trace = _run(way, own, case, entry, mask, before, cancelled)
    except Cancelled:
        raise
    except RnnscopeError as error:
        return Variant(way, text, problem=str(error))
    if trace is None:
        return Variant(way, text, problem=before[Way.IGNORED].problem)
    if way is Way.NUMPY_MA and _coincides(case.model):
        text += COINCIDENCE
    empty = int(np.count_nonzero(~mask.any(axis=1)))
    if way is Way.CUT and empty:
        text += f" {NOTHING_LEFT_OF.format(counted(empty, 'sample'))}"
    keras = before[Way.KERAS].trace if way is not Way.KERAS else trace
    assert keras is not None
    return Variant(way, text, trace, tuple(map(_moved, trace.outputs, keras.outputs)))


def _run(
    way: Way,
    own: Trace,
    case: Case,
    entry: Entry,
    mask: Mask,
    before: Mapping[Way, Variant],
    cancelled: Cancelling | None,
) -> Trace:
    edited = replace(case, model=with_mask(own, entry, mask))
    if way is Way.KERAS:
        return edited.run(cancelled)
    if way in (Way.IGNORED, Way.NUMPY_MA):
        return replace(edited, use_masks=False).run(cancelled)
    if way is Way.ZEROED:
        every = find(edited.model, Recurrent)
        zeroed = put(edited.model, every, lambda part: varied(part, masked=Masked.ZERO_INPUT))
        return replace(edited, model=zeroed).run(cancelled)
    keras = before[Way.KERAS].trace
    assert keras is not None
    return _cut(own, case, entry, mask, keras, cancelled)


def _cut(own: Trace, case: Case, entry: Entry, mask: Mask, keras: Trace, cancelled: Cancelling | None) -> Trace:
    """Samples that keep as many steps are run together; of those that keep none there is nothing to run."""
    counts = mask.sum(axis=1)
    pieces: dict[int, Trace] = {}
    for count in np.unique(counts).tolist():
        chosen = np.nonzero(counts == count)[0]
        whole = of_samples(keras, chosen)
        if count == 0:
            part = whole
        else:
            kept = np.nonzero(mask[chosen])[1].reshape(len(chosen), count)
            few = of_samples(own, chosen)
            model = without_steps(few, replace(entry, mask=entry.mask[chosen]), kept)
            cut = replace(case.of(chosen), model=model).run(cancelled)
            part = realigned(cut, whole, Times(kept, mask.shape[1]))
        pieces |= {int(sample): of_samples(part, np.array([place])) for place, sample in enumerate(chosen)}
    return joined([pieces[sample] for sample in range(len(mask))])


def _coincides(model: Model) -> bool:
    """Whether some kernel has as many rows as columns, which makes numpy.ma carry a mask over."""
    cells = [cell for place in find(model, Recurrent) for cell in cells_of(place.part.cell)]
    kernels = [kernel for cell in cells if (kernel := getattr(cell, "kernel", None)) is not None]
    return any(kernel.shape[0] == kernel.shape[-1] for kernel in kernels)


def _moved(ours: Array, keras: Array) -> float:
    """The largest distance; NaN on one side alone is infinitely far, and steps that were cut out do not count."""
    if ours.shape != keras.shape or is_text(ours):
        return 0.0 if np.array_equal(ours, keras) else np.inf
    with np.errstate(all="ignore"):
        apart = np.abs(ours.astype(np.float64) - keras.astype(np.float64))
    apart = np.where((ours == keras) | (np.isnan(ours) & np.isnan(keras)), 0, apart)
    return float(np.nanmax(np.where(np.isnan(keras) & ~np.isnan(ours), np.inf, apart), initial=0.0))
