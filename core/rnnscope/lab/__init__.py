"""The masking laboratory: a mask of one's own in a model, run as Keras would and in the ways that ports do.

Beside it the lint, which says what about the masks is probably not what was meant, and demonstrations for a class.
"""

from rnnscope.lab.demonstrations import Demonstration, demonstrations
from rnnscope.lab.entries import Entry, entries
from rnnscope.lab.lint import lint
from rnnscope.lab.presets import PRESETS, preset
from rnnscope.lab.remarks import Remark
from rnnscope.lab.variants import Laboratory, Variant, Way, laboratory

__all__ = [
    "PRESETS",
    "Demonstration",
    "Entry",
    "Laboratory",
    "Remark",
    "Variant",
    "Way",
    "demonstrations",
    "entries",
    "laboratory",
    "lint",
    "preset",
]
