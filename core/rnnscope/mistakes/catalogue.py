"""Every porting mistake that is known, in the order in which they are told."""

from rnnscope.mistakes import data, directions, functions, masking, starts, weights
from rnnscope.mistakes.case import Mistake

CATALOGUE: tuple[Mistake, ...] = (
    *starts.MISTAKES,
    *masking.MISTAKES,
    *weights.MISTAKES,
    *functions.MISTAKES,
    *directions.MISTAKES,
    *data.MISTAKES,
)

BY_ID = {mistake.id: mistake for mistake in CATALOGUE}
