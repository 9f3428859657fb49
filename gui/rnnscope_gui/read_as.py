"""How a model file is to be read, where the person wants it otherwise than the file says. No Qt."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rnnscope.semantics import Semantics


@dataclass(frozen=True, slots=True)
class ReadAs:
    """What `rnnscope.load_model` is told besides the file; None leaves it to the file."""

    keras_version: str | None = None
    backend: str | None = None

    def by(self, semantics: Semantics | None) -> ReadAs:
        """The same, by the rules of this Keras; by those that the file asks for when there is None."""
        if semantics is None:
            return replace(self, keras_version=None, backend=None)
        return replace(self, keras_version=semantics.keras_version, backend=semantics.backend)
