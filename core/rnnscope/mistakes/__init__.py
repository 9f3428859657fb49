"""The catalogue of porting mistakes, each a small declared change of a run."""

from rnnscope.mistakes import data, directions, functions, masking, starts, weights
from rnnscope.mistakes.case import Case, Mistake, Variation

CATALOGUE: tuple[Mistake, ...] = (
    *starts.MISTAKES,
    *masking.MISTAKES,
    *weights.MISTAKES,
    *functions.MISTAKES,
    *directions.MISTAKES,
    *data.MISTAKES,
)
BY_ID = {mistake.id: mistake for mistake in CATALOGUE}

__all__ = ["BY_ID", "CATALOGUE", "Case", "Mistake", "Variation"]
