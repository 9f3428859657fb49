"""Stored Keras values: what real Keras computed for the same model and input."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from os import PathLike

from rnnscope.types import Array


@dataclass(frozen=True, eq=False)
class Reference:
    """Stored Keras values.

    arrays: key → array; ``output/0``, ``layer/<name>/output/0``, ``layer/<name>/state/h``, ``layer/<name>/gate/i``,
        ``layer/<name>/mask``. The same keys as `Trace.quantities()`.
    meta: what the recorder wrote: Keras version, backend, dtype, batch size, sha256 of model and input.
    """

    arrays: Mapping[str, Array]
    meta: Mapping[str, object] = field(default_factory=dict)
    file: str = ""

    def get(self, key: str) -> Array | None:
        """The array stored under `key`, or None."""
        return self.arrays.get(key)


def load_reference(path: str | PathLike[str]) -> Reference:
    """Read stored Keras values from ``.npz``, ``.h5``, or a bare ``.npy`` or ``.csv`` taken as ``output/0``."""
    raise NotImplementedError
