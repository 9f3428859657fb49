"""What stands above and beside the heatmaps: names, verdicts, and the scale of a difference. Pure; no widgets."""

from __future__ import annotations

import numpy as np

from rnnscope import Verdict
from rnnscope.display import levels
from rnnscope.errors import one_line
from rnnscope.types import Array
from rnnscope_gui import numbers, theme
from rnnscope_gui.sample_picture import Picture
from rnnscope_gui.state import Document

MOST_TEXTS = 100
NUMPY, KERAS, MINE, MISTAKEN, DIFFERENCE = "NumPy", "Keras", "Mine", "Mistaken run", "Difference"
TITLES = (NUMPY, KERAS, MINE, MISTAKEN, DIFFERENCE)
HOW_TO_STORE = (
    "To see both side by side, run the recorder where your Keras is and open what it writes:\n"
    "rnnscope recorder > record_keras.py\n"
    "python record_keras.py MODEL INPUT -o keras.npz"
)


def shown_titles(made: Picture, document: Document) -> tuple[str, ...]:
    """Which cards there are, four at most: where a mistake is looked at, its run takes the place of Keras's."""
    if document.mine is None:
        return NUMPY, KERAS, DIFFERENCE
    if made.mistake:
        return NUMPY, MINE, MISTAKEN, DIFFERENCE
    return (NUMPY, KERAS, MINE, DIFFERENCE) if document.reference is not None else (NUMPY, MINE, DIFFERENCE)


def quantity_words(quantity: str, among: tuple[str, ...] = ()) -> str:
    """``state h``, ``gate i``; an only output needs no number."""
    only = sum(name.startswith("output/") for name in among) == 1
    return "output" if only and quantity.startswith("output/") else quantity.replace("/", " ", 1)


def text_words(texts: Array) -> str:
    """The first texts of a sample, (rows, steps), in quotation marks, step by step."""
    flat = texts.T.reshape(-1)
    words = "  ".join(f"“{one_line(str(text), 40)}”" for text in flat[:MOST_TEXTS])
    return words if flat.size <= MOST_TEXTS else f"{words}  … and {numbers.count(flat.size - MOST_TEXTS, 'text')} more"


def difference_levels(made: Picture) -> tuple[float, float]:
    """The difference's own scale, on which rounding is pale: up to the floor or to thrice the largest."""
    if made.difference is None:
        return -1.0, 1.0
    low, high = levels([made.difference])
    room = high if made.floor is None else min(float(np.max(made.floor, initial=0.0)), 3 * high)
    return min(low, -room), max(high, room)


def verdict_words(made: Picture) -> str:
    """``≈ rounding · max 8.9e-8``."""
    if made.verdict is Verdict.NOT_COMPARED:
        return f"max {numbers.brief_difference(made.largest)}"
    words = f"{theme.MARKS[made.verdict]} {made.verdict}"
    return words if made.verdict is Verdict.SAME else f"{words} · max {numbers.brief_difference(made.largest)}"


def floor_words(made: Picture) -> str:
    """The largest difference that is rounding in this sample: ``floor 2.1e-6``, or from where to where."""
    if made.floor is None or not made.floor.size:
        return ""
    low, high = float(np.min(made.floor)), float(np.max(made.floor))
    if low == high or numbers.brief_difference(low) == numbers.brief_difference(high):
        return f"here {numbers.brief_difference(high)}"
    return f"here {numbers.brief_difference(low)} to {numbers.brief_difference(high)}"
