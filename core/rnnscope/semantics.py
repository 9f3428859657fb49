"""Which Keras a file is read as: the version and backend whose rules the engine follows."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rnnscope.errors import BadInput

BACKENDS = ("tensorflow", "jax", "numpy", "torch")


@dataclass(frozen=True, slots=True)
class Semantics:
    """The Keras version and backend whose rules decide where Kerases differ.

    `keras_version` is the text that the file carries, such as ``"3.15.1"``. `backend` is one of `BACKENDS`;
    a ``.keras`` file does not record it, so TensorFlow is assumed unless the caller says otherwise.
    """

    keras_version: str = "3.15.1"
    backend: str = "tensorflow"

    def __post_init__(self) -> None:
        if self.backend not in BACKENDS:
            raise BadInput("unknown backend", expected=" or ".join(BACKENDS), found=repr(self.backend))
        if re.match(r"\d+\.\d+", self.keras_version) is None:
            raise BadInput("unknown Keras version", expected="a version such as 3.15.1", found=repr(self.keras_version))

    @property
    def version(self) -> tuple[int, int]:
        """Major and minor number of the Keras version."""
        major, minor = self.keras_version.split(".")[:2]
        return int(major), int(re.match(r"\d+", minor)[0])  # type: ignore[index]

    @property
    def masked_output_repeats(self) -> bool:
        """Whether a rolled loop repeats the previous *output* at a masked step; otherwise it gives ``states[0]``.

        TensorFlow and PyTorch repeat; before the first valid step the previous output is zero, while ``states[0]`` is
        the initial state.
        """
        return self.backend in ("tensorflow", "torch")

    def __str__(self) -> str:
        return f"Keras {self.keras_version} on {self.backend}"
