"""Which known mistakes turn this model into those numbers."""

from __future__ import annotations

import numpy as np

from rnnscope.checks import checked_inputs
from rnnscope.context import Cancelling, Progress
from rnnscope.errors import BadInput
from rnnscope.findings import Finding
from rnnscope.model import Model
from rnnscope.run import Inputs
from rnnscope.types import Array


def diagnose(
    model: Model,
    x: Inputs,
    mine: object,
    *,
    progress: Progress | None = None,
    cancelled: Cancelling | None = None,
) -> tuple[Finding, ...]:
    """Rank the mistakes that turn `model`, run on `x`, into the numbers `mine`, alone and in pairs.

    mine: an array of the output, (batch, …); a list of one for each output; or {key: array} with the keys of stored
    values (``output/0``, ``layer/rnn/state/h``, …), any of them. An array of another shape than the output's is taken
    for the quantity that has its shape.
    progress: called as ``progress(done, total)``. cancelled: asked at every timestep; True stops the search.

    Returns nothing when `mine` is what the model gives, up to the noise floor. Otherwise the mistakes that explain it,
    best first; or, when none does, the nearest ones with ``explains=False``.
    Raises BadInput or ShapeMismatch for inputs and numbers that fit nothing, Cancelled when stopped.
    """
    # The catalogue is imported by those who ask, not with the package.
    from rnnscope.mistakes.answer import answered
    from rnnscope.mistakes.case import Case

    return answered(Case(model, checked(model, x)), mine, progress, cancelled)


def checked(model: Model, x: Inputs) -> dict[str, Array]:
    """`x` by the names of the model's inputs; BadInput or ShapeMismatch when nothing can be told from it."""
    inputs = checked_inputs(model, x)
    for name, array in inputs.items():
        if array.dtype.kind == "f" and np.isnan(array).all():
            raise BadInput("every number of the input is NaN", layer=name, advice="Nothing can be told from it")
    return inputs
