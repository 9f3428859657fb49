"""What the lint says: one remark, with the places that it is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from rnnscope.errors import one_line
from rnnscope.types import Array, Mask

Severity = Literal["note", "warning", "problem"]
FEW = 3


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing about a model's masks that a person should know.

    id: its name. severity: a ``note`` is worth knowing, a ``warning`` is probably not what was meant, a ``problem``
    makes numbers unusable. text: a sentence. layer: the call that it is about. samples: which samples, ascending;
    places: (sample, step) of each step concerned, () where it is about no single steps. advice: what to do.
    """

    id: str
    severity: Severity
    text: str
    layer: str
    advice: str
    samples: tuple[int, ...] = ()
    places: tuple[tuple[int, int], ...] = ()


def remark(name: str, severity: Severity, layer: str, text: str, advice: str, where: Array | None = None) -> Remark:
    """A remark on the places where `where`, (batch,) or (batch, steps), is True."""
    samples: Array = np.zeros(0, np.int64)
    places: Sequence[tuple[int, int]] = ()
    if where is not None:
        samples = np.nonzero(where if where.ndim == 1 else where.any(axis=1))[0]
        places = [(int(sample), int(step)) for sample, step in np.argwhere(where)] if where.ndim == 2 else ()
    return Remark(name, severity, one_line(text), layer, one_line(advice), tuple(samples.tolist()), tuple(places))


def counted(count: int, thing: str) -> str:
    """``1 step``, ``1,200 steps``."""
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"


def steps_of(where: Mask) -> str:
    """``12 steps of 5 samples``."""
    return f"{counted(int(where.sum()), 'step')} of {counted(int(where.any(axis=1).sum()), 'sample')}"


def verb(where: Mask, one: str, more: str) -> str:
    """``is`` or ``are``: the word for one step, or for more."""
    return one if where.sum() == 1 else more


def samples_of(where: Array) -> str:
    """``sample 40``, ``samples 3, 17, 33 and 2 more``."""
    found = np.nonzero(where)[0].tolist()
    if len(found) == 1:
        return f"sample {found[0]}"
    shown = found if len(found) <= FEW + 1 else found[:FEW]
    more = f" and {len(found) - len(shown):,} more" if len(shown) < len(found) else ""
    if more:
        return f"samples {', '.join(map(str, shown))}{more}"
    return f"samples {', '.join(map(str, shown[:-1]))} and {shown[-1]}"


def number(value: float) -> str:
    """A number as the summary writes it: ``−99``."""
    return f"{value:g}".replace("-", "−")
