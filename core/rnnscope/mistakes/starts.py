"""Mistakes at the ends of the loop: where the states start, and which steps are done."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from rnnscope.layers.recurrent import Recurrent
from rnnscope.mistakes.case import Case, Mistake, Variation, never
from rnnscope.mistakes.cells import Masked
from rnnscope.mistakes.loop import Initial, varied
from rnnscope.mistakes.masking import has_masks, with_raw_masking
from rnnscope.mistakes.places import Place, everywhere, find, groups, names, put

KEPT_BATCHES = (1, 32)


def loops(case: Case, **changes: object) -> Iterator[Variation]:
    """The loop of every recurrent layer changed, and of each by itself."""
    return everywhere(case, Recurrent, lambda layer: True, lambda layer: varied(layer, **changes))


def _ones(case: Case) -> Iterator[Variation]:
    yield from loops(case, initial=Initial.ONES)
    if _hands_states_over(case):
        yield from loops(case, initial=Initial.ONES, overrides=True)
    # Keras shows zeros before the first valid step, whatever the states are; a port shows the states.
    if has_masks(case):
        yield from loops(case, initial=Initial.ONES, masked=Masked.HELD_OUTPUT)


def _dropped(case: Case) -> Iterator[Variation]:
    if _hands_states_over(case):
        yield from loops(case, overrides=True)


def _hands_states_over(case: Case) -> bool:
    """Whether some layer is given the states that it begins with."""
    return any(call.has_initial_state or len(call.inputs) > 1 for call in case.model.calls)


def _carried(case: Case) -> Iterator[Variation]:
    yield from _second_call(case)
    if has_masks(case):
        yield from _second_call(case, masked=Masked.HELD_OUTPUT)
    for size in (*KEPT_BATCHES, case.batch_size // 2):
        if 1 <= size < case.batch_size:
            for variation in loops(case, initial=Initial.EARLIER_BATCH, batch=size):
                yield replace(variation, mixes_samples=True, earlier=size)


def _second_call(case: Case, **changes: object) -> Iterator[Variation]:
    """States that go on from where an earlier call on the same input left them, whatever else is wrong."""
    for broad, chosen in groups([place for place in find(case.model, Recurrent) if len(place.path) < 2]):
        yield Variation(_going_on(chosen, changes), names(chosen), broad)


def _going_on(chosen: list[Place[Recurrent]], changes: Mapping[str, object]) -> Callable[[Case], Case]:
    def change(case: Case) -> Case:
        trace, model = case.run(), case.model
        for place in chosen:
            final = trace[place.layer].final
            inside = "".join(f"{step}/" for step in place.path)
            start = tuple(final[f"{inside}{name}"] for name in place.part.cell.state_sizes)
            model = put(model, [place], lambda part, start=start: varied(part, start=start, **changes))  # type: ignore[misc]
        return replace(case, model=model)

    return change


def _extra(case: Case) -> Iterator[Variation]:
    yield from map(with_raw_masking, loops(case, extra=True))


def _cut(late: int, early: int, case: Case) -> Iterator[Variation]:
    yield from loops(case, late=late, early=early, gaps=True)
    yield from loops(case, late=late, early=early)
    yield Variation(lambda given: _shortened(given, late, early))


def _shortened(case: Case, late: int, early: int) -> Case:
    return replace(
        case,
        inputs={
            name: array[:, late : array.shape[1] - early] if array.ndim > 1 else array
            for name, array in case.inputs.items()
        },
    )


def _turned(case: Case) -> Iterator[Variation]:
    yield Variation(
        lambda given: replace(
            given, inputs={name: array[:, ::-1] if array.ndim > 1 else array for name, array in given.inputs.items()}
        )
    )
    yield from loops(case, turned=True)
    yield from loops(case, turned=True, flipped=True)


MISTAKES = (
    Mistake(
        "initial-state-ones",
        "The states start from ones",
        "Keras starts every state, h and c, from zeros unless it is given an initial state. This port starts from "
        "ones. What that does fades with every valid step, so that short and heavily masked sequences are off the "
        "most.",
        "h = np.zeros((len(x), units), np.float32)  # and c likewise",
        "short sequences, or some with few valid steps",
        "start",
        _ones,
        stage=3,
    ),
    Mistake(
        "initial-state-random",
        "The states do not start from zeros",
        "Keras starts every state from zeros unless it is given an initial state. There are states from which the "
        "rest of the network, unchanged, leads to these very numbers: random ones, those of another run, or trained "
        "ones.",
        "h = np.zeros((len(x), units), np.float32)  # and c likewise",
        "the states at every step stored with the outputs",
        "start",
        never,
        recognised=True,
    ),
    Mistake(
        "initial-state-dropped",
        "The states that a layer is given are left out",
        "The layer begins with states that it is given, as a decoder does with its encoder's. Here it begins with "
        "zeros.",
        "h, c = encoder_h, encoder_c  # not zeros",
        "two encoder inputs with the same decoder input",
        "start",
        _dropped,
        stage=3,
    ),
    Mistake(
        "stateful-carry",
        "The states are not reset",
        "Each call of predict(), and each sample in it, starts from fresh states; only a stateful layer goes on, "
        "sample by sample at the same place in the batch. This port keeps the states of the samples before, or of "
        "an earlier call.",
        "h = np.zeros((len(x), units), np.float32)  # inside the function, before the loop, for each batch",
        "more samples than one, or the same call made twice",
        "start",
        _carried,
        stage=8,  # an earlier call was as wrong as this one
    ),
    Mistake(
        "extra-step",
        "The final state is fed through once more",
        "After the loop over all steps, one more step is done on the last input row, x[:, -1]. It comes of handing "
        "the result of the loop to the step function again, or of a loop that starts from a state already computed.",
        "return h  # as it is after the loop: no step follows the last one",
        "any sequence",
        "extra",
        _extra,
        stage=3,
    ),
    Mistake(
        "missing-last-step",
        "The last step is left out",
        "The loop ends one step early: range(steps - 1), or x[:, :-1].",
        "for t in range(x.shape[1]):",
        "a sequence whose last step is valid",
        "steps",
        lambda case: _cut(0, 1, case),
        stage=3,
    ),
    Mistake(
        "missing-first-step",
        "The first step is left out",
        "The loop begins one step late: range(1, steps), or x[:, 1:].",
        "for t in range(x.shape[1]):",
        "a sequence whose first step is valid",
        "steps",
        lambda case: _cut(1, 0, case),
        stage=3,
    ),
    Mistake(
        "time-reversed",
        "The sequence is read in the wrong direction",
        "The steps are processed from the last to the first, mask and all, where Keras goes the other way. Only a "
        "layer with go_backwards, and the second half of a Bidirectional one, read backwards.",
        "for t in range(x.shape[1]):  # reversed(range(…)) only with go_backwards=True",
        "a sequence that is not the same read backwards",
        "direction",
        _turned,
        stage=3,
    ),
)
