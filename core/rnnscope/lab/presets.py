"""Masks that show something, ready to use."""

from __future__ import annotations

import numpy as np

from rnnscope.errors import BadInput
from rnnscope.types import Mask

PRESETS = ("as Keras", "no mask", "trailing", "leading", "holes", "every other", "all")


def preset(name: str, mask: Mask) -> Mask:
    """A mask of the shape of `mask`, (steps,) or (batch, steps): True where a step is valid.

    ``as Keras`` is `mask` itself; ``no mask`` keeps every step, ``all`` masks every one. ``trailing`` masks the last
    third, ``leading`` the first, ``holes`` single steps inside (every third, the ends kept), ``every other`` each
    second one. Raises BadInput for another name.
    """
    steps = mask.shape[-1]
    t, part = np.arange(steps), max(1, steps // 3)
    rules = {
        "no mask": np.ones(steps, bool),
        "trailing": t < steps - part,
        "leading": t >= part,
        "holes": (t % 3 != 1) | (t == steps - 1),
        "every other": t % 2 == 0,
        "all": np.zeros(steps, bool),
    }
    if name == "as Keras":
        return mask.copy()
    if name not in rules:
        raise BadInput("no such mask", expected=", ".join(PRESETS), found=repr(name))
    return np.broadcast_to(rules[name], mask.shape).copy()
