"""The array types that the engine passes around."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Mask = NDArray[np.bool_]
Shape = tuple[int | None, ...]


class Table(np.ndarray[Any, np.dtype[Any]]):
    """Numbers that were written as a table of rows and columns, which knows of no third axis."""
